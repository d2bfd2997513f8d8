/* SPDX-License-Identifier: MIT */
/* AVX-512: sixteen floats at a time. Empty on other processors. */
#if defined(__x86_64__) && defined(__GNUC__)
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512vl,avx2,fma"))), apply_to = function)
#else
#pragma GCC target("avx512f,avx512dq,avx512vl,avx2,fma")
#endif
#define WIDTH 16
#define ROWS 8
#define WIDE 5
#include "native/kernels_body.h"

const avsvti_native_kernels avsvti_native_kernels_avx512 = KERNELS("avx512");
#if defined(__clang__)
#pragma clang attribute pop
#endif
#else
typedef int avsvti_native_no_avx512; /* a file of C must declare something */
#endif
