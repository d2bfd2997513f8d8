/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "dataset/npy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/buffer.h"
#include "platform/file.h"

#define HEAD 10     /* magic number, version, length */
#define ALIGNED 64
#define MAX_HEADER 4096

/* Little-endian, whatever the machine. */
static void put(char *to, uint64_t bits)
{
    for (int k = 0; k < 8; k++)
        to[k] = (char)(unsigned char)(bits >> 8 * k);
}

avsvt_status avsvti_npy_write(const char *path, const double *values,
                              int64_t rows, int64_t columns, int fractions,
                              const avsvt_allocator *a, avsvt_error *err)
{
    char head[3 * ALIGNED];
    size_t count = (size_t)(rows * columns);
    int n = snprintf(head + HEAD, sizeof(head) - HEAD, "{'descr': '%s', "
                     "'fortran_order': False, 'shape': (%lld, %lld), }",
                     fractions ? "<f8" : "<i8", (long long)rows, (long long)columns);
    size_t size = ((size_t)(HEAD + n) / ALIGNED + 1) * ALIGNED;
    memcpy(head, "\x93NUMPY\x01\x00", 8);
    head[8] = (char)(size - HEAD);
    head[9] = 0;
    memset(head + HEAD + n, ' ', size - (size_t)(HEAD + n));
    head[size - 1] = '\n';
    char *all = avsvti_alloc(a, size + 8 * count, 1);
    if (!all)
        return avsvti_fail_memory(err);
    memcpy(all, head, size);
    for (size_t i = 0; i < count; i++) {
        uint64_t bits;
        int64_t whole = (int64_t)values[i];
        memcpy(&bits, fractions ? (const void *)&values[i] : (const void *)&whole, 8);
        put(all + size + 8 * i, bits);
    }
    avsvt_status status = avsvti_file_write(path, all, size + 8 * count, a, err);
    avsvti_release(a, all);
    return status;
}

avsvt_status avsvti_npy_rows(int64_t *rows, const char *path, avsvt_error *err)
{
    char head[MAX_HEADER + 1] = "";
    int fd;
    *rows = 0;
    avsvt_status status = avsvti_file_open(&fd, path, err);
    if (status != AVSVT_OK)
        return status;
    ssize_t n = read(fd, head, MAX_HEADER);
    close(fd);
    const char *shape = n > HEAD && !memcmp(head, "\x93NUMPY", 6)
        ? memmem(head, (size_t)n, "'shape': (", 10) : NULL;
    if (!shape || shape[10] < '0' || shape[10] > '9')
        return avsvti_fail(err, AVSVT_E_FORMAT, "%s: is no array of NumPy", path);
    *rows = strtoll(shape + 10, NULL, 10);
    return AVSVT_OK;
}
