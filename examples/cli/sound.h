/* SPDX-License-Identifier: MIT */
/* A recording that a command line names: a file, a pipe, or - for standard input. */
#ifndef CLI_SOUND_H
#define CLI_SOUND_H

#include "cli.h"

typedef struct cli_sound {
    avsvt_audio *audio;
    const char *name;   /* for messages and titles */
    const char *path;   /* NULL for pipes */
    double duration_s;  /* -1: not known */
    avsvt_audio_info info;
    char *data;         /* what came through a pipe: sound files are read */
    size_t size, at;    /* with seeking */
} cli_sound;

/* 0, or a status after saying why. The sound must stay where it is. */
int cli_sound_open(cli_sound *sound, avsvt_context *context, const char *input);
void cli_sound_close(cli_sound *sound);

/* All samples at @p rate_hz (0: its own), free() them; 0 or a status. */
int cli_sound_read(cli_sound *sound, double rate_hz, float **samples, size_t *count);

#endif
