/* SPDX-License-Identifier: MIT */
/* A window that slides over a source of sound, so that long sound needs only
 * the memory of one chunk. */
#ifndef AVSVTI_MEDIA_WINDOW_H
#define AVSVTI_MEDIA_WINDOW_H

#include <avsvt/media.h>

#include "core/error.h"
#include "core/memory.h"

typedef struct avsvti_window {
    const avsvt_allocator *allocator;
    avsvt_audio *audio;
    float *samples;   /* of the sound from start on */
    int64_t start;
    int64_t count;
    size_t capacity;
    int at_end;       /* start + count is the length of the sound */
    int64_t silent;   /* without a source: samples that there would be */
} avsvti_window;

/* Without audio it counts up to `silent`, which the owner sets, and samples
 * stays NULL. */
void avsvti_window_init(avsvti_window *w, const avsvt_allocator *a,
                        avsvt_audio *audio);
/* Reads on until sample number end is there or the sound has ended. */
avsvt_status avsvti_window_fill(avsvti_window *w, int64_t end,
                                avsvt_error *err);
/* Forgets what lies before sample number start. */
void avsvti_window_drop(avsvti_window *w, int64_t start);
void avsvti_window_free(avsvti_window *w);

#endif
