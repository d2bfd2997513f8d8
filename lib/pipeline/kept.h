/* SPDX-License-Identifier: MIT */
/* Features of one stream that are kept until the utterance they belong to is
 * decided. */
#ifndef AVSVTI_PIPELINE_KEPT_H
#define AVSVTI_PIPELINE_KEPT_H

#include "core/tensor.h"

typedef struct avsvti_kept {
    const avsvt_allocator *allocator; /* NULL: data is the caller's */
    int there;       /* is there such a stream? */
    int done;        /* no more will come */
    int64_t frames;  /* that came so far */
    int64_t start;   /* those before it are forgotten */
    int64_t width;
    float *data;     /* of frames start..frames-1 */
    float *level;    /* their loudness, or NULL */
    int64_t capacity;
} avsvti_kept;

/* A stream that will come, or none. */
void avsvti_kept_init(avsvti_kept *k, const avsvt_allocator *a, int there);
/* A stream that lies in a tensor, or none. */
void avsvti_kept_borrow(avsvti_kept *k, const avsvt_tensor *t);
void avsvti_kept_free(avsvti_kept *k);

/* Adds the rows of a tensor, or of zeros; level has a value for each, or is
 * NULL for all of the stream. */
avsvt_status avsvti_kept_add(avsvti_kept *k, const float *rows, int64_t count,
                             int64_t width, const float *level,
                             avsvt_error *err);
/* Forgets the frames before one. */
void avsvti_kept_forget(avsvti_kept *k, int64_t before);
/* Frames from..to-1, as many of them as there are, copied; NULL in *out where
 * there are none. */
avsvt_status avsvti_kept_slice(avsvt_tensor **out, const avsvti_kept *k,
                               avsvt_context *context, int64_t from, int64_t to,
                               avsvt_error *err);

#endif
