/* SPDX-License-Identifier: MIT */
#include "pipeline/chunks.h"

#include <math.h>
#include <string.h>

#include "pipeline/window.h"

#define SILENCE_DB -120.0f

/* One run over one source. */
typedef struct run {
    avsvt_pipeline *p;
    avsvti_cut cut;
    avsvti_window window;
    double total_s; /* -1: unknown */
    avsvt_progress_fn progress;
    void *progress_user;
    avsvti_frames_fn take;
    void *user;
    float *level;
    int64_t level_capacity;
} run;

static avsvt_status tell(run *r, int64_t samples, avsvt_error *err)
{
    double done_s = (double)samples / r->p->rate_hz;
    if (r->progress && r->progress(r->progress_user, done_s, r->total_s))
        return avsvti_fail(err, AVSVT_E_CANCELLED, "cancelled");
    return AVSVT_OK;
}

/* Root mean square of samples from..to (clipped to the window) in dB below
 * full scale. */
static float level_of(const avsvti_window *w, int64_t from, int64_t to)
{
    double sum = 0.0;
    from = (from < w->start ? w->start : from) - w->start;
    to = (to > w->start + w->count ? w->start + w->count : to) - w->start;
    if (to <= from)
        return SILENCE_DB;
    for (int64_t i = from; i < to; i++)
        sum += (double)w->samples[i] * w->samples[i];
    float db = (float)(10.0 * log10(sum / (double)(to - from) + 1e-12));
    return db > 0.0f ? 0.0f : db;
}

/* Hands frames first.. of a call on; the call's frame 0 belongs to sample
 * number base, and a frame is step samples long. */
static avsvt_status hand_on(run *r, const avsvti_frames *f, int64_t first,
                            int64_t count, int64_t base, double step,
                            avsvt_error *err)
{
    const avsvt_allocator *a = avsvti_allocator(r->p->context);
    if (count > r->level_capacity) {
        float *level = avsvti_resize(a, r->level, (size_t)count, sizeof(float));
        if (!level)
            return avsvti_fail_memory(err);
        r->level = level;
        r->level_capacity = count;
    }
    for (int64_t i = 0; i < count; i++) {
        double at = (double)base + (double)(first + i) * step;
        r->level[i] = level_of(&r->window, (int64_t)at, (int64_t)(at + step));
    }
    return r->take(r->user, f->logits + first * AVSVT_NOTE_LOGITS,
                   f->fine ? f->fine + first * r->p->info.fine_bins : NULL,
                   r->level, count, err);
}

/* Chunks with context on both sides that is thrown away. Chunk borders are
 * multiples of the hop, so a frame lies on the same samples whichever call it
 * comes from. */
static avsvt_status run_overlap(run *r, avsvt_error *err)
{
    avsvt_pipeline *p = r->p;
    for (int64_t core = 0;; core += r->cut.chunk) {
        int64_t first = core > r->cut.left ? core - r->cut.left : 0;
        int64_t end = core + r->cut.chunk;
        avsvti_frames f;

        avsvti_window_drop(&r->window, first * p->hop);
        /* One sample more than is used tells whether the sound goes on. */
        int64_t last_sample = (end + r->cut.right) * p->hop + p->edge;
        avsvt_status status = avsvti_window_fill(&r->window, last_sample + 1,
                                                 err);
        if (status != AVSVT_OK)
            return status;
        int64_t n = r->window.count;
        if (!r->window.at_end)
            n = last_sample - r->window.start;
        /* A rest too short for one more frame would be filled up to one. */
        if (n <= 0 || (core && p->edge && n < p->hop + p->edge))
            return AVSVT_OK;
        status = avsvti_pipeline_call(p, r->window.samples, n, &f, err);
        if (status != AVSVT_OK)
            return status;
        int64_t have = first + f.count; /* frames of the sound we now know */
        int done = r->window.at_end && have <= end;
        if (!r->window.at_end && have < end) {
            status = avsvti_fail(err, AVSVT_E_BACKEND,
                "%s: the network gave %lld frames for %lld samples: "
                "input.hop of the manifest is %lld", p->name,
                (long long)f.count, (long long)n, (long long)p->hop);
        } else {
            int64_t upto = have < end ? have : end;
            if (upto > core)
                status = hand_on(r, &f, core - first, upto - core,
                                 first * p->hop, (double)p->hop, err);
        }
        avsvti_frames_release(&f);
        if (status == AVSVT_OK) {
            int64_t known = r->window.start + r->window.count;
            status = tell(r, done || end * p->hop > known ? known
                                                          : end * p->hop, err);
        }
        if (status != AVSVT_OK || done)
            return status;
    }
}

/* Length of the piece that starts at sample number start, as AV_SVT cuts a
 * song of total samples into round(total / chunk) utterances (half to even),
 * the last of which takes the rest. A song too short for one utterance is
 * dropped there; here it is one. */
static int64_t published_piece(int64_t start, int64_t total, int64_t chunk)
{
    double pieces = nearbyint((double)total / (double)chunk);
    int64_t index = start / chunk + 1;
    return (double)index >= pieces ? total - start : chunk;
}

static avsvt_status run_pieces(run *r, int64_t chunk, avsvt_error *err)
{
    for (int64_t start = 0;;) {
        avsvti_frames f;
        avsvti_window_drop(&r->window, start);
        /* With more than 1.5 chunks to go this piece can't be the last. */
        int64_t look = chunk ? start + chunk + chunk / 2 + 1 : INT64_MAX;
        avsvt_status status = avsvti_window_fill(&r->window, look, err);
        if (status != AVSVT_OK)
            return status;
        int64_t n = chunk;
        if (r->window.at_end)
            n = chunk ? published_piece(start, start + r->window.count, chunk)
                      : r->window.count;
        if (n <= 0)
            return AVSVT_OK;
        status = avsvti_pipeline_call(r->p, r->window.samples, n, &f, err);
        if (status != AVSVT_OK)
            return status;
        if (f.count)
            status = hand_on(r, &f, 0, f.count, start,
                             (double)n / (double)f.count, err);
        avsvti_frames_release(&f);
        start += n;
        if (status == AVSVT_OK)
            status = tell(r, start, err);
        if (status != AVSVT_OK)
            return status;
        if (r->window.at_end && start >= r->window.start + r->window.count)
            return AVSVT_OK;
    }
}

avsvt_status avsvti_chunks_run_cut(avsvt_pipeline *p, avsvt_audio *audio,
                                   const avsvti_cut *cut,
                                   avsvt_progress_fn progress,
                                   void *progress_user, avsvti_frames_fn take,
                                   void *user, avsvt_error *err)
{
    avsvt_audio_info info = AVSVT_AUDIO_INFO_INIT;
    run r;
    memset(&r, 0, sizeof(r));
    r.p = p;
    r.cut = *cut;
    r.progress = progress;
    r.progress_user = progress_user;
    r.take = take;
    r.user = user;
    avsvt_status status = avsvt_audio_describe(audio, &info, err);
    if (status == AVSVT_OK)
        status = avsvt_audio_set_rate(audio, p->rate_hz, err);
    if (status != AVSVT_OK)
        return status;
    r.total_s = info.duration_s;
    avsvti_window_init(&r.window, avsvti_allocator(p->context), audio);
    status = tell(&r, 0, err);
    if (status == AVSVT_OK)
        status = avsvti_window_fill(&r.window, 1, err);
    if (status == AVSVT_OK && !r.window.count)
        status = avsvti_fail(err, AVSVT_E_FORMAT,
            "the sound has no samples: there is nothing to transcribe");
    if (status == AVSVT_OK && p->chunks == AVSVT_CHUNKS_OVERLAP)
        status = run_overlap(&r, err);
    else if (status == AVSVT_OK)
        status = run_pieces(&r, p->chunks == AVSVT_CHUNKS_WHOLE
                                    ? 0 : p->chunk_frames * p->hop, err);
    avsvti_window_free(&r.window);
    avsvti_release(avsvti_allocator(p->context), r.level);
    return status;
}

avsvt_status avsvti_chunks_run(avsvt_pipeline *p, avsvt_audio *audio,
                               avsvt_progress_fn progress, void *progress_user,
                               avsvti_frames_fn take, void *user,
                               avsvt_error *err)
{
    avsvti_cut cut = { p->chunk_frames, p->context_frames, p->context_frames };
    return avsvti_chunks_run_cut(p, audio, &cut, progress, progress_user, take,
                                 user, err);
}
