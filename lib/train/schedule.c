/* SPDX-License-Identifier: MIT */
/* In double, in the order of operations of the originals. */
#include "train/schedule.h"

#include <math.h>

static const double pi = 3.14159265358979323846;

void avsvti_schedule_begin(const avsvti_schedule *s, avsvti_schedule_state *state)
{
    state->lr = s->base;
    state->before = INFINITY;
    state->calls = state->cooling = 0;
    state->waited = s->kind == AVSVTI_NEWBOB ? (double)s->patience : 0;
}

static double cosine(double from, double to, double share)
{
    return to + (from - to) / 2.0 * (cos(pi * share) + 1);
}

static void one_cycle(const avsvti_schedule *s, avsvti_schedule_state *state,
                      int64_t step, int64_t steps, double *momentum)
{
    double initial = s->base / s->start_div, least = initial / s->end_div;
    double top = s->rise * (double)steps - 1, end = (double)steps - 1;
    double at = (double)step < end ? (double)step : end;
    double high = s->momentum_high, low = s->momentum_low;
    if (at <= top) {
        double share = top > 0 ? at / top : 1;
        state->lr = cosine(initial, s->base, share);
        if (high > 0)
            *momentum = cosine(high, low, share);
    } else {
        double share = (at - top) / (end - top);
        state->lr = cosine(s->base, least, share);
        if (high > 0)
            *momentum = cosine(low, high, share);
    }
}

void avsvti_schedule_step(const avsvti_schedule *s, avsvti_schedule_state *state,
                          int64_t step, int64_t steps, double *momentum)
{
    double at = (double)step, all = (double)steps;
    if (s->kind == AVSVTI_ONE_CYCLE) {
        one_cycle(s, state, step, steps, momentum);
    } else if (s->kind == AVSVTI_COSINE) {
        double share = all > s->warmup ? (at - s->warmup) / (all - s->warmup) : 1;
        state->lr = at < s->warmup ? s->base * (at + 1) / s->warmup
            : cosine(s->base, s->base * s->last, share < 1 ? share : 1);
    }
}

static void newbob(const avsvti_schedule *s, avsvti_schedule_state *state,
                   double metric)
{
    double improvement = 0;
    if (state->calls++ > 0) {
        if (state->before != 0)
            improvement = (state->before - metric) / state->before;
        if (improvement < s->threshold) {
            if (state->waited == 0) {
                state->lr *= s->factor;
                state->waited = (double)s->patience;
            } else {
                state->waited--;
            }
        }
    }
    state->before = metric;
}

static void plateau(const avsvti_schedule *s, avsvti_schedule_state *state,
                    double metric)
{
    state->calls++;
    if (metric < state->before * (1.0 - s->threshold)) {
        state->before = metric;
        state->waited = 0;
    } else {
        state->waited++;
    }
    if (state->cooling > 0) {
        state->cooling--;
        state->waited = 0;
    }
    if (state->waited > (double)s->patience) {
        double lower = fmax(state->lr * s->factor, s->min_lr);
        if (state->lr - lower > s->eps)
            state->lr = lower;
        state->cooling = (double)s->cooldown;
        state->waited = 0;
    }
}

void avsvti_schedule_metric(const avsvti_schedule *s, avsvti_schedule_state *state,
                            double metric)
{
    if (s->kind == AVSVTI_NEWBOB)
        newbob(s, state, metric);
    else if (s->kind == AVSVTI_PLATEAU)
        plateau(s, state, metric);
}
