/* SPDX-License-Identifier: MIT */
#include "features/crops.h"

#include <math.h>
#include <string.h>

#include "video/array.h"
#include "video/shown.h"

#define LARGEST 2 /* times the model's side: above it no mouth fills the picture */

static avsvt_status check_values(const avsvt_tensor *crops, avsvt_error *err)
{
    const float *p = crops->data;
    size_t picture = (size_t)(crops->shape[1] * crops->shape[2]);
    size_t n = (size_t)crops->shape[0] * picture;
    const avsvti_npy values = { .kind = 'f', .item = sizeof(float) };
    if (avsvti_array_is_of_one(&values, p, (int64_t)picture))
        return avsvti_fail(err, AVSVT_E_ARG, AVSVTI_OF_ONE);
    for (size_t i = 0; i < n; i++)
        if (!(p[i] >= 0.0f && p[i] <= 255.0f))
            return avsvti_fail(err, AVSVT_E_ARG,
                "picture %zu has the value %g: grey values are 0 to 255",
                i / picture, (double)p[i]);
    return AVSVT_OK;
}

avsvt_status avsvti_crops_check(const avsvt_tensor *crops,
                                const avsvti_crop_rule *rule, avsvt_error *err)
{
    if (crops->ndim != 3 || crops->shape[0] < 1)
        return avsvti_fail(err, AVSVT_E_ARG,
            "pictures have %d axes%s: grey ones of [frames, height, width] are "
            "needed", (int)crops->ndim, crops->ndim == 3 ? " and none in them"
                                                         : "");
    if (crops->dtype != AVSVT_U8 && crops->dtype != AVSVT_F32)
        return avsvti_fail(err, AVSVT_E_ARG,
            "pictures must be uint8, or float32 from 0 to 255");
    if (crops->shape[1] < rule->height || crops->shape[2] < rule->width)
        return avsvti_fail(err, AVSVT_E_ARG,
            "pictures are %lld wide and %lld high; the model takes %lld x %lld "
            "out of their middle", (long long)crops->shape[2],
            (long long)crops->shape[1], (long long)rule->width,
            (long long)rule->height);
    if (crops->shape[1] > LARGEST * rule->height ||
        crops->shape[2] > LARGEST * rule->width)
        return avsvti_fail(err, AVSVT_E_ARG,
            "pictures are %lld wide and %lld high: they must be cut down to the "
            "mouth first, little more than %lld x %lld",
            (long long)crops->shape[2], (long long)crops->shape[1],
            (long long)rule->width, (long long)rule->height);
    return crops->dtype == AVSVT_F32 ? check_values(crops, err) : AVSVT_OK;
}

avsvti_pictures avsvti_pictures_plain(const avsvt_tensor *crops)
{
    avsvti_pictures p = { crops, 1.0, 0.0, 1.0, 0,
                          crops ? crops->shape[0] : 0 };
    return p;
}

int64_t avsvti_pictures_at(const avsvti_pictures *p, int64_t k)
{
    return (int64_t)avsvti_picture_of_frame((double)k, p->model_hz, p->start_s, p->rate_hz);
}

void avsvti_pictures_span(const avsvti_pictures *p, int64_t *first, int64_t *end)
{
    int64_t count = p->count;
    double length_s = (double)count / p->rate_hz;
    int64_t k = (int64_t)ceil(p->start_s * p->model_hz - 0.5);
    /* Rounding may be off by one; what avsvti_pictures_at() says holds. */
    while (avsvti_pictures_at(p, k - 1) >= 0)
        k--;
    while (avsvti_pictures_at(p, k) < 0)
        k++;
    *first = k < 0 ? 0 : k;
    *end = AVSVTI_GOES_ON;
    if (count == AVSVTI_GOES_ON)
        return;
    k = (int64_t)ceil((p->start_s + length_s) * p->model_hz - 0.5);
    while (avsvti_pictures_at(p, k) < count)
        k++;
    while (avsvti_pictures_at(p, k - 1) >= count)
        k--;
    *end = k < *first ? *first : k;
}

void avsvti_crops_prepare(float *to, const avsvti_pictures *pictures,
                          int64_t first, int64_t count,
                          const avsvti_crop_rule *rule)
{
    const avsvt_tensor *crops = pictures->crops;
    size_t rows = (size_t)rule->height, columns = (size_t)rule->width;
    size_t high = crops ? (size_t)crops->shape[1] : rows;
    size_t wide = crops ? (size_t)crops->shape[2] : columns;
    size_t top = (high - rows) / 2, left = (wide - columns) / 2;
    float mean = (float)rule->mean, deviation = (float)rule->deviation;
    for (int64_t k = first; k < first + count; k++) {
        int64_t at = avsvti_pictures_at(pictures, k);
        size_t t = (size_t)(at - pictures->base);
        if (at < 0 || at >= pictures->count) {
            memset(to, 0, rows * columns * sizeof(*to));
            to += rows * columns;
            continue;
        }
        for (size_t y = 0; y < rows; y++) {
            size_t from = (t * high + top + y) * wide + left;
            for (size_t x = 0; x < columns; x++) {
                float v = crops->dtype == AVSVT_U8
                    ? (float)((const uint8_t *)crops->data)[from + x]
                    : ((const float *)crops->data)[from + x];
                *to++ = (v / 255.0f - mean) / deviation;
            }
        }
    }
}
