/* SPDX-License-Identifier: MIT */
/* Maximum matching between two sorted sides. */
#ifndef AVSVTI_METRICS_MATCHING_H
#define AVSVTI_METRICS_MATCHING_H

#include <stddef.h>

#include "core/error.h"
#include "core/memory.h"

/* Left i may be matched with right j when from[i] <= j < to[i] and hit() says
 * so. Edges are asked for, not stored. */
typedef struct avsvti_pairs {
    size_t left, right;
    const size_t *from, *to;
    int (*hit)(const void *user, size_t i, size_t j);
    const void *user;
} avsvti_pairs;

/* Number of pairs in a maximum matching (Hopcroft and Karp, 1973). */
avsvt_status avsvti_matching_size(size_t *out, const avsvti_pairs *pairs,
                                  const avsvt_allocator *a, avsvt_error *err);

#endif
