/* SPDX-License-Identifier: MIT */
/* Quiet sound made louder, slowly: networks are trained on sound that was
 * recorded at usual levels, and hear the ends of quiet notes early. What is as
 * loud as it should be stays as it is, to the bit. */
#ifndef AVSVTI_MEDIA_LOUDNESS_H
#define AVSVTI_MEDIA_LOUDNESS_H

#include "core/error.h"
#include "core/memory.h"

typedef struct avsvti_loudness {
    const avsvt_allocator *allocator;
    double target_db;    /* what the loudest nearby should have, below full scale */
    int64_t block;       /* samples; 0: nothing is changed */
    int64_t measured;    /* blocks whose power is known, */
    int64_t all;         /* and of the whole sound; INT64_MAX: not known */
    int64_t wished, ready; /* blocks whose gain is known: not smoothed, smoothed */
    double loudest_db;   /* of all so far */
    double *power, *gain_db; /* of the last blocks */
    float *smooth_db;    /* of all */
    size_t room;
} avsvti_loudness;

/* Mean of the squares; full scale is 1. */
double avsvti_mean_power(const float *samples, int64_t count);

/* For sound of so many samples a second; target_db as above. Frees nothing that
 * was there. */
avsvt_status avsvti_loudness_init(avsvti_loudness *l, const avsvt_allocator *a,
                                  double rate_hz, double target_db, avsvt_error *err);
/* How far sound must be known behind what is to be raised, in samples. */
int64_t avsvti_loudness_ahead(const avsvti_loudness *l);
/* The next block, of l->block samples; a shorter one is the last. */
void avsvti_loudness_measure(avsvti_loudness *l, const float *samples, int64_t count);
/* The sound has ended with what was measured. */
void avsvti_loudness_end(avsvti_loudness *l);
/* Raises the next block in place: *done is 0 where more has to be measured. */
avsvt_status avsvti_loudness_raise(avsvti_loudness *l, float *samples, int64_t count,
                                   int *done, avsvt_error *err);
/* The gain for sound that is so loud nearby, and at most so far. */
double avsvti_loudness_wish(double target_db, double near_db, double loudest_db);
/* From one gain to the other over these samples. */
void avsvti_loudness_ramp(float *samples, int64_t count, double from_db, double to_db);
/* By how much this sample was raised, about. */
double avsvti_loudness_gain_db(const avsvti_loudness *l, int64_t sample);
void avsvti_loudness_free(avsvti_loudness *l);

#endif
