/* SPDX-License-Identifier: MIT */
#include <avsvt/feed.h>

#include <math.h>
#include <string.h>

#include "core/options.h"
#include "decode/curve.h"
#include "decode/decoder.h"
#include "job/sound_ring.h"
#include "media/audio.h"
#include "pipeline/chunks.h"
#include "platform/thread.h"

#define WAIT_S 0.005      /* between looks for new sound */
#define NOTES_WAITING 1024 /* for the thread that polls; more wait with us */
#define CURVE_S 60.0
#define READ_BLOCK 4096   /* what the source of sound is read in */

struct avsvt_feed {
    avsvt_context *context; /* counted */
    avsvt_pipeline *pipeline;
    avsvt_feed_options options;
    avsvt_notes_options notes_options;
    avsvti_cut cut;
    double latency_s;

    avsvti_busy pushing, polling, polling_frames;
    avsvti_sound_ring sound;
    avsvti_ring notes, curve; /* of avsvt_note and avsvt_feed_frame */

    /* Of the worker, and of the thread that polls once it has ended. */
    avsvti_decoder *decoder;
    avsvti_note_list waiting; /* notes that have no room in the ring */
    size_t waiting_first;
    avsvt_status status;
    avsvt_error error;

    avsvti_thread thread;
    avsvti_mutex lock; /* guards joined */
    int joined;

    atomic_int state, cancel, finished;
    atomic_size_t frames, lost_frames;
    atomic_ullong pushed;
};

/* The source of sound that the pipeline reads. */
static avsvt_status read_sound(void *state, float *to, int64_t frames,
                               int64_t *got, avsvt_error *err)
{
    avsvt_feed *f = state;
    size_t n = 0;
    for (;;) {
        int finished = atomic_load(&f->finished); /* before the last look */
        n += avsvti_sound_read(&f->sound, to + n, (size_t)frames - n);
        *got = (int64_t)n;
        if (atomic_load(&f->cancel))
            return avsvti_fail(err, AVSVT_E_CANCELLED, "cancelled");
        if (n == (size_t)frames || finished)
            return AVSVT_OK;
        avsvti_thread_pause(WAIT_S);
    }
}

static void close_sound(void *state)
{
    (void)state;
}

static int32_t on_progress(void *user, double done_s, double total_s)
{
    avsvt_feed *f = user;
    (void)done_s;
    (void)total_s;
    return atomic_load(&f->cancel);
}

/* Moves notes from our list to the ring, as far as there is room. */
static void deliver(avsvt_feed *f)
{
    avsvt_note *to;
    while (f->waiting_first < f->waiting.count &&
           (to = avsvti_ring_room(&f->notes, 0)) != NULL) {
        *to = f->waiting.notes[f->waiting_first++];
        avsvti_ring_put(&f->notes);
    }
    if (f->waiting_first == f->waiting.count)
        f->waiting_first = f->waiting.count = 0;
}

static avsvt_status take(void *user, const avsvti_frame_rows *rows, int64_t count,
                         avsvt_error *err)
{
    avsvt_feed *f = user;
    const avsvt_activations_info *info = &f->pipeline->info;
    size_t done = atomic_load_explicit(&f->frames, memory_order_relaxed);
    for (int64_t i = 0; i < count; i++) {
        const float *row = rows->logits + i * AVSVT_NOTE_LOGITS;
        avsvt_feed_frame *to = avsvti_ring_room(&f->curve, 0);
        if (!to) {
            atomic_fetch_add_explicit(&f->lost_frames, 1, memory_order_relaxed);
            continue;
        }
        *to = (avsvt_feed_frame)AVSVT_FEED_FRAME_INIT;
        to->time_s = info->start_s + (double)(done + (size_t)i) / info->frame_rate_hz;
        to->level_db = rows->level[i];
        to->pitch = avsvti_frame_sounds(row, f->pipeline->defaults.offset_threshold)
            ? avsvti_frame_pitch(info, row, rows->fine ? rows->fine + i * info->fine_bins
                                                       : NULL)
            : (double)NAN;
        avsvti_ring_put(&f->curve);
    }
    avsvt_status status = avsvti_decoder_push(f->decoder, rows, count, &f->waiting, err);
    deliver(f);
    atomic_store_explicit(&f->frames, done + (size_t)count, memory_order_release);
    return status;
}

static avsvt_status run(avsvt_feed *f, avsvt_error *err)
{
    static const avsvti_audio_source source = { read_sound, close_sound };
    avsvt_audio_info info = AVSVT_AUDIO_INFO_INIT;
    avsvti_media media = { .end_s = INFINITY };
    avsvt_audio *audio = NULL;
    info.channels = 1;
    info.rate_hz = f->options.rate_hz;
    info.frames = -1;
    info.duration_s = -1;
    avsvt_status status = avsvti_audio_create(&audio, f->context, "the feed",
                                              &source, f, &info, err);
    media.audio = audio;
    if (status == AVSVT_OK)
        status = avsvti_chunks_run_cut(f->pipeline, &media, &f->cut, on_progress,
                                       f, take, f, err);
    if (status == AVSVT_E_FORMAT && !atomic_load(&f->frames) &&
        !atomic_load(&f->pushed)) { /* nothing was pushed: nothing was sung */
        avsvti_error_clear(err);
        status = AVSVT_OK;
    }
    if (status == AVSVT_OK)
        status = avsvti_decoder_finish(f->decoder, media.end_s, &f->waiting, err);
    deliver(f);
    avsvt_audio_free(audio);
    return status;
}

static void *work(void *argument)
{
    avsvt_feed *f = argument;
    f->status = run(f, &f->error);
    avsvti_busy_leave(&f->pipeline->busy);
    atomic_store(&f->state, f->status == AVSVT_OK ? AVSVT_JOB_DONE
                 : f->status == AVSVT_E_CANCELLED ? AVSVT_JOB_CANCELLED
                                                  : AVSVT_JOB_FAILED);
    return NULL;
}

static void release(avsvt_feed *f)
{
    avsvt_context *context = f->context;
    const avsvt_allocator *a = avsvti_allocator(context);
    avsvti_decoder_free(f->decoder);
    avsvti_note_list_free(&f->waiting);
    avsvti_sound_release(&f->sound, a);
    avsvti_ring_release(&f->notes, a);
    avsvti_ring_release(&f->curve, a);
    avsvti_mutex_destroy(&f->lock);
    avsvti_release(a, f);
    avsvt_context_free(context);
}

static int is_within(double *value, double usual, double low, double high)
{
    if (*value == 0)
        *value = usual;
    return *value >= low && *value <= high;
}

static avsvt_status check_options(avsvt_feed_options *o,
                                  const avsvt_feed_options *given,
                                  avsvt_error *err)
{
    avsvt_status status = avsvti_options_read(o, sizeof(*o), given,
                                              "avsvt_feed_options", err);
    if (status != AVSVT_OK)
        return status;
    const char *wrong =
        o->reserved ? "reserved must be 0"
        : !(o->rate_hz >= AVSVT_MIN_RATE_HZ && o->rate_hz <= AVSVT_MAX_RATE_HZ)
            ? "rate_hz must be 2000..768000"
        : !is_within(&o->step_s, 1, 0.1, 60) ? "step_s must be 0.1..60"
        : !is_within(&o->lookahead_s, 1, 1e-9, 60) ? "lookahead_s must be above 0, up to 60"
        : !is_within(&o->context_s, 8, 1e-9, 600) ? "context_s must be above 0, up to 600"
        : !is_within(&o->buffer_s, 10, 1, 600) ? "buffer_s must be 1..600" : NULL;
    return wrong ? avsvti_fail(err, AVSVT_E_ARG, "avsvt_feed_options.%s", wrong)
                 : AVSVT_OK;
}

static void plan(avsvt_feed *f)
{
    const avsvt_pipeline *p = f->pipeline;
    double rate = p->rate_hz / (double)p->hop;
    f->cut.chunk = (int64_t)ceil(f->options.step_s * rate);
    f->cut.left = (int64_t)ceil(f->options.context_s * rate);
    f->cut.right = (int64_t)ceil(f->options.lookahead_s * rate);
    f->latency_s = p->chunks == AVSVT_CHUNKS_WHOLE ? HUGE_VAL
        : p->chunks == AVSVT_CHUNKS_PUBLISHED ? 1.5 * (double)p->chunk_frames / rate
        : (double)(f->cut.chunk + f->cut.right) / rate + (double)p->edge / p->rate_hz;
    f->latency_s += READ_BLOCK / f->options.rate_hz;
    if (!isnan(p->raise_to_db))
        f->latency_s += AVSVTI_WINDOW_RAISE_S;
}

/* All memory that pushing and polling need, and the decoder. */
static avsvt_status reserve(avsvt_feed *f, avsvt_error *err)
{
    const avsvt_allocator *a = avsvti_allocator(f->context);
    const avsvt_pipeline *p = f->pipeline;
    size_t frames = (size_t)fmin(ceil(CURVE_S * p->info.frame_rate_hz), 1e6);
    avsvti_note_list_init(&f->waiting, a);
    if (f->options.notes) {
        avsvt_status status = avsvti_options_read(&f->notes_options,
            sizeof(f->notes_options), f->options.notes, "avsvt_notes_options", err);
        if (status != AVSVT_OK)
            return status;
        f->options.notes = &f->notes_options;
    }
    if (!avsvti_sound_create(&f->sound, a,
            (size_t)ceil(f->options.buffer_s * f->options.rate_hz)) ||
        !avsvti_ring_create(&f->notes, a, sizeof(avsvt_note), NOTES_WAITING) ||
        !avsvti_ring_create(&f->curve, a, sizeof(avsvt_feed_frame), frames))
        return avsvti_fail_memory(err);
    return avsvti_decoder_create(&f->decoder, a, &p->info, f->options.notes,
                                 &p->defaults, err);
}

avsvt_status avsvt_feed_open(avsvt_feed **out, avsvt_pipeline *pipeline,
                             const avsvt_feed_options *opts, avsvt_error *err)
{
    avsvt_feed_options o;
    if (out)
        *out = NULL;
    if (!out || !pipeline)
        return avsvti_fail(err, AVSVT_E_ARG, "avsvt_feed_open: %s is NULL",
                           out ? "pipeline" : "out");
    if (avsvt_pipeline_rate_hz(pipeline) == 0)
        return avsvti_fail(err, AVSVT_E_ARG,
            "%s: hears no sound: a feed needs a pipeline that does", pipeline->name);
    avsvt_status status = check_options(&o, opts, err);
    if (status != AVSVT_OK)
        return status;
    avsvt_feed *f = avsvti_alloc_zero(avsvti_allocator(pipeline->context), 1,
                                      sizeof(*f));
    if (!f)
        return avsvti_fail_memory(err);
    f->context = avsvt_context_ref(pipeline->context);
    f->pipeline = pipeline;
    f->options = o;
    f->error = (avsvt_error)AVSVT_ERROR_INIT;
    avsvti_mutex_init(&f->lock);
    avsvti_busy_init(&f->pushing);
    avsvti_busy_init(&f->polling);
    avsvti_busy_init(&f->polling_frames);
    plan(f);
    status = reserve(f, err);
    if (status == AVSVT_OK)
        status = avsvti_busy_enter(&pipeline->busy, "pipeline", err);
    if (status == AVSVT_OK && !avsvti_thread_start(&f->thread, work, f)) {
        avsvti_busy_leave(&pipeline->busy);
        status = avsvti_fail(err, AVSVT_E_INTERNAL,
            "no thread could be started for the feed");
    }
    if (status != AVSVT_OK) {
        release(f);
        return status;
    }
    *out = f;
    return AVSVT_OK;
}

avsvt_status avsvt_feed_push(avsvt_feed *feed, const float *samples,
                             size_t count)
{
    if (!feed || (!samples && count))
        return AVSVT_E_ARG;
    avsvt_status status = avsvti_busy_enter(&feed->pushing, "feed", NULL);
    if (status != AVSVT_OK)
        return status;
    if (atomic_load(&feed->finished)) {
        status = AVSVT_E_ARG;
    } else {
        size_t n = avsvti_sound_write(&feed->sound, samples, count);
        atomic_fetch_add_explicit(&feed->pushed, n, memory_order_relaxed);
        status = n < count ? AVSVT_E_RANGE : AVSVT_OK;
    }
    avsvti_busy_leave(&feed->pushing);
    return status;
}

void avsvt_feed_finish(avsvt_feed *feed)
{
    if (feed)
        atomic_store(&feed->finished, 1);
}

void avsvt_feed_cancel(avsvt_feed *feed)
{
    if (feed)
        atomic_store(&feed->cancel, 1);
}

avsvt_status avsvt_feed_poll(avsvt_feed *feed, avsvt_note *note)
{
    avsvt_feed *f = feed;
    if (!f || !note || note->struct_size < sizeof(uint32_t))
        return AVSVT_E_ARG;
    avsvt_status status = avsvti_busy_enter(&f->polling, "feed", NULL);
    if (status != AVSVT_OK)
        return status;
    int ended = atomic_load(&f->state) != AVSVT_JOB_RUNNING; /* before looking */
    const avsvt_note *next = avsvti_ring_oldest(&f->notes);
    int waited = !next && ended && f->waiting_first < f->waiting.count;
    if (waited)
        next = &f->waiting.notes[f->waiting_first];
    status = next ? avsvti_record_write(note, next, sizeof(*next), "avsvt_note", NULL)
                  : AVSVT_E_NOT_FOUND;
    if (status == AVSVT_OK && waited)
        f->waiting_first++;
    else if (status == AVSVT_OK)
        avsvti_ring_take(&f->notes);
    avsvti_busy_leave(&f->polling);
    return status;
}

avsvt_status avsvt_feed_poll_frame(avsvt_feed *feed, avsvt_feed_frame *frame)
{
    if (!feed || !frame || frame->struct_size < sizeof(uint32_t))
        return AVSVT_E_ARG;
    avsvt_status status = avsvti_busy_enter(&feed->polling_frames, "feed", NULL);
    if (status != AVSVT_OK)
        return status;
    const avsvt_feed_frame *next = avsvti_ring_oldest(&feed->curve);
    status = next ? avsvti_record_write(frame, next, sizeof(*next),
                                        "avsvt_feed_frame", NULL)
                  : AVSVT_E_NOT_FOUND;
    if (status == AVSVT_OK)
        avsvti_ring_take(&feed->curve);
    avsvti_busy_leave(&feed->polling_frames);
    return status;
}

avsvt_status avsvt_feed_describe(const avsvt_feed *feed, avsvt_feed_info *info)
{
    avsvt_feed_info now = AVSVT_FEED_INFO_INIT;
    if (!feed || !info)
        return AVSVT_E_ARG;
    now.state = atomic_load(&feed->state);
    now.pushed = atomic_load(&feed->pushed);
    now.lost = atomic_load(&feed->sound.lost);
    now.lost_frames = atomic_load(&feed->lost_frames);
    now.final_s = (double)atomic_load(&feed->frames) /
                  feed->pipeline->info.frame_rate_hz;
    now.latency_s = feed->latency_s;
    return avsvti_record_write(info, &now, sizeof(now), "avsvt_feed_info", NULL);
}

/* Waits for the end; 0: that can't be waited for, in a child of fork(). */
static int join(avsvt_feed *feed)
{
    if (!avsvti_thread_is_here(feed->thread))
        return atomic_load(&feed->state) != AVSVT_JOB_RUNNING;
    avsvti_mutex_lock(&feed->lock);
    if (!feed->joined)
        avsvti_thread_join(feed->thread);
    feed->joined = 1;
    avsvti_mutex_unlock(&feed->lock);
    return 1;
}

avsvt_status avsvt_feed_wait(avsvt_feed *feed, avsvt_error *err)
{
    if (!feed)
        return avsvti_fail(err, AVSVT_E_ARG, "avsvt_feed_wait: feed is NULL");
    if (!join(feed))
        return avsvti_fail(err, AVSVT_E_INTERNAL,
            "the feed runs in the process that opened it, of which this one was forked");
    return feed->status == AVSVT_OK
        ? AVSVT_OK : avsvti_fail(err, feed->status, "%s", feed->error.message);
}

void avsvt_feed_free(avsvt_feed *feed)
{
    if (!feed)
        return;
    avsvt_feed_cancel(feed);
    if (!avsvti_thread_is_here(feed->thread) && !join(feed))
        return; /* as fork() found it, in the middle of its work */
    avsvti_busy *const calls[] = { &feed->pushing, &feed->polling, &feed->polling_frames };
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
        while (avsvti_busy_enter(calls[i], "feed", NULL) != AVSVT_OK)
            avsvti_thread_yield();
    join(feed);
    release(feed);
}
