/* SPDX-License-Identifier: MIT */
#include "pipeline/kept.h"

#include <string.h>

void avsvti_kept_init(avsvti_kept *k, const avsvt_allocator *a, int there)
{
    memset(k, 0, sizeof(*k));
    k->allocator = a;
    k->there = there;
    k->done = !there;
}

void avsvti_kept_borrow(avsvti_kept *k, const avsvt_tensor *t)
{
    avsvti_kept_init(k, NULL, t != NULL);
    k->done = 1;
    if (!t)
        return;
    k->data = (float *)(uintptr_t)t->data; /* only read */
    k->frames = t->shape[0];
    k->width = t->shape[1];
}

void avsvti_kept_free(avsvti_kept *k)
{
    if (k->allocator) {
        avsvti_release(k->allocator, k->data);
        avsvti_release(k->allocator, k->level);
    }
    avsvti_kept_init(k, k->allocator, 0);
}

static int reserve(avsvti_kept *k, int64_t need, int with_level)
{
    if (need <= k->capacity)
        return 1;
    int64_t capacity = need + k->capacity / 2;
    if (!avsvti_resize_rows(k->allocator, &k->data, capacity, k->width) ||
        (with_level && !avsvti_resize_rows(k->allocator, &k->level, capacity, 1)))
        return 0;
    k->capacity = capacity;
    return 1;
}

avsvt_status avsvti_kept_add(avsvti_kept *k, const float *rows, int64_t count,
                             int64_t width, const float *level,
                             avsvt_error *err)
{
    int64_t have = k->frames - k->start;
    if (k->frames && width != k->width)
        return avsvti_fail(err, AVSVT_E_BACKEND,
            "an encoder gave %lld values a frame, then %lld",
            (long long)k->width, (long long)width);
    k->width = width;
    if (!reserve(k, have + count, level != NULL))
        return avsvti_fail_memory(err);
    size_t bytes = (size_t)count * (size_t)width * sizeof(float);
    if (rows && bytes)
        memcpy(k->data + have * width, rows, bytes);
    else if (bytes)
        memset(k->data + have * width, 0, bytes);
    if (level && count)
        memcpy(k->level + have, level, (size_t)count * sizeof(float));
    k->frames += count;
    return AVSVT_OK;
}

void avsvti_kept_forget(avsvti_kept *k, int64_t before)
{
    if (before > k->frames)
        before = k->frames;
    int64_t gone = before - k->start, left = k->frames - before;
    if (!k->allocator || gone <= 0)
        return;
    memmove(k->data, k->data + gone * k->width,
            (size_t)left * (size_t)k->width * sizeof(float));
    if (k->level)
        memmove(k->level, k->level + gone, (size_t)left * sizeof(float));
    k->start = before;
}

avsvt_status avsvti_kept_slice(avsvt_tensor **out, const avsvti_kept *k,
                               avsvt_context *context, int64_t from, int64_t to,
                               avsvt_error *err)
{
    *out = NULL;
    if (to > k->frames)
        to = k->frames;
    if (from >= to)
        return AVSVT_OK;
    int64_t shape[2] = { to - from, k->width };
    return avsvt_tensor_create(out, context, AVSVT_F32, 2, shape,
        k->data + (from - k->start) * k->width, NULL, NULL, err);
}
