/* SPDX-License-Identifier: MIT */
/* Noise as long as a song: what avsvt_audio_mix() puts under it. */
#include "augment/track.h"

#include <math.h>
#include <string.h>

#include <avsvt/media.h>

#include "augment/pool.h"
#include "media/audio.h"

void avsvti_noise_slot(float *slot, int64_t length, const float *clip,
                       int64_t count)
{
    int64_t n = count < length ? count : length, left = (length - n) / 2;
    memset(slot, 0, (size_t)length * sizeof(*slot));
    memcpy(slot + left, clip, (size_t)n * sizeof(*slot));
}

static avsvt_status clip_slot(avsvti_pool *pool, float *slot, int64_t length,
                              double rate_hz, avsvti_random *random,
                              avsvt_error *err)
{
    avsvti_lent clip;
    size_t i = (size_t)avsvti_random_below(random, avsvti_pool_count(pool));
    avsvt_status status = avsvti_pool_lend(pool, i, rate_hz, &clip, err);
    if (status != AVSVT_OK)
        return status;
    avsvti_noise_slot(slot, length, clip.samples, clip.count);
    avsvti_pool_return(pool, &clip);
    return AVSVT_OK;
}

/* The mean of so many voices, each from a place of its own. one: room for a
 * voice. */
static avsvt_status babble_slot(avsvti_pool *pool, float *slot, float *one,
                                int64_t length, double rate_hz,
                                avsvti_random *random, avsvt_error *err)
{
    memset(slot, 0, (size_t)length * sizeof(*slot));
    for (int v = 0; v < AVSVTI_BABBLE_VOICES; v++) {
        avsvt_status status = avsvti_pool_fill(pool, one, length, rate_hz, random,
                                               err);
        if (status != AVSVT_OK)
            return status;
        for (int64_t i = 0; i < length; i++)
            slot[i] += one[i] / AVSVTI_BABBLE_VOICES;
    }
    return AVSVT_OK;
}

static avsvt_status fill_slots(avsvt_context *context, float *to, int64_t count,
                               double rate_hz, int babble, const char *folder,
                               avsvti_random *random, avsvt_error *err)
{
    const avsvt_allocator *a = avsvti_allocator(context);
    int64_t slot = (int64_t)llround(AVSVTI_SLOT_S * rate_hz);
    avsvti_pool *pool = NULL;
    float *one = NULL;
    avsvt_status status = avsvti_pool_open(&pool, context, folder, err);
    if (status == AVSVT_OK && babble &&
        !(one = avsvti_alloc(a, (size_t)slot, sizeof(*one))))
        status = avsvti_fail_memory(err);
    for (int64_t at = 0; at < count && status == AVSVT_OK; at += slot) {
        int64_t length = count - at < slot ? count - at : slot;
        status = babble
            ? babble_slot(pool, to + at, one, length, rate_hz, random, err)
            : clip_slot(pool, to + at, length, rate_hz, random, err);
    }
    avsvti_release(a, one);
    avsvti_pool_free(pool);
    return status;
}

avsvt_status avsvt_audio_noise(float *to, avsvt_context *context, int64_t count,
                               double rate_hz, int32_t kind, const char *folder,
                               uint64_t seed, avsvt_error *err)
{
    avsvti_random random;
    if (count < 0 || (count && !to))
        return avsvti_fail(err, AVSVT_E_ARG, "avsvt_audio_noise: %s",
                           count < 0 ? "count is negative" : "to is NULL");
    avsvt_status status = avsvti_rate_check(rate_hz, err);
    if (status != AVSVT_OK)
        return status;
    if (kind != AVSVT_NOISE_WHITE && kind != AVSVT_NOISE_CLIPS &&
        kind != AVSVT_NOISE_BABBLE)
        return avsvti_fail(err, AVSVT_E_ARG,
            "avsvt_audio_noise: kind %d is none of AVSVT_NOISE_*", (int)kind);
    if (kind != AVSVT_NOISE_WHITE && !folder)
        return avsvti_fail(err, AVSVT_E_ARG,
            "avsvt_audio_noise: folder is NULL: this noise is made of recordings");
    avsvti_random_seed(&random, seed, 0);
    if (kind == AVSVT_NOISE_WHITE) {
        avsvti_random_normal(&random, to, (size_t)count);
        return AVSVT_OK;
    }
    return fill_slots(context, to, count, rate_hz, kind == AVSVT_NOISE_BABBLE,
                      folder, &random, err);
}
