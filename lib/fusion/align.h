/* SPDX-License-Identifier: MIT */
/* Which video frame belongs to an audio frame. */
#ifndef AVSVTI_FUSION_ALIGN_H
#define AVSVTI_FUSION_ALIGN_H

#include "core/tensor.h"

typedef struct avsvti_alignment {
    int64_t repeat;     /* published: frame i of the audio has video i / repeat */
    double audio_rate_hz; /* above 0: by time, with the three below */
    double video_rate_hz;
    double audio_start_s, video_start_s;
} avsvti_alignment;

/* The frame for audio frame i of a video of count frames; -1: there is none. */
int64_t avsvti_align_frame(const avsvti_alignment *by, int64_t i, int64_t count);

/* Audio frames that a video of count frames spans from the first one on. */
int64_t avsvti_align_span(const avsvti_alignment *by, int64_t count);

/* Audio frames 0..frames-1 that have no picture, and pictures that no audio
 * frame takes because the sound ends before. */
typedef struct avsvti_misfit {
    int64_t missing, unused;
} avsvti_misfit;

/* The video's rows at the audio's frames, zeros where there is none. *fitted
 * points into video, or into *room, which is to be released. */
avsvt_status avsvti_align(const float **fitted, float **room,
                          avsvti_misfit *misfit, const avsvt_allocator *a,
                          const avsvt_tensor *video, int64_t frames,
                          const avsvti_alignment *by, avsvt_error *err);

#endif
