/* SPDX-License-Identifier: MIT */
/* Filters of any shape, by fast convolution. */
#ifndef AVSVTI_AUGMENT_FILTER_H
#define AVSVTI_AUGMENT_FILTER_H

#include "core/error.h"
#include "core/memory.h"

/* x[i] becomes the sum of h[k] x[i + lead - k]; what lies outside is silent. */
avsvt_status avsvti_convolve(const avsvt_allocator *a, float *x, int64_t count,
                             const float *h, int64_t taps, int64_t lead,
                             avsvt_error *err);

/* Amplitude at a frequency. */
typedef double (*avsvti_curve)(void *user, double hz);

/* Filters x so, without moving anything in time. */
avsvt_status avsvti_filter_curve(const avsvt_allocator *a, float *x,
                                 int64_t count, double rate_hz,
                                 avsvti_curve curve, void *user,
                                 avsvt_error *err);

#endif
