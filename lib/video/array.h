/* SPDX-License-Identifier: MIT */
/* Arrays as video: what .npy, .npz and memory have in common. */
#ifndef AVSVTI_VIDEO_ARRAY_H
#define AVSVTI_VIDEO_ARRAY_H

#include "core/npy.h"
#include "video/video.h"

typedef struct avsvti_array {
    const char *name;    /* borrowed */
    const avsvt_allocator *allocator;
    avsvti_npy npy;
    int64_t pixels;      /* values of a picture */
    int64_t next;        /* picture */
    double  rate_hz;
    uint8_t *picture;    /* room for one, where values are converted; or NULL */
} avsvti_array;

/* Checks the shape and fills info; *layout: how pixels lie. */
avsvt_status avsvti_array_start(avsvti_array *array, const avsvt_video_options *opts,
                                avsvt_video_info *info, avsvti_pixels *layout,
                                avsvt_error *err);
/* The next picture out of its raw values. */
avsvt_status avsvti_array_picture(avsvti_array *array, const void *raw,
                                  avsvti_picture *picture, avsvt_error *err);
void avsvti_array_end(avsvti_array *array);

#endif
