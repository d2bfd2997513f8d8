/* SPDX-License-Identifier: MIT */
#include "model/archive_write.h"

#include <string.h>

#define ALIGNMENT 64u
#define LOCAL_SIZE 30u
#define MOST 0xFFFFFFFEu
#define DAY 0x21u /* 1 January 1980, the first that a zip knows */

void avsvti_archive_write_begin(avsvti_archive_writer *w, const avsvt_allocator *a)
{
    memset(w, 0, sizeof(*w));
    avsvti_buffer_init(&w->bytes, a);
    avsvti_buffer_init(&w->directory, a);
}

static void put(avsvti_buffer *b, uint32_t value, int bytes)
{
    unsigned char out[4];
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
    if (w->count == 0xFFFE || e->name_size > 0xFFFF || e->size > MOST ||
        start > MOST - ALIGNMENT || e->stored_size > MOST - ALIGNMENT - start) {
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
    put(&w->directory, 20, 2);
    put_common(&w->directory, e);
    put(&w->directory, 0, 2); /* no extra field, comment, part, attributes */
    put(&w->directory, 0, 2);
    put(&w->directory, 0, 2);
    put(&w->directory, 0, 2);
    put(&w->directory, 0, 4);
    put(&w->directory, (uint32_t)at, 4);
    avsvti_buffer_append(&w->directory, e->name, e->name_size);
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

avsvt_status avsvti_archive_write_end(avsvti_archive_writer *w, const char *name,
                                      avsvt_error *err)
{
    size_t at = w->bytes.size, size = w->directory.size;
    if (w->too_large || at > MOST || size > MOST - at)
        return avsvti_fail(err, AVSVT_E_UNSUPPORTED,
            "%s: would have more than 4 GB, which is not written", name);
    if (size)
        avsvti_buffer_append(&w->bytes, w->directory.data, size);
    put(&w->bytes, 0x06054b50u, 4);
    put(&w->bytes, 0, 4);
    put(&w->bytes, (uint32_t)w->count, 2);
    put(&w->bytes, (uint32_t)w->count, 2);
    put(&w->bytes, (uint32_t)size, 4);
    put(&w->bytes, (uint32_t)at, 4);
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
