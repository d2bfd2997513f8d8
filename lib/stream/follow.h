/* SPDX-License-Identifier: MIT */
/* Frames of a live network, one by one -> notes that begin, go on and end. The
 * rule is decode/precise.c's with what can't be known yet left out: an onset
 * is higher than the frame before and not lower than the one after it, and
 * comes at least a few frames after the last. */
#ifndef AVSVTI_STREAM_FOLLOW_H
#define AVSVTI_STREAM_FOLLOW_H

#include <avsvt/head.h>

#include "decode/pitch.h"

enum {
    AVSVTI_FOLLOW_FINE = 150,
    AVSVTI_FOLLOW_WAIT = 1, /* frames after an onset that must be known */
    AVSVTI_FOLLOW_LATE = 3, /* frames, its own included, in which it must sound */
};

typedef struct avsvti_follow_event { /* as avsvt_stream_event */
    int32_t kind;
    uint32_t flags;
    uint64_t note;
    double frame, pitch, pitch_now;
    float level_db, confidence;
} avsvti_follow_event;

typedef struct avsvti_follow_settings {
    double onset_threshold, offset_threshold;
    double min_frames; /* shorter notes are flagged */
    double fine_lowest, fine_step;
} avsvti_follow_settings;

typedef struct avsvti_follow_row {
    float logits[AVSVT_NOTE_LOGITS], fine[AVSVTI_FOLLOW_FINE], level_db;
} avsvti_follow_row;

typedef struct avsvti_follower {
    avsvti_follow_settings settings;
    double onset_limit, offset_limit; /* as logits */
    void (*emit)(void *user, const avsvti_follow_event *event);
    void *user;
    avsvti_follow_row rows[4]; /* the newest, by number of the frame */
    int64_t known;             /* frames pushed */
    avsvti_pitch pitch;
    int open, told;            /* a note is; and NOTE_ON was emitted */
    uint64_t note;
    int64_t peak, frames;      /* frame of the onset; frames that sound */
    double onset, onset_logit, sounding, power;
    int64_t level_frames;
} avsvti_follower;

avsvt_status avsvti_follower_create(avsvti_follower *f, const avsvt_allocator *a,
                                    const avsvti_follow_settings *settings,
                                    avsvt_error *err);
void avsvti_follower_free(avsvti_follower *f, const avsvt_allocator *a);
void avsvti_follower_reset(avsvti_follower *f);

/* The next frame. Neither allocates nor waits. */
void avsvti_follower_push(avsvti_follower *f, const float *logits,
                          const float *fine, float level_db);
/* No more frames; the sound ends at that place in frames. */
void avsvti_follower_finish(avsvti_follower *f, double end);

/* MIDI number around the likeliest fine pitch. */
double avsvti_follower_pitch(const avsvti_follower *f, const float *fine);

#endif
