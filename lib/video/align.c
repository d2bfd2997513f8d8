/* SPDX-License-Identifier: MIT */
/* The published alignment: gaps, smoothing, similarity, place of the mouth. */
#include "video/align.h"

#include <math.h>
#include <string.h>

#define POINTS AVSVT_LANDMARKS
#define SET (2 * POINTS) /* numbers of a picture */
#define MOUTH 48         /* the first landmark of the mouth, to the last of all */
#define CUT_SHARE (1.0 / 3.0)

const int avsvti_stable_points[AVSVTI_STABLE] = { 33, 36, 39, 42, 45 };

/* Proportions of a front view of a generic face; the eyes' outer corners lie 96
 * pixels apart, so that a mouth takes about half of the patch. */
const double avsvti_mean_face[AVSVTI_STABLE][2] = {
    { 128, 159 }, { 80, 108 }, { 108, 109 }, { 148, 109 }, { 176, 108 },
};

static int has_face(const double *set)
{
    for (size_t i = 0; i < SET; i++)
        if (!isfinite(set[i]))
            return 0;
    return 1;
}

/* Numbers between two sets, `step` of `steps` on the way. */
static void between(double *to, const double *from, const double *until, size_t step,
                    size_t steps)
{
    for (size_t i = 0; i < SET; i++)
        to[i] = from[i] + (double)step / (double)steps * (until[i] - from[i]);
}

size_t avsvti_landmarks_fill(double *points, size_t count)
{
    size_t faces = 0, last = 0;
    for (size_t i = 0; i < count; i++) {
        if (!has_face(points + i * SET))
            continue;
        if (!faces)
            for (size_t k = 0; k < i; k++)
                memcpy(points + k * SET, points + i * SET, SET * sizeof(*points));
        else
            for (size_t k = last + 1; k < i; k++)
                between(points + k * SET, points + last * SET, points + i * SET, k - last,
                        i - last);
        last = i;
        faces++;
    }
    for (size_t k = last + 1; faces && k < count; k++)
        memcpy(points + k * SET, points + last * SET, SET * sizeof(*points));
    return faces;
}

/* Least squares from 5 points to 5 points; 0 when they lie in one point. */
static int fit_similarity(avsvti_similarity *s, const double from[AVSVTI_STABLE][2],
                          const double to[AVSVTI_STABLE][2])
{
    double mx = 0, my = 0, nx = 0, ny = 0, same = 0, across = 0, spread = 0;
    for (int i = 0; i < AVSVTI_STABLE; i++) {
        mx += from[i][0] / AVSVTI_STABLE;
        my += from[i][1] / AVSVTI_STABLE;
        nx += to[i][0] / AVSVTI_STABLE;
        ny += to[i][1] / AVSVTI_STABLE;
    }
    for (int i = 0; i < AVSVTI_STABLE; i++) {
        double x = from[i][0] - mx, y = from[i][1] - my;
        double u = to[i][0] - nx, v = to[i][1] - ny;
        same += x * u + y * v;
        across += x * v - y * u;
        spread += x * x + y * y;
    }
    if (!(spread > 0)) /* all points are one */
        return 0;
    s->a = same / spread;
    s->b = across / spread;
    s->c = nx - (s->a * mx - s->b * my);
    s->d = ny - (s->b * mx + s->a * my);
    double scale = s->a * s->a + s->b * s->b;
    return isfinite(scale) && scale > 1e-12 && scale < 1e12;
}

/* The mean of the five points over sets [first, last). */
static void smooth(double to[AVSVTI_STABLE][2], const double *points, size_t first,
                   size_t last)
{
    for (int i = 0; i < AVSVTI_STABLE; i++)
        for (int c = 0; c < 2; c++) {
            double sum = 0;
            for (size_t k = first; k < last; k++)
                sum += points[k * SET + 2 * (size_t)avsvti_stable_points[i] + (size_t)c];
            to[i][c] = sum / (double)(last - first);
        }
}

/* Whether the face of set k lies elsewhere than that of the set before. */
static int is_cut(const double *points, size_t k)
{
    const double *now = points + k * SET, *before = now - SET;
    double eyes = hypot(now[90] - now[72], now[91] - now[73]), moved = 0;
    for (int i = 0; i < AVSVTI_STABLE; i++) {
        size_t at = 2 * (size_t)avsvti_stable_points[i];
        moved += hypot(now[at] - before[at], now[at + 1] - before[at + 1]) / AVSVTI_STABLE;
    }
    return moved > CUT_SHARE * eyes;
}

/* Sets around i, at most half to each side, in the same shot. */
static void around(const double *points, size_t count, size_t i, size_t half,
                   size_t *first, size_t *last)
{
    *first = i;
    *last = i + 1;
    while (*first > 0 && i - *first < half && !is_cut(points, *first))
        --*first;
    while (*last < count && *last - i <= half && !is_cut(points, *last))
        ++*last;
}

/* 0: its points are so far out that it is nowhere. */
static int place_mouth(avsvti_face *face, const double *set)
{
    const avsvti_similarity *s = &face->to_mean;
    double x = 0, y = 0;
    for (size_t i = MOUTH; i < POINTS; i++) {
        x += s->a * set[2 * i] - s->b * set[2 * i + 1] + s->c;
        y += s->b * set[2 * i] + s->a * set[2 * i + 1] + s->d;
    }
    face->mouth_x = x / (POINTS - MOUTH);
    face->mouth_y = y / (POINTS - MOUTH);
    return isfinite(face->mouth_x) && isfinite(face->mouth_y);
}

int avsvti_faces_align(avsvti_face *faces, const double *points, size_t count,
                       const double mean[AVSVTI_STABLE][2], int smoothing,
                       size_t window, size_t *bad)
{
    size_t ahead = window < count ? window : count;
    for (size_t i = 0; i < count; i++) {
        double mid[AVSVTI_STABLE][2];
        size_t first = i, last = i + ahead;
        if (smoothing == AVSVT_SMOOTH_CENTRED)
            around(points, count, i, window / 2, &first, &last);
        int found = 1;
        if (last > count) { /* the last ones are turned like the last full window */
            faces[i].to_mean = faces[count - ahead].to_mean;
        } else {
            smooth(mid, points, first, last);
            found = fit_similarity(&faces[i].to_mean, (const double (*)[2])mid, mean);
        }
        if (!found || !place_mouth(&faces[i], points + i * SET)) {
            *bad = i;
            return 0;
        }
    }
    return 1;
}
