/* SPDX-License-Identifier: MIT */
#ifndef AVSVTI_DATASET_VIDEO_H
#define AVSVTI_DATASET_VIDEO_H

#include "core/context.h"
#include "core/error.h"

/* How many pictures a video has, by its own words; AVSVT_E_MODULE without the
 * media module. */
avsvt_status avsvti_video_frames(int64_t *frames, avsvt_context *context,
                                 const char *path, avsvt_error *err);

#endif
