/* SPDX-License-Identifier: MIT */
/* The inner loops, included once per instruction set by kernels_*.c, which
 * set WIDTH (floats in a vector), ROWS (rows of a matrix tile) and WIDE
 * (vectors of a row taken at once by a matrix-vector product). */
#include <math.h>
#include <stdint.h>

#include "native/kernels.h"

typedef float vf __attribute__((vector_size(WIDTH * 4), aligned(4), may_alias));
typedef int32_t vi __attribute__((vector_size(WIDTH * 4), aligned(4), may_alias));

#define INLINE static inline __attribute__((always_inline))
#define PARTS (AVSVTI_LANES / WIDTH) /* vectors in a panel's row */

INLINE vf load(const float *p) { return *(const vf *)p; }
INLINE void store(float *p, vf v) { *(vf *)p = v; }
INLINE vf all(float x) { return x - (vf){ 0 }; }
INLINE vf choose(vi mask, vf a, vf b)
{
    return (vf)((mask & (vi)a) | (~mask & (vi)b));
}
INLINE vf larger(vf a, vf b) { return choose(a > b, a, b); }

/* exp: x = n ln 2 + r, the Taylor series of e^r (|r| < 0.35, degree 7, 5e-9
 * off) and n into the exponent. Held to -60 so that nothing that is made with
 * the result is a denormal number, and to 88, the largest float. */
INLINE vf exponential(vf x)
{
    x = choose(x < -60.0f, all(-60.0f), choose(x > 88.0f, all(88.0f), x));
    vf n = x * 1.44269504f + 12582912.0f; /* rounds: 1.5 * 2^23 */
    vi bits = (vi)n << 23;
    n = n - 12582912.0f;
    vf r = x - n * 0.693359375f; /* ln 2 in two parts, the first exact */
    r = r + n * 2.12194440e-4f;
    vf p = r * (1.0f / 5040) + (1.0f / 720);
    p = p * r + (1.0f / 120);
    p = p * r + (1.0f / 24);
    p = p * r + (1.0f / 6);
    p = p * r + 0.5f;
    p = p * r + 1.0f;
    p = p * r + 1.0f;
    return (vf)((vi)p + bits);
}

/* log of a positive normal number: x = m 2^e with m around 1, and the series
 * 2 (s + s^3/3 + s^5/5 + ...) of log m with s = (m - 1) / (m + 1). */
INLINE vf logarithm(vf x)
{
    vi bits = (vi)x - 0x3f3504f3; /* the root of 1/2 */
    vi e = bits >> 23;
    vf m = (vf)((bits & 0x7fffff) + 0x3f3504f3);
    vf s = (m - 1.0f) / (m + 1.0f), q = s * s;
    vf p = q * (2.0f / 9) + (2.0f / 7);
    p = p * q + (2.0f / 5);
    p = p * q + (2.0f / 3);
    p = p * q * s + s * 2.0f;
    vf n = __builtin_convertvector(e, vf);
    return n * 0.693359375f + (p - n * 2.12194440e-4f);
}

INLINE vf sigmoid(vf x) { return 1.0f / (1.0f + exponential(-x)); }
INLINE vf hyperbolic_tangent(vf x)
{
    return 1.0f - 2.0f / (1.0f + exponential(x + x));
}

/* Some (ROWS, 4, 2 or 1) rows of one panel. */
INLINE void gemm_tile(float *c, size_t ldc, const float *a, size_t lda,
                      const float *b, const float *bias, size_t n, size_t k,
                      int relu, const int rows)
{
    vf sum[ROWS][PARTS];
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < PARTS; j++)
            sum[i][j] = bias ? load(bias + j * WIDTH) : (vf){ 0 };
    for (size_t l = 0; l < k; l++, b += AVSVTI_LANES)
        for (int i = 0; i < rows; i++) {
            vf v = all(a[(size_t)i * lda + l]);
            for (int j = 0; j < PARTS; j++)
                sum[i][j] += v * load(b + j * WIDTH);
        }
    for (int i = 0; i < rows; i++) {
        float *to = c + (size_t)i * ldc, part[AVSVTI_LANES];
        float *row = n == AVSVTI_LANES ? to : part;
        for (int j = 0; j < PARTS; j++)
            store(row + j * WIDTH, relu ? larger(sum[i][j], (vf){ 0 }) : sum[i][j]);
        for (size_t j = 0; row == part && j < n; j++)
            to[j] = part[j];
    }
}

static void gemm(float *c, size_t ldc, const float *a, size_t lda,
                 const float *b, const float *bias, size_t m, size_t n,
                 size_t k, int relu)
{
    for (size_t j = 0; j < n; j += AVSVTI_LANES, b += k * AVSVTI_LANES) {
        const float *add = bias ? bias + j : NULL;
        size_t i = 0, w = n - j < AVSVTI_LANES ? n - j : AVSVTI_LANES;
        for (; i + ROWS <= m; i += ROWS)
            gemm_tile(c + i * ldc + j, ldc, a + i * lda, lda, b, add, w, k, relu, ROWS);
        for (; ROWS > 4 && i + 4 <= m; i += 4)
            gemm_tile(c + i * ldc + j, ldc, a + i * lda, lda, b, add, w, k, relu,
                      ROWS > 4 ? 4 : 1);
        for (; i + 2 <= m; i += 2)
            gemm_tile(c + i * ldc + j, ldc, a + i * lda, lda, b, add, w, k, relu, 2);
        for (; i < m; i++)
            gemm_tile(c + i * ldc + j, ldc, a + i * lda, lda, b, add, w, k, relu, 1);
    }
}

static void depthwise(float *out, const float *in, size_t step, size_t kt,
                      size_t kf, const float *weights, size_t bins,
                      size_t channels)
{
    for (size_t f = 0; f < bins; f++)
        for (size_t c = 0; c < channels; c += WIDTH) {
            vf sum = { 0 };
            const float *w = weights + c;
            for (size_t t = 0; t < kt; t++)
                for (size_t i = 0; i < kf; i++, w += channels)
                    sum += load(w) * load(in + t * step + (f + i) * channels + c);
            store(out + f * channels + c, sum);
        }
}

static void cut(float *out, const float *span, size_t hop, size_t n,
                const float *window)
{
    for (size_t i = 0; i < n; i++)
        for (size_t l = 0; l < AVSVTI_LANES; l++)
            out[i * AVSVTI_LANES + l] = span[l * hop + i] * window[i];
}

#define ROW (2 * AVSVTI_LANES) /* one complex number of every lane */

/* One radix-4 step of the self-sorting (Stockham) transform: length m, s
 * interleaved transforms. */
INLINE void radix4(float *y, const float *x, size_t m, size_t s,
                   const float *turns)
{
    size_t quarter = m / 4 * s * ROW;
    for (size_t p = 0; p < m / 4; p++) {
        const float *w1 = turns + 2 * p * s, *w2 = w1 + 2 * p * s, *w3 = w2 + 2 * p * s;
        for (size_t q = 0; q < s; q++)
            for (size_t v = 0; v < AVSVTI_LANES; v += WIDTH) {
                const float *i = x + (q + s * p) * ROW + v;
                float *o = y + (q + s * 4 * p) * ROW + v;
                vf ar = load(i), ai = load(i + AVSVTI_LANES);
                vf br = load(i + quarter), bi = load(i + quarter + AVSVTI_LANES);
                vf cr = load(i + 2 * quarter), ci = load(i + 2 * quarter + AVSVTI_LANES);
                vf dr = load(i + 3 * quarter), di = load(i + 3 * quarter + AVSVTI_LANES);
                vf sr = ar + cr, si = ai + ci, tr = br + dr, ti = bi + di;
                vf er = ar - cr, ei = ai - ci, gr = bi - di, gi = dr - br;
                store(o, sr + tr);
                store(o + AVSVTI_LANES, si + ti);
                vf ur = er + gr, ui = ei + gi; /* e - i (b - d) */
                store(o + s * ROW, ur * w1[0] - ui * w1[1]);
                store(o + s * ROW + AVSVTI_LANES, ur * w1[1] + ui * w1[0]);
                ur = sr - tr, ui = si - ti;
                store(o + 2 * s * ROW, ur * w2[0] - ui * w2[1]);
                store(o + 2 * s * ROW + AVSVTI_LANES, ur * w2[1] + ui * w2[0]);
                ur = er - gr, ui = ei - gi;
                store(o + 3 * s * ROW, ur * w3[0] - ui * w3[1]);
                store(o + 3 * s * ROW + AVSVTI_LANES, ur * w3[1] + ui * w3[0]);
            }
    }
}

static float *transform(float *x, float *y, size_t n, const float *turns)
{
    for (size_t m = n, s = 1; m > 1; m /= 4, s *= 4) {
        radix4(y, x, m, s, turns);
        float *t = x;
        x = y;
        y = t;
    }
    return x;
}

static void magnitudes(float *out, const float *z, size_t n,
                       const float *turns, float scale)
{
    for (size_t k = 0; k <= n / 2; k++) {
        const float *a = z + k * ROW, *b = z + (k ? n - k : 0) * ROW;
        float *lo = out + k * AVSVTI_LANES, *hi = out + (n - k) * AVSVTI_LANES;
        float c = turns[2 * k], s = turns[2 * k + 1], h = 0.5f * scale;
        for (size_t v = 0; v < AVSVTI_LANES; v += WIDTH) {
            vf ar = load(a + v), ai = load(a + AVSVTI_LANES + v);
            vf br = load(b + v), bi = load(b + AVSVTI_LANES + v);
            vf er = ar + br, ei = ai - bi; /* twice the even samples' share */
            vf or = ai + bi, oi = br - ar; /* and the odd ones' */
            vf tr = or * c - oi * s, ti = or * s + oi * c;
            vf pr = (er + tr) * h, pi = (ei + ti) * h;
            vf mr = (er - tr) * h, mi = (ei - ti) * h;
            store(lo + v, pr * pr + pi * pi);
            store(hi + v, mr * mr + mi * mi);
        }
    }
    for (size_t i = 0; i < (n + 1) * AVSVTI_LANES; i++)
        out[i] = sqrtf(out[i]);
}

static void filter(float *out, const float *bins,
                   const avsvti_native_filters *filters)
{
    for (size_t j = 0; j < filters->count; j++) {
        const float *w = filters->weights + filters->start[j];
        const float *from = bins + filters->first[j] * AVSVTI_LANES;
        for (size_t v = 0; v < AVSVTI_LANES; v += WIDTH) {
            vf sum = { 0 };
            for (size_t i = 0; i < filters->length[j]; i++)
                sum += w[i] * load(from + i * AVSVTI_LANES + v);
            store(out + j * AVSVTI_LANES + v, sum);
        }
    }
}

/* Lengths of what follows are multiples of LANES where not said otherwise. */
static void take_log(float *x, size_t n, float floor, float gain, float shift)
{
    for (size_t i = 0; i < n; i += WIDTH)
        store(x + i, logarithm(load(x + i) + floor) * gain + shift);
}

static void power(float *y, const float *x, size_t n, float floor,
                  float exponent)
{
    for (size_t i = 0; i < n; i += WIDTH)
        store(y + i, exponential(logarithm(load(x + i) + floor) * exponent));
}

/* Any n. */
static void softmax(float *out, const float *in, size_t n, float gain)
{
    float top = in[0], sum = 0;
    for (size_t i = 1; i < n; i++)
        top = in[i] > top ? in[i] : top;
    size_t i = 0;
    for (; i + WIDTH <= n; i += WIDTH)
        store(out + i, exponential(load(in + i) - top));
    if (i < n) {
        float rest[WIDTH] = { 0 };
        for (size_t j = i; j < n; j++)
            rest[j - i] = in[j] - top;
        store(rest, exponential(load(rest)));
        for (size_t j = i; j < n; j++)
            out[j] = rest[j - i];
    }
    for (i = 0; i < n; i++)
        sum += out[i];
    gain /= sum;
    for (i = 0; i < n; i++)
        out[i] *= gain;
}

static void add(float *x, const float *y, size_t n)
{
    for (size_t i = 0; i < n; i += WIDTH)
        store(x + i, load(x + i) + load(y + i));
}

static void pool(float *mean, float *largest, const float *in, size_t bins,
                 size_t channels)
{
    for (size_t c = 0; c < channels; c += WIDTH) {
        vf sum = load(in + c), top = sum;
        for (size_t f = 1; f < bins; f++) {
            vf v = load(in + f * channels + c);
            sum += v;
            top = larger(v, top);
        }
        store(mean + c, sum / (float)bins);
        store(largest + c, top);
    }
}

/* gates[..] = bias + state * weights for some vectors of the row. */
INLINE void gemv_part(float *gates, const float *state, const float *weights,
                      const float *bias, size_t hidden, size_t columns,
                      const int wide)
{
    vf sum[WIDE > PARTS ? WIDE : PARTS];
    for (int j = 0; j < wide; j++)
        sum[j] = load(bias + j * WIDTH);
    for (size_t l = 0; l < hidden; l++, weights += columns)
        for (int j = 0; j < wide; j++)
            sum[j] += state[l] * load(weights + j * WIDTH);
    for (int j = 0; j < wide; j++)
        store(gates + j * WIDTH, sum[j]);
}

static void gru_step(float *state, const float *x, const float *weights,
                     const float *bias, float *gates, size_t hidden,
                     size_t hp)
{
    size_t columns = 3 * hp, j = 0;
    for (; j + WIDE * WIDTH <= columns; j += WIDE * WIDTH)
        gemv_part(gates + j, state, weights + j, bias + j, hidden, columns, WIDE);
    for (; j < columns; j += AVSVTI_LANES)
        gemv_part(gates + j, state, weights + j, bias + j, hidden, columns, PARTS);
    for (size_t i = 0; i < hp; i += WIDTH) {
        vf r = sigmoid(load(x + i) + load(gates + i));
        vf z = sigmoid(load(x + hp + i) + load(gates + hp + i));
        vf n = hyperbolic_tangent(load(x + 2 * hp + i) + r * load(gates + 2 * hp + i));
        store(state + i, n + z * (load(state + i) - n));
    }
}

#define KERNELS(set) { set, gemm, depthwise, cut, transform, magnitudes, filter, \
                       take_log, power, softmax, add, pool, gru_step }
