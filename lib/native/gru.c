/* SPDX-License-Identifier: MIT */
/* The recurrent layers, both ways through the sound, and the heads. The
 * input's share of the gates is made a tile at a time, so that memory does not
 * grow with it. */
#include <string.h>

#include "native/native.h"

static void recur_tile(avsvti_native_instance *n, const avsvti_native_gru *g,
                       const float *in, float *out, size_t first, size_t rows,
                       int backwards)
{
    const avsvti_native_model *m = n->model;
    const avsvti_native_kernels *k = m->kernels;
    size_t w = n->sequence_width, columns = 3 * m->padded;
    k->gemm(n->gates, columns, in + first * w, w, g->input.panels, g->input.bias, rows,
            columns, g->input.k, 0);
    for (size_t i = 0; i < rows; i++) {
        size_t t = backwards ? rows - 1 - i : i;
        k->gru_step(n->state, n->gates + t * columns, g->weights, g->bias, n->recurrent,
                    m->hidden, m->padded);
        memcpy(out + (first + t) * w + (backwards ? m->hidden : 0), n->state,
               m->hidden * sizeof(*out));
    }
}

static void recur(avsvti_native_instance *n, const avsvti_native_gru *g,
                  const float *in, float *out, size_t total, int backwards)
{
    size_t tiles = (total + TILE - 1) / TILE;
    memset(n->state, 0, n->model->padded * sizeof(*n->state));
    for (size_t i = 0; i < tiles; i++) {
        size_t first = (backwards ? tiles - 1 - i : i) * TILE;
        size_t rows = total - first < TILE ? total - first : TILE;
        recur_tile(n, g, in, out, first, rows, backwards);
    }
}

void avsvti_native_recur(avsvti_native_instance *n, size_t total,
                         const avsvti_native_outputs *out)
{
    const avsvti_native_model *m = n->model;
    for (size_t i = 0; i < m->layers; i++)
        for (int d = 0; d < 2; d++)
            recur(n, &m->gru[i][d], n->sequence[i % 2], n->sequence[(i + 1) % 2], total, d);
    const float *last = n->sequence[m->layers % 2];
    for (size_t first = 0; first < total; first += TILE) {
        size_t rows = total - first < TILE ? total - first : TILE;
        float y[TILE * HEADS];
        m->kernels->gemm(y, HEADS, last + first * n->sequence_width, n->sequence_width,
                         m->heads.panels, m->heads.bias, rows, HEADS, m->heads.k, 0);
        for (size_t t = 0; t < rows; t++) {
            float *logits = out->logits + (first + t) * LOGITS;
            logits[0] = y[t * HEADS];
            logits[1] = y[t * HEADS + 1];
            logits[6] = logits[19] = y[t * HEADS + 2];
            out->offset[first + t] = y[t * HEADS + 3];
        }
    }
}
