/* SPDX-License-Identifier: MIT */
#include "media/loudness.h"

#include <math.h>
#include <string.h>

#define BLOCKS_PER_S 10
#define LOUD 4       /* blocks over which the ear hears how loud it is */
#define NEAR 80      /* blocks to each side among which the loudest counts */
#define SMOOTH 40    /* blocks to each side over which gains are averaged */
#define KEPT 512     /* blocks; more than both need on both sides */
#define MOST_DB 40.0 /* what is raised more was not meant to be heard */
#define DEEPEST_DB 25.0 /* pauses count as no quieter than this below the loudest */
#define SILENCE_DB (-200.0)

avsvt_status avsvti_loudness_init(avsvti_loudness *l, const avsvt_allocator *a,
                                  double rate_hz, double target_db, avsvt_error *err)
{
    memset(l, 0, sizeof(*l));
    l->allocator = a;
    l->target_db = target_db;
    l->all = INT64_MAX;
    l->loudest_db = SILENCE_DB;
    l->block = (int64_t)(rate_hz / BLOCKS_PER_S);
    l->power = avsvti_alloc_zero(a, 2 * KEPT, sizeof(*l->power));
    if (!l->power)
        return avsvti_fail_memory(err);
    l->gain_db = l->power + KEPT;
    return AVSVT_OK;
}

void avsvti_loudness_free(avsvti_loudness *l)
{
    if (!l->block)
        return;
    avsvti_release(l->allocator, l->power);
    avsvti_release(l->allocator, l->smooth_db);
    memset(l, 0, sizeof(*l));
}

int64_t avsvti_loudness_ahead(const avsvti_loudness *l)
{
    return (NEAR + SMOOTH + 1) * l->block;
}

double avsvti_mean_power(const float *samples, int64_t count)
{
    double sum = 0;
    for (int64_t i = 0; i < count; i++)
        sum += (double)samples[i] * (double)samples[i];
    return sum / (double)count;
}

void avsvti_loudness_measure(avsvti_loudness *l, const float *samples, int64_t count)
{
    double power = avsvti_mean_power(samples, count);
    /* What is no number is refused later; until then it is loud. */
    l->power[l->measured++ % KEPT] = isfinite(power) ? power : 1.0;
}

void avsvti_loudness_end(avsvti_loudness *l)
{
    l->all = l->measured;
}

/* Mean power of the blocks that end with this one. */
static double loudness_of(const avsvti_loudness *l, int64_t i)
{
    double sum = 0;
    int64_t first = i < LOUD - 1 ? 0 : i - LOUD + 1;
    for (int64_t j = first; j <= i; j++)
        sum += l->power[j % KEPT];
    return sum / (double)(i - first + 1);
}

double avsvti_loudness_wish(double target_db, double near_db, double loudest_db)
{
    double gain = target_db - fmax(near_db, loudest_db - DEEPEST_DB);
    return fmin(fmax(gain, 0.0), MOST_DB);
}

/* The gain that block i would have by itself. */
static void wish(avsvti_loudness *l, int64_t i)
{
    int64_t end = i + NEAR + 1 < l->all ? i + NEAR + 1 : l->all;
    double near = 0;
    for (int64_t j = i < NEAR ? 0 : i - NEAR; j < end; j++)
        near = fmax(near, loudness_of(l, j));
    double near_db = near > 0 ? 10 * log10(near) : SILENCE_DB;
    l->loudest_db = fmax(l->loudest_db, near_db);
    l->gain_db[i % KEPT] = avsvti_loudness_wish(l->target_db, near_db, l->loudest_db);
}

static float smoothed(const avsvti_loudness *l, int64_t i)
{
    double sum = 0;
    int64_t first = i < SMOOTH ? 0 : i - SMOOTH;
    int64_t end = i + SMOOTH + 1 < l->all ? i + SMOOTH + 1 : l->all;
    for (int64_t j = first; j < end; j++)
        sum += l->gain_db[j % KEPT];
    return (float)(sum / (double)(end - first));
}

static int reserve(avsvti_loudness *l)
{
    if ((size_t)l->ready < l->room)
        return 1;
    size_t room = l->room ? 2 * l->room : 1024;
    if (!avsvti_resize_rows(l->allocator, &l->smooth_db, (int64_t)room, 1))
        return 0;
    l->room = room;
    return 1;
}

void avsvti_loudness_ramp(float *samples, int64_t count, double from_db, double to_db)
{
    if (from_db == 0.0 && to_db == 0.0)
        return;
    float from = (float)pow(10, from_db / 20);
    float step = ((float)pow(10, to_db / 20) - from) / (float)count;
    for (int64_t i = 0; i < count; i++)
        samples[i] *= from + step * (float)(i + 1);
}

avsvt_status avsvti_loudness_raise(avsvti_loudness *l, float *samples, int64_t count,
                                   int *done, avsvt_error *err)
{
    int64_t i = l->ready;
    int64_t last = i + SMOOTH < l->all ? i + SMOOTH : l->all - 1;
    *done = 0;
    for (; l->wished <= last; l->wished++) {
        if (l->measured < l->all && l->wished + NEAR >= l->measured)
            return AVSVT_OK;
        wish(l, l->wished);
    }
    if (!reserve(l))
        return avsvti_fail_memory(err);
    l->smooth_db[i] = smoothed(l, i);
    avsvti_loudness_ramp(samples, count, (double)l->smooth_db[i ? i - 1 : 0],
                         (double)l->smooth_db[i]);
    l->ready++;
    *done = 1;
    return AVSVT_OK;
}

double avsvti_loudness_gain_db(const avsvti_loudness *l, int64_t sample)
{
    if (!l->ready)
        return 0.0;
    int64_t i = sample / l->block;
    return (double)l->smooth_db[i < l->ready ? i : l->ready - 1];
}
