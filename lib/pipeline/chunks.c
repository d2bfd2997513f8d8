/* SPDX-License-Identifier: MIT */
#include "pipeline/chunks.h"

#include <math.h>
#include <string.h>

#define SILENCE_DB -120.0f
#define TOLD_MISFIT_S 0.3 /* the published system stays silent about less */

avsvt_status avsvti_run_tell(avsvti_run *r, int64_t samples, avsvt_error *err)
{
    double done_s = (double)samples / r->p->rate_hz;
    if (r->progress && r->progress(r->progress_user, done_s, r->total_s))
        return avsvti_fail(err, AVSVT_E_CANCELLED, "cancelled");
    return AVSVT_OK;
}

/* Root mean square of samples from..to (clipped to the window) in dB below
 * full scale, as they were before they were raised. */
static float level_of(const avsvti_window *w, int64_t from, int64_t to)
{
    from = (from < w->start ? w->start : from) - w->start;
    to = (to > w->start + w->count ? w->start + w->count : to) - w->start;
    if (to <= from)
        return SILENCE_DB;
    double power = avsvti_mean_power(w->samples + from, to - from);
    float db = (float)(10.0 * log10(power + 1e-12) -
                       avsvti_window_raised_db(w, w->start + from));
    return db > 0.0f ? 0.0f : db;
}

avsvt_status avsvti_run_room(avsvti_run *r, int64_t frames, avsvt_error *err)
{
    const avsvt_allocator *a = avsvti_allocator(r->p->context);
    if (frames <= r->capacity)
        return AVSVT_OK;
    if (!avsvti_resize_rows(a, &r->level, frames, 1) ||
        !avsvti_resize_rows(a, &r->pitch, frames, 1))
        return avsvti_fail_memory(err);
    r->capacity = frames;
    return AVSVT_OK;
}

void avsvti_run_listen(avsvti_run *r, int64_t i, int64_t from, int64_t to)
{
    r->level[i] = level_of(&r->window, from, to);
    if (r->voice.depth)
        r->pitch[i] = avsvti_voice_frame(&r->voice, &r->window, from, r->level[i]);
}

avsvt_status avsvti_run_listen_on(avsvti_run *r, int64_t base, double step, int64_t first,
                                  int64_t count, avsvt_error *err)
{
    avsvt_status status = avsvti_run_room(r, count, err);
    for (int64_t i = 0; status == AVSVT_OK && i < count; i++) {
        double at = (double)base + (double)(first + i) * step;
        avsvti_run_listen(r, i, (int64_t)at, (int64_t)(at + step));
    }
    return status;
}

/* Hands frames first.. of a call on; the call's frame 0 belongs to sample
 * number base, and a frame is step samples long. */
static avsvt_status hand_on(avsvti_run *r, const avsvti_frames *f, int64_t first,
                            int64_t count, int64_t base, double step,
                            avsvt_error *err)
{
    int hears = r->window.samples != NULL;
    avsvt_status status = hears
        ? avsvti_run_listen_on(r, base, step, first, count, err) : AVSVT_OK;
    const avsvti_frame_rows rows = {
        f->logits + first * AVSVT_NOTE_LOGITS,
        f->fine ? f->fine + first * r->p->info.fine_bins : NULL,
        hears ? r->level : NULL, hears ? r->pitch : NULL,
    };
    return status == AVSVT_OK ? r->take(r->user, &rows, count, err) : status;
}

/* Features of the sound of this piece and of those of its length behind it,
 * which a network call takes together. */
static avsvt_status hear_ahead(avsvti_run *r, const avsvti_place *place,
                               avsvt_error *err)
{
    avsvt_pipeline *p = r->p;
    int64_t step = r->cut.chunk * p->hop, have = r->window.start + r->window.count;
    avsvti_pieces some = { 1, r->window.samples, place->given, step, NULL, 0, 0, 0 };
    while (some.count < p->batch && !place->ended &&
           place->upto + (int64_t)some.count * step <= have)
        some.count++;
    avsvt_status status = avsvti_busy_enter(&p->extractor->stage.busy, "extractor",
                                            err);
    if (status != AVSVT_OK)
        return status;
    status = avsvti_extractor_batch(r->heard, p->extractor, &some, err);
    avsvti_busy_leave(&p->extractor->stage.busy);
    r->heard_first = 0;
    r->heard_count = status == AVSVT_OK ? some.count : 0;
    return status;
}

/* One piece through the networks and on. */
static avsvt_status run_place(avsvti_run *r, const avsvti_place *place, int *done,
                              avsvt_error *err)
{
    avsvt_pipeline *p = r->p;
    avsvti_frames f;
    avsvti_call_input piece = { r->window.samples, place->given, place->first * p->hop,
                                NULL, r->pictures };
    avsvt_status status = avsvti_run_show_samples(r, piece.start,
                                                  piece.start + piece.count, err);
    if (status != AVSVT_OK)
        return status;
    if (p->batch > 1 && p->extractor && r->window.samples) {
        /* Those that lack context on the left are shorter than the others. */
        if (!r->heard_count && place->core >= r->cut.left && !place->ended)
            status = hear_ahead(r, place, err);
        if (r->heard_count) {
            piece.heard = r->heard[r->heard_first++];
            r->heard_count--;
        }
    }
    if (status == AVSVT_OK)
        status = avsvti_pipeline_call(p, &piece, &f, err);
    avsvt_tensor_free(piece.heard);
    if (status != AVSVT_OK)
        return status;
    int64_t have = place->first + f.count; /* frames of the sound we now know */
    *done = place->ended && have <= place->end;
    if (!place->ended && have < place->end) {
        status = avsvti_fail(err, AVSVT_E_BACKEND,
            "%s: the network gave %lld frames for %lld samples: "
            "input.hop of the manifest is %lld", p->name,
            (long long)f.count, (long long)place->given, (long long)p->hop);
    } else {
        int64_t upto = have < place->end ? have : place->end;
        if (upto > place->core)
            status = hand_on(r, &f, place->core - place->first, upto - place->core,
                             place->first * p->hop, (double)p->hop, err);
    }
    avsvti_frames_release(&f);
    return status;
}

/* Chunks with context on both sides that is thrown away. Chunk borders are
 * multiples of the hop, so a frame lies on the same samples whichever call it
 * comes from. */
static avsvt_status run_overlap(avsvti_run *r, avsvt_error *err)
{
    const avsvt_pipeline *p = r->p;
    int64_t ahead = p->extractor ? (int64_t)(p->batch - 1) * r->cut.chunk : 0;
    for (int64_t core = 0;; core += r->cut.chunk) {
        int done = 0;
        int64_t first = core > r->cut.left ? core - r->cut.left : 0;
        int64_t last = core + r->cut.chunk + r->cut.right;
        avsvti_window_drop(&r->window, first * p->hop);
        /* One sample more than is used tells whether the sound goes on. */
        avsvt_status status = avsvti_run_fill(r,
            (last + (r->heard_count ? 0 : ahead)) * p->hop + p->edge + 1, err);
        if (status != AVSVT_OK)
            return status;
        int64_t known = r->window.start + r->window.count;
        avsvti_place place = avsvti_place_piece(&r->cut, core, p->hop, p->edge,
            r->window.at_end ? known : INT64_MAX);
        if (!avsvti_place_counts(&place, p->hop, p->edge))
            return AVSVT_OK;
        status = run_place(r, &place, &done, err);
        int64_t end = place.end * p->hop;
        if (status == AVSVT_OK)
            status = avsvti_run_tell(r, done || end > known ? known : end, err);
        if (status != AVSVT_OK || done)
            return status;
    }
}

/* How far frames lie apart, in samples: a hop, unless there is another number of
 * them, as of encoders that don't pad. */
static double step_of(const avsvt_pipeline *p, int64_t samples, int64_t frames)
{
    int64_t hops = samples / p->hop;
    return frames == hops || frames == hops + 1 ? (double)p->hop
                                                : (double)samples / (double)frames;
}

static avsvt_status run_pieces(avsvti_run *r, int64_t chunk, avsvt_error *err)
{
    for (int64_t start = 0;;) {
        avsvti_frames f;
        avsvti_window_drop(&r->window, start);
        /* With more than 1.5 chunks to go this piece can't be the last. */
        int64_t look = chunk ? start + chunk + chunk / 2 + 1 : INT64_MAX;
        avsvt_status status = avsvti_run_fill(r, look, err);
        if (status != AVSVT_OK)
            return status;
        int64_t n = chunk;
        if (r->window.at_end)
            n = chunk ? avsvti_published_piece(start, start + r->window.count,
                                               chunk, !r->p->extractor &&
                                               r->p->video)
                      : r->window.count;
        if (n <= 0)
            return AVSVT_OK;
        avsvti_call_input piece = { r->window.samples, n, start, NULL, r->pictures };
        status = avsvti_run_show_samples(r, start, start + n, err);
        if (status != AVSVT_OK)
            return status;
        status = avsvti_pipeline_call(r->p, &piece, &f, err);
        if (status != AVSVT_OK)
            return status;
        if (f.count)
            status = hand_on(r, &f, 0, f.count, start, step_of(r->p, n, f.count), err);
        avsvti_frames_release(&f);
        start += n;
        if (status == AVSVT_OK)
            status = avsvti_run_tell(r, start, err);
        if (status != AVSVT_OK)
            return status;
        if (r->window.at_end && start >= r->window.start + r->window.count)
            return AVSVT_OK;
    }
}

/* Sound and video that don't cover each other are told once. */
static avsvt_status warn(avsvti_run *r, avsvt_error *err)
{
    int64_t first, end;
    const avsvt_pipeline *p = r->p;
    double sound_s = (double)(r->window.start + r->window.count) / p->rate_hz;
    if (!r->pictures || (!p->fusion && !p->joint) || !r->window.audio)
        return AVSVT_OK;
    avsvt_status status = avsvti_run_see_out(r, err);
    if (status != AVSVT_OK)
        return status;
    avsvti_pictures_span(r->pictures, &first, &end);
    double begin_s = (double)first / p->picture_hz;
    double end_s = (double)end / p->picture_hz;
    double missing_s = begin_s + (end_s < sound_s ? sound_s - end_s : 0.0);
    if (missing_s > TOLD_MISFIT_S)
        avsvti_log(p->context, AVSVT_LOG_WARNING, "%s: %.2f s of the sound have "
                   "no picture: zeros stand in its place", p->name,
                   missing_s < sound_s ? missing_s : sound_s);
    if (end_s - sound_s > TOLD_MISFIT_S)
        avsvti_log(p->context, AVSVT_LOG_WARNING, "%s: the video goes on for "
                   "%.2f s after the sound: they are left out", p->name,
                   end_s - sound_s);
    return AVSVT_OK;
}

static avsvt_status open_window(avsvti_run *r, avsvti_media *media,
                                avsvt_error *err)
{
    const avsvt_allocator *a = avsvti_allocator(r->p->context);
    avsvt_audio_info info = AVSVT_AUDIO_INFO_INIT;
    avsvti_window_init(&r->window, a, media->audio);
    if (!media->audio)
        return avsvti_run_open_pictures(r, media, err);
    avsvt_status status = avsvti_run_open_pictures(r, media, err);
    if (status == AVSVT_OK)
        status = avsvt_audio_describe(media->audio, &info, err);
    if (status == AVSVT_OK)
        status = avsvt_audio_set_rate(media->audio, r->p->rate_hz, err);
    if (status == AVSVT_OK && !isnan(r->p->raise_to_db))
        status = avsvti_window_raise(&r->window, r->p->rate_hz, r->p->raise_to_db,
                                     r->own_cut, err);
    r->total_s = info.duration_s;
    return status;
}

/* When that which was run has ended, on the clock of what comes out. */
static double end_of(const avsvti_run *r, const avsvti_media *media)
{
    double rate = r->p->rate_hz;
    if (r->window.audio)
        return media->shift_s + avsvti_window_length_s(&r->window, rate);
    return r->window.silent == INT64_MAX ? INFINITY
                                         : media->shift_s + (double)r->window.silent / rate;
}

static avsvt_status run_mode(avsvti_run *r, avsvt_error *err)
{
    const avsvt_pipeline *p = r->p;
    if (p->chunks == AVSVT_CHUNKS_PUBLISHED && p->fusion)
        return avsvti_slices_run(r, err); /* takes no voice */
    if (r->window.audio) {
        avsvt_status status = avsvti_voice_init(&r->voice, avsvti_allocator(p->context),
                                                p->rate_hz, p->info.frame_rate_hz, err);
        if (status != AVSVT_OK)
            return status;
    }
    if (p->chunks == AVSVT_CHUNKS_OVERLAP)
        return !r->own_cut && avsvti_flow_fits(p) ? avsvti_flow_run(r, err)
                                                  : run_overlap(r, err);
    return run_pieces(r, p->chunks == AVSVT_CHUNKS_WHOLE ? 0 : p->chunk_frames * p->hop,
                      err);
}

avsvt_status avsvti_chunks_run_cut(avsvt_pipeline *p, avsvti_media *media,
                                   const avsvti_cut *cut,
                                   avsvt_progress_fn progress,
                                   void *progress_user, avsvti_frames_fn take,
                                   void *user, avsvt_error *err)
{
    avsvti_run r;
    memset(&r, 0, sizeof(r));
    r.p = p;
    r.own_cut = cut != NULL;
    r.cut = cut ? *cut
                : (avsvti_cut){ p->chunk_frames, p->context_frames, p->context_frames };
    r.progress = progress;
    r.progress_user = progress_user;
    r.take = take;
    r.user = user;
    avsvt_status status = open_window(&r, media, err);
    if (status == AVSVT_OK)
        status = avsvti_run_tell(&r, 0, err);
    if (status == AVSVT_OK)
        status = avsvti_run_fill(&r, 1, err);
    if (status == AVSVT_OK && !r.window.count)
        status = avsvti_fail(err, AVSVT_E_FORMAT, media->audio
            ? "the sound has no samples: there is nothing to transcribe"
            : "the video has ended before it begins: there is nothing to "
              "transcribe");
    if (status == AVSVT_OK)
        status = run_mode(&r, err);
    if (status == AVSVT_OK)
        status = warn(&r, err);
    media->end_s = end_of(&r, media);
    while (r.heard_count--)
        avsvt_tensor_free(r.heard[r.heard_first++]);
    avsvti_window_free(&r.window);
    avsvti_reel_free(&r.reel);
    avsvti_voice_free(&r.voice);
    avsvti_release(avsvti_allocator(p->context), r.pitch);
    avsvti_release(avsvti_allocator(p->context), r.level);
    return status;
}

avsvt_status avsvti_chunks_run(avsvt_pipeline *p, avsvti_media *media,
                               avsvt_progress_fn progress, void *progress_user,
                               avsvti_frames_fn take, void *user,
                               avsvt_error *err)
{
    return avsvti_chunks_run_cut(p, media, NULL, progress, progress_user, take,
                                 user, err);
}
