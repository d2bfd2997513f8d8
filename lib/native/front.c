/* SPDX-License-Identifier: MIT */
/* Sound -> spectra, LANES of them side by side: the transforms, filters and
 * logarithms then work on whole vectors whatever their shape. */
#include <string.h>

#include "native/native.h"

/* What is quieter than -240 dB becomes 0: it can't be told from silence (the
 * logarithms have a floor of 1e-4), and its squares would be denormal numbers,
 * which are slow. */
#define QUIETEST 1e-12f

float avsvti_native_audible(float x)
{
    return x < QUIETEST && x > -QUIETEST ? 0.0f : x;
}

/* Samples start..start+n-1, zeros outside of the sound. */
static void take_span(float *to, const avsvti_native_sound *s, ptrdiff_t start, size_t n)
{
    start -= (ptrdiff_t)s->first;
    for (size_t i = 0; i < n; i++) {
        ptrdiff_t at = start + (ptrdiff_t)i;
        to[i] = at >= 0 && (size_t)at < s->count ? avsvti_native_audible(s->samples[at])
                                                 : 0.0f;
    }
}

/* Magnitudes of LANES windows into n->bins, the first one's middle at centre. */
static void spectra(avsvti_native_instance *n, const avsvti_native_sound *s,
                    size_t centre, size_t hop, size_t window, const float *weights,
                    const float *turns, const float *halves)
{
    const avsvti_native_kernels *k = n->model->kernels;
    ptrdiff_t start = (ptrdiff_t)centre - (ptrdiff_t)(window / 2);
    take_span(n->span, s, start, (LANES - 1) * hop + window);
    k->cut(n->transform[0], n->span, hop, window, weights);
    const float *z = k->transform(n->transform[0], n->transform[1], window / 2, turns);
    k->magnitudes(n->bins, z, window / 2, halves, 4.0f / (float)window);
}

void avsvti_native_views(avsvti_native_instance *n, const avsvti_native_sound *s,
                         size_t frame)
{
    const avsvti_native_model *m = n->model;
    const avsvti_native_kernels *k = m->kernels;
    float energy[LANES] = { 0 };
    spectra(n, s, frame * HOP, HOP, PITCH_WINDOW, m->pitch_window, m->pitch_turns,
            m->pitch_halves);
    k->filter(n->pitch, n->bins, &m->pitch_filters);
    k->log(n->pitch, (size_t)PITCHES * LANES, 1e-4f, 0.5f, 3.0f);
    k->power(n->power, n->bins, (size_t)LAG_BINS * LANES, 1e-7f, 0.67f);
    k->gemm(n->lags, LANES, m->lags, LAG_BINS, n->power, NULL, LAGS, LANES, LAG_BINS, 0);
    for (size_t i = 0; i < (size_t)LAG_BINS * LANES; i += LANES)
        for (size_t l = 0; l < LANES; l++)
            energy[l] += n->power[i + l];
    for (size_t l = 0; l < LANES; l++)
        energy[l] = 2.0f / (energy[l] * 2.0f + 1e-2f);
    for (size_t i = 0; i < (size_t)LAGS * LANES; i += LANES)
        for (size_t l = 0; l < LANES; l++)
            n->lags[i + l] *= energy[l];
}

void avsvti_native_mels(avsvti_native_instance *n, float *rows,
                        const avsvti_native_sound *s, size_t frame)
{
    const avsvti_native_model *m = n->model;
    for (size_t i = 0; i < 2 * TILE; i += LANES, rows += LANES * MEL) {
        spectra(n, s, (2 * frame + i) * MEL_HOP, MEL_HOP, MEL_WINDOW, m->mel_window,
                m->mel_turns, m->mel_halves);
        m->kernels->filter(n->pitch, n->bins, &m->mel_filters);
        m->kernels->log(n->pitch, (size_t)MEL * LANES, 1e-4f, 0.5f, 3.0f);
        for (size_t l = 0; l < LANES; l++)
            for (size_t j = 0; j < MEL; j++)
                rows[l * MEL + j] = n->pitch[j * LANES + l];
    }
}
