/* SPDX-License-Identifier: MIT */
/* Items drawn with replacement: one of some groups, each as likely as the
 * others, then one of its items, by their weights. */
#ifndef AVSVTI_TRAIN_DRAWS_H
#define AVSVTI_TRAIN_DRAWS_H

#include "core/error.h"
#include "core/memory.h"
#include "core/random.h"

typedef struct avsvti_draw {
    int64_t item;
    double until; /* sum of the group's weights, this item's among them */
} avsvti_draw;

typedef struct avsvti_draw_group {
    avsvti_draw *items;
    size_t count, capacity;
} avsvti_draw_group;

typedef struct avsvti_draws {
    const avsvt_allocator *allocator;
    avsvti_draw_group *groups;
    size_t count; /* 0: nothing is drawn */
} avsvti_draws;

avsvt_status avsvti_draws_begin(avsvti_draws *d, const avsvt_allocator *a, size_t groups,
                                avsvt_error *err);
avsvt_status avsvti_draws_add(avsvti_draws *d, size_t group, int64_t item, double weight,
                              avsvt_error *err);
/* No group may be empty. */
int64_t avsvti_draws_next(const avsvti_draws *d, avsvti_random *random);
void avsvti_draws_free(avsvti_draws *d);

#endif
