/* SPDX-License-Identifier: MIT */
/* Batches made ahead of time on threads of their own. Which thread makes a
 * batch changes nothing about it. */
#ifndef AVSVTI_TRAIN_LOADER_H
#define AVSVTI_TRAIN_LOADER_H

#include "train/examples.h"

#define AVSVTI_MAX_WORKERS 16

typedef struct avsvti_loader avsvti_loader;

/* Starts on the plan's batch `first`. All that it is given must stay as it is
 * until it is stopped. workers 0: each batch is made when it is asked for. */
avsvt_status avsvti_loader_start(avsvti_loader **out, const avsvti_fields *fields,
                                 avsvti_examples *examples, const avsvti_plan *plan,
                                 size_t first, size_t workers, avsvt_error *err);
/* The next batch, which is the caller's to free; of a plan for several
 * processes this one's part, to be finished. */
avsvt_status avsvti_loader_next(avsvti_loader *l, avsvti_batch *batch,
                                avsvt_error *err);
/* Waits for the threads; NULL is allowed. */
void avsvti_loader_stop(avsvti_loader *l);

#endif
