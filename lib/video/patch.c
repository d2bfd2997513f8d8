/* SPDX-License-Identifier: MIT */
/* Pixels of a patch. The arithmetic follows the published tools step by step,
 * so that the same bytes come out. */
#include <math.h>

#include "video/align.h"

#define HALF (AVSVTI_PATCH / 2)

/* To the nearest whole number, halves to the even one, as Python rounds. */
static int round_even(double x)
{
    double below = floor(x), rest = x - below;
    int whole = (int)below;
    return rest > 0.5 || (rest == 0.5 && whole % 2) ? whole + 1 : whole;
}

int avsvti_patch_start(double centre)
{
    if (centre - HALF < 0)
        centre = HALF;
    if (centre + HALF > AVSVTI_FACE_SIDE)
        centre = AVSVTI_FACE_SIDE - HALF;
    return round_even(centre) - HALF;
}

typedef struct picture {
    const uint8_t *data;
    int width, height, channels;
    double lowest; /* value, 0..1: what is outside and black is not below it */
} picture;

static double pixel(const picture *p, int x, int y, int channel)
{
    if (x < 0 || y < 0 || x >= p->width || y >= p->height)
        return 0.0;
    return p->data[((size_t)y * (size_t)p->width + (size_t)x) * (size_t)p->channels +
                   (size_t)channel] * (1.0 / 255.0);
}

/* The value at a place between pixels, as a byte. */
static uint8_t sample(const picture *p, double x, double y, int channel)
{
    if (!(x > -1.0 && y > -1.0 && x < p->width && y < p->height))
        return 0;
    int x0 = (int)floor(x), y0 = (int)floor(y), x1 = (int)ceil(x), y1 = (int)ceil(y);
    double dx = x - x0, dy = y - y0;
    double top = (1 - dx) * pixel(p, x0, y0, channel) + dx * pixel(p, x1, y0, channel);
    double bottom = (1 - dx) * pixel(p, x0, y1, channel) + dx * pixel(p, x1, y1, channel);
    double value = (1 - dy) * top + dy * bottom;
    if (value != 0.0 && value < p->lowest)
        value = p->lowest;
    return (uint8_t)(value * 255.0);
}

/* scikit-image keeps what it makes within the range of what it is given (but
 * for the black outside). Above it nothing comes out. */
static double lowest(const uint8_t *data, size_t count)
{
    unsigned least = 255;
    for (size_t i = 0; i < count; i++)
        least = data[i] < least ? data[i] : least;
    return least * (1.0 / 255.0);
}

void avsvti_patch_cut(uint8_t *to, int size, const uint8_t *data, int width, int height,
                      int channels, const avsvti_face *face)
{
    picture p = { data, width, height, channels, 0.0 };
    const avsvti_similarity *s = &face->to_mean;
    double scale = s->a * s->a + s->b * s->b, ia = s->a / scale, ib = -s->b / scale;
    double ic = -(ia * s->c - ib * s->d), id = -(ib * s->c + ia * s->d);
    int left = avsvti_patch_start(face->mouth_x) + (AVSVTI_PATCH - size) / 2;
    int up = avsvti_patch_start(face->mouth_y) + (AVSVTI_PATCH - size) / 2;
    p.lowest = lowest(data, (size_t)width * (size_t)height * (size_t)channels);
    for (int row = up; row < up + size; row++)
        for (int column = left; column < left + size; column++) {
            double x = ia * column - ib * row + ic, y = ib * column + ia * row + id;
            for (int c = 0; c < channels; c++)
                *to++ = sample(&p, x, y, c);
        }
}

/* One axis of OpenCV's resize(): the two source places of each target place and
 * their weights of 11 bits. */
typedef struct axis {
    int first[AVSVTI_PATCH], second[AVSVTI_PATCH];
    int weight[AVSVTI_PATCH][2];
} axis;

static void make_axis(axis *a, int length)
{
    double scale = (double)length / AVSVTI_PATCH;
    for (int i = 0; i < AVSVTI_PATCH; i++) {
        float place = (float)((i + 0.5) * scale - 0.5);
        int whole = (int)floorf(place);
        float rest = place - (float)whole;
        if (whole < 0) {
            whole = 0;
            rest = 0.0f;
        }
        if (whole >= length - 1) {
            whole = length - 1;
            rest = 0.0f;
        }
        a->first[i] = whole;
        a->second[i] = whole + 1 < length ? whole + 1 : whole;
        a->weight[i][0] = (int)lrintf((1.0f - rest) * 2048.0f);
        a->weight[i][1] = (int)lrintf(rest * 2048.0f);
    }
}

void avsvti_patch_whole(uint8_t *to, int size, const uint8_t *data, int width, int height,
                        int channels)
{
    axis across, down;
    int edge = (AVSVTI_PATCH - size) / 2;
    make_axis(&across, width);
    make_axis(&down, height);
    for (int r = edge; r < edge + size; r++)
        for (int i = edge; i < edge + size; i++)
            for (int c = 0; c < channels; c++) {
                int line[2];
                for (int k = 0; k < 2; k++) {
                    const uint8_t *row = data + (size_t)(k ? down.second[r] : down.first[r]) *
                                         (size_t)width * (size_t)channels + c;
                    line[k] = row[(size_t)across.first[i] * (size_t)channels] * across.weight[i][0] +
                              row[(size_t)across.second[i] * (size_t)channels] * across.weight[i][1];
                }
                *to++ = (uint8_t)((((down.weight[r][0] * (line[0] >> 4)) >> 16) +
                                   ((down.weight[r][1] * (line[1] >> 4)) >> 16) + 2) >> 2);
            }
}
