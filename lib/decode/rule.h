/* SPDX-License-Identifier: MIT */
/* What a decoding rule is to the decoder: frames one by one, each with its
 * neighbours in reach, notes out. */
#ifndef AVSVTI_DECODE_RULE_H
#define AVSVTI_DECODE_RULE_H

#include "decode/decoder.h"
#include "decode/fill.h"
#include "decode/frames.h"
#include "decode/sung.h"

typedef struct avsvti_settings {
    double onset_threshold, offset_threshold, min_duration_s, offset_delay_s,
           sung_share, fill_s, hold_s;
    int32_t window; /* frames to each side */
} avsvti_settings;

typedef struct avsvti_rule {
    avsvti_settings defaults;
    int32_t lookahead; /* frames needed after the window of a frame */
    avsvt_status (*create)(void **state, const avsvti_decoder *d,
                           avsvt_error *err);
    /* Frame i; all frames from i - window on up to d->known - 1 are in reach.
     * Without finish, that is at least i + window + lookahead. */
    avsvt_status (*step)(avsvti_decoder *d, int64_t i, avsvti_note_list *list,
                         avsvt_error *err);
    avsvt_status (*finish)(avsvti_decoder *d, avsvti_note_list *list,
                           avsvt_error *err);
    void (*release)(void *state, const avsvt_allocator *a);
} avsvti_rule;

struct avsvti_decoder {
    const avsvt_allocator *allocator;
    const avsvti_rule *rule;
    void *state;
    avsvti_note_state in_note; /* of the frame that the rule has just seen */
    int64_t lasted;            /* frames its note has sounded with it; 0: it does not */
    avsvti_note_list found;    /* by the rule, for fill */
    avsvti_heard heard;        /* what fill and sung look at */
    avsvti_fill *fill;         /* NULL: nothing is filled in */
    avsvti_note_list filled;   /* for sung */
    avsvti_sung *sung;         /* NULL: all notes count */
    avsvti_clarity before, here; /* of the frame before the next one, and of that */
    avsvti_settings settings;
    avsvt_activations_info info;
    float *ring;      /* rows of the newest frames */
    size_t row;       /* floats in a row: 20, fine_bins, voice, level */
    int64_t capacity; /* rows in the ring */
    int64_t known;    /* frames pushed */
    int64_t decided;  /* frames that the rule has seen */
};

extern const avsvti_rule avsvti_rule_precise, avsvti_rule_published;

/* Logits of a frame in reach; fine pitch, voice and level follow in the row. */
static inline const float *avsvti_frame(const avsvti_decoder *d, int64_t i)
{
    return d->ring + (size_t)(i % d->capacity) * d->row;
}

static inline float avsvti_frame_voice(const avsvti_decoder *d, int64_t i)
{
    return avsvti_frame(d, i)[d->row - 2];
}

static inline float avsvti_frame_level(const avsvti_decoder *d, int64_t i)
{
    return avsvti_frame(d, i)[d->row - 1];
}

static inline double avsvti_time_of(const avsvti_decoder *d, int64_t i)
{
    return avsvti_time(&d->info, (double)i);
}

#endif
