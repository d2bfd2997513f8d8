/* SPDX-License-Identifier: MIT */
/* Sizes of floats that may be none. */
#ifndef AVSVTI_CORE_SIZE_H
#define AVSVTI_CORE_SIZE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A float without its sign, to be compared with others: what is no number is
 * above infinity. Compared as a float it would end a host that traps that. */
static inline uint32_t avsvti_size_bits(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof(bits));
    return bits & 0x7FFFFFFFu;
}

static inline int avsvti_all_finite(const float *x, size_t count)
{
    const uint32_t infinity = 0x7F800000u;
    for (size_t i = 0; i < count; i++)
        if (avsvti_size_bits(x[i]) >= infinity)
            return 0;
    return 1;
}

#endif
