/* SPDX-License-Identifier: MIT */
/* Where MIDI goes while somebody sings: ports that other programs connect to. */
#ifndef CLI_LIVE_MIDI_H
#define CLI_LIVE_MIDI_H

#include "live.h"

typedef struct cli_midi_port {
    const char *end_note; /* what to tell the user at the end; NULL: nothing */
    void (*send)(struct cli_midi_port *p, const unsigned char *message); /* three bytes */
    void (*close)(struct cli_midi_port *p); /* after what was sent has gone out */
    void *state;
} cli_midi_port;

/* 0, or a status after saying why; close() may be there then too. */
int cli_alsa_open(cli_midi_port *p, const cli_args *args); /* live_alsa.c */
int cli_jack_open(cli_midi_port *p, const cli_args *args); /* live_jack.c */

#endif
