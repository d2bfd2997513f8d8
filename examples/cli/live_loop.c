/* SPDX-License-Identifier: MIT */
/* The loop of everything live: sound in, events out, a picture now and then. */
#include "live.h"

#include <time.h>

#define BLOCK_S 0.01
#define MAX_BLOCK 4096
#define DRAW_S 0.033
#define STOPPED_S 0.5     /* later than that: nothing catches up what a person waited for */
#define MOST_BEHIND_S 5.0 /* of the feed, where sound could come faster */

static void rest(double seconds)
{
    struct timespec span = { (time_t)seconds, 0 };
    span.tv_nsec = (long)((seconds - (double)span.tv_sec) * 1e9);
    if (seconds > 0)
        nanosleep(&span, NULL);
}

typedef struct loop {
    const cli_args *args;
    cli_source *source;
    cli_engine *engine;
    const cli_live_sink *sink;
    double start_s, drawn_s, pushed_s;
} loop;

static void poll_all(loop *l, double heard_s)
{
    cli_live_event event;
    while (cli_engine_next(l->engine, &event))
        l->sink->event(l->sink->user, &event);
    double now = cli_clock_s();
    if (l->sink->draw && now - l->drawn_s >= DRAW_S) {
        l->drawn_s = now;
        l->sink->draw(l->sink->user, heard_s);
    }
}

static int is_over(const loop *l, double heard_s)
{
    return cli_interrupted() || (l->sink->until_s > 0 && heard_s >= l->sink->until_s);
}

/* Waits until the sound that was pushed would have been heard. After Ctrl-Z and fg
 * it goes on from there, at its own pace. */
static void keep_pace(loop *l)
{
    if (l->args->fast) {
        while (cli_engine_behind_s(l->engine, l->pushed_s) > MOST_BEHIND_S &&
               !cli_interrupted() && !cli_engine_check(l->engine)) {
            rest(0.002);
            poll_all(l, l->pushed_s);
        }
        return;
    }
    double late_s = cli_clock_s() - l->start_s - l->pushed_s;
    if (late_s > STOPPED_S)
        l->start_s += late_s;
    for (double wait; !cli_interrupted() &&
         (wait = l->start_s + l->pushed_s - cli_clock_s()) > 0;)
        rest(wait < 0.02 ? wait : 0.02);
}

static int run_pull(loop *l)
{
    float block[MAX_BLOCK];
    long size = (long)(BLOCK_S * l->source->rate_hz);
    long long pushed = 0;
    int status = 0;
    size = size < 1 ? 1 : size > MAX_BLOCK ? MAX_BLOCK : size;
    while (!status && !is_over(l, l->pushed_s)) {
        long n = l->source->read(l->source, block, size);
        if (n <= 0) {
            status = n < 0 ? CLI_FAILED : 0;
            break;
        }
        cli_engine_push(l->engine, block, (size_t)n);
        pushed += n;
        l->pushed_s = (double)pushed / l->source->rate_hz;
        if (l->source->is_file)
            keep_pace(l);
        poll_all(l, l->pushed_s);
        status = cli_engine_check(l->engine);
    }
    return status;
}

static int run_microphone(loop *l)
{
    int status = l->source->start(l->source, l->engine);
    while (!status && !is_over(l, cli_clock_s() - l->start_s)) {
        rest(0.005);
        poll_all(l, cli_clock_s() - l->start_s);
        status = cli_engine_check(l->engine);
    }
    /* Nobody may push when the engine is told that this was all. */
    l->source->close(l->source);
    l->source->close = NULL;
    return status;
}

int cli_live_run(const cli_args *args, cli_source *source, cli_engine *engine,
                 const cli_live_sink *sink)
{
    loop l = { args, source, engine, sink, cli_clock_s(), 0, 0 };
    int status = source->start ? run_microphone(&l) : run_pull(&l);
    if (!status)
        status = cli_engine_finish(engine);
    if (!status)
        poll_all(&l, l.pushed_s);
    return status;
}
