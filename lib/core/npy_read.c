/* SPDX-License-Identifier: MIT */
/* Whole arrays of .npy and .npz files as tensors. */
#include <stdio.h>
#include <string.h>

#include "core/npy.h"
#include "core/npz.h"
#include "core/tensor.h"

int32_t avsvti_npy_tensor_type(const avsvti_npy *npy, int *same, const char *name,
                               avsvt_error *err)
{
    *same = 1;
    switch (npy->kind << 4 | (int)npy->item) {
    case 'f' << 4 | 4: return AVSVT_F32;
    case 'f' << 4 | 8: return AVSVT_F64;
    case 'i' << 4 | 4: return AVSVT_I32;
    case 'i' << 4 | 8: return AVSVT_I64;
    case 'u' << 4 | 1: return AVSVT_U8;
    default: break;
    }
    *same = 0;
    switch (npy->kind << 4 | (int)npy->item) {
    case 'b' << 4 | 1: return AVSVT_BOOL;
    case 'f' << 4 | 2: return AVSVT_F32;
    case 'u' << 4 | 4: return AVSVT_I64;
    case 'u' << 4 | 8: break;
    default: return AVSVT_I32;
    }
    avsvti_fail(err, AVSVT_E_UNSUPPORTED,
        "%s: its elements are uint64, which no tensor holds: save int64", name);
    return -1;
}

void avsvti_npy_convert(void *to, int32_t type, const avsvti_npy *npy, const void *data,
                        size_t count)
{
    for (size_t i = 0; i < count; i++) {
        double value = avsvti_npy_value(npy, data, i);
        switch (type) {
        case AVSVT_BOOL: ((uint8_t *)to)[i] = value != 0.0; break;
        case AVSVT_F32: ((float *)to)[i] = (float)value; break;
        case AVSVT_I64: ((int64_t *)to)[i] = (int64_t)value; break;
        default: ((int32_t *)to)[i] = (int32_t)value; break;
        }
    }
}

static avsvt_status make_tensor(avsvt_tensor **out, avsvt_context *context,
                                const avsvti_npy *npy, const void *data,
                                const char *path, size_t max, avsvt_error *err)
{
    const avsvt_allocator *a = avsvti_allocator(context);
    int same;
    int32_t type = avsvti_npy_tensor_type(npy, &same, path, err);
    if (type < 0)
        return AVSVT_E_UNSUPPORTED;
    int64_t bytes = avsvti_tensor_bytes(type, npy->ndim, npy->shape);
    if (bytes < 0 || (uint64_t)bytes > max)
        return avsvti_fail(err, AVSVT_E_UNSUPPORTED,
            "%s: its array is too large: at most %zu bytes are read", path, max);
    if (same)
        return avsvt_tensor_create(out, context, type, npy->ndim, npy->shape, data, NULL,
                                   NULL, err);
    void *block = avsvti_alloc(a, (size_t)bytes, 1);
    if (!block)
        return avsvti_fail_memory(err);
    avsvti_npy_convert(block, type, npy, data, (size_t)npy->count);
    return avsvti_tensor_adopt(out, context, type, npy->ndim, npy->shape, block, err);
}

avsvt_status avsvti_npy_read(avsvt_tensor **out, avsvt_context *context,
                             const char *path, const char *array, size_t max,
                             avsvt_error *err)
{
    avsvti_npz npz;
    const void *data = NULL;
    avsvti_npy npy;
    *out = NULL;
    avsvt_status status = avsvti_npz_open(&npz, avsvti_allocator(context), path, err);
    if (status != AVSVT_OK)
        return status;
    status = avsvti_npz_array(&npz, array, max, &npy, &data, err);
    if (status == AVSVT_OK)
        status = make_tensor(out, context, &npy, data, path, max, err);
    avsvti_npz_close(&npz);
    return status;
}
