/* SPDX-License-Identifier: MIT */
/* Pairs of note files: two files, or two folders matched by name. */
#ifndef CLI_SONGS_H
#define CLI_SONGS_H

#include "cli.h"

typedef struct cli_song {
    char *name;      /* without folder and ending */
    char *reference;
    char *estimate;  /* NULL: there is none */
    avsvt_notes_scores scores;
} cli_song;

typedef struct cli_songs {
    cli_song *list;      /* ordered by name */
    size_t count;
    char **unmatched;    /* estimates without a reference */
    size_t unmatched_count;
} cli_songs;

/* 0, or a status after saying why; free in both cases. */
int cli_songs_find(cli_songs *songs, const char *reference, const char *estimate);
void cli_songs_free(cli_songs *songs);

#endif
