/* SPDX-License-Identifier: MIT */
/* Which picture is shown at a time. */
#ifndef AVSVTI_VIDEO_SHOWN_H
#define AVSVTI_VIDEO_SHOWN_H

#include <math.h>

/* The number of the picture, from 0, that is shown at a time; picture 0 is shown from
 * start_s on. A time between two is the later one's, however it was rounded: it is
 * put a millionth of a picture later. */
static inline double avsvti_picture_shown(double time_s, double start_s, double rate_hz)
{
    return floor((time_s - start_s) * rate_hz + 1e-6);
}

/* The number of the picture that stands for frame k of a model, of which model_hz make a
 * second: the one that is shown in its middle, and of two that meet there the earlier,
 * however it was rounded. It is the one that avsvt_video delivers for it where it is
 * opened at the model's rate. */
static inline double avsvti_picture_of_frame(double k, double model_hz, double start_s,
                                             double rate_hz)
{
    return floor(((k + 0.5) / model_hz - start_s) * rate_hz - 1e-6);
}

#endif
