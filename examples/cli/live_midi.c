/* SPDX-License-Identifier: MIT */
/* Notes to other programs through the ALSA sequencer: a port "avsvt" that they
 * subscribe to. The library is loaded when it is asked for; its header, where
 * it was there at build time, tells what an event looks like. */
#include "live.h"

#include <math.h>

#if defined(__linux__) && defined(__has_include)
#  if __has_include(<alsa/asoundlib.h>)
#    define HAVE_ALSA 1
#  endif
#endif

#if HAVE_ALSA
#include <alsa/asoundlib.h>
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#define AWAY 0.7   /* semitones from its key at which a note takes another */
#define USUAL 90

struct cli_midi {
    void *library;
    snd_seq_t *sequencer;
    int port;
    int key; /* that is down, -1: none */
    int (*open)(snd_seq_t **, const char *, int, int);
    int (*close)(snd_seq_t *);
    int (*set_name)(snd_seq_t *, const char *);
    int (*create_port)(snd_seq_t *, const char *, unsigned, unsigned);
    int (*output)(snd_seq_t *, snd_seq_event_t *);
    const char *(*error_text)(int);
};

/* What the library prints by itself is told in our own words. */
static void say_nothing(const char *file, int line, const char *function, int error,
                        const char *format, ...)
{
    (void)file;
    (void)line;
    (void)function;
    (void)error;
    (void)format;
}

void cli_quiet_alsa(void)
{
    int (*set_handler)(snd_lib_error_handler_t);
    void *library = dlopen("libasound.so.2", RTLD_NOW | RTLD_LOCAL);
    void *found = library ? dlsym(library, "snd_lib_error_set_handler") : NULL;
    if (!found)
        return;
    memcpy(&set_handler, &found, sizeof found);
    set_handler(say_nothing);
}

static int find(cli_midi *m)
{
    cli_quiet_alsa();
    const struct { const char *name; void **to; } names[] = {
        { "snd_seq_open", (void **)&m->open },
        { "snd_seq_close", (void **)&m->close },
        { "snd_seq_set_client_name", (void **)&m->set_name },
        { "snd_seq_create_simple_port", (void **)&m->create_port },
        { "snd_seq_event_output_direct", (void **)&m->output },
        { "snd_strerror", (void **)&m->error_text } };
    m->library = dlopen("libasound.so.2", RTLD_NOW | RTLD_LOCAL);
    if (!m->library)
        return cli_fail("--alsa needs libasound2, which is not installed");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        void *found = dlsym(m->library, names[i].name);
        if (!found)
            return cli_fail("this libasound has no %s", names[i].name);
        memcpy(names[i].to, &found, sizeof found);
    }
    return 0;
}

int cli_midi_open(cli_midi **out, const cli_args *args)
{
    cli_midi *m = calloc(1, sizeof *m);
    *out = m;
    if (!m)
        return cli_fail("out of memory");
    m->key = -1;
    int status = find(m);
    if (status)
        return status;
    int failed = m->open(&m->sequencer, "default", SND_SEQ_OPEN_OUTPUT, 0);
    if (failed < 0) {
        m->sequencer = NULL;
        return cli_fail("there is no ALSA sequencer here: %s", m->error_text(failed));
    }
    m->set_name(m->sequencer, "avsvt");
    m->port = m->create_port(m->sequencer, "avsvt",
                             SND_SEQ_PORT_CAP_READ | SND_SEQ_PORT_CAP_SUBS_READ,
                             SND_SEQ_PORT_TYPE_MIDI_GENERIC | SND_SEQ_PORT_TYPE_APPLICATION);
    if (m->port < 0)
        return cli_fail("the ALSA sequencer gives no port: %s", m->error_text(m->port));
    if (!args->quiet)
        fprintf(stderr, "avsvt: note: MIDI goes out at the ALSA port avsvt; connect it with "
                "aconnect\n");
    return 0;
}

static void send(cli_midi *m, int on, int key, int velocity)
{
    snd_seq_event_t event;
    snd_seq_ev_clear(&event);
    snd_seq_ev_set_source(&event, m->port);
    snd_seq_ev_set_subs(&event);
    snd_seq_ev_set_direct(&event);
    if (on)
        snd_seq_ev_set_noteon(&event, 0, key, velocity);
    else
        snd_seq_ev_set_noteoff(&event, 0, key, 64);
    m->output(m->sequencer, &event);
}

/* As in the MIDI files that are written: 1.5 steps a decibel. */
static int velocity(double level_db)
{
    if (!isfinite(level_db) || level_db >= 0)
        return USUAL;
    return (int)fmin(fmax(lround(127 + 1.5 * level_db), 1), 127);
}

void cli_midi_event(cli_midi *m, const cli_live_event *event)
{
    if (!m || event->kind == CLI_LIVE_FRAME)
        return;
    int ends = event->kind == CLI_LIVE_OFF || event->kind == CLI_LIVE_SHORT;
    /* The first idea of a pitch may be a neighbour. */
    if (event->kind == CLI_LIVE_UPDATE && m->key >= 0 && fabs(event->pitch - m->key) < AWAY)
        return;
    if (m->key >= 0)
        send(m, 0, m->key, 0);
    m->key = -1;
    if (ends)
        return;
    m->key = (int)fmin(fmax(lround(event->pitch), 0), 127);
    send(m, 1, m->key, velocity(event->level_db));
}

void cli_midi_close(cli_midi *m)
{
    if (!m)
        return;
    if (m->sequencer && m->key >= 0)
        send(m, 0, m->key, 0);
    if (m->sequencer)
        m->close(m->sequencer);
    if (m->library)
        dlclose(m->library);
    free(m);
}

#else

void cli_quiet_alsa(void)
{
}

int cli_midi_open(cli_midi **out, const cli_args *args)
{
    (void)args;
    *out = NULL;
    return cli_fail("--alsa is not part of this build; it needs libasound2-dev when it is built");
}

void cli_midi_event(cli_midi *m, const cli_live_event *event)
{
    (void)m;
    (void)event;
}

void cli_midi_close(cli_midi *m)
{
    (void)m;
}

#endif
