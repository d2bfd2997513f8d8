/* SPDX-License-Identifier: MIT */
/* What `avsvt evaluate n20emv2` finds in a data set's folders. */
#ifndef CLI_NOISE_TABLE_H
#define CLI_NOISE_TABLE_H

#include "songs.h"

#define NOISE_CLEAN 1e9 /* sorts behind every level */
#define NOISE_NAME 256 /* as long as names of files are */

/* Predictions of one system under one noise at one level. */
typedef struct noise_cell {
    char noise[NOISE_NAME], system[NOISE_NAME];
    double snr; /* dB, or NOISE_CLEAN */
    avsvt_score sums[CLI_MEASURES];
    size_t found;
} noise_cell;

typedef struct noise_table {
    noise_cell *cells;
    size_t count, room;
    char **songs;
    size_t song_count, song_room;
} noise_table;

/* The songs, and the cells that any of them has something for, sorted. 0, or a
 * status after saying why; free in both cases. */
int noise_table_find(noise_table *t, const cli_args *args, const char *reference,
                     const char *folder);
/* FOLDER/data/SONG/rest; NULL: out of memory. */
char *noise_path(const char *folder, const char *song, const char *rest);

#endif
