/* SPDX-License-Identifier: MIT */
/* The model file's tensors, checked, folded and laid out for the kernels. The
 * names are those of the PyTorch network's parameters and buffers. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/number.h"
#include "model/archive.h"
#include "model/manifest.h"
#include "native/native.h"

#define NAME_SIZE 96
#define NORM_EPSILON 1e-5f /* PyTorch's */

/* The first failure is kept; after it every step does nothing. */
typedef struct loader {
    avsvti_native_model *m;
    avsvti_manifest *manifest;
    avsvti_archive archive;
    const char *path;
    avsvt_error *err;
    avsvt_status status;
} loader;

static float *room(loader *l, size_t n)
{
    float *p = l->status == AVSVT_OK ? avsvti_native_floats(&l->m->store, n) : NULL;
    if (!p && l->status == AVSVT_OK)
        l->status = avsvti_fail_memory(l->err);
    return p;
}

static int refuse(loader *l, const char *name, const char *why)
{
    l->status = avsvti_fail(l->err, AVSVT_E_FORMAT,
        "%s: native.tensors: %s %s: export the model again", l->path, name, why);
    return 0;
}

/* A whole number of the manifest; the key ends the path. */
static int whole(loader *l, const char *key, double low, double high, size_t *value)
{
    double v = 0;
    const char *text = avsvti_manifest_get(l->manifest, key);
    const char *end = text ? avsvti_number_parse(text, &v) : NULL;
    if (l->status != AVSVT_OK)
        return 0;
    if (!end || *end || v != floor(v) || v < low || v > high) {
        l->status = avsvti_fail(l->err, AVSVT_E_FORMAT,
            "%s: %s must be a whole number from %.0f to %.0f, not '%.40s'",
            l->path, key, low, high, text ? text : "(missing)");
        return 0;
    }
    *value = (size_t)v;
    return 1;
}

static int shape_matches(loader *l, const char *name, size_t ndim, const size_t *shape)
{
    char key[NAME_SIZE + 40];
    snprintf(key, sizeof(key), "native.tensors.%s.shape", name);
    if (avsvti_manifest_count(l->manifest, key) != ndim)
        return 0;
    for (size_t i = 0; i < ndim; i++) {
        double v = 0;
        snprintf(key, sizeof(key), "native.tensors.%s.shape.%zu", name, i);
        const char *text = avsvti_manifest_get(l->manifest, key);
        const char *end = text ? avsvti_number_parse(text, &v) : NULL;
        if (!end || *end || v != (double)shape[i])
            return 0;
    }
    return 1;
}

static int all_finite(const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(x[i]))
            return 0;
    return 1;
}

/* A tensor's numbers, released by the caller; NULL after a failure. */
static float *take(loader *l, const char *name, size_t ndim, const size_t *shape)
{
    char key[NAME_SIZE + 40], why[160];
    size_t n = 1, size = 0;
    char *data = NULL;
    if (l->status != AVSVT_OK)
        return NULL;
    snprintf(key, sizeof(key), "native.tensors.%s.entry", name);
    const char *path = avsvti_manifest_get(l->manifest, key);
    if (!path)
        return refuse(l, name, "is missing"), NULL;
    for (size_t i = 0; i < ndim; i++)
        n *= shape[i];
    if (!shape_matches(l, name, ndim, shape)) {
        size_t at = (size_t)snprintf(why, sizeof(why), "must have the shape [");
        for (size_t i = 0; i < ndim; i++)
            at += (size_t)snprintf(why + at, sizeof(why) - at, "%s%zu",
                                   i ? ", " : "", shape[i]);
        snprintf(why + at, sizeof(why) - at, "]");
        return refuse(l, name, why), NULL;
    }
    const avsvti_archive_entry *entry = avsvti_archive_find(&l->archive, path);
    if (!entry) {
        snprintf(why, sizeof(why), "lies in '%.80s', which the file lacks", path);
        return refuse(l, name, why), NULL;
    }
    if (entry->size != n * sizeof(float)) {
        snprintf(why, sizeof(why), "needs %zu bytes; '%.60s' has %zu",
                 n * sizeof(float), path, entry->size);
        return refuse(l, name, why), NULL;
    }
    l->status = avsvti_archive_extract(&data, &size, &l->archive, entry,
                                       entry->size, l->err);
    if (l->status != AVSVT_OK)
        return NULL;
    if (size != n * sizeof(float))
        refuse(l, name, "is shorter than its entry says");
    else if (!all_finite((const float *)(void *)data, n))
        refuse(l, name, "holds a number that is not finite");
    if (l->status != AVSVT_OK) {
        avsvti_release(l->m->store.allocator, data);
        return NULL;
    }
    return (float *)(void *)data;
}

static void drop(loader *l, float *p)
{
    avsvti_release(l->m->store.allocator, p);
}

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
    float *raw = take(l, name, ndim, shape);
    for (size_t i = 0; i < ndim; i++)
        n *= shape[i];
    float *kept = raw ? room(l, n) : NULL;
    if (kept)
        memcpy(kept, raw, n * sizeof(*kept));
    drop(l, raw);
    return kept;
}

static int matrix(loader *l, avsvti_native_matrix *x, size_t n, size_t k)
{
    size_t padded = (n + LANES - 1) / LANES * LANES;
    x->n = n;
    x->k = k;
    x->panels = room(l, padded * k);
    x->bias = room(l, padded);
    return l->status == AVSVT_OK;
}

static void set(avsvti_native_matrix *x, size_t j, size_t row, float value)
{
    x->panels[(j / LANES * x->k + row) * LANES + j % LANES] = value;
}

/* Batch normalisation, folded: y = x * scale + shift. */
static int fold_norm(loader *l, const char *layer, size_t n, float *scale, float *shift)
{
    static const char *const parts[4] = {
        "norm.weight", "norm.bias", "norm.running_mean", "norm.running_var",
    };
    char name[NAME_SIZE];
    float *raw[4];
    for (size_t i = 0; i < 4; i++)
        raw[i] = take(l, part(name, layer, parts[i]), 1, &n);
    for (size_t i = 0; l->status == AVSVT_OK && i < n; i++) {
        if (raw[3][i] < 0)
            refuse(l, name, "holds a variance below 0");
        scale[i] = raw[0][i] / sqrtf(raw[3][i] + NORM_EPSILON);
        shift[i] = raw[1][i] - raw[2][i] * scale[i];
    }
    for (size_t i = 0; i < 4; i++)
        drop(l, raw[i]);
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
    float *raw = take(l, part(name, layer, weight), ndim, shape);
    if (matrix(l, x, n, stride * taps) && fold_norm(l, layer, n, scale, shift))
        for (size_t j = 0; j < n; j++) {
            x->bias[j] = shift[j];
            for (size_t c = 0; c < inputs; c++)
                for (size_t t = 0; t < taps; t++)
                    set(x, j, t * stride + c, raw[(j * inputs + c) * taps + t] * scale[j]);
        }
    drop(l, raw);
}

static void plane(loader *l, avsvti_native_plane *p, const char *layer,
                  size_t times, size_t pitches)
{
    avsvti_native_model *m = l->m;
    size_t taps = times * pitches, shape[4] = { m->channels, 1, times, pitches };
    char name[NAME_SIZE];
    float *raw = take(l, part(name, layer, "depth.weight"), 4, shape);
    p->depth = room(l, taps * m->planes);
    for (size_t t = 0; l->status == AVSVT_OK && t < taps; t++)
        for (size_t c = 0; c < m->channels; c++)
            p->depth[t * m->planes + c] = raw[c * taps + t];
    drop(l, raw);
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
        float *w = take(l, part(name, layers[i], "weight"), 4, shape);
        float *b = take(l, part(name, layers[i], "bias"), 1, &n);
        for (size_t j = 0; l->status == AVSVT_OK && j < n; j++) {
            m->outputs.bias[first + j] = b[j];
            for (size_t c = 0; c < m->channels; c++)
                for (size_t t = 0; t < 3; t++)
                    set(&m->outputs, first + j, t * m->planes + c,
                        w[(j * m->channels + c) * 3 + t]);
        }
        drop(l, w);
        drop(l, b);
    }
}

static void recurrent(loader *l, avsvti_native_gru *g, size_t layer, int backwards)
{
    avsvti_native_model *m = l->m;
    size_t h = m->hidden, hp = m->padded, in = layer ? 2 * h : m->width;
    size_t shapes[2][2] = { { 3 * h, in }, { 3 * h, h } };
    char name[NAME_SIZE];
    const char *end = backwards ? "_reverse" : "";
    float *w[4];
    for (size_t i = 0; i < 4; i++) {
        snprintf(name, sizeof(name), "gru.%s_%s_l%zu%s", i < 2 ? "weight" : "bias",
                 i % 2 ? "hh" : "ih", layer, end);
        w[i] = take(l, name, i < 2 ? 2 : 1, shapes[i % 2]);
    }
    g->weights = room(l, h * 3 * hp);
    g->bias = room(l, 3 * hp);
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
        drop(l, w[i]);
}

static void heads(loader *l)
{
    avsvti_native_model *m = l->m;
    size_t n = HEADS, in = 2 * m->hidden, shape[2] = { n, in };
    float *w = take(l, "heads.weight", 2, shape), *b = take(l, "heads.bias", 1, &n);
    if (matrix(l, &m->heads, n, in))
        for (size_t j = 0; j < n; j++) {
            m->heads.bias[j] = b[j];
            for (size_t i = 0; i < in; i++)
                set(&m->heads, j, i, w[j * in + i]);
        }
    drop(l, w);
    drop(l, b);
}

/* A table [bins][count] of filters: what lies between the first and the last
 * weight that is not zero. */
static void filters(loader *l, avsvti_native_filters *f, const char *name,
                    size_t bins, size_t count)
{
    size_t shape[2] = { bins, count }, total = 0;
    float *raw = take(l, name, 2, shape);
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
        f->weights = room(l, total);
    }
    for (size_t j = 0; l->status == AVSVT_OK && j < count; j++)
        for (size_t i = 0; i < f->length[j]; i++)
            f->weights[f->start[j] + i] = raw[(f->first[j] + i) * count + j];
    drop(l, raw);
}

/* n pairs of cos and -sin of angle * i / n. */
static float *turns(loader *l, size_t n, double angle)
{
    float *t = room(l, 2 * n);
    for (size_t i = 0; t && i < n; i++) {
        t[2 * i] = (float)cos(angle * (double)i / (double)n);
        t[2 * i + 1] = (float)-sin(angle * (double)i / (double)n);
    }
    return t;
}

static void front(loader *l)
{
    avsvti_native_model *m = l->m;
    const double pi = 3.14159265358979323846;
    size_t window = PITCH_WINDOW, mel_window = MEL_WINDOW;
    size_t shape[2] = { LAG_BINS, LAGS };
    m->pitch_window = keep(l, "front.pitch_window", 1, &window);
    m->mel_window = keep(l, "front.timing_window", 1, &mel_window);
    filters(l, &m->pitch_filters, "front.pitch_filters", PITCH_BINS, PITCHES);
    filters(l, &m->mel_filters, "front.mel_filters", MEL_BINS, MEL);
    float *raw = take(l, "front.lag_cosines", 2, shape);
    m->lags = room(l, (size_t)LAGS * LAG_BINS);
    for (size_t i = 0; l->status == AVSVT_OK && i < LAG_BINS; i++)
        for (size_t j = 0; j < LAGS; j++)
            m->lags[j * LAG_BINS + i] = raw[i * LAGS + j];
    drop(l, raw);
    m->pitch_turns = turns(l, PITCH_WINDOW / 2, 2 * pi);
    m->pitch_halves = turns(l, PITCH_WINDOW / 2, pi);
    m->mel_turns = turns(l, MEL_WINDOW / 2, 2 * pi);
    m->mel_halves = turns(l, MEL_WINDOW / 2, pi);
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
        for (int d = 0; d < 2; d++)
            recurrent(l, &m->gru[i][d], i, d);
    heads(l);
}

avsvt_status avsvti_native_weights(avsvti_native_model *m,
                                   const avsvt_backend_open *args,
                                   avsvt_error *err)
{
    loader l = { .m = m, .path = args->path ? args->path : "the model", .err = err };
    l.status = avsvti_manifest_parse(&l.manifest, m->store.allocator, args->manifest,
                                     strlen(args->manifest), l.path, err);
    if (l.status != AVSVT_OK)
        return l.status;
    whole(&l, "native.config.channels", 1, 64, &m->channels);
    whole(&l, "native.config.width", 4, 512, &m->width);
    whole(&l, "native.config.hidden", 1, 512, &m->hidden);
    whole(&l, "native.config.layers", 1, MAX_LAYERS, &m->layers);
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
    avsvti_manifest_free(l.manifest);
    return l.status;
}
