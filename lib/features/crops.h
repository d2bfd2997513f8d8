/* SPDX-License-Identifier: MIT */
/* Pictures of a mouth as a network takes them. */
#ifndef AVSVTI_FEATURES_CROPS_H
#define AVSVTI_FEATURES_CROPS_H

#include "core/tensor.h"

typedef struct avsvti_crop_rule {
    int64_t width, height;  /* cut out of the middle */
    double mean, deviation; /* of grey values 0..1 */
} avsvti_crop_rule;

/* Whether the tensor is grey pictures, large enough: uint8, or float32 from 0
 * to 255, [frames, height, width]. */
avsvt_status avsvti_crops_check(const avsvt_tensor *crops,
                                const avsvti_crop_rule *rule, avsvt_error *err);

#define AVSVTI_GOES_ON INT64_MAX /* as a number of pictures: not known yet */

/* Pictures as a model of another rate, and of another clock, sees them. */
typedef struct avsvti_pictures {
    const avsvt_tensor *crops; /* those that are there now */
    double rate_hz;  /* pictures a second that there are */
    double start_s;  /* when picture 0 is shown, on the model's clock */
    double model_hz; /* pictures a second that the model takes */
    int64_t base;    /* number of the first one in crops */
    int64_t count;   /* of all, or AVSVTI_GOES_ON */
} avsvti_pictures;

/* All of the tensor as it is; NULL: no pictures. */
avsvti_pictures avsvti_pictures_plain(const avsvt_tensor *crops);
/* Which picture is shown in the middle of frame k of the model; below 0 or
 * beyond the last where there is none. */
int64_t avsvti_pictures_at(const avsvti_pictures *p, int64_t k);
/* The model's frames that have a picture: *first..*end - 1. Of pictures that
 * go on *end is AVSVTI_GOES_ON. */
void avsvti_pictures_span(const avsvti_pictures *p, int64_t *first,
                          int64_t *end);

/* Frames first..first+count-1, whose pictures must be there, cut and
 * normalised: [count, height, width]. Zeros stand where there is none. */
void avsvti_crops_prepare(float *to, const avsvti_pictures *pictures,
                          int64_t first, int64_t count,
                          const avsvti_crop_rule *rule);

#endif
