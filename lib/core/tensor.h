/* SPDX-License-Identifier: MIT */
/* What avsvt_tensor holds. */
#ifndef AVSVTI_CORE_TENSOR_H
#define AVSVTI_CORE_TENSOR_H

#include <stdatomic.h>

#include <avsvt/tensor.h>

#include "core/context.h"

struct avsvt_tensor {
    atomic_size_t  users;
    avsvt_context *context; /* counted */
    int32_t dtype, ndim;
    int64_t shape[AVSVT_TENSOR_MAX_DIMS];
    const void *data;
    avsvt_release_fn release; /* NULL: data is ours, from the context's allocator */
    void *user;
};

/* A tensor over a block of the context's allocator, which it takes over (and
 * releases when it fails). */
avsvt_status avsvti_tensor_adopt(avsvt_tensor **out, avsvt_context *context,
                                 int32_t dtype, int32_t ndim, const int64_t *shape,
                                 void *block, avsvt_error *err);

/* Bytes of one element; 0 for an unknown dtype. */
size_t avsvti_dtype_size(int32_t dtype);
/* Bytes of a dense tensor, -1 when a size is negative or it overflows. */
int64_t avsvti_tensor_bytes(int32_t dtype, int32_t ndim, const int64_t *shape);

#endif
