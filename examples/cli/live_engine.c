/* SPDX-License-Identifier: MIT */
#include "live.h"

#include <math.h>
#include <string.h>

#define QUEUE 8192
#define VOICED 0.5

static int open_feed(cli_engine *e, avsvt_context *context, const cli_args *args)
{
    avsvt_feed_options o = AVSVT_FEED_OPTIONS_INIT;
    avsvt_feed_info info = AVSVT_FEED_INFO_INIT;
    avsvt_notes_options notes = AVSVT_NOTES_OPTIONS_INIT;
    avsvt_error err = AVSVT_ERROR_INIT;
    notes.onset_threshold = args->onset_threshold;
    notes.offset_threshold = args->offset_threshold;
    o.rate_hz = e->rate_hz;
    o.notes = &notes;
    if (avsvt_pipeline_open(&e->pipeline, context, args->model, NULL, &err) ||
        avsvt_feed_open(&e->feed, e->pipeline, &o, &err))
        return cli_error(&err);
    avsvt_feed_describe(e->feed, &info);
    e->latency_s = info.latency_s;
    return 0;
}

static avsvt_status open_stream(cli_engine *e, avsvt_context *context, const cli_args *args,
                                avsvt_error *err)
{
    avsvt_stream_options o = AVSVT_STREAM_OPTIONS_INIT;
    avsvt_stream_info info = AVSVT_STREAM_INFO_INIT;
    o.queue = QUEUE;
    o.rate_hz = e->rate_hz;
    o.onset_threshold = args->onset_threshold;
    o.offset_threshold = args->offset_threshold;
    avsvt_status status = avsvt_stream_open(&e->stream, context, args->model, &o, err);
    if (!status && !avsvt_stream_describe(e->stream, &info))
        e->latency_s = (double)info.note_latency / e->rate_hz;
    return status;
}

int cli_engine_open(cli_engine *e, avsvt_context *context, const cli_args *args, double rate_hz)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    memset(e, 0, sizeof *e);
    e->rate_hz = rate_hz;
    e->frame_s = 0.02;
    if (args->engine && !strcmp(args->engine, "feed"))
        return open_feed(e, context, args);
    avsvt_status status = open_stream(e, context, args, &err);
    if (status == AVSVT_E_UNSUPPORTED && args->model && !args->engine) {
        int failed = open_feed(e, context, args);
        if (!failed && !args->quiet)
            cli_note("this model looks ahead; notes come up to %.1f s late",
                     e->latency_s);
        return failed;
    }
    return status ? cli_error(&err) : 0;
}

int cli_engine_push(cli_engine *e, const float *samples, size_t count)
{
    return e->stream ? avsvt_stream_push(e->stream, samples, count)
                     : avsvt_feed_push(e->feed, samples, count);
}

static int next_of_stream(cli_engine *e, cli_live_event *to)
{
    avsvt_stream_event s = AVSVT_STREAM_EVENT_INIT;
    avsvt_stream_frame f = AVSVT_STREAM_FRAME_INIT;
    memset(to, 0, sizeof *to);
    if (!avsvt_stream_poll(e->stream, &s)) {
        to->kind = s.kind == AVSVT_STREAM_NOTE_ON ? CLI_LIVE_ON
                 : s.kind == AVSVT_STREAM_NOTE_UPDATE ? CLI_LIVE_UPDATE
                 : s.flags & AVSVT_STREAM_SHORT ? CLI_LIVE_SHORT : CLI_LIVE_OFF;
        if (to->kind == CLI_LIVE_ON)
            e->onset_s = s.time_s;
        to->note = s.note;
        to->onset_s = e->onset_s;
        to->time_s = s.time_s;
        to->found_s = (double)s.found_at / e->rate_hz;
        to->pitch = s.pitch;
        to->pitch_now = s.pitch_now;
        to->level_db = (double)s.level_db;
        to->confidence = (double)s.confidence;
        return 1;
    }
    if (avsvt_stream_poll_frame(e->stream, &f))
        return 0;
    to->kind = CLI_LIVE_FRAME;
    to->time_s = f.time_s;
    to->pitch = to->pitch_now = (double)f.voicing > VOICED ? f.pitch : (double)NAN;
    to->level_db = (double)f.level_db;
    return 1;
}

static int next_of_feed(cli_engine *e, cli_live_event *to)
{
    avsvt_note n = AVSVT_NOTE_INIT;
    avsvt_feed_frame f = AVSVT_FEED_FRAME_INIT;
    memset(to, 0, sizeof *to);
    if (e->pending_off) {
        e->pending_off = 0;
        *to = e->off;
        return 1;
    }
    if (!avsvt_feed_poll(e->feed, &n)) {
        avsvt_feed_info info = AVSVT_FEED_INFO_INIT;
        avsvt_feed_describe(e->feed, &info);
        *to = (cli_live_event){ CLI_LIVE_ON, ++e->notes, n.onset_s, n.onset_s, info.final_s,
                                n.pitch, n.pitch, (double)n.level_db, n.confidence };
        e->off = *to;
        e->off.kind = CLI_LIVE_OFF;
        e->off.time_s = n.offset_s;
        e->pending_off = 1;
        return 1;
    }
    if (avsvt_feed_poll_frame(e->feed, &f))
        return 0;
    to->kind = CLI_LIVE_FRAME;
    to->time_s = f.time_s;
    to->pitch = to->pitch_now = f.pitch;
    to->level_db = (double)f.level_db;
    return 1;
}

int cli_engine_next(cli_engine *e, cli_live_event *event)
{
    return e->stream ? next_of_stream(e, event) : next_of_feed(e, event);
}

/* A stream has no words of its own. */
static int stream_result(avsvt_status status)
{
    if (status == AVSVT_E_BACKEND)
        return cli_fail("the model's network gave a value that is not a number: its weights are "
                        "broken; use another model");
    return status ? cli_fail("the stream could not be ended") : 0;
}

int cli_engine_finish(cli_engine *e)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    if (e->stream)
        return stream_result(avsvt_stream_finish(e->stream));
    avsvt_feed_finish(e->feed);
    return avsvt_feed_wait(e->feed, &err) ? cli_error(&err) : 0;
}

int cli_engine_check(const cli_engine *e)
{
    avsvt_feed_info info = AVSVT_FEED_INFO_INIT;
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_stream_info stream = AVSVT_STREAM_INFO_INIT;
    if (e->stream)
        return avsvt_stream_describe(e->stream, &stream) ? 0 : stream_result(stream.status);
    if (avsvt_feed_describe(e->feed, &info) || info.state != AVSVT_JOB_FAILED)
        return 0;
    avsvt_feed_wait(e->feed, &err);
    return cli_error(&err);
}

double cli_engine_behind_s(const cli_engine *e, double pushed_s)
{
    avsvt_feed_info info = AVSVT_FEED_INFO_INIT;
    if (e->stream || avsvt_feed_describe(e->feed, &info))
        return 0;
    return pushed_s - info.final_s;
}

void cli_engine_tell_lost(const cli_engine *e)
{
    avsvt_stream_info s = AVSVT_STREAM_INFO_INIT;
    avsvt_feed_info f = AVSVT_FEED_INFO_INIT;
    unsigned long long lost = 0;
    if (e->stream)
        lost = avsvt_stream_describe(e->stream, &s) ? 0 : s.lost_events;
    else if (e->feed)
        lost = avsvt_feed_describe(e->feed, &f) ? 0 : f.lost;
    if (lost)
        cli_note("this machine was too slow; %llu %s lost", lost,
                 e->stream ? "events are" : "samples are");
}

void cli_engine_close(cli_engine *e)
{
    avsvt_stream_free(e->stream);
    avsvt_feed_free(e->feed);
    avsvt_pipeline_free(e->pipeline);
    memset(e, 0, sizeof *e);
}
