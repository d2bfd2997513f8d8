/* SPDX-License-Identifier: MIT */
/* Note logits made of loudness and zero crossings. */
#include "backend/null.h"

#include <math.h>

#include "core/key.h"

#define SUNG_RMS 0.01
#define YES 8.0f
#define NO (-8.0f)
#define LOWEST_MIDI 36 /* C2 */
#define HIGHEST_MIDI 83

/* MIDI number of the sound around sample `centre`; 0 when there is none. */
static double pitch_at(const avsvti_null_model *m, const float *x, int64_t size,
                       int64_t centre)
{
    int64_t from = centre - 2 * m->hop, to = centre + 2 * m->hop;
    double energy = 0, first = 0, last = 0;
    int64_t crossings = 0;
    if (from < 0)
        from = 0;
    if (to > size)
        to = size;
    for (int64_t i = from; i < to; i++) {
        energy += (double)x[i] * x[i];
        if (i == from || x[i - 1] >= 0 || x[i] < 0)
            continue;
        last = (double)i - (double)x[i] / ((double)x[i] - x[i - 1]);
        if (!crossings++)
            first = last;
    }
    if (to - from < m->hop || !(sqrt(energy / (double)(to - from)) > SUNG_RMS) ||
        crossings < 2)
        return 0;
    double hz = (double)(crossings - 1) / (last - first) * m->rate_hz;
    double midi = avsvti_pitch_of_hz(hz);
    return midi >= LOWEST_MIDI - 0.5 && midi < HIGHEST_MIDI + 0.5 ? midi : 0;
}

static void fill_frame(const avsvti_null_model *m, double midi, int onset,
                       float *logits, float *fine)
{
    int semitone = (int)lrint(midi);
    for (int k = 0; k < 20; k++)
        logits[k] = NO;
    for (int64_t k = 0; k < m->fine_bins; k++)
        fine[k] = NO;
    logits[0] = onset ? YES : NO;
    if (!semitone) {
        logits[1] = logits[6] = logits[19] = YES;
        return;
    }
    logits[2 + (semitone - LOWEST_MIDI) / 12] = YES;
    logits[7 + semitone % 12] = YES;
    double bin = floor((midi - m->fine_lowest) / m->fine_step + 0.5);
    if (m->fine_bins && bin >= 0 && bin < (double)m->fine_bins)
        fine[(int64_t)bin] = YES;
}

avsvt_status avsvti_null_notes(const avsvti_null_model *m,
                               const avsvt_backend_tensor *input,
                               avsvt_backend_tensor *outputs, size_t *count)
{
    size_t n = 0;
    int64_t samples = input->shape[1], frames = samples / m->hop + 1;
    int64_t shape[3] = { input->shape[0], frames, 20 };
    float *logits = avsvti_null_output(m, &outputs[n++], 3, shape);
    float *fine = NULL;
    shape[2] = m->fine_bins;
    if (m->fine_bins)
        fine = avsvti_null_output(m, &outputs[n++], 3, shape);
    float *offset = avsvti_null_output(m, &outputs[n++], 2, shape);
    *count = n;
    if (!logits || !offset || (m->fine_bins && !fine))
        return AVSVT_E_NOMEM;
    for (int64_t b = 0; b < shape[0]; b++) {
        const float *x = (const float *)input->data + b * samples;
        double before = 0;
        for (int64_t i = 0; i < frames; i++) {
            int64_t row = b * frames + i;
            double midi = pitch_at(m, x, samples, i * m->hop);
            int onset = midi > 0 && lrint(midi) != lrint(before);
            fill_frame(m, midi, onset, logits + row * 20,
                       fine ? fine + row * m->fine_bins : NULL);
            offset[row] = before > 0 && !(midi > 0) ? YES : NO;
            before = midi;
        }
    }
    return AVSVT_OK;
}
