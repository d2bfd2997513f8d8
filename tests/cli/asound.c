/* SPDX-License-Identifier: MIT */
/* An ALSA sequencer for tests: writes the events it is given to the file that
 * AVSVT_TEST_SEQUENCER names. */
#include <alsa/asoundlib.h>
#include <stdio.h>
#include <stdlib.h>

static FILE *to;

int snd_seq_open(snd_seq_t **handle, const char *name, int streams, int mode)
{
    (void)name;
    (void)streams;
    (void)mode;
    to = fopen(getenv("AVSVT_TEST_SEQUENCER"), "w");
    *handle = (snd_seq_t *)&to;
    return to ? 0 : -2;
}

int snd_seq_close(snd_seq_t *handle)
{
    (void)handle;
    return fclose(to);
}

int snd_seq_set_client_name(snd_seq_t *handle, const char *name)
{
    (void)handle;
    fprintf(to, "client %s\n", name);
    return 0;
}

int snd_seq_create_simple_port(snd_seq_t *handle, const char *name, unsigned caps, unsigned type)
{
    (void)handle;
    (void)type;
    fprintf(to, "port %s %d\n", name, (caps & SND_SEQ_PORT_CAP_SUBS_READ) != 0);
    return 3;
}

int snd_seq_event_output_direct(snd_seq_t *handle, snd_seq_event_t *event)
{
    (void)handle;
    fprintf(to, "%s %d from %d\n", event->type == SND_SEQ_EVENT_NOTEON ? "on" : "off",
            event->data.note.note, event->source.port);
    return 0;
}

const char *snd_strerror(int error)
{
    (void)error;
    return "no such file";
}
