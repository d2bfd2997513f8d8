/* SPDX-License-Identifier: MIT */
/* What an extractor takes, for the pipeline. */
#ifndef AVSVTI_FEATURES_EXTRACTOR_H
#define AVSVTI_FEATURES_EXTRACTOR_H

#include <avsvt/features.h>

#include "features/crops.h"
#include "model/stage.h"

struct avsvt_extractor {
    avsvti_stage stage;   /* first */
    int sound, sight;     /* what goes in, in this order */
    int64_t min_samples;  /* shorter sound is padded with zeros */
    avsvti_crop_rule crop;
    double picture_hz;    /* pictures a second that it was made for; 0: any */
};

/* As avsvt_extractor_create(), for a model of this role. */
avsvt_status avsvti_extractor_of_role(avsvt_extractor **out, avsvt_model *model,
                                      const char *role, avsvt_error *err);

/* Which pictures the model takes: of what the manifest does not say, width and
 * height are 0, hz stays as it is. */
avsvt_status avsvti_pictures_read(avsvti_crop_rule *rule, double *hz,
                                  const avsvt_model *m, avsvt_error *err);

/* Pieces of the same length that go through the network together. */
typedef struct avsvti_pieces {
    size_t count;           /* of pieces, 1 or more */
    const float *samples;   /* of the first one, or NULL */
    int64_t length, step;   /* samples of each; from one to the next */
    const avsvti_pictures *pictures; /* or NULL */
    int64_t first, frames, stride; /* pictures likewise */
} avsvti_pieces;

/* Features of each piece, [frames, width]; out has room for count tensors. */
avsvt_status avsvti_extractor_batch(avsvt_tensor **out, avsvt_extractor *e,
                                    const avsvti_pieces *pieces,
                                    avsvt_error *err);

/* As the public functions, on arguments that are right. samples is NULL where
 * no sound goes in, pictures where none do, else frames first..first+frames-1
 * of them are taken. */
avsvt_status avsvti_extractor_call(avsvt_tensor **out, avsvt_extractor *e,
                                   const float *samples, int64_t count,
                                   const avsvti_pictures *pictures,
                                   int64_t first, int64_t frames,
                                   avsvt_error *err);

#endif
