/* SPDX-License-Identifier: MIT */
/* For every processor: four floats at a time, which SSE2 and NEON have. Also
 * the choice among the sets. */
#define WIDTH 4
#define ROWS 3
#define WIDE 8
#include "native/kernels_body.h"

const avsvti_native_kernels avsvti_native_kernels_base = KERNELS("baseline");

const avsvti_native_kernels *avsvti_native_kernels_choose(unsigned limit)
{
#if defined(__x86_64__) && defined(__GNUC__)
    if (limit >= 3 && __builtin_cpu_supports("avx512f") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
        return &avsvti_native_kernels_avx512;
    if (limit >= 2 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return &avsvti_native_kernels_avx2;
#endif
    (void)limit;
    return &avsvti_native_kernels_base;
}
