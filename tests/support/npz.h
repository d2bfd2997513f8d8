/* SPDX-License-Identifier: MIT */
/* Reads arrays that NumPy wrote (.npz, .npy), for golden data. It trusts no
 * size, so a damaged file is told as such. */
#ifndef AVSVT_TESTS_NPZ_H
#define AVSVT_TESTS_NPZ_H

#include <stddef.h>
#include <stdint.h>

#define NPZ_MAX_DIMS 8

typedef enum npz_type { NPZ_F32, NPZ_F64, NPZ_I16, NPZ_I32, NPZ_I64 } npz_type;

typedef struct npz_array {
    npz_type type;
    int ndim;
    int64_t shape[NPZ_MAX_DIMS];
    size_t count; /* elements */
    void *data;   /* row-major; malloc'd */
} npz_array;

typedef struct npz_file {
    unsigned char *data;
    size_t size;
} npz_file;

/* 0 when the file can't be read. */
int npz_open(npz_file *f, const char *path);
/* The array `name` (of an .npy file: whatever the name); 0 when there is none
 * or it is damaged or of another type. */
int npz_get(const npz_file *f, const char *name, npz_array *array);
/* Element i of an array of any type. */
double npz_value(const npz_array *array, size_t i);
void npz_array_free(npz_array *array);
void npz_close(npz_file *f);

/* The parser of one .npy in memory; what npz_get() uses. */
int npy_parse(npz_array *array, const unsigned char *data, size_t size);
/* The same as npz_get() on bytes in memory. */
int npz_find(npz_array *array, const unsigned char *data, size_t size,
             const char *name);

#endif
