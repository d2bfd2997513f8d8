/* SPDX-License-Identifier: MIT */
/* The recordings of a folder, or tunes that are made: read when they are first
 * wanted and kept while there is room. */
#ifndef AVSVTI_AUGMENT_POOL_H
#define AVSVTI_AUGMENT_POOL_H

#include "core/context.h"
#include "core/error.h"
#include "core/random.h"

typedef struct avsvti_pool avsvti_pool;

/* A whole recording: kept by the pool, or lent for a while. */
typedef struct avsvti_lent {
    float *samples;
    int64_t count;
    int own; /* released when it is given back */
} avsvti_lent;

/* All sound files in the folder and the folders in it, by name. */
avsvt_status avsvti_pool_open(avsvti_pool **out, avsvt_context *context,
                              const char *folder, avsvt_error *err);
/* So many tunes of the synth module's from a number on, each made when it is first wanted.
 * soundfont NULL: the usual one. */
avsvt_status avsvti_pool_open_tunes(avsvti_pool **out, avsvt_context *context,
                                    const char *soundfont, uint64_t first,
                                    size_t count,
                                    avsvt_error *err);
size_t avsvti_pool_count(const avsvti_pool *pool); /* 0 for NULL */
/* Recording i at a rate, to be given back. Any thread. */
avsvt_status avsvti_pool_lend(avsvti_pool *pool, size_t i, double rate_hz,
                              avsvti_lent *to, avsvt_error *err);
void avsvti_pool_return(avsvti_pool *pool, avsvti_lent *lent);
/* Fills to with pieces of recordings: one from a place drawn in it, then,
 * where it ends, others from their start. Any thread. */
avsvt_status avsvti_pool_fill(avsvti_pool *pool, float *to, int64_t count,
                              double rate_hz, avsvti_random *random,
                              avsvt_error *err);
void avsvti_pool_free(avsvti_pool *pool);

#endif
