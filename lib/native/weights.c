/* SPDX-License-Identifier: MIT */
/* The model file's tensors, folded and laid out for the kernels. The names
 * are those of the PyTorch network's parameters and buffers. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "backend/registry.h"
#include "native/tensors.h"

#define PI 3.14159265358979323846
#define NORM_EPSILON 1e-5f /* PyTorch's */
#define NAME_SIZE AVSVTI_NATIVE_NAME_SIZE

typedef avsvti_native_loader loader;

/* Name of a part of a layer. */
static const char *part(char *to, const char *layer, const char *name)
{
    snprintf(to, NAME_SIZE, "%s.%s", layer, name);
    return to;
}

/* A tensor as it is, in memory of the model. */
static float *keep(loader *l, const char *name, size_t ndim, const size_t *shape)
{
    size_t n = 1;
    float *raw = avsvti_native_take(l, name, ndim, shape);
    for (size_t i = 0; i < ndim; i++)
        n *= shape[i];
    float *kept = raw ? avsvti_native_room(l, n) : NULL;
    if (kept)
        memcpy(kept, raw, n * sizeof(*kept));
    avsvti_native_drop(l, raw);
    return kept;
}

static int matrix(loader *l, avsvti_native_matrix *x, size_t n, size_t k)
{
    size_t padded = (n + LANES - 1) / LANES * LANES;
    x->n = n;
    x->k = k;
    x->panels = avsvti_native_room(l, padded * k);
    x->bias = avsvti_native_room(l, padded);
    return l->status == AVSVT_OK;
}

static void set(avsvti_native_matrix *x, size_t j, size_t row, float value)
{
    x->panels[(j / LANES * x->k + row) * LANES + j % LANES] = value;
}

/* Batch normalisation, folded: y = x * scale + shift. */
static int fold_norm(loader *l, const char *layer, size_t n, float *scale,
                     float *shift)
{
    static const char *const parts[4] = {
        "norm.weight", "norm.bias", "norm.running_mean", "norm.running_var",
    };
    char name[NAME_SIZE];
    float *raw[4];
    for (size_t i = 0; i < 4; i++)
        raw[i] = avsvti_native_take(l, part(name, layer, parts[i]), 1, &n);
    for (size_t i = 0; l->status == AVSVT_OK && i < n; i++) {
        if (raw[3][i] < 0)
            avsvti_native_refuse(l, name, "holds a variance below 0");
        scale[i] = raw[0][i] / sqrtf(raw[3][i] + NORM_EPSILON);
        shift[i] = raw[1][i] - raw[2][i] * scale[i];
    }
    for (size_t i = 0; i < 4; i++)
        avsvti_native_drop(l, raw[i]);
    return l->status == AVSVT_OK;
}

/* A convolution's weights [n][inputs][taps...] (normalised afterwards), whose
 * input rows hold, per tap, inputs floats padded to stride. */
static void convolution(loader *l, avsvti_native_matrix *x, const char *layer,
                        const char *weight, size_t ndim, size_t n,
                        size_t inputs, size_t stride, size_t taps)
{
    size_t shape[4] = { n, inputs, ndim == 3 ? taps : 1, taps };
    char name[NAME_SIZE];
    float scale[512], shift[512];
    float *raw = avsvti_native_take(l, part(name, layer, weight), ndim, shape);
    if (matrix(l, x, n, stride * taps) && fold_norm(l, layer, n, scale, shift))
        for (size_t j = 0; j < n; j++) {
            x->bias[j] = shift[j];
            for (size_t c = 0; c < inputs; c++)
                for (size_t t = 0; t < taps; t++)
                    set(x, j, t * stride + c, raw[(j * inputs + c) * taps + t] * scale[j]);
        }
    avsvti_native_drop(l, raw);
}

static void plane(loader *l, avsvti_native_plane *p, const char *layer,
                  size_t times, size_t pitches)
{
    avsvti_native_model *m = l->m;
    size_t taps = times * pitches, shape[4] = { m->channels, 1, times, pitches };
    char name[NAME_SIZE];
    float *raw = avsvti_native_take(l, part(name, layer, "depth.weight"), 4, shape);
    p->depth = avsvti_native_room(l, taps * m->planes);
    for (size_t t = 0; l->status == AVSVT_OK && t < taps; t++)
        for (size_t c = 0; c < m->channels; c++)
            p->depth[t * m->planes + c] = raw[c * taps + t];
    avsvti_native_drop(l, raw);
    convolution(l, &p->point, layer, "point.weight", 4, m->channels, m->channels,
                m->planes, 1);
}

/* The two convolutions that end the pitch branch, side by side: three thirds
 * of a semitone, then the semitone. */
static void outputs(loader *l)
{
    static const char *const layers[2] = { "pitch.fine", "pitch.semitone" };
    avsvti_native_model *m = l->m;
    matrix(l, &m->outputs, 4, 3 * m->planes);
    for (size_t i = 0, first = 0; i < 2; i++, first = 3) {
        char name[NAME_SIZE];
        size_t n = i ? 1 : 3, shape[4] = { n, m->channels, 1, 3 };
        float *w = avsvti_native_take(l, part(name, layers[i], "weight"), 4, shape);
        float *b = avsvti_native_take(l, part(name, layers[i], "bias"), 1, &n);
        for (size_t j = 0; l->status == AVSVT_OK && j < n; j++) {
            m->outputs.bias[first + j] = b[j];
            for (size_t c = 0; c < m->channels; c++)
                for (size_t t = 0; t < 3; t++)
                    set(&m->outputs, first + j, t * m->planes + c,
                        w[(j * m->channels + c) * 3 + t]);
        }
        avsvti_native_drop(l, w);
        avsvti_native_drop(l, b);
    }
}

static void recurrent(loader *l, avsvti_native_gru *g, size_t layer, size_t backwards)
{
    avsvti_native_model *m = l->m;
    size_t h = m->hidden, hp = m->padded, in = layer ? m->directions * h : m->width;
    size_t shapes[2][2] = { { 3 * h, in }, { 3 * h, h } };
    char name[NAME_SIZE];
    const char *end = backwards ? "_reverse" : "";
    float *w[4];
    for (size_t i = 0; i < 4; i++) {
        snprintf(name, sizeof(name), "gru.%s_%s_l%zu%s", i < 2 ? "weight" : "bias",
                 i % 2 ? "hh" : "ih", layer, end);
        w[i] = avsvti_native_take(l, name, i < 2 ? 2 : 1, shapes[i % 2]);
    }
    g->weights = avsvti_native_room(l, h * 3 * hp);
    g->bias = avsvti_native_room(l, 3 * hp);
    if (matrix(l, &g->input, 3 * hp, in))
        for (size_t j = 0; j < 3 * h; j++) {
            size_t to = j / h * hp + j % h;
            for (size_t i = 0; i < in; i++)
                set(&g->input, to, i, w[0][j * in + i]);
            for (size_t i = 0; i < h; i++)
                g->weights[i * 3 * hp + to] = w[1][j * h + i];
            g->input.bias[to] = w[2][j];
            g->bias[to] = w[3][j];
        }
    for (size_t i = 0; i < 4; i++)
        avsvti_native_drop(l, w[i]);
}

static void heads(loader *l)
{
    avsvti_native_model *m = l->m;
    size_t n = HEADS, in = m->directions * m->hidden, shape[2] = { n, in };
    float *w = avsvti_native_take(l, "heads.weight", 2, shape);
    float *b = avsvti_native_take(l, "heads.bias", 1, &n);
    if (matrix(l, &m->heads, n, in))
        for (size_t j = 0; j < n; j++) {
            m->heads.bias[j] = b[j];
            for (size_t i = 0; i < in; i++)
                set(&m->heads, j, i, w[j * in + i]);
        }
    avsvti_native_drop(l, w);
    avsvti_native_drop(l, b);
}

/* A table [bins][count] of filters: what lies between the first and the last
 * weight that is not zero. */
static void filters(loader *l, avsvti_native_filters *f, const char *name,
                    size_t bins, size_t count)
{
    size_t shape[2] = { bins, count }, total = 0;
    float *raw = avsvti_native_take(l, name, 2, shape);
    size_t *table = raw ? avsvti_native_sizes(&l->m->store, 3 * count) : NULL;
    if (raw && !table)
        l->status = avsvti_fail_memory(l->err);
    if (table) {
        f->count = count;
        f->first = table;
        f->length = table + count;
        f->start = table + 2 * count;
        for (size_t j = 0; j < count; j++) {
            size_t a = 0, b = bins;
            while (a < bins && raw[a * count + j] == 0)
                a++;
            while (b > a && raw[(b - 1) * count + j] == 0)
                b--;
            f->first[j] = a < bins ? a : 0;
            f->length[j] = b - a;
            f->start[j] = total;
            total += b - a;
        }
        f->weights = avsvti_native_room(l, total);
    }
    for (size_t j = 0; l->status == AVSVT_OK && j < count; j++)
        for (size_t i = 0; i < f->length[j]; i++)
            f->weights[f->start[j] + i] = raw[(f->first[j] + i) * count + j];
    avsvti_native_drop(l, raw);
}

/* n pairs of cos and -sin of angle * i / n. */
static float *turns(loader *l, size_t n, double angle)
{
    float *t = avsvti_native_room(l, 2 * n);
    for (size_t i = 0; t && i < n; i++) {
        t[2 * i] = (float)cos(angle * (double)i / (double)n);
        t[2 * i + 1] = (float)-sin(angle * (double)i / (double)n);
    }
    return t;
}

/* For one transform of n points in LANES parts: what turns part i of LANES of
 * row k before the parts are joined, [k][cos, -sin][i]. */
static float *twists(loader *l, size_t n)
{
    float *t = avsvti_native_room(l, 2 * n);
    for (size_t k = 0; t && k < n / LANES; k++)
        for (size_t i = 0; i < LANES; i++) {
            double angle = 2 * PI * (double)(k * i) / (double)n;
            t[2 * k * LANES + i] = (float)cos(angle);
            t[(2 * k + 1) * LANES + i] = (float)-sin(angle);
        }
    return t;
}

static void live_front(loader *l)
{
    avsvti_native_model *m = l->m;
    m->lane_turns = turns(l, LANES, 2 * PI);
    m->pitch_rows = turns(l, PITCH_WINDOW / 2 / LANES, 2 * PI);
    m->mel_rows = turns(l, MEL_WINDOW / 2 / LANES, 2 * PI);
    m->pitch_twists = twists(l, PITCH_WINDOW / 2);
    m->mel_twists = twists(l, MEL_WINDOW / 2);
}

static void front(loader *l)
{
    avsvti_native_model *m = l->m;
    size_t window = PITCH_WINDOW, mel_window = MEL_WINDOW;
    size_t shape[2] = { LAG_BINS, LAGS };
    m->pitch_window = keep(l, "front.pitch_window", 1, &window);
    m->mel_window = keep(l, "front.timing_window", 1, &mel_window);
    filters(l, &m->pitch_filters, "front.pitch_filters", PITCH_BINS, PITCHES);
    filters(l, &m->mel_filters, "front.mel_filters", MEL_BINS, MEL);
    float *raw = avsvti_native_take(l, "front.lag_cosines", 2, shape);
    if (m->lookahead)
        matrix(l, &m->lag_matrix, LAGS, LAG_BINS);
    else
        m->lags = avsvti_native_room(l, (size_t)LAGS * LAG_BINS);
    for (size_t i = 0; l->status == AVSVT_OK && i < LAG_BINS; i++)
        for (size_t j = 0; j < LAGS; j++)
            if (m->lookahead)
                set(&m->lag_matrix, j, i, raw[i * LAGS + j]);
            else
                m->lags[j * LAG_BINS + i] = raw[i * LAGS + j];
    avsvti_native_drop(l, raw);
    m->pitch_turns = turns(l, PITCH_WINDOW / 2, 2 * PI);
    m->pitch_halves = turns(l, PITCH_WINDOW / 2, PI);
    m->mel_turns = turns(l, MEL_WINDOW / 2, 2 * PI);
    m->mel_halves = turns(l, MEL_WINDOW / 2, PI);
    if (m->lookahead)
        live_front(l);
}

static void load(loader *l)
{
    avsvti_native_model *m = l->m;
    front(l);
    convolution(l, &m->fold, "pitch.fold", "conv.weight", 4, m->channels, PLANES,
                PLANES, FOLD);
    plane(l, &m->near, "pitch.near", 5, 5);
    plane(l, &m->wide, "pitch.wide", 5, 3);
    outputs(l);
    convolution(l, &m->posterior, "pitch.posterior", "conv.weight", 3,
                m->posterior_width, FINE, FINE, 3);
    convolution(l, &m->summary, "pitch.summary", "conv.weight", 3,
                m->summary_width, 2 * m->channels, 2 * m->channels, 3);
    convolution(l, &m->mel_near, "timing_near", "conv.weight", 3, m->width, MELS, MELS, 5);
    convolution(l, &m->mel_wide, "timing_wide", "conv.weight", 3, m->width, m->width,
                m->width, 3);
    convolution(l, &m->joint, "joint", "conv.weight", 3, m->width, m->joint_width,
                m->joint_width, 3);
    for (size_t i = 0; i < m->layers; i++)
        for (size_t d = 0; d < m->directions; d++)
            recurrent(l, &m->gru[i][d], i, d);
    heads(l);
}

avsvt_status avsvti_native_weights(avsvti_native_model *m,
                                   const avsvt_backend_open *args,
                                   avsvt_error *err)
{
    loader l = { .m = m, .path = args->path ? args->path : "the model", .err = err };
    l.status = avsvti_yaml_parse(&l.manifest, m->store.allocator, args->manifest,
                                 strlen(args->manifest), l.path, err);
    if (l.status != AVSVT_OK)
        return l.status;
    const char *family = avsvti_yaml_get(l.manifest, "native.family");
    if (!avsvti_native_has_family(family))
        l.status = avsvti_fail(err, AVSVT_E_UNSUPPORTED,
            "%s: the native backend does not run networks of the family '%.60s': choose "
            "the backend 'torch'", l.path, family ? family : "(none)");
    avsvti_native_whole(&l, "native.config.channels", 1, 64, &m->channels);
    avsvti_native_whole(&l, "native.config.width", 4, 512, &m->width);
    avsvti_native_whole(&l, "native.config.hidden", 1, 512, &m->hidden);
    avsvti_native_whole(&l, "native.config.layers", 1, MAX_LAYERS, &m->layers);
    if (l.status == AVSVT_OK && avsvti_native_is_live(family))
        avsvti_native_whole(&l, "native.config.lookahead", 1, 50, &m->lookahead);
    m->directions = m->lookahead ? 1 : 2;
    m->planes = (m->channels + LANES - 1) / LANES * LANES;
    m->padded = (m->hidden + LANES - 1) / LANES * LANES;
    m->posterior_width = m->width / 3;
    m->summary_width = m->width / 4;
    m->joint_width = m->width + m->posterior_width + m->summary_width;
    if (l.status == AVSVT_OK)
        l.status = avsvti_archive_open(&l.archive, m->store.allocator,
                                       args->archive, args->archive_size, l.path, err);
    if (l.status == AVSVT_OK) {
        load(&l);
        avsvti_archive_close(&l.archive);
    }
    avsvti_yaml_free(l.manifest);
    return l.status;
}
