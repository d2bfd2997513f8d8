/* SPDX-License-Identifier: MIT */
/* Tensors as files: NumPy's .npy, and pictures as PNG. */
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "core/buffer.h"
#include "core/npy.h"
#include "core/tensor.h"
#include "platform/file.h"

avsvt_status avsvt_tensor_read(avsvt_tensor **out, avsvt_context *context,
                               const char *path, const char *array, avsvt_error *err)
{
    if (out)
        *out = NULL;
    if (!out || !path || !*path)
        return avsvti_fail(err, AVSVT_E_ARG, "avsvt_tensor_read: %s",
            !out ? "out is NULL" : !path ? "path is NULL" : "the path is empty");
    return avsvti_npy_read(out, context, path, array, SIZE_MAX / 4, err);
}

/* The header is filled up so that the data begin at a multiple of 64. */
static void make_npy(avsvti_buffer *b, const avsvt_tensor *t)
{
    static const char *const types[] = { "<f4", "<f8", "<i4", "<i8", "|u1", "|b1" };
    char text[512];
    int n = snprintf(text, sizeof(text), "{'descr': '%s', 'fortran_order': False, 'shape': (",
                     types[t->dtype]);
    for (int32_t i = 0; i < t->ndim; i++)
        n += snprintf(text + n, sizeof(text) - (size_t)n, "%lld,%s", (long long)t->shape[i],
                      i + 1 < t->ndim ? " " : "");
    n += snprintf(text + n, sizeof(text) - (size_t)n, "), }");
    while ((10 + n + 1) % 64)
        text[n++] = ' ';
    text[n++] = '\n';
    unsigned char head[10] = "\x93NUMPY\1";
    head[8] = (unsigned char)(n & 255);
    head[9] = (unsigned char)(n >> 8);
    avsvti_buffer_append(b, head, sizeof(head));
    avsvti_buffer_append(b, text, (size_t)n);
    avsvti_buffer_append(b, t->data,
                         (size_t)avsvti_tensor_bytes(t->dtype, t->ndim, t->shape));
}

static void put32(unsigned char *to, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        to[i] = (unsigned char)(value >> (24 - 8 * i));
}

/* PNG (RFC 2083): length, name, data, check sum over name and data. */
static void chunk(avsvti_buffer *b, const char *name, const void *data, size_t size)
{
    unsigned char word[4];
    uLong crc = crc32(crc32(0, (const Bytef *)name, 4), data ? data : (const void *)"",
                      (uInt)size);
    put32(word, (uint32_t)size);
    avsvti_buffer_append(b, word, 4);
    avsvti_buffer_append(b, name, 4);
    if (size)
        avsvti_buffer_append(b, data, size);
    put32(word, (uint32_t)crc);
    avsvti_buffer_append(b, word, 4);
}

static avsvt_status make_png(avsvti_buffer *b, const avsvt_tensor *t, avsvt_error *err)
{
    const avsvt_allocator *a = b->allocator;
    int colours = t->ndim == 3;
    size_t height = (size_t)t->shape[0], line = (size_t)t->shape[1] * (colours ? 3 : 1);
    uLongf packed_size = compressBound((uLong)(height * (line + 1)));
    unsigned char head[13] = { 0 }, *packed = avsvti_alloc(a, packed_size, 1);
    unsigned char *lines = avsvti_alloc(a, height, line + 1);
    avsvt_status status = AVSVT_OK;
    if (!packed || !lines) {
        status = avsvti_fail_memory(err);
    } else {
        for (size_t y = 0; y < height; y++) { /* each begins with its filter: none */
            lines[y * (line + 1)] = 0;
            memcpy(lines + y * (line + 1) + 1, (const char *)t->data + y * line, line);
        }
        if (compress2(packed, &packed_size, lines, (uLong)(height * (line + 1)), 6) != Z_OK)
            status = avsvti_fail_memory(err);
    }
    if (status == AVSVT_OK) {
        put32(head, (uint32_t)t->shape[1]);
        put32(head + 4, (uint32_t)t->shape[0]);
        head[8] = 8; /* bits */
        head[9] = colours ? 2 : 0;
        avsvti_buffer_append(b, "\x89PNG\r\n\x1a\n", 8);
        chunk(b, "IHDR", head, sizeof(head));
        chunk(b, "IDAT", packed, packed_size);
        chunk(b, "IEND", NULL, 0);
    }
    avsvti_release(a, packed);
    avsvti_release(a, lines);
    return status;
}

static int is_picture(const avsvt_tensor *t)
{
    return t->dtype == AVSVT_U8 &&
           (t->ndim == 2 || (t->ndim == 3 && t->shape[2] == 3)) && t->shape[0] > 0 &&
           t->shape[1] > 0 && t->shape[0] < 65536 && t->shape[1] < 65536 &&
           t->shape[0] * t->shape[1] < (1 << 28);
}

avsvt_status avsvt_tensor_format(avsvt_bytes *out, const avsvt_tensor *tensor,
                                 int32_t format, avsvt_error *err)
{
    avsvti_buffer b;
    avsvt_status status = AVSVT_OK;
    if (out)
        *out = (avsvt_bytes)AVSVT_BYTES_INIT;
    if (!out || !tensor)
        return avsvti_fail(err, AVSVT_E_ARG, "avsvt_tensor_format: %s is NULL",
                           out ? "tensor" : "out");
    if (format != AVSVT_TENSOR_NPY && format != AVSVT_TENSOR_PNG)
        return avsvti_fail(err, AVSVT_E_ARG,
            "format %d: use AVSVT_TENSOR_NPY or AVSVT_TENSOR_PNG", (int)format);
    if (format == AVSVT_TENSOR_PNG && !is_picture(tensor))
        return avsvti_fail(err, AVSVT_E_ARG,
            "a PNG holds uint8 [height, width] or [height, width, 3], up to 65535 pixels "
            "along a side");
    avsvti_buffer_init(&b, avsvti_allocator(tensor->context));
    if (format == AVSVT_TENSOR_NPY)
        make_npy(&b, tensor);
    else
        status = make_png(&b, tensor, err);
    if (status == AVSVT_OK)
        return avsvti_buffer_take(&b, out, err);
    avsvti_buffer_free(&b);
    return status;
}

avsvt_status avsvt_tensor_write(const avsvt_tensor *tensor, const char *path,
                                avsvt_error *err)
{
    avsvt_bytes bytes = AVSVT_BYTES_INIT;
    if (!tensor || !path)
        return avsvti_fail(err, AVSVT_E_ARG, "avsvt_tensor_write: %s is NULL",
                           tensor ? "path" : "tensor");
    const char *dot = strrchr(path, '.');
    int32_t format = dot && !strcmp(dot, ".npy") ? AVSVT_TENSOR_NPY
                   : dot && !strcmp(dot, ".png") ? AVSVT_TENSOR_PNG : 0;
    if (!format)
        return avsvti_fail(err, AVSVT_E_ARG, "%s: must end in .npy or .png", path);
    avsvt_status status = avsvt_tensor_format(&bytes, tensor, format, err);
    if (status == AVSVT_OK)
        status = avsvti_file_write(path, bytes.data, bytes.size,
                                   avsvti_allocator(tensor->context), err);
    avsvt_bytes_free(&bytes);
    return status;
}
