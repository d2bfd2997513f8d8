/* SPDX-License-Identifier: MIT */
/* The part of a stream that audio threads run: nothing here, nor in what it
 * calls, allocates, locks, waits or calls the system. */
#include "stream/stream.h"

#include <math.h>
#include <string.h>

#include "core/options.h"
#include "core/size.h"
#include "decode/frames.h"
#include "media/loudness.h"

#define QUIETEST_DB (-120.0)
#define KEPT_FOR_NOTES 4 /* updates leave a part in so many to the others */

/* A place in frames as a sample of the host's. */
static int64_t sample_at(const avsvt_stream *s, double frame)
{
    return llrint(frame * HOP * s->rate_hz / AVSVTI_STREAM_RATE);
}

void avsvti_stream_emit(void *user, const avsvti_follow_event *e)
{
    avsvt_stream *s = user;
    size_t spare = e->kind == AVSVT_STREAM_NOTE_UPDATE
                       ? s->events.capacity / KEPT_FOR_NOTES : 0;
    avsvt_stream_event *to = avsvti_ring_room(&s->events, spare);
    if (!to) {
        atomic_fetch_add_explicit(&s->lost_events, 1, memory_order_relaxed);
        return;
    }
    int64_t known = avsvti_rate_known(&s->rate);
    int64_t pushed = atomic_load_explicit(&s->pushed, memory_order_relaxed);
    *to = (avsvt_stream_event)AVSVT_STREAM_EVENT_INIT;
    to->kind = e->kind;
    to->note = e->note;
    to->sample = sample_at(s, e->frame);
    to->found_at = s->finished && known > pushed ? pushed : known;
    to->time_s = e->frame * HOP / AVSVTI_STREAM_RATE;
    to->pitch = e->pitch;
    to->pitch_now = e->pitch_now;
    to->level_db = e->level_db;
    to->confidence = e->confidence;
    to->flags = e->flags;
    avsvti_ring_put(&s->events);
}

static void put_frame(avsvt_stream *s, int64_t frame, float level)
{
    avsvt_stream_frame *to = avsvti_ring_room(&s->frames, 0);
    if (!to) {
        atomic_fetch_add_explicit(&s->lost_frames, 1, memory_order_relaxed);
        return;
    }
    *to = (avsvt_stream_frame)AVSVT_STREAM_FRAME_INIT;
    to->sample = sample_at(s, (double)frame);
    to->time_s = (double)frame * HOP / AVSVTI_STREAM_RATE;
    to->pitch = avsvti_follower_pitch(&s->follower, s->fine);
    to->voicing = (float)avsvti_probability(-(double)s->logits[1]);
    to->onset = (float)avsvti_probability((double)s->logits[0]);
    to->level_db = level;
    avsvti_ring_put(&s->frames);
}

/* A row of samples is complete. */
static void begin(avsvt_stream *s)
{
    s->filled = 0;
    if (s->finished && s->rows >= s->last_row)
        return;
    double power = avsvti_mean_power(s->hop, HOP);
    double level = power > 0 ? 10 * log10(power) : QUIETEST_DB;
    s->levels[s->rows % AVSVTI_STREAM_LEVELS] =
        (float)(level > QUIETEST_DB ? level : QUIETEST_DB);
    avsvti_raise_block(&s->raise, s->hop, HOP, power);
    avsvti_native_live_begin(s->live, s->hop);
    s->part = 0;
}

/* All parts of its work are done. What is no number stays in the network's
 * state: from there on nothing is heard. */
static void answer(avsvt_stream *s)
{
    int64_t frame = s->rows++ + 1 - s->lookahead;
    if (!avsvti_all_finite(s->logits, LOGITS) || !avsvti_all_finite(s->fine, FINE))
        atomic_store(&s->status, AVSVT_E_BACKEND);
    if (frame < 0 || atomic_load(&s->status))
        return;
    float heard = s->levels[frame % AVSVTI_STREAM_LEVELS];
    put_frame(s, frame, heard);
    avsvti_follower_push(&s->follower, s->logits, s->fine, heard);
}

static void feed(avsvt_stream *s, const float *samples, size_t count)
{
    const avsvti_native_outputs out = { s->logits, s->fine, &s->offset };
    for (size_t done = 0; done < count;) {
        done += avsvti_rate_take(&s->rate, samples + done, count - done);
        while (avsvti_rate_next(&s->rate, &s->hop[s->filled])) {
            if (++s->filled == HOP)
                begin(s);
            if (s->part == AVSVTI_LIVE_PARTS ||
                s->filled != (size_t)s->part * AVSVTI_STREAM_APART)
                continue;
            avsvti_native_live_part(s->live, s->part, &out);
            if (++s->part == AVSVTI_LIVE_PARTS)
                answer(s);
        }
    }
}

avsvt_status avsvt_stream_push(avsvt_stream *stream, const float *samples,
                               size_t count)
{
    if (!stream || (!samples && count))
        return AVSVT_E_ARG;
    if (avsvti_busy_enter(&stream->pushing, "stream", NULL) != AVSVT_OK)
        return AVSVT_E_BUSY;
    avsvt_status status = stream->finished ? AVSVT_E_ARG : AVSVT_OK;
    if (status == AVSVT_OK) {
        atomic_fetch_add_explicit(&stream->pushed, (long long)count,
                                  memory_order_relaxed);
        feed(stream, samples, count);
        status = (avsvt_status)atomic_load(&stream->status);
    }
    avsvti_busy_leave(&stream->pushing);
    return status;
}

/* Silence until the last frame of the sound is answered. */
static void run_out(avsvt_stream *s)
{
    static const float silence[64];
    double samples = (double)atomic_load(&s->pushed) * AVSVTI_STREAM_RATE / s->rate_hz;
    s->last_row = (int64_t)floor(samples / HOP) + s->lookahead;
    while (s->rows < s->last_row)
        feed(s, silence, sizeof(silence) / sizeof(silence[0]));
    avsvti_follower_finish(&s->follower, samples / HOP);
}

avsvt_status avsvt_stream_finish(avsvt_stream *stream)
{
    if (!stream)
        return AVSVT_E_ARG;
    if (avsvti_busy_enter(&stream->pushing, "stream", NULL) != AVSVT_OK)
        return AVSVT_E_BUSY;
    avsvt_status status = stream->finished ? AVSVT_E_ARG : AVSVT_OK;
    if (status == AVSVT_OK) {
        stream->finished = 1;
        if (atomic_load(&stream->pushed))
            run_out(stream);
        status = (avsvt_status)atomic_load(&stream->status);
    }
    avsvti_busy_leave(&stream->pushing);
    return status;
}

/* Hands over the oldest item of a queue; it stays there if that fails. */
static avsvt_status poll_ring(avsvt_stream *s, avsvti_ring *ring, void *to,
                              const char *type)
{
    if (avsvti_busy_enter(&s->polling, "stream", NULL) != AVSVT_OK)
        return AVSVT_E_BUSY;
    const void *item = avsvti_ring_oldest(ring);
    avsvt_status status = item ? avsvti_record_write(to, item, ring->item, type, NULL)
                               : AVSVT_E_NOT_FOUND;
    if (status == AVSVT_OK)
        avsvti_ring_take(ring);
    avsvti_busy_leave(&s->polling);
    return status;
}

avsvt_status avsvt_stream_poll(avsvt_stream *stream, avsvt_stream_event *event)
{
    return stream && event
        ? poll_ring(stream, &stream->events, event, "avsvt_stream_event") : AVSVT_E_ARG;
}

avsvt_status avsvt_stream_poll_frame(avsvt_stream *stream, avsvt_stream_frame *frame)
{
    return stream && frame
        ? poll_ring(stream, &stream->frames, frame, "avsvt_stream_frame") : AVSVT_E_ARG;
}

/* Samples of the host's that must be known beyond a place so many frames on. */
static int64_t latency(const avsvt_stream *s, double frames)
{
    double samples = frames * HOP + (AVSVTI_LIVE_PARTS - 1) * AVSVTI_STREAM_APART;
    return (int64_t)ceil(samples * s->rate_hz / AVSVTI_STREAM_RATE) +
           (int64_t)s->rate.half;
}

avsvt_status avsvt_stream_describe(const avsvt_stream *stream, avsvt_stream_info *info)
{
    avsvt_stream_info full = AVSVT_STREAM_INFO_INIT;
    if (!stream || !info)
        return AVSVT_E_ARG;
    double frames = (double)stream->lookahead;
    full.status = (avsvt_status)atomic_load(&stream->status);
    full.rate_hz = stream->rate_hz;
    full.lookahead_s = frames * HOP / AVSVTI_STREAM_RATE;
    full.frame_latency = latency(stream, frames);
    full.note_latency = latency(stream, frames + AVSVTI_FOLLOW_WAIT);
    full.longest_latency = latency(stream, frames + AVSVTI_FOLLOW_WAIT +
                                               AVSVTI_FOLLOW_LATE - 1);
    full.pushed = atomic_load_explicit(&stream->pushed, memory_order_relaxed);
    full.lost_events = atomic_load_explicit(&stream->lost_events, memory_order_relaxed);
    full.lost_frames = atomic_load_explicit(&stream->lost_frames, memory_order_relaxed);
    return avsvti_record_write(info, &full, sizeof(full), "avsvt_stream_info", NULL);
}

void avsvti_stream_clear(avsvt_stream *s)
{
    atomic_store(&s->pushed, 0);
    atomic_store(&s->status, AVSVT_OK);
    s->finished = 0;
    s->filled = 0;
    s->part = AVSVTI_LIVE_PARTS;
    s->rows = 0;
    avsvti_rate_reset(&s->rate);
    avsvti_raise_reset(&s->raise);
    avsvti_native_live_reset(s->live);
    avsvti_follower_reset(&s->follower);
    avsvti_ring_reset(&s->events);
    avsvti_ring_reset(&s->frames);
    atomic_store(&s->lost_events, 0);
    atomic_store(&s->lost_frames, 0);
}

avsvt_status avsvt_stream_reset(avsvt_stream *stream)
{
    if (!stream)
        return AVSVT_E_ARG;
    if (avsvti_busy_enter(&stream->pushing, "stream", NULL) != AVSVT_OK)
        return AVSVT_E_BUSY;
    avsvt_status status = avsvti_busy_enter(&stream->polling, "stream", NULL);
    if (status == AVSVT_OK) {
        avsvti_stream_clear(stream);
        avsvti_busy_leave(&stream->polling);
    }
    avsvti_busy_leave(&stream->pushing);
    return status;
}
