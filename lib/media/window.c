/* SPDX-License-Identifier: MIT */
#include "media/window.h"

#include <math.h>
#include <string.h>

#include "media/audio.h"

/* Read in blocks, so that whole-song mode grows as the sound does and not by
 * what a damaged header claims. */
#define BLOCK (1 << 18)

void avsvti_window_init(avsvti_window *w, const avsvt_allocator *a,
                        avsvt_audio *audio)
{
    memset(w, 0, sizeof(*w));
    w->allocator = a;
    w->audio = audio;
    w->is_rest = audio && audio->begun;
}

double avsvti_window_length_s(const avsvti_window *w, double rate_hz)
{
    double there = (double)(w->start + w->count) / rate_hz;
    if (!w->audio || w->is_rest)
        return there;
    return fmin(there, (double)w->audio->frames_in / w->audio->info.rate_hz);
}

/* Its place among the gains of the blocks of which samples are in the window. */
static int64_t block_of(const avsvti_window *w, int64_t sample)
{
    return sample / w->raise_block - w->start / w->raise_block;
}

static int reserve(avsvti_window *w, size_t need)
{
    if (need <= w->capacity)
        return 1;
    size_t capacity = w->capacity + w->capacity / 8;
    if (capacity < need)
        capacity = need;
    int64_t blocks = w->raise_block ? (int64_t)capacity / w->raise_block + 2 : 0;
    if (!avsvti_resize_rows(w->allocator, &w->samples, (int64_t)capacity, 1) ||
        (blocks && !avsvti_resize_rows(w->allocator, &w->raised_db, blocks, 1)))
        return 0;
    w->capacity = capacity;
    return 1;
}

avsvt_status avsvti_window_raise(avsvti_window *w, double rate_hz, double target_db,
                                 int comes, avsvt_error *err)
{
    if (!comes)
        return avsvti_loudness_init(&w->loudness, w->allocator, rate_hz, target_db, err);
    w->raise_block = (int64_t)(rate_hz * AVSVTI_WINDOW_RAISE_S);
    avsvti_raise_init(&w->raise, target_db, (double)w->raise_block / rate_hz);
    return AVSVT_OK;
}

double avsvti_window_raised_db(const avsvti_window *w, int64_t sample)
{
    return w->raise_block ? (double)w->raised_db[block_of(w, sample)]
                          : avsvti_loudness_gain_db(&w->loudness, sample);
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

/* The same where nobody knows what comes. */
static void raise_as_it_comes(avsvti_window *w)
{
    while (w->count < w->read) {
        float *x = w->samples + w->count;
        int64_t n = w->read - w->count, at = w->start + w->count;
        if (n > w->raise_block)
            n = w->raise_block;
        if (n < w->raise_block && !w->source_ended)
            return;
        avsvti_raise_block(&w->raise, x, (size_t)n, avsvti_mean_power(x, n));
        w->raised_db[block_of(w, at)] = (float)w->raise.gain_db;
        w->count += n;
    }
}

/* Samples beyond one that must be read before it is there. */
static int64_t ahead_of(const avsvti_window *w)
{
    return w->loudness.block ? avsvti_loudness_ahead(&w->loudness)
         : w->raise_block ? w->raise_block - 1 : 0;
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
    int64_t ahead = ahead_of(w);
    int64_t upto = end < INT64_MAX - ahead ? end + ahead : INT64_MAX;
    while (status == AVSVT_OK && !w->source_ended && w->start + w->count < end &&
           w->start + w->read < upto) {
        int64_t missing = upto - (w->start + w->read);
        status = read_on(w, missing < BLOCK ? (size_t)missing : BLOCK, err);
    }
    if (status != AVSVT_OK)
        return status;
    if (w->loudness.block)
        status = raise_on(w, err);
    else if (w->raise_block)
        raise_as_it_comes(w);
    else
        w->count = w->read;
    w->at_end = w->source_ended && w->count == w->read;
    return status;
}

static void drop_blocks(avsvti_window *w, int64_t gone)
{
    int64_t first = block_of(w, w->start + gone);
    int64_t end = block_of(w, w->start + w->count - 1) + 1;
    if (first < end)
        memmove(w->raised_db, w->raised_db + first,
                (size_t)(end - first) * sizeof(*w->raised_db));
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
    if (w->raised_db)
        drop_blocks(w, gone);
    w->start += gone;
    w->count -= gone;
    w->read -= w->audio ? gone : 0;
}

void avsvti_window_free(avsvti_window *w)
{
    avsvti_release(w->allocator, w->samples);
    avsvti_release(w->allocator, w->raised_db);
    avsvti_loudness_free(&w->loudness);
    avsvti_window_init(w, w->allocator, NULL);
}
