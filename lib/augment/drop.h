/* SPDX-License-Identifier: MIT */
/* The parts of MM_ALT's augmentation (SpeechBrain 0.5.11's) without chance. */
#ifndef AVSVTI_AUGMENT_DROP_H
#define AVSVTI_AUGMENT_DROP_H

#include <stdint.h>

#include "core/error.h"
#include "core/memory.h"

#define AVSVTI_NOTCH_TAPS 101

/* A notch at this fraction of half the rate. */
void avsvti_notch(double *kernel, double at);

/* Several of them as one filter, for avsvti_convolve(). */
void avsvti_notches(float *filter, const double *at, int count);

/* Samples that resampling to percent of the rate gives of count. */
int64_t avsvti_resampled_count(int64_t count, int percent);
avsvt_status avsvti_resample_published(const avsvt_allocator *a, float *to,
                                       const float *from, int64_t count,
                                       int percent, avsvt_error *err);

#endif
