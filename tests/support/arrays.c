/* SPDX-License-Identifier: MIT */
#include "support/arrays.h"

#include <stdio.h>
#include <zlib.h>

#include "support/scratch.h"
#include "support/test.h"

unsigned char *arrays_npy(const array_part *part, size_t *size)
{
    char head[257];
    size_t bytes = (size_t)(part->descr[2] - '0');
    int n = 10 + snprintf(head + 10, sizeof(head) - 10,
                          "{'descr': '%s', 'fortran_order': False, 'shape': (", part->descr);
    for (int i = 0; i < part->ndim; i++) {
        bytes *= (size_t)part->shape[i];
        n += snprintf(head + n, sizeof(head) - (size_t)n, "%lld, ", (long long)part->shape[i]);
    }
    n += snprintf(head + n, sizeof(head) - (size_t)n, "), }");
    memset(head + n, ' ', 256 - (size_t)n);
    memcpy(head, "\x93NUMPY\x01\x00\xf6\x00", 10);
    head[255] = '\n';
    unsigned char *npy = malloc(256 + bytes);
    assert_non_null(npy);
    memcpy(npy, head, 256);
    memcpy(npy + 256, part->data, bytes);
    *size = 256 + bytes;
    return npy;
}

static void put(unsigned char **at, uint32_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        *(*at)++ = (unsigned char)(value >> 8 * i);
}

/* What a header in front of the data and one in the directory share. */
static void put_facts(unsigned char **at, const array_part *part, uint32_t crc, size_t stored,
                      size_t size)
{
    put(at, 20, 2);
    put(at, 0, 2);
    put(at, part->deflated ? 8 : 0, 2);
    put(at, 0, 4);
    put(at, crc, 4);
    put(at, (uint32_t)stored, 4);
    put(at, (uint32_t)size, 4);
    put(at, (uint32_t)strlen(part->name) + 4, 2);
    put(at, 0, 2);
}

static void put_name(unsigned char **at, const array_part *part)
{
    size_t n = strlen(part->name);
    memcpy(*at, part->name, n);
    memcpy(*at + n, ".npy", 4);
    *at += n + 4;
}

static size_t deflate_all(unsigned char *to, size_t room, const unsigned char *from, size_t size)
{
    z_stream s;
    memset(&s, 0, sizeof(s));
    assert_int_equal(deflateInit2(&s, 9, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY), Z_OK);
    s.next_in = (Bytef *)(uintptr_t)from;
    s.avail_in = (uInt)size;
    s.next_out = to;
    s.avail_out = (uInt)room;
    assert_int_equal(deflate(&s, Z_FINISH), Z_STREAM_END);
    deflateEnd(&s);
    return s.total_out;
}

const char *arrays_write(const char *file, const array_part *parts, size_t count)
{
    unsigned char *directory = malloc(count * 200 + 22), *d = directory, *zip = NULL, *at;
    size_t used = 0;
    assert_non_null(directory);
    for (size_t i = 0; i < count; i++) {
        size_t size, stored, head = 30 + strlen(parts[i].name) + 4, from = used;
        unsigned char *npy = arrays_npy(&parts[i], &size);
        zip = realloc(zip, used + head + size + 1000);
        assert_non_null(zip);
        uint32_t crc = (uint32_t)crc32(0, npy, (uInt)size);
        at = zip + used + head;
        stored = parts[i].deflated ? deflate_all(at, size + 1000, npy, size) : size;
        if (!parts[i].deflated)
            memcpy(at, npy, size);
        at = zip + used;
        put(&at, 0x04034b50, 4);
        put_facts(&at, &parts[i], crc, stored, size);
        put_name(&at, &parts[i]);
        used += head + stored;
        put(&d, 0x02014b50, 4);
        put(&d, 20, 2);
        put_facts(&d, &parts[i], crc, stored, size);
        put(&d, 0, 4);
        put(&d, 0, 4);
        put(&d, 0, 2);
        put(&d, (uint32_t)from, 4);
        put_name(&d, &parts[i]);
        free(npy);
    }
    size_t listed = (size_t)(d - directory);
    put(&d, 0x06054b50, 4);
    put(&d, 0, 4);
    put(&d, (uint32_t)count, 2);
    put(&d, (uint32_t)count, 2);
    put(&d, (uint32_t)listed, 4);
    put(&d, (uint32_t)used, 4);
    put(&d, 0, 2);
    zip = realloc(zip, used + listed + 22);
    assert_non_null(zip);
    memcpy(zip + used, directory, listed + 22);
    const char *path = scratch_write(file, zip, used + listed + 22);
    free(zip);
    free(directory);
    return path;
}
