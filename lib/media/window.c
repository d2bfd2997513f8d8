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

avsvt_status avsvti_window_fill(avsvti_window *w, int64_t end,
                                avsvt_error *err)
{
    if (!w->audio) {
        w->at_end = end > w->silent;
        if (end > w->silent)
            end = w->silent;
        if (w->count < end - w->start)
            w->count = end - w->start;
        return AVSVT_OK;
    }
    while (!w->at_end && w->start + w->count < end) {
        int64_t missing = end - (w->start + w->count);
        size_t want = missing < BLOCK ? (size_t)missing : BLOCK, got = 0;
        if (!reserve(w, (size_t)w->count + want))
            return avsvti_fail_memory(err);
        avsvt_status status = avsvt_audio_read(w->audio, w->samples + w->count,
                                               want, &got, err);
        if (status != AVSVT_OK)
            return status;
        w->count += (int64_t)got;
        w->at_end = got < want;
    }
    return AVSVT_OK;
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
                (size_t)(w->count - gone) * sizeof(float));
    w->start += gone;
    w->count -= gone;
}

void avsvti_window_free(avsvti_window *w)
{
    avsvti_release(w->allocator, w->samples);
    avsvti_window_init(w, w->allocator, NULL);
}
