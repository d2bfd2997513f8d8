/* SPDX-License-Identifier: MIT */
/* Arrays as NumPy writes them (.npy, and .npz: a zip of those). */
#ifndef AVSVTI_CORE_NPY_H
#define AVSVTI_CORE_NPY_H

#include <avsvt/tensor.h>

/* The most bytes that a header, and so what stands before the data, may have. */
#define AVSVTI_NPY_HEADER_MAX 65536

typedef struct avsvti_npy {
    char    kind;   /* 'f' float, 'i' whole, 'u' whole from 0, 'b' bool */
    size_t  item;   /* bytes of an element */
    int32_t ndim;
    int64_t shape[AVSVT_TENSOR_MAX_DIMS];
    int64_t count;  /* of elements */
    size_t  start;  /* bytes before the data */
} avsvti_npy;

/* Whether these (at least 6) bytes begin an .npy file. */
int avsvti_npy_is(const void *data, size_t size);

/* Reads the header at the beginning of data; size need not reach further than
 * AVSVTI_NPY_HEADER_MAX. Little-endian, row-major arrays of numbers only; an
 * array that would not fit into memory's addresses is refused. */
avsvt_status avsvti_npy_parse(avsvti_npy *out, const void *data, size_t size,
                              const char *name, avsvt_error *err);

/* "[3, 96, 96]", for messages. */
void avsvti_npy_shape_text(char *to, size_t size, const avsvti_npy *npy);

/* Element i of data (which need not be aligned). */
double avsvti_npy_value(const avsvti_npy *npy, const void *data, size_t i);

/* The type of a tensor that holds every value: -1 where there is none, which is
 * told. *same: an element of it has the bytes of the file's. */
int32_t avsvti_npy_tensor_type(const avsvti_npy *npy, int *same, const char *name,
                               avsvt_error *err);
/* The first count elements of data as that type. */
void avsvti_npy_convert(void *to, int32_t type, const avsvti_npy *npy, const void *data,
                        size_t count);

/* A whole file as a tensor: bool, uint8, int32, int64, float32 and float64 as
 * they are, other numbers as the next larger of those. From an .npz the array
 * called array (NULL: the only one). At most max bytes. */
avsvt_status avsvti_npy_read(avsvt_tensor **out, avsvt_context *context,
                             const char *path, const char *array, size_t max,
                             avsvt_error *err);

#endif
