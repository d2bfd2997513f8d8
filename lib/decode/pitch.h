/* SPDX-License-Identifier: MIT */
/* The pitch of one note from the pitch distributions of its frames. */
#ifndef AVSVTI_DECODE_PITCH_H
#define AVSVTI_DECODE_PITCH_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "core/memory.h"

typedef struct avsvti_pitch {
    float *rows;      /* sums of probabilities, each over `merged` frames */
    double *mean;     /* room for one distribution */
    size_t bins;
    int64_t frames;   /* added since the last clear */
    int64_t merged;   /* frames in a row: 1, 2, 4 ... */
    double lowest, step; /* MIDI number of bin 0, semitones between bins */
    int fine;         /* from the fine pitch, not from octave and class */
} avsvti_pitch;

/* Which of a note's frames tell its pitch: from..to, without its glides in and
 * out. */
static inline void avsvti_pitch_middle(int64_t frames, int64_t *from, int64_t *to)
{
    *from = (int64_t)((double)frames * 0.20);
    *to = (int64_t)ceil((double)frames * 0.85);
}

/* fine_bins 0: semitones from octave and class. */
avsvt_status avsvti_pitch_create(avsvti_pitch *p, const avsvt_allocator *a,
                                 int32_t fine_bins, double lowest, double step,
                                 avsvt_error *err);
void avsvti_pitch_clear(avsvti_pitch *p);
/* logits: 20 columns; fine: fine_bins logits or unused. */
void avsvti_pitch_add(avsvti_pitch *p, const float *logits, const float *fine);
/* MIDI number from the middle of what was added, NAN when there is nothing;
 * *sureness: share of the distribution near that pitch, 0..1. */
double avsvti_pitch_estimate(avsvti_pitch *p, double *sureness);
void avsvti_pitch_release(avsvti_pitch *p, const avsvt_allocator *a);

#endif
