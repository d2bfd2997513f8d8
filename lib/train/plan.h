/* SPDX-License-Identifier: MIT */
/* Which pieces of which songs (or rows of which arrays, see rows.h) an epoch goes
 * through, in which batches. Depends on the recipe, the songs and the number of the
 * epoch alone. */
#ifndef AVSVTI_TRAIN_PLAN_H
#define AVSVTI_TRAIN_PLAN_H

#include "core/random.h"
#include "train/data.h"

typedef struct avsvti_excerpt {
    size_t song;
    int64_t start, length; /* samples */
    uint64_t draw;         /* decides what is random about it */
} avsvti_excerpt;

typedef struct avsvti_plan {
    const avsvt_allocator *allocator;
    avsvti_excerpt *cuts;
    size_t cut_count;
    size_t *ends;          /* batch b: cuts ends[b - 1] (0) .. ends[b] */
    size_t batch_count;
    int32_t rank, size;    /* of several processes, each of which makes its part
                              of a batch; size 0: the whole */
} avsvti_plan;

avsvt_status avsvti_plan_make(avsvti_plan *plan, const avsvti_songs *songs,
                              const avsvti_recipe *r, int64_t epoch,
                              avsvt_error *err);
/* Each song in its order, whole or (above 0) in AV_SVT's utterances; a batch
 * each. */
avsvt_status avsvti_plan_whole(avsvti_plan *plan, const avsvti_songs *songs,
                               double utterance_s, avsvt_error *err);
void avsvti_plan_free(avsvti_plan *plan);

/* What plans of all kinds are made with: streams of random numbers, */
enum { AVSVTI_PLAN_COUNTS, AVSVTI_PLAN_PLACES, AVSVTI_PLAN_ORDER };
avsvti_random avsvti_plan_random(const avsvti_recipe *r, int64_t epoch, int which);
/* how often something comes that should n times on average, */
size_t avsvti_plan_times(double n, avsvti_random *random);
/* room for so many cuts, */
avsvt_status avsvti_plan_begin(avsvti_plan *plan, const avsvt_allocator *a, size_t total,
                               avsvt_error *err);
void avsvti_plan_shuffle(avsvti_plan *plan, avsvti_random *random);
/* and batches: as many neighbours as fit, padded to the longest; one at least.
 * drop_last: cuts that do not fill the last one are left out. */
void avsvti_plan_batches(avsvti_plan *plan, double samples, int64_t items, int drop_last);

#endif
