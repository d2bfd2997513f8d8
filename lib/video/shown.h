/* SPDX-License-Identifier: MIT */
/* Which picture is shown at a time. */
#ifndef AVSVTI_VIDEO_SHOWN_H
#define AVSVTI_VIDEO_SHOWN_H

#include <math.h>

/* The number of the picture, from 0, that is shown at a time, such as the middle of a
 * frame; picture 0 is shown from start_s on. A time between two is the earlier one's,
 * however it was rounded: it is put a millionth of a picture earlier. So a frame takes
 * the picture that avsvt_video delivers for it where it is opened at the frames' rate. */
static inline double avsvti_picture_shown(double time_s, double start_s, double rate_hz)
{
    return floor((time_s - start_s) * rate_hz - 1e-6);
}

#endif
