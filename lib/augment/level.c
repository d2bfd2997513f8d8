/* SPDX-License-Identifier: MIT */
/* The piece, and steps that look at one sample at a time. */
#include "augment/augment.h"

#include <math.h>
#include <string.h>

void avsvti_piece_free(avsvti_piece *piece)
{
    avsvti_release(piece->allocator, piece->samples);
    avsvti_note_list_free(&piece->notes);
    piece->samples = NULL;
    piece->count = 0;
}

void avsvti_piece_replace(avsvti_piece *piece, float *samples, int64_t count)
{
    avsvti_release(piece->allocator, piece->samples);
    piece->samples = samples;
    piece->count = count;
}

void avsvti_piece_move_notes(avsvti_piece *piece, double factor,
                             double semitones)
{
    piece->pace = (piece->pace > 0 ? piece->pace : 1) * factor;
    for (size_t i = 0; i < piece->notes.count; i++) {
        avsvt_note *note = &piece->notes.notes[i];
        note->onset_s /= factor;
        note->offset_s /= factor;
        note->pitch += semitones;
    }
}

static double peak_of(const avsvti_piece *piece)
{
    double peak = 0;
    for (int64_t i = 0; i < piece->count; i++)
        peak = fmax(peak, fabs((double)piece->samples[i]));
    return peak;
}

static void scale(avsvti_piece *piece, double by)
{
    for (int64_t i = 0; i < piece->count; i++)
        piece->samples[i] = (float)((double)piece->samples[i] * by);
}

avsvt_status avsvti_apply_gain(const avsvti_step *step, avsvti_piece *piece,
                               avsvti_random *random, avsvt_error *err)
{
    (void)err;
    scale(piece, pow(10, avsvti_step_draw(step, 0, random) / 20));
    return AVSVT_OK;
}

avsvt_status avsvti_apply_peak(const avsvti_step *step, avsvti_piece *piece,
                               avsvti_random *random, avsvt_error *err)
{
    double to = pow(10, avsvti_step_draw(step, 0, random) / 20);
    double peak = peak_of(piece);
    (void)err;
    if (peak > 1e-9) /* silence stays silence, not noise of rounding */
        scale(piece, to / peak);
    return AVSVT_OK;
}

avsvt_status avsvti_apply_clip(const avsvti_step *step, avsvti_piece *piece,
                               avsvti_random *random, avsvt_error *err)
{
    double db = avsvti_step_draw(step, 0, random);
    float most = (float)(peak_of(piece) * pow(10, -db / 20));
    (void)err;
    for (int64_t i = 0; i < piece->count; i++)
        piece->samples[i] = fminf(fmaxf(piece->samples[i], -most), most);
    return AVSVT_OK;
}
