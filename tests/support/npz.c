/* SPDX-License-Identifier: MIT */
/* NumPy's format: https://numpy.org/doc/stable/reference/generated/
 * numpy.lib.format.html; an .npz is a zip of .npy files. Programs that see only
 * the shared library use this too, so it has a small zip reader of its own. */
#include "support/npz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

static uint32_t get(const unsigned char *p, int bytes)
{
    uint32_t value = 0;
    for (int i = 0; i < bytes; i++)
        value |= (uint32_t)p[i] << 8 * i;
    return value;
}

static size_t item_size(npz_type type)
{
    static const size_t sizes[] = { 4, 8, 2, 4, 8 };
    return sizes[type];
}

static int read_type(npz_type *type, const char *header)
{
    static const struct { const char *text; npz_type type; } types[] = {
        { "'<f4'", NPZ_F32 }, { "'<f8'", NPZ_F64 }, { "'<i2'", NPZ_I16 },
        { "'<i4'", NPZ_I32 }, { "'<i8'", NPZ_I64 },
    };
    const char *at = strstr(header, "'descr': ");
    for (size_t i = 0; at && i < sizeof(types) / sizeof(types[0]); i++)
        if (!strncmp(at + 9, types[i].text, 5)) {
            *type = types[i].type;
            return 1;
        }
    return 0;
}

static int read_shape(npz_array *array, const char *header)
{
    const char *p = strstr(header, "'shape': (");
    if (!p || !strstr(header, "'fortran_order': False"))
        return 0;
    p += 10;
    array->ndim = 0;
    array->count = 1;
    while (*p && *p != ')') {
        int64_t size = 0;
        const char *start = p;
        for (; *p >= '0' && *p <= '9' && size < INT64_C(1) << 40; p++)
            size = size * 10 + (*p - '0');
        if (p == start || array->ndim == NPZ_MAX_DIMS ||
            (size && array->count > (SIZE_MAX >> 5) / (size_t)size))
            return 0;
        array->shape[array->ndim++] = size;
        array->count *= (size_t)size;
        while (*p == ',' || *p == ' ')
            p++;
    }
    return *p == ')';
}

int npy_parse(npz_array *array, const unsigned char *data, size_t size)
{
    char header[1024];
    memset(array, 0, sizeof(*array));
    if (size < 12 || memcmp(data, "\x93NUMPY", 6) || data[6] < 1 || data[6] > 3)
        return 0;
    int width = data[6] == 1 ? 2 : 4;
    size_t start = 8 + (size_t)width, length = get(data + 8, width);
    if (length > size - start || length >= sizeof(header))
        return 0;
    memcpy(header, data + start, length);
    header[length] = '\0';
    if (!read_type(&array->type, header) || !read_shape(array, header))
        return 0;
    size_t bytes = array->count * item_size(array->type);
    if (bytes > size - start - length)
        return 0;
    array->data = malloc(bytes + 1);
    if (!array->data)
        return 0;
    memcpy(array->data, data + start + length, bytes);
    return 1;
}

/* Unpacks one entry of the zip and parses it. */
static int read_entry(npz_array *array, const unsigned char *data, size_t size,
                      const unsigned char *central)
{
    uint32_t stored = get(central + 20, 4), full = get(central + 24, 4);
    uint32_t offset = get(central + 42, 4);
    if (offset > size || size - offset < 30)
        return 0;
    const unsigned char *p = data + offset;
    size_t head = 30 + get(p + 26, 2) + get(p + 28, 2);
    if (head > size - offset || stored > size - offset - head)
        return 0;
    if (!get(central + 10, 2))
        return npy_parse(array, p + head, stored);
    if (full / 1100 > stored)
        return 0;
    unsigned char *block = malloc((size_t)full + 1);
    z_stream s;
    memset(&s, 0, sizeof(s));
    int ok = block && inflateInit2(&s, -MAX_WBITS) == Z_OK;
    if (ok) {
        s.next_in = (Bytef *)(uintptr_t)p + head;
        s.avail_in = stored;
        s.next_out = block;
        s.avail_out = full;
        ok = inflate(&s, Z_FINISH) == Z_STREAM_END && !s.avail_out;
        inflateEnd(&s);
    }
    ok = ok && npy_parse(array, block, full);
    free(block);
    return ok;
}

int npz_find(npz_array *array, const unsigned char *data, size_t size,
             const char *name)
{
    memset(array, 0, sizeof(*array));
    if (size >= 6 && !memcmp(data, "\x93NUMPY", 6))
        return npy_parse(array, data, size);
    if (size < 22 || get(data + size - 22, 4) != 0x06054b50u)
        return 0;
    size_t at = get(data + size - 6, 4), n = strlen(name);
    while (at < size && size - at >= 46 && get(data + at, 4) == 0x02014b50u) {
        const unsigned char *p = data + at;
        size_t length = get(p + 28, 2);
        if (length > size - at - 46)
            return 0;
        if (length == n + 4 && !memcmp(p + 46, name, n) &&
            !memcmp(p + 46 + n, ".npy", 4))
            return read_entry(array, data, size, p);
        at += 46 + length + get(p + 30, 2) + get(p + 32, 2);
    }
    return 0;
}

int npz_open(npz_file *f, const char *path)
{
    FILE *file = fopen(path, "rb");
    long size;
    memset(f, 0, sizeof(*f));
    if (!file)
        return 0;
    if (!fseek(file, 0, SEEK_END) && (size = ftell(file)) >= 0 &&
        !fseek(file, 0, SEEK_SET) && (f->data = malloc((size_t)size + 1)))
        f->size = fread(f->data, 1, (size_t)size, file);
    fclose(file);
    return f->data != NULL;
}

int npz_get(const npz_file *f, const char *name, npz_array *array)
{
    memset(array, 0, sizeof(*array));
    return f->data && npz_find(array, f->data, f->size, name);
}

double npz_value(const npz_array *array, size_t i)
{
    switch (array->type) {
    case NPZ_F32: return ((const float *)array->data)[i];
    case NPZ_F64: return ((const double *)array->data)[i];
    case NPZ_I16: return ((const int16_t *)array->data)[i];
    case NPZ_I32: return ((const int32_t *)array->data)[i];
    default: return (double)((const int64_t *)array->data)[i];
    }
}

void npz_array_free(npz_array *array)
{
    free(array->data);
    memset(array, 0, sizeof(*array));
}

void npz_close(npz_file *f)
{
    free(f->data);
    memset(f, 0, sizeof(*f));
}
