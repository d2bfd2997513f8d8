/* SPDX-License-Identifier: MIT */
/* Overlapping chunks of the native backend. It goes over the sound once and
 * keeps what its recurrent layers wait for, instead of beginning each chunk anew
 * with the sound around it: no part of the sound is there as a whole, and what
 * came before is remembered, not cut off at the context on the left. */
#include <string.h>

#include "backend/registry.h"
#include "native/native.h"
#include "pipeline/chunks.h"

/* With a context as long as what the recurrent layers remember every frame is what
 * it would be in one piece, however short the chunk, and the chunk is half of the
 * context: less would take much longer, more would take memory. */
#define REMEMBERED 1000 /* frames; 20 s */
#define LIVE_CHUNK 800
#define MOST_AT_ONCE 4096 /* rows; beyond, room grows as the sound does and not by
                           * what a damaged header claims */

typedef struct flow {
    avsvti_run *run;
    avsvti_native_instance *network;
    avsvti_native_sound sound;
    size_t chunk, right, room; /* rows: answered at once, known beyond, in all */
    int64_t checked;           /* samples that the network can take */
} flow;

int avsvti_flow_fits(const avsvt_pipeline *p)
{
    return p->network && p->backend == &avsvti_backend_native && p->hop == HOP &&
           !p->edge && (!p->info.fine_bins || p->info.fine_bins == FINE);
}

static void plan(flow *f)
{
    const avsvti_run *r = f->run;
    int64_t chunk = r->cut.chunk, right = r->cut.right;
    if (f->network->model->lookahead) {
        chunk = chunk < LIVE_CHUNK ? chunk : LIVE_CHUNK;
        right = 0;
    } else if (right >= REMEMBERED && chunk > right / 2)
        chunk = right / 2;
    f->chunk = (size_t)chunk;
    f->right = (size_t)right;
    f->room = f->chunk + f->right + 2 * TILE;
    if (r->total_s >= 0 && r->total_s * r->p->rate_hz / HOP < (double)f->room)
        f->room = (size_t)(r->total_s * r->p->rate_hz / HOP) + 2 * TILE;
    if (f->room > MOST_AT_ONCE)
        f->room = MOST_AT_ONCE;
}

/* Loudness, and the voice's pitch, of the frames of the next tile. */
static avsvt_status measure(flow *f, avsvt_error *err)
{
    avsvti_run *r = f->run;
    const avsvti_native_rows *rows = &f->network->rows;
    avsvt_status status = avsvti_run_room(r, (int64_t)rows->room, err);
    for (size_t i = 0; status == AVSVT_OK && i < TILE; i++) {
        int64_t at = (int64_t)(f->network->next + i) * HOP;
        avsvti_run_listen(r, (int64_t)(f->network->next + i - rows->first), at, at + HOP);
    }
    return status;
}

/* What has come since the last time must be sound. */
static avsvt_status check(flow *f, avsvt_error *err)
{
    const avsvti_window *w = &f->run->window;
    avsvt_error what = AVSVT_ERROR_INIT;
    int64_t end = w->start + w->count;
    if (end <= f->checked)
        return AVSVT_OK;
    avsvt_status status = avsvti_native_check(w->samples + (f->checked - w->start),
        (size_t)(end - f->checked), (size_t)f->checked, &what);
    f->checked = end;
    return status == AVSVT_OK ? status
        : avsvti_fail(err, status, "%s: %s", f->run->p->name, what.message);
}

static avsvt_status next_tile(flow *f, avsvt_error *err)
{
    avsvti_window *w = &f->run->window;
    int64_t start = (int64_t)f->network->next * HOP;
    avsvti_window_drop(w, start - AVSVTI_NATIVE_AHEAD);
    avsvt_status status = avsvti_window_fill(w,
        start + TILE * HOP + AVSVTI_NATIVE_AHEAD, err);
    if (status == AVSVT_OK)
        status = check(f, err);
    if (status == AVSVT_OK && !avsvti_native_flow_room(f->network, f->room))
        status = avsvti_fail_memory(err);
    if (status == AVSVT_OK)
        status = measure(f, err);
    if (status != AVSVT_OK)
        return status;
    f->sound.samples = w->samples;
    f->sound.first = (size_t)w->start;
    f->sound.count = (size_t)w->count;
    if (w->at_end) {
        int64_t count = w->start + w->count, least = f->run->p->min_samples;
        f->sound.frames = (size_t)((count > least ? count : least) / HOP) + 1;
    }
    avsvti_native_flow_tile(f->network, &f->sound);
    return AVSVT_OK;
}

static avsvt_status hand_on(flow *f, size_t core, avsvt_error *err)
{
    avsvti_run *r = f->run;
    const avsvti_native_rows *rows = &f->network->rows;
    int64_t logits[2] = { (int64_t)core, LOGITS }, fine[2] = { (int64_t)core, FINE };
    const avsvt_backend_tensor made[2] = { avsvti_stage_input(rows->logits, 2, logits),
                                           avsvti_stage_input(rows->fine, 2, fine) };
    avsvt_status status = AVSVT_OK;
    for (size_t i = 0; status == AVSVT_OK && i < 2; i++)
        status = avsvti_output_check(r->p->network, &made[i], i, (int64_t)core, 0, err);
    const avsvti_frame_rows handed = {
        rows->logits, r->p->info.fine_bins ? rows->fine : NULL, r->level, r->pitch };
    return status == AVSVT_OK ? r->take(r->user, &handed, (int64_t)core, err) : status;
}

/* The frames that are known well enough, on their way; over: all of them. */
static avsvt_status next_chunk(flow *f, int *over, avsvt_error *err)
{
    avsvti_native_instance *n = f->network;
    avsvt_status status = AVSVT_OK;
    size_t known;
    while (status == AVSVT_OK &&
           (known = avsvti_native_flow_known(n, &f->sound)) < f->chunk + f->right &&
           !avsvti_native_flow_over(n, &f->sound))
        status = next_tile(f, err);
    if (status != AVSVT_OK)
        return status;
    *over = avsvti_native_flow_over(n, &f->sound);
    size_t core = *over ? known : f->chunk;
    avsvti_native_flow_answer(n, core, known);
    status = hand_on(f, core, err);
    if (status != AVSVT_OK)
        return status;
    size_t left = n->next - n->rows.first - core;
    memmove(f->run->level, f->run->level + core, left * sizeof(float));
    memmove(f->run->pitch, f->run->pitch + core, left * sizeof(float));
    avsvti_native_flow_drop(n, core);
    int64_t done = (int64_t)n->rows.first * HOP;
    int64_t there = f->run->window.start + f->run->window.count;
    return avsvti_run_tell(f->run, *over || done > there ? there : done, err);
}

avsvt_status avsvti_flow_run(avsvti_run *r, avsvt_error *err)
{
    avsvti_stage *stage = r->p->network;
    flow f = { .run = r, .network = stage->network.instance,
               .sound = { .frames = AVSVTI_NATIVE_ENDLESS } };
    avsvt_status status = AVSVT_OK;
    plan(&f);
    avsvti_native_flow_begin(f.network);
    for (int over = 0; status == AVSVT_OK && !over;)
        status = next_chunk(&f, &over, err);
    avsvti_native_flow_end(f.network);
    return status;
}
