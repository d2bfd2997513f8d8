/* SPDX-License-Identifier: MIT */
/* FNV-1a, 64 bits: tells whether two things are the same, not more. */
#ifndef AVSVTI_CORE_HASH_H
#define AVSVTI_CORE_HASH_H

#include <stddef.h>
#include <stdint.h>

#define AVSVTI_HASH_START UINT64_C(14695981039346656037)

static inline uint64_t avsvti_hash(uint64_t h, const void *data, size_t size)
{
    const unsigned char *p = data;
    for (size_t i = 0; i < size; i++)
        h = (h ^ p[i]) * UINT64_C(1099511628211);
    return h;
}

static inline uint64_t avsvti_hash_number(uint64_t h, double value)
{
    return avsvti_hash(h, &value, sizeof(value));
}

#endif
