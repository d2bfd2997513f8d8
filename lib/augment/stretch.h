/* SPDX-License-Identifier: MIT */
/* Time and pitch apart from each other: SoundTouch, through the C interface
 * that its maker ships. Its library is C++, so it is loaded when it is first
 * needed and libavsvt is not linked to it. */
#ifndef AVSVTI_AUGMENT_STRETCH_H
#define AVSVTI_AUGMENT_STRETCH_H

#include "core/error.h"
#include "core/memory.h"

/* Loads the first of these libraries (closed by NULL) that is there; NULL
 * stands for SoundTouch's usual names. Any thread. */
avsvt_status avsvti_stretch_load(const char *const *names, avsvt_error *err);

/* *to has round(count / factor) samples, from the allocator. */
avsvt_status avsvti_stretch(float **to, int64_t *made, const avsvt_allocator *a,
                            const float *from, int64_t count, double rate_hz,
                            double factor, double semitones, avsvt_error *err);

#endif
