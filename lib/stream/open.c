/* SPDX-License-Identifier: MIT */
/* Making and releasing streams. */
#include <math.h>
#include <string.h>

#include "backend/registry.h"
#include "core/number.h"
#include "core/options.h"
#include "model/handle.h"
#include "model/sections.h"
#include "platform/thread.h"
#include "stream/stream.h"

#define LOWEST_HZ 8000.0
#define HIGHEST_HZ 192000.0
#define QUEUE 1024
#define SMALLEST_QUEUE 16
#define LARGEST_QUEUE 65536
/* Where neither the caller nor the model says. */
#define ONSET 0.5
#define OFFSET 0.5
#define SHORTEST_S 0.08

static avsvt_status read_options(avsvt_stream_options *o,
                                 const avsvt_stream_options *given,
                                 avsvt_error *err)
{
    avsvt_status status = avsvti_options_read(o, sizeof(*o), given,
                                              "avsvt_stream_options", err);
    if (status != AVSVT_OK)
        return status;
    if (!(o->rate_hz >= LOWEST_HZ && o->rate_hz <= HIGHEST_HZ)) {
        char text[AVSVTI_NUMBER_SIZE];
        avsvti_number_print(text, sizeof(text), o->rate_hz, 9);
        return avsvti_fail(err, AVSVT_E_ARG,
            "avsvt_stream_options: rate_hz must be from 8000 to 192000 Hz, not %s: set it "
            "to the rate of the samples that will be pushed", text);
    }
    if (!(o->onset_threshold >= 0 && o->onset_threshold <= 1) ||
        !(o->offset_threshold >= 0 && o->offset_threshold <= 1))
        return avsvti_fail(err, AVSVT_E_ARG,
            "avsvt_stream_options: thresholds must be from 0 to 1");
    if (!isfinite(o->min_duration_s))
        return avsvti_fail(err, AVSVT_E_ARG,
            "avsvt_stream_options: min_duration_s must be a finite number");
    o->queue = o->queue ? o->queue : QUEUE;
    if (o->queue < SMALLEST_QUEUE || o->queue > LARGEST_QUEUE)
        return avsvti_fail(err, AVSVT_E_ARG,
            "avsvt_stream_options: queue must be from 16 to 65536, not %u", o->queue);
    return AVSVT_OK;
}

/* The caller's settings, else the model's, else ours. */
static avsvt_status choose(avsvti_follow_settings *to, const avsvt_model *m,
                           const avsvt_stream_options *o, avsvt_error *err)
{
    double shortest = SHORTEST_S;
    to->onset_threshold = ONSET;
    to->offset_threshold = OFFSET;
    to->fine_lowest = 35.0 - 1.0 / 3;
    to->fine_step = 1.0 / 3;
    avsvt_status status = avsvti_model_number(m, "live.onset_threshold", 0, 1,
                                              &to->onset_threshold, err);
    if (status == AVSVT_OK)
        status = avsvti_model_number(m, "live.offset_threshold", 0, 1,
                                     &to->offset_threshold, err);
    if (status == AVSVT_OK)
        status = avsvti_model_number(m, "live.min_duration_s", 0, 10, &shortest, err);
    if (status == AVSVT_OK)
        status = avsvti_model_number(m, "output.fine.lowest", 0, 127, &to->fine_lowest,
                                     err);
    if (status == AVSVT_OK)
        status = avsvti_model_number(m, "output.fine.step", 0.01, 12, &to->fine_step, err);
    if (o->onset_threshold > 0)
        to->onset_threshold = o->onset_threshold;
    if (o->offset_threshold > 0)
        to->offset_threshold = o->offset_threshold;
    if (o->min_duration_s != 0)
        shortest = o->min_duration_s;
    to->min_frames = shortest * AVSVTI_STREAM_RATE / HOP;
    return status;
}

static avsvt_status find_network(avsvt_stream *s, avsvt_model *model,
                                 avsvt_error *err)
{
    const char *family = avsvt_model_get(model, "native.family");
    if (!avsvti_native_is_live(family))
        return avsvti_fail(err, AVSVT_E_UNSUPPORTED,
            "%s: this network must know the whole sound: a stream needs one of the "
            "family harmonic-gru-live-1, such as the compiled-in live model",
            avsvt_model_path(model));
    avsvt_status status = avsvti_network_open(&s->network, model, err);
    if (status != AVSVT_OK)
        return status;
    if (s->network.backend != &avsvti_backend_native)
        return avsvti_fail(err, AVSVT_E_UNSUPPORTED,
            "streams run on the native backend, not on '%s': leave the context's "
            "backend at auto", s->network.backend->name);
    s->live = s->network.instance;
    s->lookahead = (int64_t)s->live->model->lookahead;
    return AVSVT_OK;
}

static avsvt_status make_louder(avsvt_stream *s, const avsvt_model *m, avsvt_error *err)
{
    double target_db;
    avsvt_status status = avsvti_model_raise(&target_db, m, err);
    avsvti_raise_init(&s->raise, target_db, (double)HOP / AVSVTI_STREAM_RATE);
    return status;
}

static avsvt_status make_queues(avsvt_stream *s, uint32_t wanted, avsvt_error *err)
{
    const avsvt_allocator *a = avsvti_allocator(s->context);
    size_t size = SMALLEST_QUEUE;
    while (size < wanted)
        size *= 2;
    return avsvti_ring_create(&s->events, a, sizeof(avsvt_stream_event), size) &&
           avsvti_ring_create(&s->frames, a, sizeof(avsvt_stream_frame), size)
               ? AVSVT_OK : avsvti_fail_memory(err);
}

static void release(avsvt_stream *s)
{
    avsvt_context *context = s->context;
    const avsvt_allocator *a = avsvti_allocator(context);
    avsvti_network_close(&s->network);
    avsvti_rate_free(&s->rate);
    avsvti_follower_free(&s->follower, a);
    avsvti_ring_release(&s->events, a);
    avsvti_ring_release(&s->frames, a);
    avsvti_release(a, s);
    avsvt_context_free(context);
}

avsvt_status avsvt_stream_create(avsvt_stream **out, avsvt_model *model,
                                 const avsvt_stream_options *opts,
                                 avsvt_error *err)
{
    avsvt_stream_options o;
    avsvti_follow_settings settings;
    if (out)
        *out = NULL;
    if (!out || !model)
        return avsvti_fail(err, AVSVT_E_ARG,
            "avsvt_stream_create: out and model are needed");
    avsvt_status status = read_options(&o, opts, err);
    if (status == AVSVT_OK)
        status = choose(&settings, model, &o, err);
    if (status != AVSVT_OK)
        return status;
    const avsvt_allocator *a = avsvti_allocator(model->context);
    avsvt_stream *s = avsvti_alloc_zero(a, 1, sizeof(*s));
    if (!s)
        return avsvti_fail_memory(err);
    s->context = avsvt_context_ref(model->context);
    avsvti_busy_init(&s->pushing);
    avsvti_busy_init(&s->polling);
    s->rate_hz = o.rate_hz;
    status = find_network(s, model, err);
    if (status == AVSVT_OK)
        status = make_louder(s, model, err);
    if (status == AVSVT_OK)
        status = avsvti_rate_create(&s->rate, a, o.rate_hz, AVSVTI_STREAM_RATE, err);
    if (status == AVSVT_OK)
        status = avsvti_follower_create(&s->follower, a, &settings, err);
    if (status == AVSVT_OK)
        status = make_queues(s, o.queue, err);
    if (status != AVSVT_OK) {
        release(s);
        return status;
    }
    s->follower.emit = avsvti_stream_emit;
    s->follower.user = s;
    avsvti_stream_clear(s);
    *out = s;
    return AVSVT_OK;
}

avsvt_status avsvt_stream_open(avsvt_stream **out, avsvt_context *context,
                               const char *path, const avsvt_stream_options *opts,
                               avsvt_error *err)
{
    avsvt_model *model = NULL;
    if (!out)
        return avsvti_fail(err, AVSVT_E_ARG, "avsvt_stream_open: out is NULL");
    *out = NULL;
    avsvt_status status = path ? avsvt_model_open(&model, context, path, err)
                               : avsvti_model_open_live(&model, context, err);
    if (status == AVSVT_OK)
        status = avsvt_stream_create(out, model, opts, err);
    avsvt_model_free(model);
    return status;
}

void avsvt_stream_free(avsvt_stream *stream)
{
    if (!stream)
        return;
    while (avsvti_busy_enter(&stream->pushing, "stream", NULL) != AVSVT_OK)
        avsvti_thread_yield();
    while (avsvti_busy_enter(&stream->polling, "stream", NULL) != AVSVT_OK)
        avsvti_thread_yield();
    release(stream);
}
