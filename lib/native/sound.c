/* SPDX-License-Identifier: MIT */
/* A sound through the whole network: at once, or as it comes. All but the
 * recurrent layers need some frames of it at a time. Those go forwards, and
 * backwards from as far ahead as is known: so what waits for them is kept, and no
 * sample is looked at twice. */
#include <string.h>

#include "native/native.h"

/* How many frames behind the end of the last tile the rows end. */
static size_t lag(const avsvti_native_instance *n)
{
    return n->model->lookahead ? n->model->lookahead - 1 : LAG_JOINT;
}

/* Starts a sound: what the stages carry from tile to tile is silent. */
static void reset(avsvti_native_instance *n)
{
    const avsvti_native_model *m = n->model;
    size_t row = COLUMNS * m->planes;
    size_t joint = TILE + LAG_JOINT + 1 - LAG_MEL_WIDE;
    memset(n->near, 0, (TILE + 4) * row * sizeof(float));
    memset(n->wide, 0, (TILE + 8) * row * sizeof(float));
    memset(n->posterior, 0, (TILE + 2) * (size_t)FINE * sizeof(float));
    memset(n->summary, 0, (TILE + 2) * 2 * m->channels * sizeof(float));
    memset(n->mel, 0, (TILE + 4) * (size_t)MELS * sizeof(float));
    memset(n->mel_near, 0, (TILE + 2) * m->width * sizeof(float));
    memset(n->joint, 0, joint * m->joint_width * sizeof(float));
    memset(n->forward, 0, m->layers * m->padded * sizeof(float));
}

static int grow(avsvti_native_instance *n, float **block, size_t rows, size_t width)
{
    return avsvti_resize_rows(n->store.allocator, block, (int64_t)rows, (int64_t)width);
}

static int grow_inner(avsvti_native_instance *n, size_t rows)
{
    const avsvti_native_model *m = n->model;
    if (m->lookahead)
        return 1;
    for (size_t i = 0; i < 3 && i + 1 < m->layers; i++)
        if (!grow(n, &n->rows.between[i], rows, 2 * m->hidden))
            return 0;
    return grow(n, &n->rows.joint, rows, m->width);
}

void avsvti_native_flow_begin(avsvti_native_instance *n)
{
    if (n->model->lookahead)
        avsvti_native_live_reset(n);
    else
        reset(n);
    n->next = n->rows.first = n->rows.begun = 0;
}

int avsvti_native_flow_room(avsvti_native_instance *n, size_t expected)
{
    avsvti_native_rows *r = &n->rows;
    size_t need = n->next + TILE - r->first;
    size_t rows = need <= expected ? expected : need + need / 2;
    if (need <= r->room)
        return 1;
    if (!grow_inner(n, rows) || !grow(n, &r->logits, rows, LOGITS) ||
        !grow(n, &r->fine, rows, FINE) || !grow(n, &r->offset, rows, 1))
        return 0;
    r->room = rows;
    return 1;
}

void avsvti_native_flow_tile(avsvti_native_instance *n, const avsvti_native_sound *s)
{
    if (n->model->lookahead)
        avsvti_native_live_tile(n, s, n->next);
    else {
        avsvti_native_pitch(n, s, n->next);
        avsvti_native_time(n, s, n->next);
    }
    n->next += TILE;
}

size_t avsvti_native_flow_known(const avsvti_native_instance *n,
                                const avsvti_native_sound *s)
{
    size_t behind = lag(n), done = n->next > behind ? n->next - behind : 0;
    return (done < s->frames ? done : s->frames) - n->rows.first;
}

int avsvti_native_flow_over(const avsvti_native_instance *n,
                            const avsvti_native_sound *s)
{
    return n->next >= s->frames + lag(n);
}

void avsvti_native_flow_answer(avsvti_native_instance *n, size_t core, size_t known)
{
    if (!n->model->lookahead)
        avsvti_native_recur(n, core, known);
}

/* Of rows, held are there. */
static void forget(float *rows, size_t width, size_t gone, size_t held)
{
    if (rows)
        memmove(rows, rows + gone * width, (held - gone) * width * sizeof(*rows));
}

void avsvti_native_flow_drop(avsvti_native_instance *n, size_t core)
{
    avsvti_native_rows *r = &n->rows;
    size_t held = n->next - r->first;
    forget(r->joint, n->model->width, core, held);
    forget(r->between[0], 2 * n->model->hidden, core, held);
    forget(r->logits, LOGITS, core, held);
    forget(r->fine, FINE, core, held);
    forget(r->offset, 1, core, held);
    r->first += core;
    r->begun -= core;
}

void avsvti_native_flow_end(avsvti_native_instance *n)
{
    avsvti_native_rows *r = &n->rows;
    float *const blocks[] = { r->joint, r->between[0], r->between[1], r->between[2],
                              r->logits, r->fine, r->offset };
    for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++)
        avsvti_release(n->store.allocator, blocks[i]);
    memset(r, 0, sizeof(*r));
}

int avsvti_native_run(avsvti_native_instance *n, const float *samples, size_t count,
                      size_t frames, const avsvti_native_outputs *out)
{
    avsvti_native_sound sound = { samples, 0, count, frames };
    avsvti_native_rows *r = &n->rows;
    int there = grow_inner(n, frames);
    avsvti_native_flow_begin(n);
    r->logits = out->logits;
    r->fine = out->fine;
    r->offset = out->offset;
    while (there && !avsvti_native_flow_over(n, &sound))
        avsvti_native_flow_tile(n, &sound);
    if (there)
        avsvti_native_flow_answer(n, frames, frames);
    r->logits = r->fine = r->offset = NULL;
    avsvti_native_flow_end(n);
    return there;
}
