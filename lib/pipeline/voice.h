/* SPDX-License-Identifier: MIT */
/* The pitch of sound that dies away: a voice may go on behind what a network
 * hears sung. */
#ifndef AVSVTI_PIPELINE_VOICE_H
#define AVSVTI_PIPELINE_VOICE_H

#include "core/error.h"
#include "core/memory.h"
#include "media/window.h"

#define AVSVTI_VOICE_RECENT 64

typedef struct avsvti_voice {
    const avsvt_allocator *allocator;
    double rate_hz;      /* samples a second */
    float *depth;        /* of the dip at each lag */
    int64_t compared, lowest, highest; /* samples; lags */
    float recent[AVSVTI_VOICE_RECENT]; /* levels of the last frames */
    int64_t frames, reaches; /* pushed; that count as recent */
    int64_t lost;        /* frames since it was loud or had a pitch */
} avsvti_voice;

avsvt_status avsvti_voice_init(avsvti_voice *v, const avsvt_allocator *a, double rate_hz,
                               double frame_rate_hz, avsvt_error *err);
/* The next frame, which begins at a sample of the window: its MIDI number, 0 where
 * it does not die away with a clear pitch. */
float avsvti_voice_frame(avsvti_voice *v, const avsvti_window *w, int64_t sample,
                         float level_db);
void avsvti_voice_free(avsvti_voice *v);

#endif
