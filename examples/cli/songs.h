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

#define CLI_MEASURES 4
extern const char *const cli_measure_names[CLI_MEASURES];
const avsvt_score *cli_measure(const avsvt_notes_scores *scores, int measure);
/* Compares two files; estimate NULL: no notes. 0, or a status after saying why. */
int cli_score(avsvt_notes_scores *scores, avsvt_context *context, const cli_args *args,
              const char *reference, const char *estimate);

/* noise_table.c: the whole of `avsvt evaluate n20emv2`. */
int cli_noise_table(const cli_args *args, const char *reference, const char *folder);

/* 0, or a status after saying why; free in both cases. */
int cli_songs_find(cli_songs *songs, const char *reference, const char *estimate);
void cli_songs_free(cli_songs *songs);

#endif
