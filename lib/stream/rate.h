/* SPDX-License-Identifier: MIT */
/* Changing the rate of sound that comes in blocks of any size, on an audio
 * thread. Not libsoxr: measured in blocks of 64 samples (0.1.3, high quality,
 * from 8, 44.1, 48 and 96 kHz) it allocated in 5 to 112 blocks and was 37 to
 * 116 ms behind, as much as all the rest of a stream. This is a plain windowed
 * sine cardinal: it allocates when it is made and is late by half its length,
 * 1 ms (2 ms from 8 kHz). Places are counted in whole numbers, so that nothing
 * drifts, however long it runs. */
#ifndef AVSVTI_STREAM_RATE_H
#define AVSVTI_STREAM_RATE_H

#include "core/error.h"
#include "core/memory.h"

typedef struct avsvti_rate {
    const avsvt_allocator *allocator;
    uint64_t in, out;   /* output m lies at input place m * in / out */
    size_t half, taps;  /* inputs before and after a place; both together */
    size_t phases;
    int between;        /* places lie between phases */
    float *table;       /* [phases + 1][taps] */
    float *kept;        /* the newest inputs */
    size_t filled, room;
    int64_t first;      /* number of kept[0] */
    int64_t place;      /* of the next output, with rest / out */
    uint64_t rest;
} avsvti_rate;

avsvt_status avsvti_rate_create(avsvti_rate *r, const avsvt_allocator *a,
                                double from_hz, double to_hz, avsvt_error *err);
void avsvti_rate_free(avsvti_rate *r);
void avsvti_rate_reset(avsvti_rate *r);

/* Takes some of the samples, at most count; returns how many. Call
 * avsvti_rate_next() until it has no more before the next. */
size_t avsvti_rate_take(avsvti_rate *r, const float *samples, size_t count);
int avsvti_rate_next(avsvti_rate *r, float *sample);

/* Inputs that must be known for the output that came last. */
static inline int64_t avsvti_rate_known(const avsvti_rate *r)
{
    int64_t steps = (int64_t)(r->in / r->out), rest = (int64_t)(r->in % r->out);
    int64_t last = r->place - steps - ((int64_t)r->rest < rest);
    return last + (int64_t)r->half + 1;
}

#endif
