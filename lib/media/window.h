/* SPDX-License-Identifier: MIT */
/* A window that slides over a source of sound, so that long sound needs only
 * the memory of one chunk. */
#ifndef AVSVTI_MEDIA_WINDOW_H
#define AVSVTI_MEDIA_WINDOW_H

#include <avsvt/media.h>

#include "media/loudness.h"
#include "media/raise.h"

/* So much later sound that comes is there when it is raised. */
#define AVSVTI_WINDOW_RAISE_S 0.02

typedef struct avsvti_window {
    const avsvt_allocator *allocator;
    avsvt_audio *audio;
    float *samples;   /* of the sound from start on */
    int64_t start;
    int64_t count;
    int64_t read;     /* count, and those that wait to be raised */
    size_t capacity;
    int at_end;       /* start + count is the length of the sound */
    int64_t silent;   /* without a source: samples that there would be */
    int source_ended;
    int is_rest;            /* some of the source was read by others */
    /* One of them, or none, raises what is quiet. */
    avsvti_loudness loudness;
    avsvti_raise raise;
    int64_t raise_block;    /* samples; 0: the second does not */
    float *raised_db;       /* by it, of the blocks in the window */
} avsvti_window;

/* Without audio it counts up to `silent`, which the owner sets, and samples
 * stays NULL. */
void avsvti_window_init(avsvti_window *w, const avsvt_allocator *a,
                        avsvt_audio *audio);
/* Before the first of them: samples are raised as loudness.h has it, or, where
 * they are heard while they come, as raise.h has it. */
avsvt_status avsvti_window_raise(avsvti_window *w, double rate_hz, double target_db,
                                 int comes, avsvt_error *err);
/* By how much this sample, which is in the window, was raised, about. */
double avsvti_window_raised_db(const avsvti_window *w, int64_t sample);
/* Reads on until sample number end is there or the sound has ended. */
avsvt_status avsvti_window_fill(avsvti_window *w, int64_t end,
                                avsvt_error *err);
/* How long the sound was, once at_end: seconds of the source, which resampling may
 * have made a part of a sample longer. */
double avsvti_window_length_s(const avsvti_window *w, double rate_hz);
/* Forgets what lies before sample number start. */
void avsvti_window_drop(avsvti_window *w, int64_t start);
void avsvti_window_free(avsvti_window *w);

#endif
