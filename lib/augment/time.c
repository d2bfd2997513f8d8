/* SPDX-License-Identifier: MIT */
/* Faster, slower, higher, lower; the notes go along. */
#include <math.h>

#include "augment/augment.h"
#include "augment/stretch.h"
#include "media/resample.h"

avsvt_status avsvti_apply_speed(const avsvti_step *step, avsvti_piece *piece,
                                avsvti_random *random, avsvt_error *err)
{
    double factor = avsvti_step_draw(step, 0, random);
    int64_t wanted = llround((double)piece->count / factor), from = 0, done = 0;
    int64_t used = 0, made = 1;
    avsvti_resampler *resampler = NULL;
    if (factor == 1.0)
        return AVSVT_OK;
    float *out = avsvti_alloc_zero(piece->allocator, (size_t)wanted, sizeof(*out));
    avsvt_status status = out ? AVSVT_OK : avsvti_fail_memory(err);
    if (status == AVSVT_OK)
        status = avsvti_resampler_create(&resampler, piece->allocator,
            piece->rate_hz * factor, piece->rate_hz, err);
    while (status == AVSVT_OK && done < wanted && made) {
        int64_t left = piece->count - from;
        status = avsvti_resampler_run(resampler,
            left ? piece->samples + from : NULL, left, &used, out + done,
            wanted - done, &made, err);
        from += used;
        done += made;
        made += used; /* either is a step forward */
    }
    avsvti_resampler_free(resampler);
    if (status != AVSVT_OK) {
        avsvti_release(piece->allocator, out);
        return status;
    }
    avsvti_piece_replace(piece, out, wanted);
    avsvti_piece_move_notes(piece, factor, 12 * log2(factor));
    return AVSVT_OK;
}

static avsvt_status stretch(avsvti_piece *piece, double factor, double semitones,
                            avsvt_error *err)
{
    float *out;
    int64_t made;
    if (factor == 1.0 && semitones == 0.0)
        return AVSVT_OK;
    avsvt_status status = avsvti_stretch(&out, &made, piece->allocator,
        piece->samples, piece->count, piece->rate_hz, factor, semitones, err);
    if (status != AVSVT_OK)
        return status;
    avsvti_piece_replace(piece, out, made);
    avsvti_piece_move_notes(piece, factor, semitones);
    return AVSVT_OK;
}

avsvt_status avsvti_apply_pitch(const avsvti_step *step, avsvti_piece *piece,
                                avsvti_random *random, avsvt_error *err)
{
    return stretch(piece, 1, avsvti_step_draw(step, 0, random), err);
}

avsvt_status avsvti_apply_stretch(const avsvti_step *step, avsvti_piece *piece,
                                  avsvti_random *random, avsvt_error *err)
{
    return stretch(piece, avsvti_step_draw(step, 0, random), 0, err);
}
