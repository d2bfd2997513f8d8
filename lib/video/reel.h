/* SPDX-License-Identifier: MIT */
/* A window that slides over a video, so that a long one needs only the memory
 * of a piece. */
#ifndef AVSVTI_VIDEO_REEL_H
#define AVSVTI_VIDEO_REEL_H

#include <avsvt/video.h>

#include "core/tensor.h"

typedef struct avsvti_reel {
    avsvt_video *video;
    int64_t width, height;
    double  rate_hz;  /* delivered; 0: the video does not tell */
    uint8_t *data;    /* grey pictures from start on */
    int64_t start, count;
    int64_t capacity; /* pictures */
    int     at_end;   /* start + count is the length of the video */
} avsvti_reel;

/* For a video of grey pictures; others are refused. */
avsvt_status avsvti_reel_init(avsvti_reel *r, avsvt_video *video,
                              avsvt_error *err);
/* Reads on until picture number end is there or the video has ended. */
avsvt_status avsvti_reel_fill(avsvti_reel *r, int64_t end, avsvt_error *err);
/* Forgets what lies before picture number start. */
void avsvti_reel_drop(avsvti_reel *r, int64_t start);
/* The pictures that are there as a tensor on the caller's stack, valid until
 * the next call. */
void avsvti_reel_view(avsvt_tensor *view, const avsvti_reel *r);
void avsvti_reel_free(avsvti_reel *r);

#endif
