/* SPDX-License-Identifier: MIT */
/* The live family: one row at a time, with what each layer must remember of
 * the rows before in front of the new one. There is one window to transform,
 * not LANES of them, so its LANES interleaved parts go side by side through
 * the same kernel, are turned, and are joined by transforms of length LANES. */
#include <math.h>
#include <string.h>

#include "native/native.h"

enum {
    NEAR_ROWS = 5, WIDE_ROWS = 9, FEATURE_ROWS = 3, MEL_ROWS = 5,
    PITCH_ROOM = (PITCHES + LANES - 1) / LANES * LANES,
    SPREAD = PITCH_WINDOW / 2, /* complex numbers */
};

typedef struct transform_plan {
    size_t window;
    const float *weights, *rows, *twists, *halves;
} transform_plan;

int avsvti_native_live_room(avsvti_native_instance *n)
{
    const avsvti_native_model *m = n->model;
    size_t row = COLUMNS * m->planes;
    size_t wider = m->width > m->hidden ? m->width : m->hidden;
    const struct { float **at; size_t n; } parts[] = {
        { &n->history, PITCH_WINDOW },
        { &n->transform[0], PITCH_WINDOW }, { &n->transform[1], PITCH_WINDOW },
        { &n->lanes[0], 2 * LANES * LANES }, { &n->lanes[1], 2 * LANES * LANES },
        { &n->spread, 2 * SPREAD },
        { &n->bins, PITCH_BINS },
        { &n->power, LAG_BINS },
        { &n->pitch, PITCH_ROOM },
        { &n->lags, LAGS },
        { &n->stack, STACK },
        { &n->near, NEAR_ROWS * row },
        { &n->wide, WIDE_ROWS * row },
        { &n->plane, row },
        { &n->depth, SEMITONES * m->planes },
        { &n->posterior, FEATURE_ROWS * FINE },
        { &n->summary, FEATURE_ROWS * 2 * m->channels },
        { &n->mel, MEL_ROWS * MELS },
        { &n->mel_near, FEATURE_ROWS * m->width },
        { &n->joint, FEATURE_ROWS * m->joint_width },
        { &n->gates, 3 * m->padded },
        { &n->state, m->layers * m->padded },
        { &n->recurrent, 3 * m->padded },
        { &n->sequence[0], wider }, { &n->sequence[1], wider },
        { &n->unheard, LOGITS + FINE + 1 },
    };
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        if (!(*parts[i].at = avsvti_native_floats(&n->store, parts[i].n)))
            return 0;
    return 1;
}

void avsvti_native_live_reset(avsvti_native_instance *n)
{
    const avsvti_native_model *m = n->model;
    size_t row = COLUMNS * m->planes;
    memset(n->history, 0, PITCH_WINDOW * sizeof(float));
    memset(n->near, 0, NEAR_ROWS * row * sizeof(float));
    memset(n->wide, 0, WIDE_ROWS * row * sizeof(float));
    memset(n->posterior, 0, FEATURE_ROWS * (size_t)FINE * sizeof(float));
    memset(n->summary, 0, FEATURE_ROWS * 2 * m->channels * sizeof(float));
    memset(n->mel, 0, MEL_ROWS * (size_t)MELS * sizeof(float));
    memset(n->mel_near, 0, FEATURE_ROWS * m->width * sizeof(float));
    memset(n->joint, 0, FEATURE_ROWS * m->joint_width * sizeof(float));
    memset(n->state, 0, m->layers * m->padded * sizeof(float));
}

/* Drops the oldest row; the last, which is returned, is to be filled. */
static float *next_row(float *rows, size_t width, size_t count)
{
    memmove(rows, rows + width, (count - 1) * width * sizeof(*rows));
    return rows + (count - 1) * width;
}

/* Rows k..k+LANES-1 of the parts' transforms, turned, then joined: LANES
 * numbers of each of LANES stretches of the whole transform. */
static void join(avsvti_native_instance *n, const float *parts, size_t k,
                 const transform_plan *p)
{
    size_t rows = p->window / 2 / LANES;
    for (size_t r = 0; r < LANES; r++) {
        const float *x = parts + 2 * (k + r) * LANES, *t = p->twists + 2 * (k + r) * LANES;
        for (size_t i = 0; i < LANES; i++) {
            float re = x[i], im = x[LANES + i], c = t[i], s = t[LANES + i];
            n->lanes[0][2 * i * LANES + r] = re * c - im * s;
            n->lanes[0][(2 * i + 1) * LANES + r] = re * s + im * c;
        }
    }
    const float *z = n->model->kernels->transform(n->lanes[0], n->lanes[1], LANES,
                                                  n->model->lane_turns);
    for (size_t j = 0; j < LANES; j++, z += 2 * LANES) {
        memcpy(n->spread + j * rows + k, z, LANES * sizeof(*z));
        memcpy(n->spread + SPREAD + j * rows + k, z + LANES, LANES * sizeof(*z));
    }
}

/* Magnitudes of one window, that begins at span, into n->bins. */
static void spectrum(avsvti_native_instance *n, const float *span, const transform_plan *p)
{
    size_t half = p->window / 2, rows = half / LANES;
    float *x = n->transform[0], scale = 2.0f / (float)p->window;
    for (size_t i = 0; i < half; i++) {
        float *to = x + 2 * (i / LANES) * LANES + i % LANES;
        to[0] = span[2 * i] * p->weights[2 * i];
        to[LANES] = span[2 * i + 1] * p->weights[2 * i + 1];
    }
    x = n->model->kernels->transform(x, n->transform[1], rows, p->rows);
    for (size_t k = 0; k < rows; k += LANES)
        join(n, x, k, p);
    const float *re = n->spread, *im = n->spread + SPREAD;
    for (size_t a = 0; a <= half / 2; a++) { /* as the kernel magnitudes() */
        size_t b = a ? half - a : 0;
        float er = re[a] + re[b], ei = im[a] - im[b];
        float or = im[a] + im[b], oi = re[b] - re[a];
        float c = p->halves[2 * a], s = p->halves[2 * a + 1];
        float tr = or * c - oi * s, ti = or * s + oi * c;
        float pr = (er + tr) * scale, pi = (ei + ti) * scale;
        float mr = (er - tr) * scale, mi = (ei - ti) * scale;
        n->bins[a] = sqrtf(pr * pr + pi * pi);
        n->bins[half - a] = sqrtf(mr * mr + mi * mi);
    }
}

static void filter(float *out, const float *bins, const avsvti_native_filters *f)
{
    for (size_t j = 0; j < f->count; j++) {
        const float *w = f->weights + f->start[j], *x = bins + f->first[j];
        float sum = 0;
        for (size_t i = 0; i < f->length[j]; i++)
            sum += w[i] * x[i];
        out[j] = sum;
    }
}

/* The newest samples -> n->pitch and n->lags. */
static void views(avsvti_native_instance *n)
{
    const avsvti_native_model *m = n->model;
    const avsvti_native_kernels *k = m->kernels;
    const transform_plan plan = { PITCH_WINDOW, m->pitch_window, m->pitch_rows,
                                  m->pitch_twists, m->pitch_halves };
    float energy = 0;
    spectrum(n, n->history, &plan);
    filter(n->pitch, n->bins, &m->pitch_filters);
    k->log(n->pitch, PITCH_ROOM, 1e-4f, 0.5f, 3.0f);
    k->power(n->power, n->bins, LAG_BINS, 1e-7f, 0.67f);
    k->gemm(n->lags, LAGS, n->power, LAG_BINS, m->lag_matrix.panels, NULL, 1, LAGS,
            LAG_BINS, 0);
    for (size_t i = 0; i < LAG_BINS; i++)
        energy += n->power[i];
    energy = 2.0f / (energy * 2.0f + 1e-2f);
    for (size_t i = 0; i < LAGS; i++)
        n->lags[i] *= energy;
}

/* One row of x's layer: the product with the rows that lie in front of each
 * other from rows on. */
static void layer(const avsvti_native_instance *n, float *to, const float *rows,
                  const avsvti_native_matrix *x)
{
    n->model->kernels->gemm(to, x->n, rows, x->k, x->panels, x->bias, 1, x->n, x->k, 1);
}

/* The row of joint features that is being made. */
static float *joint_row(const avsvti_native_instance *n)
{
    return n->joint + (FEATURE_ROWS - 1) * n->model->joint_width;
}

/* n->pitch and n->lags -> outputs, and their share of the joint features. */
static void pitch(avsvti_native_instance *n, const avsvti_native_outputs *out)
{
    const avsvti_native_model *m = n->model;
    size_t row = COLUMNS * m->planes;
    float *near = next_row(n->near, row, NEAR_ROWS);
    float *wide = next_row(n->wide, row, WIDE_ROWS);
    float *posterior = next_row(n->posterior, FINE, FEATURE_ROWS);
    float *summary = next_row(n->summary, 2 * m->channels, FEATURE_ROWS);
    float *joint = joint_row(n) + m->width;
    avsvti_native_stack(n->stack, n->pitch, n->lags, 1);
    m->kernels->gemm(near + MARGIN * m->planes, m->planes, n->stack, 3 * PLANES,
                     m->fold.panels, m->fold.bias, SEMITONES, m->channels,
                     FOLD * PLANES, 1);
    avsvti_native_block(n, wide, n->near, near, &m->near, 5, 1);
    avsvti_native_block(n, n->plane, n->wide, wide, &m->wide, 3, 2);
    avsvti_native_finish(n, posterior, summary, out->logits, out->fine);
    layer(n, joint, n->posterior, &m->posterior);
    layer(n, joint + m->posterior_width, n->summary, &m->summary);
}

static void timing(avsvti_native_instance *n)
{
    const avsvti_native_model *m = n->model;
    const transform_plan plan = { MEL_WINDOW, m->mel_window, m->mel_rows, m->mel_twists,
                                  m->mel_halves };
    float *mel = next_row(n->mel, MELS, MEL_ROWS);
    float *near = next_row(n->mel_near, m->width, FEATURE_ROWS);
    for (size_t i = 0; i < 2; i++, mel += MEL) {
        spectrum(n, n->history + PITCH_WINDOW - MEL_WINDOW - (1 - i) * MEL_HOP, &plan);
        filter(mel, n->bins, &m->mel_filters);
        m->kernels->log(mel, MEL, 1e-4f, 0.5f, 3.0f);
    }
    layer(n, near, n->mel, &m->mel_near);
    layer(n, joint_row(n), n->mel_near, &m->mel_wide);
}

/* The joint features in n->sequence[0] -> the outputs that pitch() left. */
static void recur(avsvti_native_instance *n, const avsvti_native_outputs *out)
{
    const avsvti_native_model *m = n->model;
    const avsvti_native_kernels *k = m->kernels;
    float y[HEADS];
    for (size_t i = 0; i < m->layers; i++) {
        const avsvti_native_gru *g = &m->gru[i][0];
        float *state = n->state + i * m->padded;
        k->gemm(n->gates, 3 * m->padded, n->sequence[i % 2], g->input.k, g->input.panels,
                g->input.bias, 1, 3 * m->padded, g->input.k, 0);
        k->gru_step(state, n->gates, g->weights, g->bias, n->recurrent, m->hidden,
                    m->padded);
        memcpy(n->sequence[(i + 1) % 2], state, m->hidden * sizeof(*state));
    }
    k->gemm(y, HEADS, n->sequence[m->layers % 2], m->hidden, m->heads.panels,
            m->heads.bias, 1, HEADS, m->heads.k, 0);
    out->logits[0] = y[0];
    out->logits[1] = y[1];
    out->logits[6] = out->logits[19] = y[2];
    *out->offset = y[3];
}

void avsvti_native_live_begin(avsvti_native_instance *n, const float *samples)
{
    memmove(n->history, n->history + HOP, (PITCH_WINDOW - HOP) * sizeof(float));
    for (size_t i = 0; i < HOP; i++)
        n->history[PITCH_WINDOW - HOP + i] = avsvti_native_audible(samples[i]);
    next_row(n->joint, n->model->joint_width, FEATURE_ROWS);
}

/* Measured 8, 9, 11 and 8 us, and more where other programs emptied the cache:
 * about 350, 400, 100 and 500 KB of weights and tables are read. */
void avsvti_native_live_part(avsvti_native_instance *n, int part,
                             const avsvti_native_outputs *out)
{
    switch (part) {
    case 0: timing(n); break;
    case 1: views(n); break;
    case 2: pitch(n, out); break;
    default:
        layer(n, n->sequence[0], n->joint, &n->model->joint);
        recur(n, out);
    }
}

static void step(avsvti_native_instance *n, const float *samples,
                 const avsvti_native_outputs *out)
{
    avsvti_native_live_begin(n, samples);
    for (int i = 0; i < AVSVTI_LIVE_PARTS; i++)
        avsvti_native_live_part(n, i, out);
}

void avsvti_native_live_tile(avsvti_native_instance *n, const avsvti_native_sound *s,
                             size_t frame)
{
    const avsvti_native_rows *rows = &n->rows;
    size_t skipped = n->model->lookahead - 1;
    for (size_t i = frame; i < frame + TILE && i < s->frames + skipped; i++) {
        float hop[HOP] = { 0 };
        avsvti_native_outputs to = { n->unheard, n->unheard + LOGITS,
                                     n->unheard + LOGITS + FINE };
        size_t at = i * HOP - s->first, left = at < s->count ? s->count - at : 0;
        if (left)
            memcpy(hop, s->samples + at, (left < HOP ? left : HOP) * sizeof(float));
        if (i >= skipped + rows->first) {
            size_t row = i - skipped - rows->first;
            to = (avsvti_native_outputs){ rows->logits + row * LOGITS,
                                          rows->fine + row * FINE, rows->offset + row };
        }
        step(n, hop, &to);
    }
}
