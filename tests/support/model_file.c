/* SPDX-License-Identifier: MIT */
#include "support/model_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <zlib.h>

static uint32_t crc(const unsigned char *p, size_t size)
{
    uint32_t c = 0xFFFFFFFFu;
    for (size_t i = 0; i < size; i++) {
        c ^= p[i];
        for (int k = 0; k < 8; k++)
            c = c >> 1 ^ (c & 1 ? 0xEDB88320u : 0);
    }
    return ~c;
}

static unsigned char *put(unsigned char *p, uint32_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        *p++ = (unsigned char)(value >> 8 * i);
    return p;
}

static unsigned char *put_bytes(unsigned char *p, const void *data, size_t n)
{
    if (n)
        memcpy(p, data, n);
    return p + n;
}

/* The 26 bytes that the header before the data and the directory share. */
static unsigned char *put_common(unsigned char *p, const model_file_part *part)
{
    p = put(p, 20, 2); /* version needed */
    p = put(p, 0, 2);
    p = put(p, 0, 2);  /* stored */
    p = put(p, 0x5A210000u, 4);
    p = put(p, crc(part->data, part->size), 4);
    p = put(p, (uint32_t)part->size, 4);
    p = put(p, (uint32_t)part->size, 4);
    p = put(p, (uint32_t)strlen(part->name), 2);
    return put(p, 0, 2);
}

unsigned char *model_file_zip(const model_file_part *parts, size_t count,
                              size_t *size)
{
    size_t room = 22;
    for (size_t i = 0; i < count; i++)
        room += 30 + 46 + 2 * strlen(parts[i].name) + parts[i].size;
    unsigned char *data = malloc(room), *p = data;
    uint32_t *offsets = malloc((count + 1) * sizeof(*offsets));
    assert_non_null(data);
    assert_non_null(offsets);
    for (size_t i = 0; i < count; i++) {
        offsets[i] = (uint32_t)(p - data);
        p = put_common(put(p, 0x04034b50u, 4), &parts[i]);
        p = put_bytes(p, parts[i].name, strlen(parts[i].name));
        p = put_bytes(p, parts[i].data, parts[i].size);
    }
    uint32_t directory = (uint32_t)(p - data);
    for (size_t i = 0; i < count; i++) {
        p = put_common(put(put(p, 0x02014b50u, 4), 20, 2), &parts[i]);
        p = put(put(put(p, 0, 2), 0, 2), 0, 2); /* note, disk, kind */
        p = put(put(p, 0, 4), offsets[i], 4);
        p = put_bytes(p, parts[i].name, strlen(parts[i].name));
    }
    uint32_t length = (uint32_t)(p - data) - directory;
    p = put(put(p, 0x06054b50u, 4), 0, 4);
    p = put(put(p, (uint32_t)count, 2), (uint32_t)count, 2);
    p = put(put(put(p, length, 4), directory, 4), 0, 2);
    *size = (size_t)(p - data);
    free(offsets);
    return data;
}

unsigned char *model_file_zip_deflated(const char *name, const void *data, size_t n,
                                       size_t *size, size_t *directory)
{
    z_stream s;
    memset(&s, 0, sizeof(s));
    assert_int_equal(deflateInit2(&s, 9, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY), Z_OK);
    uLong room = deflateBound(&s, (uLong)n);
    unsigned char *packed = malloc(room);
    assert_non_null(packed);
    s.next_in = (Bytef *)(uintptr_t)data;
    s.avail_in = (uInt)n;
    s.next_out = packed;
    s.avail_out = (uInt)room;
    assert_int_equal(deflate(&s, Z_FINISH), Z_STREAM_END);
    model_file_part part = { name, packed, s.total_out };
    deflateEnd(&s);
    unsigned char *zip = model_file_zip(&part, 1, size);
    free(packed);
    *directory = 30 + strlen(name) + part.size;
    unsigned char *heads[2] = { zip + 8, zip + *directory + 10 };
    for (int i = 0; i < 2; i++) {
        put(heads[i], 8, 2); /* deflated */
        put(heads[i] + 6, (uint32_t)crc32(0, data, (uInt)n), 4);
        put(heads[i] + 14, (uint32_t)n, 4);
    }
    return zip;
}

unsigned char *model_file_make(const char *manifest, size_t *size)
{
    const model_file_part parts[] = {
        { "test/extra/avsvt.yaml", manifest, strlen(manifest) },
        { "test/data/0", "weights", 7 },
    };
    return model_file_zip(parts, 2, size);
}

avsvt_model *model_file_open(avsvt_context *context, const char *manifest)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_model *model = NULL;
    size_t size = 0;
    unsigned char *data = model_file_make(manifest, &size);
    avsvt_status status = avsvt_model_open_memory(&model, context, data, size,
                                                  "test.pt", &err);
    free(data);
    if (status != AVSVT_OK)
        fail_msg("the test's model can't be opened: %s", err.message);
    return model;
}

avsvt_context *model_file_null_context(const avsvt_allocator *allocator)
{
    avsvt_context_options opts = AVSVT_CONTEXT_OPTIONS_INIT;
    avsvt_context *context = NULL;
    opts.backend = "null";
    opts.allocator = allocator;
    assert_int_equal(avsvt_context_create(&context, &opts, NULL), AVSVT_OK);
    return context;
}
