/* SPDX-License-Identifier: MIT */
#include "core/archive_write.h"

#include <string.h>

#define ALIGNMENT 64u
#define LOCAL_SIZE 30u
#define MOST 0xFFFFFFFEu
#define ELSEWHERE 0xFFFFFFFFu /* the number is in the 64-bit form */
#define END64_SIZE 56u
#define DAY 0x21u /* 1 January 1980, the first that a zip knows */

void avsvti_archive_write_begin(avsvti_archive_writer *w, const avsvt_allocator *a)
{
    memset(w, 0, sizeof(*w));
    avsvti_buffer_init(&w->bytes, a);
    avsvti_buffer_init(&w->directory, a);
    w->most32 = MOST;
}

static void put(avsvti_buffer *b, uint64_t value, int bytes)
{
    unsigned char out[8];
    for (int i = 0; i < bytes; i++)
        out[i] = (unsigned char)(value >> 8 * i);
    avsvti_buffer_append(b, out, (size_t)bytes);
}

/* Version, flags, method, time, day, check sum, sizes, length of the name:
 * what both heads say. */
static void put_common(avsvti_buffer *b, const avsvti_archive_entry *e)
{
    put(b, e->deflated ? 20 : 10, 2);
    put(b, 0, 2);
    put(b, e->deflated ? 8 : 0, 2);
    put(b, 0, 2);
    put(b, DAY, 2);
    put(b, e->crc, 4);
    put(b, (uint32_t)e->stored_size, 4);
    put(b, (uint32_t)e->size, 4);
    put(b, (uint32_t)e->name_size, 2);
}

void avsvti_archive_write_copy(avsvti_archive_writer *w,
                               const avsvti_archive_entry *e)
{
    static const char filler[ALIGNMENT] = "";
    size_t at = w->bytes.size, start = at + LOCAL_SIZE + e->name_size + 4;
    size_t extra = (ALIGNMENT - start % ALIGNMENT) % ALIGNMENT;
    int is_far = at > w->most32;
    if (e->name_size > 0xFFFF || e->size > MOST || e->stored_size > MOST) {
        w->too_large = 1;
        return;
    }
    put(&w->bytes, 0x04034b50u, 4);
    put_common(&w->bytes, e);
    put(&w->bytes, (uint32_t)extra + 4, 2);
    avsvti_buffer_append(&w->bytes, e->name, e->name_size);
    avsvti_buffer_append(&w->bytes, "FB", 2); /* PyTorch's, for padding */
    put(&w->bytes, (uint32_t)extra, 2);
    avsvti_buffer_append(&w->bytes, filler, extra);
    avsvti_buffer_append(&w->bytes, e->data, e->stored_size);

    put(&w->directory, 0x02014b50u, 4);
    put(&w->directory, is_far ? 45 : 20, 2);
    put_common(&w->directory, e);
    put(&w->directory, is_far ? 12 : 0, 2);
    put(&w->directory, 0, 2); /* no comment, part, attributes */
    put(&w->directory, 0, 2);
    put(&w->directory, 0, 2);
    put(&w->directory, 0, 4);
    put(&w->directory, is_far ? ELSEWHERE : at, 4);
    avsvti_buffer_append(&w->directory, e->name, e->name_size);
    if (is_far) {
        put(&w->directory, 1, 2);
        put(&w->directory, 8, 2);
        put(&w->directory, at, 8);
    }
    w->count++;
}

void avsvti_archive_write_part(avsvti_archive_writer *w, const char *name,
                               size_t name_size, const void *data, size_t size)
{
    avsvti_archive_entry e = { .name = name, .name_size = name_size,
                               .data = data, .stored_size = size, .size = size };
    e.crc = avsvti_archive_crc(0, data, size);
    avsvti_archive_write_copy(w, &e);
}

/* The record of the directory with 64-bit numbers, and where that is. */
static void put_end64(avsvti_buffer *b, size_t count, size_t size, size_t at)
{
    put(b, 0x06064b50u, 4);
    put(b, END64_SIZE - 12, 8);
    put(b, 45, 2);
    put(b, 45, 2);
    put(b, 0, 8); /* one part */
    put(b, count, 8);
    put(b, count, 8);
    put(b, size, 8);
    put(b, at, 8);
    put(b, 0x07064b50u, 4);
    put(b, 0, 4);
    put(b, at + size, 8);
    put(b, 1, 4);
}

avsvt_status avsvti_archive_write_end(avsvti_archive_writer *w, const char *name,
                                      avsvt_error *err)
{
    size_t at = w->bytes.size, size = w->directory.size;
    int is_far = at > w->most32, are_many = w->count >= 0xFFFF, is_long = size > MOST;
    if (w->too_large)
        return avsvti_fail(err, AVSVT_E_UNSUPPORTED,
            "%s: would have a part of more than 4 GB, which is not written", name);
    if (size)
        avsvti_buffer_append(&w->bytes, w->directory.data, size);
    if (is_far || are_many || is_long)
        put_end64(&w->bytes, w->count, size, at);
    put(&w->bytes, 0x06054b50u, 4);
    put(&w->bytes, 0, 4);
    put(&w->bytes, are_many ? 0xFFFF : w->count, 2);
    put(&w->bytes, are_many ? 0xFFFF : w->count, 2);
    put(&w->bytes, is_long ? ELSEWHERE : size, 4);
    put(&w->bytes, is_far ? ELSEWHERE : at, 4);
    put(&w->bytes, 0, 2);
    if (w->bytes.failed || w->directory.failed)
        return avsvti_fail_memory(err);
    return AVSVT_OK;
}

void avsvti_archive_write_free(avsvti_archive_writer *w)
{
    avsvti_buffer_free(&w->bytes);
    avsvti_buffer_free(&w->directory);
}
