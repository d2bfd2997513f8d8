/* SPDX-License-Identifier: MIT */
/* Changing the rate of mono samples as they pass (libsoxr, high quality). */
#ifndef AVSVTI_MEDIA_RESAMPLE_H
#define AVSVTI_MEDIA_RESAMPLE_H

#include "core/context.h"
#include "core/error.h"

typedef struct avsvti_resampler avsvti_resampler;

avsvt_status avsvti_resampler_create(avsvti_resampler **out,
                                     const avsvt_allocator *a, double from_hz,
                                     double to_hz, avsvt_error *err);
void avsvti_resampler_free(avsvti_resampler *r);

/* Takes at most count samples (*used of them) and makes at most room (*made).
 * from NULL: there are no more, hand out what is left; *made 0 at the end. */
avsvt_status avsvti_resampler_run(avsvti_resampler *r, const float *from,
                                  int64_t count, int64_t *used, float *to,
                                  int64_t room, int64_t *made, avsvt_error *err);

#endif
