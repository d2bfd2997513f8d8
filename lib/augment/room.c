/* SPDX-License-Identifier: MIT */
/* Rooms, microphones and telephones. */
#include <math.h>
#include <string.h>

#include "augment/augment.h"
#include "augment/filter.h"

#define TWO_PI 6.283185307179586
#define LOWEST_HZ 60.0 /* where the curve of eq begins */
#define MAX_POINTS 64

/* After the direct sound, noise that dies away: 60 dB in rt60, duller the
 * lower the damping. Its energy is wet times that of the direct sound. */
static void make_response(float *h, int64_t taps, double rate_hz, double rt60_s,
                          double wet, int64_t delay, double damping_hz,
                          avsvti_random *random)
{
    double keep = damping_hz < rate_hz / 2 ? exp(-TWO_PI * damping_hz / rate_hz)
                                           : 0;
    double low = 0, energy = 0;
    avsvti_random_normal(random, h, (size_t)taps);
    for (int64_t i = 0; i < taps; i++) {
        double t = (double)i / rate_hz;
        low = keep * low + (1 - keep) * (double)h[i];
        h[i] = i > delay ? (float)(low * pow(10, -3 * t / rt60_s)) : 0;
        energy += (double)h[i] * (double)h[i];
    }
    double by = energy > 0 ? sqrt(wet / energy) : 0;
    for (int64_t i = 0; i < taps; i++)
        h[i] = (float)((double)h[i] * by);
    h[0] = 1;
}

avsvt_status avsvti_apply_reverb(const avsvti_step *step, avsvti_piece *piece,
                                 avsvti_random *random, avsvt_error *err)
{
    double rt60_s = avsvti_step_draw(step, 0, random);
    double wet = pow(10, avsvti_step_draw(step, 1, random) / 10);
    double delay_s = avsvti_step_draw(step, 2, random) / 1000;
    double damping_hz = avsvti_step_draw(step, 3, random);
    int64_t delay = (int64_t)(delay_s * piece->rate_hz);
    int64_t taps = (int64_t)(rt60_s * piece->rate_hz) + delay + 2;
    float *h = avsvti_alloc(piece->allocator, (size_t)taps, sizeof(*h));
    if (!h)
        return avsvti_fail_memory(err);
    make_response(h, taps, piece->rate_hz, rt60_s, wet, delay, damping_hz, random);
    avsvt_status status = avsvti_convolve(piece->allocator, piece->samples,
                                          piece->count, h, taps, 0, err);
    avsvti_release(piece->allocator, h);
    return status;
}

typedef struct eq_curve {
    double db[MAX_POINTS]; /* evenly over log frequency */
    int points;
    double highest_hz;
} eq_curve;

static double eq_at(void *user, double hz)
{
    const eq_curve *c = user;
    double place = log(fmax(hz, LOWEST_HZ) / LOWEST_HZ) /
                   log(c->highest_hz / LOWEST_HZ) * (c->points - 1);
    int i = place < c->points - 2 ? (int)place : c->points - 2;
    double between = fmin(place - i, 1);
    /* half a cosine from point to point: no corners */
    double share = 0.5 - 0.5 * cos(TWO_PI / 2 * between);
    return pow(10, (c->db[i] + (c->db[i + 1] - c->db[i]) * share) / 20);
}

avsvt_status avsvti_apply_eq(const avsvti_step *step, avsvti_piece *piece,
                             avsvti_random *random, avsvt_error *err)
{
    eq_curve c = { { 0 }, 0, piece->rate_hz / 2 };
    double db = avsvti_step_draw(step, 0, random);
    c.points = (int)avsvti_step_draw(step, 1, random);
    for (int i = 0; i < c.points; i++)
        c.db[i] = avsvti_random_between(random, -db, db);
    return avsvti_filter_curve(piece->allocator, piece->samples, piece->count,
                               piece->rate_hz, eq_at, &c, err);
}

static double band_at(void *user, double hz)
{
    const double *edges = user;
    return hz >= edges[0] && (edges[1] <= 0 || hz <= edges[1]) ? 1 : 0;
}

avsvt_status avsvti_apply_band(const avsvti_step *step, avsvti_piece *piece,
                               avsvti_random *random, avsvt_error *err)
{
    double edges[2];
    edges[0] = avsvti_step_draw(step, 0, random);
    edges[1] = avsvti_step_draw(step, 1, random);
    return avsvti_filter_curve(piece->allocator, piece->samples, piece->count,
                               piece->rate_hz, band_at, edges, err);
}
