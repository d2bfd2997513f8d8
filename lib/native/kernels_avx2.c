/* SPDX-License-Identifier: MIT */
/* AVX2 and FMA: eight floats at a time. Empty on other processors. */
#if defined(__x86_64__) && defined(__GNUC__)
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC target("avx2,fma")
#endif
#define WIDTH 8
#define ROWS 6
#define WIDE 10
#include "native/kernels_body.h"

const avsvti_native_kernels avsvti_native_kernels_avx2 = KERNELS("avx2");
#if defined(__clang__)
#pragma clang attribute pop
#endif
#else
typedef int avsvti_native_no_avx2; /* a file of C must declare something */
#endif
