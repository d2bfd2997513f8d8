/* SPDX-License-Identifier: MIT */
#include "core/tensor.h"

#include <string.h>

#include "core/error.h"

size_t avsvti_dtype_size(int32_t dtype)
{
    static const size_t sizes[] = { 4, 8, 4, 8, 1, 1 };
    return dtype >= 0 && dtype <= AVSVT_BOOL ? sizes[dtype] : 0;
}

int64_t avsvti_tensor_bytes(int32_t dtype, int32_t ndim, const int64_t *shape)
{
    int64_t bytes = (int64_t)avsvti_dtype_size(dtype);
    int empty = 0;
    for (int32_t i = 0; i < ndim; i++) {
        if (shape[i] < 0)
            return -1;
        if (!shape[i])
            empty = 1;
        else if (bytes > INT64_MAX / 2 / shape[i])
            return -1;
        else
            bytes *= shape[i];
    }
    return empty ? 0 : bytes;
}

static avsvt_status check(int32_t dtype, int32_t ndim, const int64_t *shape,
                          const void *data, avsvt_error *err)
{
    if (!avsvti_dtype_size(dtype))
        return avsvti_fail(err, AVSVT_E_ARG,
            "avsvt_tensor_create: dtype %d is none of AVSVT_F32 ... AVSVT_BOOL",
            (int)dtype);
    if (ndim < 0 || ndim > AVSVT_TENSOR_MAX_DIMS)
        return avsvti_fail(err, AVSVT_E_ARG,
            "avsvt_tensor_create: ndim is %d: it must be 0 to %d", (int)ndim,
            AVSVT_TENSOR_MAX_DIMS);
    if (ndim && !shape)
        return avsvti_fail(err, AVSVT_E_ARG,
            "avsvt_tensor_create: shape is NULL");
    for (int32_t i = 0; i < ndim; i++)
        if (shape[i] < 0)
            return avsvti_fail(err, AVSVT_E_ARG,
                "avsvt_tensor_create: size %d is %lld: it must be 0 or more",
                (int)i, (long long)shape[i]);
    int64_t bytes = avsvti_tensor_bytes(dtype, ndim, shape);
    if (bytes < 0 || (uint64_t)bytes > SIZE_MAX / 2)
        return avsvti_fail(err, AVSVT_E_RANGE,
            "avsvt_tensor_create: a tensor of this shape is too large");
    if (bytes && !data)
        return avsvti_fail(err, AVSVT_E_ARG,
            "avsvt_tensor_create: data is NULL");
    return AVSVT_OK;
}

avsvt_status avsvt_tensor_create(avsvt_tensor **out, avsvt_context *context,
                                 int32_t dtype, int32_t ndim,
                                 const int64_t *shape, const void *data,
                                 avsvt_release_fn release, void *user,
                                 avsvt_error *err)
{
    if (!out)
        return avsvti_fail(err, AVSVT_E_ARG, "avsvt_tensor_create: out is NULL");
    *out = NULL;
    avsvt_status status = check(dtype, ndim, shape, data, err);
    if (status != AVSVT_OK)
        return status;
    const avsvt_allocator *a = avsvti_allocator(context);
    avsvt_tensor *t = avsvti_alloc_zero(a, 1, sizeof(*t));
    if (!t)
        return avsvti_fail_memory(err);
    size_t bytes = (size_t)avsvti_tensor_bytes(dtype, ndim, shape);
    t->data = data;
    if (!release) {
        void *copy = avsvti_alloc(a, bytes, 1);
        if (!copy) {
            avsvti_release(a, t);
            return avsvti_fail_memory(err);
        }
        if (bytes)
            memcpy(copy, data, bytes);
        t->data = copy;
    }
    atomic_init(&t->users, 1);
    t->context = avsvt_context_ref(avsvti_context_or_default(context));
    t->dtype = dtype;
    t->ndim = ndim;
    if (ndim)
        memcpy(t->shape, shape, (size_t)ndim * sizeof(*shape));
    t->release = release;
    t->user = user;
    *out = t;
    return AVSVT_OK;
}

static void never(void *user)
{
    (void)user;
}

avsvt_status avsvti_tensor_adopt(avsvt_tensor **out, avsvt_context *context,
                                 int32_t dtype, int32_t ndim, const int64_t *shape,
                                 void *block, avsvt_error *err)
{
    avsvt_status status = avsvt_tensor_create(out, context, dtype, ndim, shape, block,
                                              never, NULL, err);
    if (status == AVSVT_OK)
        (*out)->release = NULL;
    else
        avsvti_release(avsvti_allocator(context), block);
    return status;
}

int32_t avsvt_tensor_dtype(const avsvt_tensor *tensor)
{
    return tensor ? tensor->dtype : -1;
}

int32_t avsvt_tensor_ndim(const avsvt_tensor *tensor)
{
    return tensor ? tensor->ndim : 0;
}

int64_t avsvt_tensor_size(const avsvt_tensor *tensor, int32_t axis)
{
    return tensor && axis >= 0 && axis < tensor->ndim ? tensor->shape[axis] : 0;
}

const void *avsvt_tensor_data(const avsvt_tensor *tensor)
{
    return tensor && avsvti_tensor_bytes(tensor->dtype, tensor->ndim,
                                         tensor->shape) ? tensor->data : NULL;
}

avsvt_tensor *avsvt_tensor_ref(avsvt_tensor *tensor)
{
    if (tensor)
        atomic_fetch_add_explicit(&tensor->users, 1, memory_order_relaxed);
    return tensor;
}

void avsvt_tensor_free(avsvt_tensor *tensor)
{
    if (!tensor || atomic_fetch_sub_explicit(&tensor->users, 1,
                                             memory_order_acq_rel) != 1)
        return;
    avsvt_context *context = tensor->context;
    const avsvt_allocator *a = avsvti_allocator(context);
    if (tensor->release)
        tensor->release(tensor->user);
    else
        avsvti_release(a, (void *)(uintptr_t)tensor->data);
    avsvti_release(a, tensor);
    avsvt_context_free(context);
}
