/* SPDX-License-Identifier: MIT */
/* Reading landmarks that some detector wrote. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/memory.h"
#include "core/npy.h"
#include "core/tensor.h"
#include "core/utf8.h"
#include "platform/file.h"
#include "video/landmarks.h"

#define SET (2 * AVSVT_LANDMARKS)
#define MAX_BYTES ((size_t)1 << 31)

/* Room for one set more, filled with NaN: the set, NULL when out of memory. */
double *avsvti_points_add(avsvti_points *p)
{
    if (p->count == p->room) {
        size_t room = p->room + p->room / 2 + 256;
        double *larger = avsvti_resize(p->allocator, p->data, room, SET * sizeof(double));
        if (!larger)
            return NULL;
        p->data = larger;
        p->room = room;
    }
    double *set = p->data + p->count++ * SET;
    for (size_t i = 0; i < SET; i++)
        set[i] = (double)NAN;
    return set;
}

static avsvt_status read_text(avsvti_points *p, const char *path, int json,
                              avsvt_error *err)
{
    char *text = NULL;
    size_t size = 0;
    avsvt_status status = avsvti_file_read(&text, &size, p->allocator, path, MAX_BYTES, err);
    if (status != AVSVT_OK)
        return status;
    const char *first = text + avsvti_utf8_mark(text, size);
    if (strlen(text) != size)
        status = avsvti_fail(err, AVSVT_E_FORMAT, "%s: is no text", path);
    else if (json)
        status = avsvti_landmarks_json(p, first, path, err);
    else
        status = avsvti_landmarks_csv(p, first, path, err);
    avsvti_release(p->allocator, text);
    return status;
}

/* The tensor's numbers as float64 sets. */
avsvt_status avsvti_points_of(avsvti_points *p, const avsvt_tensor *t, const char *name,
                              avsvt_error *err)
{
    int f64 = t->dtype == AVSVT_F64, f32 = t->dtype == AVSVT_F32;
    int whole = t->dtype == AVSVT_I32 || t->dtype == AVSVT_I64;
    if (t->ndim != 3 || t->shape[1] != AVSVT_LANDMARKS || t->shape[2] != 2 ||
        !(f64 || f32 || whole))
        return avsvti_fail(err, AVSVT_E_FORMAT,
            "%s: landmarks are numbers [frames, 68, 2]; this has %d dimensions, sizes %lld, "
            "%lld, %lld", name, (int)t->ndim, (long long)avsvt_tensor_size(t, 0),
            (long long)avsvt_tensor_size(t, 1), (long long)avsvt_tensor_size(t, 2));
    size_t count = (size_t)t->shape[0];
    p->data = avsvti_alloc(p->allocator, count, SET * sizeof(double));
    if (!p->data)
        return avsvti_fail_memory(err);
    p->count = p->room = count;
    for (size_t i = 0; i < count * SET; i++)
        p->data[i] = f64 ? ((const double *)t->data)[i]
                   : f32 ? (double)((const float *)t->data)[i]
                   : t->dtype == AVSVT_I32 ? ((const int32_t *)t->data)[i]
                   : (double)((const int64_t *)t->data)[i];
    return AVSVT_OK;
}

static avsvt_status read_array(avsvti_points *p, avsvt_context *context, const char *path,
                               avsvt_error *err)
{
    avsvt_tensor *t = NULL;
    avsvt_status status = avsvti_npy_read(&t, context, path, NULL, MAX_BYTES, err);
    if (status == AVSVT_OK)
        status = avsvti_points_of(p, t, path, err);
    avsvt_tensor_free(t);
    return status;
}

static int ends_in(const char *path, const char *ending)
{
    size_t a = strlen(path), b = strlen(ending);
    return a >= b && !strcasecmp(path + a - b, ending);
}

avsvt_status avsvt_landmarks_read(avsvt_tensor **out, avsvt_context *context,
                                  const char *path, avsvt_error *err)
{
    avsvti_points p = { avsvti_allocator(context), NULL, 0, 0 };
    if (out)
        *out = NULL;
    if (!out || !path)
        return avsvti_fail(err, AVSVT_E_ARG, "avsvt_landmarks_read: %s is NULL",
                           out ? "path" : "out");
    avsvt_status status = ends_in(path, ".json") ? read_text(&p, path, 1, err)
                        : ends_in(path, ".csv") ? read_text(&p, path, 0, err)
                                                : read_array(&p, context, path, err);
    if (status == AVSVT_OK && !p.count)
        status = avsvti_fail(err, AVSVT_E_FORMAT, "%s: there are no landmarks in it", path);
    int64_t shape[3] = { (int64_t)p.count, AVSVT_LANDMARKS, 2 };
    if (status == AVSVT_OK)
        return avsvti_tensor_adopt(out, context, AVSVT_F64, 3, shape, p.data, err);
    avsvti_release(p.allocator, p.data);
    return status;
}
