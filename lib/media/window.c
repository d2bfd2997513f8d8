/* SPDX-License-Identifier: MIT */
#include "media/window.h"

#include <string.h>

/* Read in blocks, so that whole-song mode grows as the sound does and not by
 * what a damaged header claims. */
#define BLOCK (1 << 18)

void avsvti_window_init(avsvti_window *w, const avsvt_allocator *a,
                        avsvt_audio *audio)
{
    memset(w, 0, sizeof(*w));
    w->allocator = a;
    w->audio = audio;
}

static int reserve(avsvti_window *w, size_t need)
{
    if (need <= w->capacity)
        return 1;
    size_t capacity = w->capacity + w->capacity / 2;
    if (capacity < need)
        capacity = need;
    float *samples = avsvti_resize(w->allocator, w->samples, capacity,
                                   sizeof(float));
    if (!samples)
        return 0;
    w->samples = samples;
    w->capacity = capacity;
    return 1;
}

avsvt_status avsvti_window_raise(avsvti_window *w, double rate_hz, double target_db,
                                 avsvt_error *err)
{
    return avsvti_loudness_init(&w->loudness, w->allocator, rate_hz, target_db, err);
}

/* The next samples of the source. */
static avsvt_status read_on(avsvti_window *w, size_t want, avsvt_error *err)
{
    size_t got = 0;
    if (!reserve(w, (size_t)w->read + want))
        return avsvti_fail_memory(err);
    avsvt_status status = avsvt_audio_read(w->audio, w->samples + w->read, want, &got,
                                           err);
    w->read += status == AVSVT_OK ? (int64_t)got : 0;
    w->source_ended = status == AVSVT_OK && got < want;
    return status;
}

/* Measures one block more; 0: no more is known. */
static int measure_on(avsvti_window *w)
{
    avsvti_loudness *l = &w->loudness;
    int64_t at = l->measured * l->block - w->start, n = w->read - at;
    if (n > l->block)
        n = l->block;
    if (n <= 0 || (n < l->block && !w->source_ended))
        return 0;
    avsvti_loudness_measure(l, w->samples + at, n);
    if (w->source_ended && at + n == w->read)
        avsvti_loudness_end(l);
    return 1;
}

/* Raises what is known well enough. No block is measured before it is needed:
 * few are remembered. */
static avsvt_status raise_on(avsvti_window *w, avsvt_error *err)
{
    avsvti_loudness *l = &w->loudness;
    avsvt_status status = AVSVT_OK;
    if (w->source_ended && l->measured * l->block >= w->start + w->read)
        avsvti_loudness_end(l);
    while (status == AVSVT_OK && w->count < w->read) {
        int64_t n = w->read - w->count < l->block ? w->read - w->count : l->block;
        int done = 0;
        status = avsvti_loudness_raise(l, w->samples + w->count, n, &done, err);
        w->count += done ? n : 0;
        if (!done && !measure_on(w))
            break;
    }
    return status;
}

avsvt_status avsvti_window_fill(avsvti_window *w, int64_t end,
                                avsvt_error *err)
{
    avsvt_status status = AVSVT_OK;
    if (!w->audio) {
        w->at_end = end > w->silent;
        if (end > w->silent)
            end = w->silent;
        if (w->count < end - w->start)
            w->count = end - w->start;
        return AVSVT_OK;
    }
    int64_t ahead = w->loudness.block ? avsvti_loudness_ahead(&w->loudness) : 0;
    int64_t upto = end < INT64_MAX - ahead ? end + ahead : INT64_MAX;
    while (status == AVSVT_OK && !w->source_ended && w->start + w->count < end &&
           w->start + w->read < upto) {
        int64_t missing = upto - (w->start + w->read);
        status = read_on(w, missing < BLOCK ? (size_t)missing : BLOCK, err);
    }
    if (!w->loudness.block)
        w->count = w->read;
    else if (status == AVSVT_OK)
        status = raise_on(w, err);
    w->at_end = w->source_ended && w->count == w->read;
    return status;
}

void avsvti_window_drop(avsvti_window *w, int64_t start)
{
    int64_t gone = start - w->start;
    if (gone <= 0)
        return;
    if (gone > w->count)
        gone = w->count;
    if (w->samples)
        memmove(w->samples, w->samples + gone,
                (size_t)(w->read - gone) * sizeof(float));
    w->start += gone;
    w->count -= gone;
    w->read -= w->audio ? gone : 0;
}

void avsvti_window_free(avsvti_window *w)
{
    avsvti_release(w->allocator, w->samples);
    avsvti_loudness_free(&w->loudness);
    avsvti_window_init(w, w->allocator, NULL);
}
