/* SPDX-License-Identifier: MIT */
/* Overlap and add, with KissFFT's real transform. */
#include <math.h>
#include <string.h>

#include <kiss_fftr.h>

#include "augment/filter.h"

#define PI 3.141592653589793

/* A plan in memory of ours. */
static kiss_fftr_cfg plan(const avsvt_allocator *a, int size, int inverse)
{
    size_t bytes = 0;
    kiss_fftr_alloc(size, inverse, NULL, &bytes);
    void *memory = avsvti_alloc(a, bytes, 1);
    return memory ? kiss_fftr_alloc(size, inverse, memory, &bytes) : NULL;
}

static int power_of_two(int64_t least)
{
    int n = 4096;
    while (n < least)
        n *= 2;
    return n;
}

/* A block of x, filtered, added to out; room holds size samples. */
static void add_block(const float *x, int64_t n, const kiss_fft_cpx *h,
                      kiss_fft_cpx *bins, float *room, int size,
                      kiss_fftr_cfg forward, kiss_fftr_cfg back,
                      float *out, int64_t at, int64_t count)
{
    memset(room, 0, (size_t)size * sizeof(*room));
    memcpy(room, x, (size_t)n * sizeof(*room));
    kiss_fftr(forward, room, bins);
    for (int k = 0; k <= size / 2; k++) {
        float r = bins[k].r * h[k].r - bins[k].i * h[k].i;
        bins[k].i = bins[k].r * h[k].i + bins[k].i * h[k].r;
        bins[k].r = r;
    }
    kiss_fftri(back, bins, room);
    for (int64_t i = at < 0 ? -at : 0; i < size && at + i < count; i++)
        out[at + i] += room[i] / (float)size;
}

avsvt_status avsvti_convolve(const avsvt_allocator *a, float *x, int64_t count,
                             const float *h, int64_t taps, int64_t lead,
                             avsvt_error *err)
{
    avsvt_status status = AVSVT_OK;
    if (taps > (int64_t)1 << 26)
        return avsvti_fail(err, AVSVT_E_RANGE, "a filter of %lld samples is too long",
                           (long long)taps);
    int size = power_of_two(4 * taps);
    size_t half = (size_t)size / 2 + 1;
    int64_t step = size - taps + 1;
    kiss_fftr_cfg forward = plan(a, size, 0), back = plan(a, size, 1);
    kiss_fft_cpx *spectrum = avsvti_alloc(a, half, sizeof(*spectrum));
    kiss_fft_cpx *bins = avsvti_alloc(a, half, sizeof(*bins));
    float *room = avsvti_alloc_zero(a, (size_t)size, sizeof(*room));
    float *out = avsvti_alloc_zero(a, (size_t)count, sizeof(*out));
    if (forward && back && spectrum && bins && room && out) {
        memcpy(room, h, (size_t)taps * sizeof(*room));
        kiss_fftr(forward, room, spectrum);
        for (int64_t i = 0; i < count; i += step)
            add_block(x + i, count - i < step ? count - i : step, spectrum, bins,
                      room, size, forward, back, out, i - lead, count);
        memcpy(x, out, (size_t)count * sizeof(*x));
    } else {
        status = avsvti_fail_memory(err);
    }
    avsvti_release(a, out);
    avsvti_release(a, room);
    avsvti_release(a, bins);
    avsvti_release(a, spectrum);
    avsvti_release(a, back);
    avsvti_release(a, forward);
    return status;
}

/* The curve, sampled in frequency, as a symmetric filter under a Hann window. */
avsvt_status avsvti_filter_curve(const avsvt_allocator *a, float *x,
                                 int64_t count, double rate_hz,
                                 avsvti_curve curve, void *user,
                                 avsvt_error *err)
{
    int size = power_of_two((int64_t)(rate_hz / 4)), taps = size - 1;
    int lead = size / 2 - 1;
    kiss_fftr_cfg back = plan(a, size, 1);
    kiss_fft_cpx *bins = avsvti_alloc_zero(a, (size_t)size / 2 + 1, sizeof(*bins));
    float *h = avsvti_alloc(a, (size_t)size, sizeof(*h));
    float *filter = avsvti_alloc(a, (size_t)taps, sizeof(*filter));
    avsvt_status status = AVSVT_OK;
    if (back && bins && h && filter) {
        for (int k = 0; k <= size / 2; k++)
            bins[k].r = (float)curve(user, k * rate_hz / size);
        kiss_fftri(back, bins, h);
        for (int k = 0; k < taps; k++) {
            double window = 0.5 + 0.5 * cos(2 * PI * (k - lead) / size);
            filter[k] = (float)((double)h[(k - lead + size) % size] * window / size);
        }
        status = avsvti_convolve(a, x, count, filter, taps, lead, err);
    } else {
        status = avsvti_fail_memory(err);
    }
    avsvti_release(a, filter);
    avsvti_release(a, h);
    avsvti_release(a, bins);
    avsvti_release(a, back);
    return status;
}
