/* SPDX-License-Identifier: MIT */
/* Scoring while someone sings. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sing.h"

#define AFTER_S 0.5 /* that the song is listened to after its last note */

typedef struct live {
    cli_singing *s;
    cli_sung *sung;
    cli_screen screen;
    double frame_s;
    int out_of_memory;
} live;

/* Lines that are over, where there is no screen to draw on. */
static void tell_lines(live *l, double heard_s)
{
    avsvt_line_points p = AVSVT_LINE_POINTS_INIT;
    cli_singing *s = l->s;
    while (s->lines_told < s->song.lines &&
           !avsvt_scorer_line(s->scorer, s->lines_told, &p) &&
           p.onset_s < s->until_s && heard_s > p.offset_s + s->args->delay + 0.5) {
        cli_sing_line(s, s->lines_told++);
        fflush(stdout);
    }
}

static int is_told(const live *l)
{
    return !l->screen.taken && !l->s->args->json && !l->s->args->quiet;
}

static void on_event(void *user, const cli_live_event *e)
{
    live *l = user;
    if (e->kind != CLI_LIVE_FRAME)
        return;
    double from_s = e->time_s - l->frame_s / 2, to_s = e->time_s + l->frame_s / 2;
    avsvt_scorer_push(l->s->scorer, from_s, to_s, e->pitch);
    l->sung->duration_s = to_s;
    if (!l->out_of_memory && cli_sung_add(l->sung, from_s, to_s, e->pitch))
        l->out_of_memory = 1;
    if (is_told(l))
        tell_lines(l, e->time_s);
}

static void draw(void *user, double heard_s)
{
    live *l = user;
    if (!l->screen.taken)
        return;
    cli_screen_measure(&l->screen);
    cli_sing_draw(l->s, &l->screen, heard_s);
}

int cli_sing_live(cli_singing *s, cli_sung *sung, avsvt_context *context, const char *input)
{
    live l = { .s = s, .sung = sung };
    cli_live_sink sink = { &l, on_event, draw, s->song.duration_s + s->args->delay + AFTER_S };
    cli_source source;
    cli_engine engine;
    memset(&source, 0, sizeof source);
    memset(&engine, 0, sizeof engine);
    int status = cli_source_open(&source, context, s->args, input);
    if (!status)
        status = cli_engine_open(&engine, context, s->args, source.rate_hz);
    l.frame_s = engine.frame_s;
    if (!status && cli_screen_wanted(s->args))
        cli_screen_take(&l.screen);
    else if (!status && is_told(&l))
        cli_sing_head(s);
    if (!status)
        status = cli_live_run(s->args, &source, &engine, &sink);
    if (cli_interrupted())
        s->until_s = fmax(sung->duration_s - s->args->delay, 0);
    if (!status && is_told(&l)) {
        tell_lines(&l, HUGE_VAL); /* those that were not sung to their end, too */
        putchar('\n');
    }
    cli_screen_give_back(&l.screen);
    if (!s->args->quiet)
        cli_engine_tell_lost(&engine);
    if (source.close)
        source.close(&source);
    cli_engine_close(&engine);
    return !status && l.out_of_memory ? cli_fail("out of memory") : status;
}
