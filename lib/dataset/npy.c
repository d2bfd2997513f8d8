/* SPDX-License-Identifier: MIT */
#include "dataset/npy.h"

#include "core/npz.h"
#include "core/tensor.h"

avsvt_status avsvti_npy_write(const char *path, const double *values,
                              int64_t rows, int64_t columns, int fractions,
                              avsvt_context *context, avsvt_error *err)
{
    const avsvt_allocator *a = avsvti_allocator(context);
    const int64_t shape[2] = { rows, columns };
    const void *data = values;
    int64_t *whole = NULL;
    avsvt_tensor *tensor;
    if (!fractions) {
        data = whole = avsvti_alloc(a, (size_t)(rows * columns), sizeof(*whole));
        if (!whole)
            return avsvti_fail_memory(err);
        for (int64_t i = 0; i < rows * columns; i++)
            whole[i] = (int64_t)values[i];
    }
    avsvt_status status = avsvt_tensor_create(&tensor, context,
        fractions ? AVSVT_F64 : AVSVT_I64, 2, shape, data, NULL, NULL, err);
    if (status == AVSVT_OK)
        status = avsvt_tensor_write(tensor, path, err);
    avsvt_tensor_free(tensor);
    avsvti_release(a, whole);
    return status;
}

avsvt_status avsvti_npy_rows(int64_t *rows, const char *path,
                             avsvt_context *context, avsvt_error *err)
{
    avsvti_npz npz;
    avsvti_npy npy;
    *rows = 0;
    avsvt_status status = avsvti_npz_open(&npz, avsvti_allocator(context), path, err);
    if (status != AVSVT_OK)
        return status;
    status = avsvti_npz_shape(&npz, NULL, &npy, err);
    if (status == AVSVT_OK && npy.ndim < 1)
        status = avsvti_fail(err, AVSVT_E_FORMAT, "%s: is one number, not an array", path);
    if (status == AVSVT_OK && !npy.count) /* or its rows would be as many as its head says */
        status = avsvti_fail(err, AVSVT_E_FORMAT, "%s: its array is empty", path);
    if (status == AVSVT_OK)
        *rows = npy.shape[0];
    avsvti_npz_close(&npz);
    return status;
}
