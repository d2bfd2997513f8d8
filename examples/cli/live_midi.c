/* SPDX-License-Identifier: MIT */
/* Notes to other programs: what is sung as keys that go down and up. */
#include "live_midi.h"

#include <math.h>
#include <stdlib.h>

#define AWAY 0.7   /* semitones from its key at which a note takes another */
#define PORTS 2

struct cli_midi {
    cli_midi_port ports[PORTS];
    int count;
    int key; /* that is down, -1: none */
};

int cli_midi_open(cli_midi **out, const cli_args *args)
{
    int (*const opens[PORTS])(cli_midi_port *, const cli_args *) = {
        args->alsa ? cli_alsa_open : NULL, args->jack ? cli_jack_open : NULL };
    cli_midi *m = calloc(1, sizeof *m);
    int status = 0;
    *out = m;
    if (!m)
        return cli_fail("out of memory");
    m->key = -1;
    for (int i = 0; i < PORTS && !status; i++)
        if (opens[i])
            status = opens[i](&m->ports[m->count++], args);
    return status;
}

static void send(cli_midi *m, int kind, int key, int velocity)
{
    const unsigned char message[3] = { (unsigned char)kind, (unsigned char)key,
                                       (unsigned char)velocity };
    for (int i = 0; i < m->count; i++)
        if (m->ports[i].send)
            m->ports[i].send(&m->ports[i], message);
}

static void release_key(cli_midi *m)
{
    if (m->key >= 0)
        send(m, 0x80, m->key, 64);
    m->key = -1;
}

void cli_midi_event(cli_midi *m, const cli_live_event *event)
{
    if (!m || event->kind == CLI_LIVE_FRAME)
        return;
    /* The first idea of a pitch may be a neighbour. */
    if (event->kind == CLI_LIVE_UPDATE && m->key >= 0 && fabs(event->pitch - m->key) < AWAY)
        return;
    release_key(m);
    if (event->kind == CLI_LIVE_OFF || event->kind == CLI_LIVE_SHORT)
        return;
    m->key = (int)fmin(fmax(lround(event->pitch), 0), 127);
    send(m, 0x90, m->key, avsvt_midi_velocity(event->level_db));
}

void cli_midi_close(cli_midi *m, const cli_args *args)
{
    if (!m)
        return;
    release_key(m);
    for (int i = 0; i < m->count; i++) {
        cli_midi_port *p = &m->ports[i];
        if (p->close)
            p->close(p);
        if (p->end_note && !args->quiet)
            cli_note("%s", p->end_note);
    }
    free(m);
}
