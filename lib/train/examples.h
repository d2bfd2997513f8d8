/* SPDX-License-Identifier: MIT */
/* What a training goes through, or looks at to validate: songs or, where the
 * recipe lists those, rows of arrays. Whoever need not know which asks here. */
#ifndef AVSVTI_TRAIN_EXAMPLES_H
#define AVSVTI_TRAIN_EXAMPLES_H

#include "train/rows.h"

typedef struct avsvti_examples {
    avsvti_songs songs;
    avsvti_rows rows; /* either has none */
} avsvti_examples;

/* r->arrays becomes whether the recipe lists arrays; refuses both kinds together,
 * and keys that are of the other kind. */
avsvt_status avsvti_examples_choose(avsvti_recipe *r, avsvt_error *err);

void avsvti_examples_init(avsvti_examples *e, avsvt_context *context, double rate_hz,
                          const avsvt_augment *augment, size_t *budget);
/* What data.train and data.valid list. */
avsvt_status avsvti_examples_read(avsvti_examples *train, avsvti_examples *valid,
                                  const avsvti_recipe *r, avsvt_error *err);
/* Songs, or files of arrays. */
size_t avsvti_examples_count(const avsvti_examples *e);
/* The hash h, gone on with what there is. */
uint64_t avsvti_examples_hash(const avsvti_examples *e, uint64_t h);
/* Where a cut is from, for messages. */
void avsvti_examples_name(const avsvti_examples *e, const avsvti_excerpt *cut, char *to,
                          size_t size);
/* What makes batches need less memory. */
const char *avsvti_examples_thrift(const avsvti_examples *e);
void avsvti_examples_free(avsvti_examples *e);

/* The batches of an epoch, and those of a validation, in order. */
avsvt_status avsvti_examples_plan(avsvti_plan *plan, const avsvti_examples *e,
                                  const avsvti_recipe *r, int64_t epoch, avsvt_error *err);
avsvt_status avsvti_examples_plan_whole(avsvti_plan *plan, const avsvti_examples *e,
                                        const avsvti_recipe *r, avsvt_error *err);
/* A batch of these cuts, to be finished: avsvti_batch_finish(). */
avsvt_status avsvti_examples_batch(avsvti_batch *batch, const avsvti_fields *fields,
                                   avsvti_examples *e, const avsvti_excerpt *cuts,
                                   size_t count, avsvt_error *err);
/* Batch b of a plan, finished. */
avsvt_status avsvti_examples_make(avsvti_batch *batch, const avsvti_fields *fields,
                                  avsvti_examples *e, const avsvti_plan *plan, size_t b,
                                  avsvt_error *err);

#endif
