/* SPDX-License-Identifier: MIT */
/* Networks and sounds for the tests of the native backend, made of whole
 * numbers as tests/golden/make_native.py makes them. */
#ifndef AVSVT_TESTS_NATIVE_SMALL_H
#define AVSVT_TESTS_NATIVE_SMALL_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/registry.h"
#include "core/archive.h"
#include "models/builtin.h"
#include "support/model_file.h"

#define SMALL_PARTS 96
#define SMALL_TEXT 12288

/* A model file whose parts and manifest a test may change before it opens it. */
typedef struct small_model {
    model_file_part parts[SMALL_PARTS];
    char names[SMALL_PARTS][32], tensors[SMALL_PARTS][48];
    size_t count;
    char manifest[SMALL_TEXT];
} small_model;

static inline float native_noise(uint32_t *x)
{
    *x = *x * 1664525u + 1013904223u;
    return (float)(*x >> 8) / 16777216.0f - 0.5f;
}

static inline float *native_sound(size_t n)
{
    float *x = malloc((n + 1) * sizeof(*x));
    uint32_t phase = 0, seed = 1;
    for (size_t i = 0; x && i < n; i++) {
        phase += 40000000u + (uint32_t)i * 1200u;
        float saw = (float)(phase >> 8) / 16777216.0f - 0.5f;
        x[i] = (i / 4000 % 4 != 3 ? saw : 0.0f) * 0.5f;
        x[i] += native_noise(&seed) * (1.0f / 64);
    }
    return x;
}

static inline void small_text(small_model *s, const char *format, ...)
{
    va_list args;
    size_t at = strlen(s->manifest);
    va_start(args, format);
    vsnprintf(s->manifest + at, SMALL_TEXT - at, format, args);
    va_end(args);
}

/* Adds a tensor; data is malloc'd and becomes the model's. */
static inline void small_tensor(small_model *s, const char *name, float *data, int ndim,
                                const int *shape)
{
    size_t i = s->count++, n = 1;
    small_text(s, "    %s: {entry: data/%zu, shape: [", name, i);
    for (int d = 0; d < ndim; d++) {
        small_text(s, "%s%d", d ? ", " : "", shape[d]);
        n *= (size_t)shape[d];
    }
    small_text(s, "]}\n");
    snprintf(s->names[i], sizeof(s->names[i]), "test/data/%zu", i);
    snprintf(s->tensors[i], sizeof(s->tensors[i]), "%s", name);
    s->parts[i] = (model_file_part){ s->names[i], data, n * sizeof(float) };
}

/* The front end's tables are those of the model in the library. */
static inline void small_front(small_model *s)
{
    static const struct { const char *name; int shape[2]; } tables[] = {
        { "front.pitch_window", { 2048, 0 } }, { "front.timing_window", { 512, 0 } },
        { "front.pitch_filters", { 1025, 258 } }, { "front.mel_filters", { 257, 64 } },
        { "front.lag_cosines", { 512, 186 } },
    };
    avsvti_archive z;
    size_t size;
    const void *file = avsvti_builtin_model(&size);
    if (avsvti_archive_open(&z, avsvti_default_allocator(), file, size, "model", NULL))
        abort();
    for (size_t i = 0; i < 5; i++) {
        char entry[16], *data = NULL;
        snprintf(entry, sizeof(entry), "data/%zu", i);
        if (avsvti_archive_extract(&data, &size, &z, avsvti_archive_find(&z, entry),
                                   1u << 24, NULL))
            abort();
        small_tensor(s, tables[i].name, (float *)(void *)data, tables[i].shape[1] ? 2 : 1,
                     tables[i].shape);
    }
    avsvti_archive_close(&z);
}

typedef struct small_shape {
    const char *name;
    int ndim, shape[4];
} small_shape;

/* Tensors of noise; the first of them is number first of the network. */
static inline void small_fill(small_model *s, const small_shape *tensors, size_t count,
                              size_t first)
{
    for (size_t i = 0; i < count; i++) {
        const char *name = tensors[i].name;
        uint32_t seed = (uint32_t)(first + i + 1) * 7919u;
        size_t n = 1;
        for (int d = 0; d < tensors[i].ndim; d++)
            n *= (size_t)tensors[i].shape[d];
        float *data = malloc(n * sizeof(*data));
        if (!data)
            abort();
        int around_one = strstr(name, "norm.weight") || strstr(name, "running_var");
        for (size_t j = 0; j < n; j++)
            data[j] = around_one ? native_noise(&seed) + 1.0f : native_noise(&seed) * 0.5f;
        small_tensor(s, name, data, tensors[i].ndim, tensors[i].shape);
    }
}

/* The recurrent layers beyond the first, each both ways. */
static inline void small_layers(small_model *s, int layers, size_t first)
{
    static const struct { const char *name; int rows, columns; } parts[] = {
        { "weight_ih", 30, 20 }, { "weight_hh", 30, 10 }, { "bias_ih", 30, 0 },
        { "bias_hh", 30, 0 },
    };
    for (int i = 1; i < layers; i++)
        for (int j = 0; j < 8; j++) {
            char name[48];
            snprintf(name, sizeof(name), "gru.%s_l%d%s", parts[j % 4].name, i,
                     j < 4 ? "" : "_reverse");
            small_shape shape = { name, parts[j % 4].columns ? 2 : 1,
                                  { parts[j % 4].rows, parts[j % 4].columns, 0, 0 } };
            small_fill(s, &shape, 1, first++);
        }
}

/* Channels 12, width 20, hidden 10: no size is a round one. Live: two layers. */
static inline small_model *small_make_deep(int live, int layers)
{
    static const small_shape body[] = {
#define NORM(layer, n) { layer ".norm.weight", 1, { n } }, { layer ".norm.bias", 1, { n } }, \
    { layer ".norm.running_mean", 1, { n } }, { layer ".norm.running_var", 1, { n } }
        { "pitch.fold.conv.weight", 4, { 12, 8, 1, 9 } }, NORM("pitch.fold", 12),
        { "pitch.near.depth.weight", 4, { 12, 1, 5, 5 } },
        { "pitch.near.point.weight", 4, { 12, 12, 1, 1 } }, NORM("pitch.near", 12),
        { "pitch.wide.depth.weight", 4, { 12, 1, 5, 3 } },
        { "pitch.wide.point.weight", 4, { 12, 12, 1, 1 } }, NORM("pitch.wide", 12),
        { "pitch.fine.weight", 4, { 3, 12, 1, 3 } }, { "pitch.fine.bias", 1, { 3 } },
        { "pitch.semitone.weight", 4, { 1, 12, 1, 3 } }, { "pitch.semitone.bias", 1, { 1 } },
        { "pitch.posterior.conv.weight", 3, { 6, 150, 3 } }, NORM("pitch.posterior", 6),
        { "pitch.summary.conv.weight", 3, { 5, 24, 3 } }, NORM("pitch.summary", 5),
        { "timing_near.conv.weight", 3, { 20, 128, 5 } }, NORM("timing_near", 20),
        { "timing_wide.conv.weight", 3, { 20, 20, 3 } }, NORM("timing_wide", 20),
        { "joint.conv.weight", 3, { 20, 31, 3 } }, NORM("joint", 20),
        { "gru.weight_ih_l0", 2, { 30, 20 } }, { "gru.weight_hh_l0", 2, { 30, 10 } },
        { "gru.bias_ih_l0", 1, { 30 } }, { "gru.bias_hh_l0", 1, { 30 } },
    };
    static const small_shape both_ways[] = {
        { "gru.weight_ih_l0_reverse", 2, { 30, 20 } },
        { "gru.weight_hh_l0_reverse", 2, { 30, 10 } },
        { "gru.bias_ih_l0_reverse", 1, { 30 } }, { "gru.bias_hh_l0_reverse", 1, { 30 } },
        { "heads.weight", 2, { 4, 20 } }, { "heads.bias", 1, { 4 } },
    };
    static const small_shape forwards[] = {
        { "gru.weight_ih_l1", 2, { 30, 10 } }, { "gru.weight_hh_l1", 2, { 30, 10 } },
        { "gru.bias_ih_l1", 1, { 30 } }, { "gru.bias_hh_l1", 1, { 30 } },
        { "heads.weight", 2, { 4, 10 } }, { "heads.bias", 1, { 4 } },
    };
    const size_t body_count = sizeof(body) / sizeof(body[0]);
    small_model *s = calloc(1, sizeof(*s));
    if (!s)
        abort();
    small_text(s, "avsvt: 1\nnative:\n  family: harmonic-gru-%s1\n"
                  "  config: {channels: 12, width: 20, hidden: 10, layers: %d%s}\n"
                  "  tensors:\n", live ? "live-" : "", layers, live ? ", lookahead: 3" : "");
    small_front(s);
    small_fill(s, body, body_count, 0);
    if (live)
        small_fill(s, forwards, sizeof(forwards) / sizeof(forwards[0]), body_count);
    else
        small_fill(s, both_ways, sizeof(both_ways) / sizeof(both_ways[0]), body_count);
    if (!live)
        small_layers(s, layers, body_count + 6);
    return s;
}

static inline small_model *small_make_of(int live)
{
    return small_make_deep(live, live ? 2 : 1);
}

static inline small_model *small_make(void)
{
    return small_make_of(0);
}

static inline void small_free(small_model *s)
{
    for (size_t i = 0; i < s->count; i++)
        free((void *)(uintptr_t)s->parts[i].data);
    free(s);
}

static inline unsigned char *small_file(const small_model *s, size_t *size)
{
    return model_file_zip(s->parts, s->count, size);
}

#endif
