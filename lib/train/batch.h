/* SPDX-License-Identifier: MIT */
/* Pieces of songs as the named tensors that a model's `loss` asks for. */
#ifndef AVSVTI_TRAIN_BATCH_H
#define AVSVTI_TRAIN_BATCH_H

#include <avsvt/sys/backend.h>

#include "train/plan.h"

#define AVSVTI_MAX_FIELDS 16

/* How frames lie on samples: frame i of T = samples / hop + 1. */
typedef struct avsvti_geometry {
    double rate_hz, frame_rate_hz;
    int64_t hop;
    avsvti_sight sight;
} avsvti_geometry;

typedef struct avsvti_field avsvti_field; /* one kind of tensor, by its name */

typedef struct avsvti_fields {
    const avsvti_field *list[AVSVTI_MAX_FIELDS];
    size_t count;
    avsvti_geometry geometry;
} avsvti_fields;

typedef struct avsvti_batch {
    const avsvt_allocator *allocator;
    avsvt_backend_tensor tensors[AVSVTI_MAX_FIELDS];
    size_t count;
    double amount;  /* seconds of sound without padding, or items of arrays */
    avsvti_songs *songs;  /* what it is made of, borrowed */
    const avsvti_excerpt *cuts;
    avsvti_piece *pieces; /* until it is finished */
    size_t piece_count;
    int64_t samples, notes; /* the most that a piece has */
} avsvti_batch;

/* What of this name can be made; NULL and a message that lists all. */
const avsvti_field *avsvti_field_find(const char *name, const char *model,
                                      avsvt_error *err);
/* Whether pictures are among them. */
int avsvti_fields_see(const avsvti_fields *fields);
/* A batch is made in two steps: the pieces, then tensors with room for
 * batch->samples and batch->notes, which may have been raised: what the largest
 * piece of the whole batch needs, where others have parts of it. */
avsvt_status avsvti_batch_begin(avsvti_batch *batch, const avsvti_fields *fields,
                                avsvti_songs *songs, const avsvti_excerpt *cuts,
                                size_t count, avsvt_error *err);
/* Does nothing to a batch of arrays, which is whole from the beginning. */
avsvt_status avsvti_batch_finish(avsvti_batch *batch, const avsvti_fields *fields,
                                 avsvt_error *err);
void avsvti_batch_free(avsvti_batch *batch);

#endif
