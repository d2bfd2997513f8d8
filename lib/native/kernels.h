/* SPDX-License-Identifier: MIT */
/* The inner loops of the native backend, compiled once for each instruction
 * set and chosen when a model is opened. Every set gives the same bits on
 * every run; between sets the last bits may differ. */
#ifndef AVSVTI_NATIVE_KERNELS_H
#define AVSVTI_NATIVE_KERNELS_H

#include <stddef.h>

/* Columns of a packed weight panel, and the spectra made side by side. */
#define AVSVTI_LANES 16

/* Triangular filters: filter j is count[j] weights from bin first[j] on, at
 * weights + start[j]. */
typedef struct avsvti_native_filters {
    size_t count;
    size_t *first, *length, *start;
    float *weights;
} avsvti_native_filters;

typedef struct avsvti_native_kernels {
    const char *name;
    /* c[m][n] = a[m][k] * b + bias, negative values to 0 where relu. b: panels
     * [n / LANES rounded up][k][LANES]; bias: padded likewise, or NULL. */
    void (*gemm)(float *c, size_t ldc, const float *a, size_t lda,
                 const float *b, const float *bias, size_t m, size_t n,
                 size_t k, int relu);
    /* Convolution of each channel with its own kt x kf weights, frames apart
     * by step floats; out and in are [bins][channels], weights [kt][kf]
     * [channels], channels a multiple of LANES. in is the first tap's. */
    void (*depthwise)(float *out, const float *in, size_t step, size_t kt,
                      size_t kf, const float *weights, size_t bins,
                      size_t channels);
    /* out[i][lane] = span[lane * hop + i] * window[i]. */
    void (*cut)(float *out, const float *span, size_t hop, size_t n,
                const float *window);
    /* LANES complex transforms of length n (a power of 4), rows of real then
     * imaginary parts. Both buffers are used; returns the one that holds the
     * result. turns: cos and -sin of 2 pi i / n, n pairs. */
    float *(*transform)(float *x, float *y, size_t n, const float *turns);
    /* Magnitudes x scale of the n + 1 bins of the 2n real samples whose even
     * and odd ones were the transform's real and imaginary parts. turns: n
     * pairs of cos and -sin of pi i / n. */
    void (*magnitudes)(float *out, const float *z, size_t n,
                       const float *turns, float scale);
    void (*filter)(float *out, const float *bins,
                   const avsvti_native_filters *filters);
    /* x = log(x + floor) * gain + shift */
    void (*log)(float *x, size_t n, float floor, float gain, float shift);
    /* y = (x + floor) ^ exponent */
    void (*power)(float *y, const float *x, size_t n, float floor,
                  float exponent);
    /* out = softmax(in) * gain */
    void (*softmax)(float *out, const float *in, size_t n, float gain);
    /* x += y */
    void (*add)(float *x, const float *y, size_t n);
    /* Mean and largest of each channel over bins; two of LANES at a time. */
    void (*pool)(float *mean, float *largest, const float *in, size_t bins,
                 size_t channels);
    /* One step of a gated recurrent unit. x: the input's share of the gates,
     * [3][hp]; weights [hidden][3 hp]; bias [3 hp]; state [hp], changed;
     * gates: room for 3 hp. hp: hidden rounded up to LANES. */
    void (*gru_step)(float *state, const float *x, const float *weights,
                     const float *bias, float *gates, size_t hidden,
                     size_t hp);
} avsvti_native_kernels;

/* The best that this processor has among the first limit sets (1: the
 * baseline; a large number: all). */
const avsvti_native_kernels *avsvti_native_kernels_choose(unsigned limit);

extern const avsvti_native_kernels avsvti_native_kernels_base;
#if defined(__x86_64__) && defined(__GNUC__)
extern const avsvti_native_kernels avsvti_native_kernels_avx2;
extern const avsvti_native_kernels avsvti_native_kernels_avx512;
#endif

#endif
