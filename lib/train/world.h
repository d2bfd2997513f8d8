/* SPDX-License-Identifier: MIT */
/* Which of how many processes this is, as whoever started them says in the
 * environment. */
#ifndef AVSVTI_TRAIN_WORLD_H
#define AVSVTI_TRAIN_WORLD_H

#include <stddef.h>

#include "core/error.h"

typedef struct avsvti_world {
    int32_t rank, size;   /* size 1: alone */
    int32_t local_rank;   /* on this machine */
    int32_t port;
    int client;           /* who started it keeps the store */
    int gloo;             /* the recipe wants nothing else */
    char host[256];       /* of rank 0; "": file is used */
    char file[1024];
    char prefix[64];      /* of this attempt */
    const char *started;  /* by whom, for messages; NULL: alone */
} avsvti_world;

typedef const char *(*avsvti_world_get)(void *user, const char *name);

/* Reads variables through get alone, so that it depends on nothing else. */
avsvt_status avsvti_world_parse(avsvti_world *world, avsvti_world_get get,
                                void *user, avsvt_error *err);
/* Of the n rows of a batch those of this process: [from, from + return). */
size_t avsvti_world_rows(int32_t rank, int32_t size, size_t n, size_t *from);
/* The first machine of Slurm's list ("node[03-05,7],b" -> "node03"). */
int avsvti_world_first_node(char *to, size_t size, const char *list);

#endif
