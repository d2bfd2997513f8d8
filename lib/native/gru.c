/* SPDX-License-Identifier: MIT */
/* The recurrent layers, both ways through the rows, and the heads. The input's
 * share of the gates is made a tile at a time, and the last layer's two ways are
 * never there as rows: each adds its part of the answers. */
#include <string.h>

#include "native/native.h"

typedef struct way { /* through one layer */
    const avsvti_native_gru *gru;
    const float *in;
    size_t width; /* of its rows */
    float *out;   /* NULL: the last layer */
    int backwards;
} way;

/* Adds one way's part of rows first.. to their answers. */
static void answer(avsvti_native_instance *n, size_t first, size_t rows, int backwards)
{
    const avsvti_native_model *m = n->model;
    float y[TILE * HEADS];
    m->kernels->gemm(y, HEADS, n->answers, m->hidden,
                     m->heads.panels + (backwards ? m->hidden * LANES : 0),
                     backwards ? NULL : m->heads.bias, rows, HEADS, m->hidden, 0);
    for (size_t t = 0; t < rows; t++) {
        const float *x = y + t * HEADS;
        float *logits = n->rows.logits + (first + t) * LOGITS;
        float *offset = n->rows.offset + first + t;
        logits[0] = x[0] + (backwards ? logits[0] : 0);
        logits[1] = x[1] + (backwards ? logits[1] : 0);
        logits[6] = logits[19] = x[2] + (backwards ? logits[6] : 0);
        *offset = x[3] + (backwards ? *offset : 0);
    }
}

static void recur_tile(avsvti_native_instance *n, const way *w, size_t first, size_t rows)
{
    const avsvti_native_model *m = n->model;
    size_t columns = 3 * m->padded, hidden = m->hidden;
    size_t step = w->out ? 2 * hidden : hidden;
    float *to = w->out ? w->out + first * step + (w->backwards ? hidden : 0) : n->answers;
    m->kernels->gemm(n->gates, columns, w->in + first * w->width, w->width,
                     w->gru->input.panels, w->gru->input.bias, rows, columns,
                     w->gru->input.k, 0);
    for (size_t i = 0; i < rows; i++) {
        size_t t = w->backwards ? rows - 1 - i : i;
        m->kernels->gru_step(n->state, n->gates + t * columns, w->gru->weights,
                             w->gru->bias, n->recurrent, hidden, m->padded);
        memcpy(to + t * step, n->state, hidden * sizeof(*to));
    }
}

/* Rows first..end-1, on from n->state. */
static void recur(avsvti_native_instance *n, const way *w, size_t first, size_t end,
                  int answers)
{
    size_t tiles = (end - first + TILE - 1) / TILE;
    for (size_t i = 0; i < tiles; i++) {
        size_t at = first + (w->backwards ? tiles - 1 - i : i) * TILE;
        size_t rows = end - at < TILE ? end - at : TILE;
        recur_tile(n, w, at, rows);
        if (answers)
            answer(n, at, rows, w->backwards);
    }
}

/* Where a layer's rows go; the first one's stay. */
static float *rows_after(const avsvti_native_instance *n, size_t layer)
{
    return n->rows.between[layer ? 2 - layer % 2 : 0];
}

void avsvti_native_recur(avsvti_native_instance *n, size_t core, size_t known)
{
    const avsvti_native_model *m = n->model;
    size_t state = m->padded * sizeof(float);
    for (size_t i = 0; i < m->layers; i++) {
        int last = i + 1 == m->layers;
        float *carried = n->forward + i * m->padded;
        way w = { &m->gru[i][0], i ? rows_after(n, i - 1) : n->rows.joint,
                  i ? 2 * m->hidden : m->width, last ? NULL : rows_after(n, i), 0 };
        /* What lies behind the core may change yet, but for the first layer's. */
        size_t begun = i || last ? 0 : n->rows.begun, end = i || last ? core : known;
        memcpy(n->state, carried, state);
        recur(n, &w, begun, end, last);
        memcpy(carried, n->state, state);
        if (!last)
            recur(n, &w, end, known, 0);
        w.gru = &m->gru[i][1];
        w.backwards = 1;
        memset(n->state, 0, state);
        recur(n, &w, core, known, 0);
        recur(n, &w, 0, core, last);
    }
    n->rows.begun = known;
}
