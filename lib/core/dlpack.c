/* SPDX-License-Identifier: MIT */
/* Tensors to and from DLPack, without a copy. */
#include "core/dlpack.h"

#include <string.h>

#include "core/error.h"
#include "core/tensor.h"

static const avsvti_dl_type dl_types[] = { /* by AVSVT_F32 ... */
    { AVSVTI_DL_FLOAT, 32, 1 }, { AVSVTI_DL_FLOAT, 64, 1 },
    { AVSVTI_DL_INT, 32, 1 }, { AVSVTI_DL_INT, 64, 1 },
    { AVSVTI_DL_UINT, 8, 1 }, { AVSVTI_DL_BOOL, 8, 1 },
};

static int32_t our_dtype(avsvti_dl_type type)
{
    for (int32_t i = 0; i <= AVSVT_BOOL; i++)
        if (dl_types[i].code == type.code && dl_types[i].bits == type.bits &&
            dl_types[i].lanes == type.lanes)
            return i;
    return -1;
}

/* Strides don't matter along axes of one element, nor in an empty tensor. */
static int is_row_major(const avsvti_dl_tensor *t)
{
    int64_t step = 1;
    if (!t->strides)
        return 1;
    for (int32_t i = 0; i < t->ndim; i++)
        if (!t->shape[i])
            return 1;
    for (int32_t i = t->ndim; i-- > 0;) {
        if (t->shape[i] != 1 && t->strides[i] != step)
            return 0;
        step *= t->shape[i];
    }
    return 1;
}

static avsvt_status check(const struct DLManagedTensor *managed,
                          avsvt_error *err)
{
    const avsvti_dl_tensor *t = &managed->dl_tensor;
    if (t->device.device_type != AVSVTI_DL_CPU)
        return avsvti_fail(err, AVSVT_E_UNSUPPORTED,
            "the DLPack tensor is on device %d: copy it to the CPU first",
            (int)t->device.device_type);
    if (our_dtype(t->dtype) < 0)
        return avsvti_fail(err, AVSVT_E_UNSUPPORTED,
            "the DLPack tensor's type (code %d, %d bits, %d lanes) is none of "
            "float32, float64, int32, int64, uint8, bool", (int)t->dtype.code,
            (int)t->dtype.bits, (int)t->dtype.lanes);
    if (t->ndim < 0 || (t->ndim && !t->shape))
        return avsvti_fail(err, AVSVT_E_ARG, "the DLPack tensor has no shape");
    if (t->ndim > AVSVT_TENSOR_MAX_DIMS)
        return avsvti_fail(err, AVSVT_E_UNSUPPORTED,
            "the DLPack tensor has %d axes; at most %d are possible",
            (int)t->ndim, AVSVT_TENSOR_MAX_DIMS);
    int64_t bytes = avsvti_tensor_bytes(our_dtype(t->dtype), t->ndim, t->shape);
    if (bytes < 0 || (bytes && !t->data))
        return avsvti_fail(err, AVSVT_E_ARG,
            "the DLPack tensor has an impossible size or no data");
    if (!is_row_major(t))
        return avsvti_fail(err, AVSVT_E_UNSUPPORTED,
            "the DLPack tensor is not row-major: make it contiguous first");
    return AVSVT_OK;
}

static void release_managed(void *user)
{
    struct DLManagedTensor *managed = user;
    if (managed->deleter)
        managed->deleter(managed);
}

avsvt_status avsvt_tensor_from_dlpack(avsvt_tensor **out,
                                      avsvt_context *context,
                                      struct DLManagedTensor *managed,
                                      avsvt_error *err)
{
    if (!out)
        return avsvti_fail(err, AVSVT_E_ARG,
            "avsvt_tensor_from_dlpack: out is NULL");
    *out = NULL;
    if (!managed)
        return avsvti_fail(err, AVSVT_E_ARG,
            "avsvt_tensor_from_dlpack: managed is NULL");
    avsvt_status status = check(managed, err);
    if (status != AVSVT_OK)
        return status;
    const avsvti_dl_tensor *t = &managed->dl_tensor;
    const char *data = t->data ? (const char *)t->data + t->byte_offset : NULL;
    return avsvt_tensor_create(out, context, our_dtype(t->dtype), t->ndim,
                               t->shape, data, release_managed, managed, err);
}

/* What is lent: the struct that the consumer sees comes first. */
typedef struct loan {
    struct DLManagedTensor managed;
    int64_t shape[AVSVT_TENSOR_MAX_DIMS], strides[AVSVT_TENSOR_MAX_DIMS];
} loan;

static void end_loan(struct DLManagedTensor *managed)
{
    if (!managed)
        return;
    avsvt_tensor *tensor = managed->manager_ctx;
    avsvti_release(avsvti_allocator(tensor->context), managed);
    avsvt_tensor_free(tensor);
}

avsvt_status avsvt_tensor_to_dlpack(struct DLManagedTensor **out,
                                    avsvt_tensor *tensor, avsvt_error *err)
{
    int64_t step = 1;
    if (!out)
        return avsvti_fail(err, AVSVT_E_ARG,
            "avsvt_tensor_to_dlpack: out is NULL");
    *out = NULL;
    if (!tensor)
        return avsvti_fail(err, AVSVT_E_ARG,
            "avsvt_tensor_to_dlpack: tensor is NULL");
    loan *l = avsvti_alloc_zero(avsvti_allocator(tensor->context), 1,
                                sizeof(*l));
    if (!l)
        return avsvti_fail_memory(err);
    for (int32_t i = tensor->ndim; i-- > 0;) {
        l->shape[i] = tensor->shape[i];
        l->strides[i] = step;
        step *= tensor->shape[i] ? tensor->shape[i] : 1;
    }
    avsvti_dl_tensor *t = &l->managed.dl_tensor;
    t->data = (void *)(uintptr_t)tensor->data;
    t->device.device_type = AVSVTI_DL_CPU;
    t->ndim = tensor->ndim;
    t->dtype = dl_types[tensor->dtype];
    t->shape = l->shape;
    t->strides = l->strides;
    l->managed.manager_ctx = avsvt_tensor_ref(tensor);
    l->managed.deleter = end_loan;
    *out = &l->managed;
    return AVSVT_OK;
}
