/* SPDX-License-Identifier: MIT */
/* .npz files, as numpy.savez and numpy.savez_compressed write them. */
#ifndef AVSVT_TESTS_ARRAYS_H
#define AVSVT_TESTS_ARRAYS_H

#include <stddef.h>
#include <stdint.h>

typedef struct array_part {
    const char *name;
    const char *descr; /* NumPy's: "<f4" */
    int64_t shape[4];
    int ndim;
    const void *data;
    int deflated;
} array_part;

/* A file of the scratch folder with these arrays; its path. */
const char *arrays_write(const char *file, const array_part *parts, size_t count);
/* The bytes of one .npy: free() it. */
unsigned char *arrays_npy(const array_part *part, size_t *size);

#endif
