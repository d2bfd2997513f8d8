/* SPDX-License-Identifier: MIT */
/* SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number
 * generators", 2014): a counter and a mixing function, so that a stream can
 * start anywhere at no cost. */
#include "core/random.h"

#include <math.h>

#define GOLDEN 0x9E3779B97F4A7C15u
#define TWO_PI 6.283185307179586

static uint64_t mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

void avsvti_random_seed(avsvti_random *r, uint64_t seed, uint64_t stream)
{
    r->state = mix(mix(seed + GOLDEN) + GOLDEN * (2 * stream + 1));
}

uint64_t avsvti_random_next(avsvti_random *r)
{
    r->state += GOLDEN;
    return mix(r->state);
}

/* 0 <= x < 1, with all 53 bits of a double. */
static double unit(avsvti_random *r)
{
    return (double)(avsvti_random_next(r) >> 11) * 0x1p-53;
}

double avsvti_random_between(avsvti_random *r, double low, double high)
{
    return low + (high - low) * unit(r);
}

uint64_t avsvti_random_below(avsvti_random *r, uint64_t count)
{
    /* Numbers above the last whole multiple would favour the small ones. */
    uint64_t limit = UINT64_MAX - UINT64_MAX % count, x;
    do
        x = avsvti_random_next(r);
    while (x >= limit);
    return x % count;
}

/* Box and Muller's pairs. */
void avsvti_random_normal(avsvti_random *r, float *to, size_t count)
{
    for (size_t i = 0; i < count; i += 2) {
        double radius = sqrt(-2.0 * log(1.0 - unit(r))), angle = TWO_PI * unit(r);
        to[i] = (float)(radius * cos(angle));
        if (i + 1 < count)
            to[i + 1] = (float)(radius * sin(angle));
    }
}
