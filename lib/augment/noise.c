/* SPDX-License-Identifier: MIT */
/* Noise under the sound, by the papers' rule. */
#include "augment/augment.h"

#include <math.h>

#include <avsvt/media.h>

#include "augment/filter.h"

#define PINK 1 /* of "white|pink" */

#define FLAT_BELOW_HZ 40.0

/* Minus 3 dB per octave. */
static double pink(void *user, double hz)
{
    (void)user;
    return sqrt(FLAT_BELOW_HZ / fmax(hz, FLAT_BELOW_HZ));
}

static avsvt_status mix(avsvti_piece *piece, const float *noise, double snr_db,
                        avsvt_error *err)
{
    return avsvt_audio_mix(piece->samples, piece->samples, noise, piece->count,
                           snr_db, err);
}

avsvt_status avsvti_apply_noise(const avsvti_step *step, avsvti_piece *piece,
                                avsvti_random *random, avsvt_error *err)
{
    double snr_db = avsvti_step_draw(step, 0, random);
    float *noise = avsvti_alloc(piece->allocator, (size_t)piece->count,
                                sizeof(*noise));
    if (!noise)
        return avsvti_fail_memory(err);
    avsvti_random_normal(random, noise, (size_t)piece->count);
    avsvt_status status = AVSVT_OK;
    if (step->choice == PINK)
        status = avsvti_filter_curve(piece->allocator, noise, piece->count,
                                     piece->rate_hz, pink, NULL, err);
    if (status == AVSVT_OK)
        status = mix(piece, noise, snr_db, err);
    avsvti_release(piece->allocator, noise);
    return status;
}

/* The mean of so many streams of recordings. */
static avsvt_status mix_recordings(const avsvti_step *step, avsvti_piece *piece,
                                   int streams, double snr_db,
                                   avsvti_random *random, avsvt_error *err)
{
    size_t n = (size_t)piece->count;
    float *noise = avsvti_alloc_zero(piece->allocator, n, sizeof(*noise));
    float *one = avsvti_alloc(piece->allocator, n, sizeof(*one));
    avsvt_status status = AVSVT_OK;
    if (!noise || !one)
        status = avsvti_fail_memory(err);
    for (int k = 0; k < streams && status == AVSVT_OK; k++) {
        status = avsvti_pool_fill(step->pool, one, piece->count, piece->rate_hz,
                                  random, err);
        for (size_t i = 0; i < n && status == AVSVT_OK; i++)
            noise[i] += one[i] / (float)streams;
    }
    if (status == AVSVT_OK)
        status = mix(piece, noise, snr_db, err);
    avsvti_release(piece->allocator, one);
    avsvti_release(piece->allocator, noise);
    return status;
}

avsvt_status avsvti_apply_mix(const avsvti_step *step, avsvti_piece *piece,
                              avsvti_random *random, avsvt_error *err)
{
    double snr_db = avsvti_step_draw(step, 0, random);
    return mix_recordings(step, piece, 1, snr_db, random, err);
}

avsvt_status avsvti_apply_babble(const avsvti_step *step, avsvti_piece *piece,
                                 avsvti_random *random, avsvt_error *err)
{
    double snr_db = avsvti_step_draw(step, 0, random);
    int voices = (int)avsvti_step_draw(step, 1, random);
    return mix_recordings(step, piece, voices, snr_db, random, err);
}
