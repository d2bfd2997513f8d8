/* SPDX-License-Identifier: MIT */
/* Random numbers that depend on the seed alone: the same on every machine and
 * with any number of threads, since every user has a stream of its own. */
#ifndef AVSVTI_CORE_RANDOM_H
#define AVSVTI_CORE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

typedef struct avsvti_random {
    uint64_t state;
} avsvti_random;

/* Streams of one seed have nothing to do with each other. */
void avsvti_random_seed(avsvti_random *r, uint64_t seed, uint64_t stream);
uint64_t avsvti_random_next(avsvti_random *r);
/* low..high, high itself never drawn unless both are the same. */
double avsvti_random_between(avsvti_random *r, double low, double high);
/* 0..count - 1; count is at least 1. */
uint64_t avsvti_random_below(avsvti_random *r, uint64_t count);
/* Mean 0, variance 1. */
void avsvti_random_normal(avsvti_random *r, float *to, size_t count);

#endif
