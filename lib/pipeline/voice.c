/* SPDX-License-Identifier: MIT */
/* YIN (de Cheveigne and Kawahara, 2002): where the difference between the sound
 * and itself a lag later, relative to its mean at all lags up to there, first has
 * a deep dip, the lag is the period. Only frames that are softer than what
 * was there just before are looked at, and no longer than they have a pitch. */
#include "pipeline/voice.h"

#include <math.h>
#include <string.h>

#include "core/key.h"
#include "decode/frames.h"

#define COMPARED_S 0.025
#define CLEAR 0.15      /* depth of the dip */
#define LOWEST_HZ 60.0
#define HIGHEST_HZ 1100.0
#define RECENT_S 0.2
#define SOFTER_DB 3.0f  /* than the loudest frame of those */
#define MAY_BE_LOST 1   /* frames without a pitch, before it comes back */
#define LANES 8

avsvt_status avsvti_voice_init(avsvti_voice *v, const avsvt_allocator *a, double rate_hz,
                               double frame_rate_hz, avsvt_error *err)
{
    memset(v, 0, sizeof(*v));
    v->allocator = a;
    v->rate_hz = rate_hz;
    v->compared = (int64_t)(rate_hz * COMPARED_S);
    v->lowest = (int64_t)fmax(2, rate_hz / HIGHEST_HZ);
    v->highest = (int64_t)ceil(rate_hz / LOWEST_HZ);
    v->reaches = (int64_t)fmax(1, fmin(rint(RECENT_S * frame_rate_hz), AVSVTI_VOICE_RECENT));
    v->lost = MAY_BE_LOST + 1;
    v->depth = avsvti_alloc(a, (size_t)v->highest + 2, sizeof(*v->depth));
    return v->depth ? AVSVT_OK : avsvti_fail_memory(err);
}

static float difference(const float *x, const float *later, int64_t count)
{
    float sums[LANES] = { 0 }, sum = 0;
    for (int64_t i = 0; i + LANES <= count; i += LANES)
        for (int64_t k = 0; k < LANES; k++) {
            float by = x[i + k] - later[i + k];
            sums[k] += by * by;
        }
    for (int64_t k = 0; k < LANES; k++)
        sum += sums[k];
    return sum;
}

/* The first lag of a deep dip's ground, with a fraction; 0: there is none. */
static double period(avsvti_voice *v, const float *x)
{
    double sum = 0;
    int64_t ground = 0;
    for (int64_t lag = 1; lag <= v->highest + 1; lag++) {
        double by = (double)difference(x, x + lag, v->compared);
        sum += by;
        v->depth[lag] = sum > 0 ? (float)(by * (double)lag / sum) : 1;
        if (ground && !(v->depth[lag] < v->depth[ground]))
            break;
        if (ground || (lag >= v->lowest && (double)v->depth[lag] < CLEAR))
            ground = lag;
    }
    if (!ground || ground > v->highest)
        return 0;
    return (double)ground + avsvti_top(-(double)v->depth[ground - 1],
        -(double)v->depth[ground], -(double)v->depth[ground + 1]);
}

/* The MIDI number around a sample; 0: no clear one, or it lies at an edge. */
static float pitch_at(avsvti_voice *v, const avsvti_window *w, int64_t sample)
{
    int64_t count = v->compared + v->highest + 1, start = sample - count / 2 - w->start;
    if (start < 0 || start + count > w->count)
        return 0;
    double lag = period(v, w->samples + start);
    return lag > 0 ? (float)avsvti_pitch_of_hz(v->rate_hz / lag) : 0;
}

static float loudest(const avsvti_voice *v)
{
    int64_t have = v->frames < v->reaches ? v->frames : v->reaches;
    float most = v->recent[0];
    for (int64_t i = 1; i < have; i++)
        if (v->recent[i] > most)
            most = v->recent[i];
    return most;
}

float avsvti_voice_frame(avsvti_voice *v, const avsvti_window *w, int64_t sample,
                         float level_db)
{
    float pitch = 0;
    v->recent[v->frames++ % v->reaches] = level_db;
    if (level_db > loudest(v) - SOFTER_DB) {
        v->lost = 0;
        return 0;
    }
    if (v->lost <= MAY_BE_LOST)
        pitch = pitch_at(v, w, sample);
    v->lost = pitch > 0 ? 0 : v->lost + 1;
    return pitch;
}

void avsvti_voice_free(avsvti_voice *v)
{
    if (v->depth)
        avsvti_release(v->allocator, v->depth);
    memset(v, 0, sizeof(*v));
}
