/* SPDX-License-Identifier: MIT */
/* The augmentation MM_ALT trains with: the waveform's SpecAugment. */
#include "augment/drop.h"

#include <math.h>
#include <string.h>

#include "augment/augment.h"
#include "augment/filter.h"

#define PI 3.141592653589793
#define TAPS AVSVTI_NOTCH_TAPS
#define MIDDLE (TAPS / 2)
#define MAX_NOTCHES 100 /* as kinds.c allows */
#define MAX_CHUNKS 1000 /* too */
#define NOTCH_WIDTH 0.05
#define LOWPASS_WIDTH 6 /* zero crossings of the sinc */
#define ROLLOFF 0.99

static double sinc(double x)
{
    return x == 0 ? 1 : sin(x) / x;
}

/* Low pass under a periodic Blackman window, its sum 1. */
static void low_pass(double *kernel, double edge)
{
    double sum = 0;
    for (int i = 0; i < TAPS; i++) {
        double turn = 2 * PI * i / TAPS;
        double window = 0.42 - 0.5 * cos(turn) + 0.08 * cos(2 * turn);
        kernel[i] = sinc(3 * edge * (i - MIDDLE)) * window;
        sum += kernel[i];
    }
    for (int i = 0; i < TAPS; i++)
        kernel[i] /= sum;
}

/* What lies below, and what lies above twice the width. */
void avsvti_notch(double *kernel, double at)
{
    double above[TAPS];
    low_pass(kernel, at);
    low_pass(above, at + 2 * NOTCH_WIDTH);
    for (int i = 0; i < TAPS; i++)
        kernel[i] -= above[i];
    kernel[MIDDLE] += 1;
}

/* filter becomes its correlation with the kernel, cut at both ends. */
static void join(double *filter, const double *kernel)
{
    double both[TAPS];
    for (int i = 0; i < TAPS; i++) {
        both[i] = 0;
        for (int k = 0; k < TAPS; k++) {
            int from = i + k - MIDDLE;
            if (from >= 0 && from < TAPS)
                both[i] += filter[from] * kernel[k];
        }
    }
    memcpy(filter, both, sizeof(both));
}

/* The original correlates where we convolve, so its filter is turned round
 * (the window makes it a little lopsided). */
void avsvti_notches(float *filter, const double *at, int count)
{
    double all[TAPS] = { 0 }, kernel[TAPS];
    all[MIDDLE] = 1;
    for (int i = 0; i < count; i++) {
        avsvti_notch(kernel, at[i]);
        join(all, kernel);
    }
    for (int i = 0; i < TAPS; i++)
        filter[i] = (float)all[TAPS - 1 - i];
}

avsvt_status avsvti_apply_drop_frequencies(const avsvti_step *step,
                                           avsvti_piece *piece,
                                           avsvti_random *random,
                                           avsvt_error *err)
{
    double at[MAX_NOTCHES];
    float filter[TAPS];
    int count = (int)avsvti_step_draw(step, 0, random);
    for (int i = 0; i < count; i++)
        at[i] = avsvti_step_draw(step, 1, random);
    if (!count)
        return AVSVT_OK;
    avsvti_notches(filter, at, count);
    return avsvti_convolve(piece->allocator, piece->samples, piece->count,
                           filter, TAPS, MIDDLE, err);
}

avsvt_status avsvti_apply_drop_chunks(const avsvti_step *step,
                                      avsvti_piece *piece,
                                      avsvti_random *random, avsvt_error *err)
{
    int count = (int)avsvti_step_draw(step, 0, random);
    int64_t lengths[MAX_CHUNKS], longest = 0;
    (void)err;
    for (int i = 0; i < count; i++) {
        lengths[i] = (int64_t)avsvti_step_draw(step, 1, random);
        longest = lengths[i] > longest ? lengths[i] : longest;
    }
    int64_t last = piece->count - longest;
    for (int i = 0; i < count && last >= 0; i++) {
        int64_t at = (int64_t)avsvti_random_below(random, (uint64_t)last + 1);
        memset(piece->samples + at, 0, (size_t)lengths[i] * sizeof(*piece->samples));
    }
    return AVSVT_OK;
}

int64_t avsvti_resampled_count(int64_t count, int percent)
{
    return (count * percent + 99) / 100;
}

/* A Hann-windowed sinc around a place between two samples of the input: its
 * values at the samples first .. first + taps - 1. */
static void sinc_at(float *to, int taps, int first, double rest, double cutoff)
{
    double width = LOWPASS_WIDTH / (2 * cutoff);
    for (int k = 0; k < taps; k++) {
        double t = first + k - rest;
        double window = 0.5 * (1 + cos(2 * PI * cutoff / LOWPASS_WIDTH * t));
        to[k] = fabs(t) >= width ? 0
            : (float)(window * 2 * cutoff * sinc(2 * PI * cutoff * t));
    }
}

/* Kaldi's rule: nothing beyond the ends. The places between samples are percent
 * different ones, over and over. */
avsvt_status avsvti_resample_published(const avsvt_allocator *a, float *to,
                                       const float *from, int64_t count,
                                       int percent, avsvt_error *err)
{
    double cutoff = ROLLOFF * 0.5 * fmin(1, percent / 100.0);
    int reach = (int)ceil(LOWPASS_WIDTH / (2 * cutoff)), taps = 2 * reach + 1;
    int64_t made = avsvti_resampled_count(count, percent);
    float *table = avsvti_alloc(a, (size_t)percent * (size_t)taps, sizeof(*table));
    if (!table)
        return avsvti_fail_memory(err);
    for (int i = 0; i < percent; i++)
        sinc_at(table + i * taps, taps, -reach, (double)i / percent, cutoff);
    for (int64_t i = 0; i < made; i++) {
        const float *h = table + i * 100 % percent * taps;
        int64_t first = i * 100 / percent - reach;
        int64_t k = first < 0 ? -first : 0;
        int64_t end = count - first < taps ? count - first : taps;
        double sum = 0;
        for (; k < end; k++)
            sum += (double)from[first + k] * (double)h[k];
        to[i] = (float)sum;
    }
    avsvti_release(a, table);
    return AVSVT_OK;
}

avsvt_status avsvti_apply_resample(const avsvti_step *step, avsvti_piece *piece,
                                   avsvti_random *random, avsvt_error *err)
{
    int percent = (int)lround(avsvti_step_draw(step, 0, random));
    int64_t made = avsvti_resampled_count(piece->count, percent);
    if (percent == 100)
        return AVSVT_OK;
    float *out = avsvti_alloc(piece->allocator, (size_t)made, sizeof(*out));
    if (!out)
        return avsvti_fail_memory(err);
    avsvt_status status = avsvti_resample_published(piece->allocator, out,
        piece->samples, piece->count, percent, err);
    if (status != AVSVT_OK) {
        avsvti_release(piece->allocator, out);
        return status;
    }
    avsvti_piece_replace(piece, out, made);
    avsvti_piece_move_notes(piece, 100.0 / percent, 12 * log2(100.0 / percent));
    return AVSVT_OK;
}
