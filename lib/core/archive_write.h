/* SPDX-License-Identifier: MIT */
/* Making a zip file as TorchScript wants it: plain parts start at multiples of
 * 64 bytes, and nothing depends on the day. Beyond 4 GB it has the 64-bit form; a
 * part of it is smaller than that. */
#ifndef AVSVTI_CORE_ARCHIVE_WRITE_H
#define AVSVTI_CORE_ARCHIVE_WRITE_H

#include "core/archive.h"
#include "core/buffer.h"

typedef struct avsvti_archive_writer {
    avsvti_buffer bytes, directory;
    size_t count;
    uint64_t most32; /* places beyond are written in the 64-bit form */
    int too_large;   /* a part that no form can hold */
} avsvti_archive_writer;

void avsvti_archive_write_begin(avsvti_archive_writer *w, const avsvt_allocator *a);
/* A part of another archive, as it is stored there. */
void avsvti_archive_write_copy(avsvti_archive_writer *w,
                               const avsvti_archive_entry *entry);
/* A part of our own, not compressed. */
void avsvti_archive_write_part(avsvti_archive_writer *w, const char *name,
                               size_t name_size, const void *data, size_t size);
/* The whole file in w->bytes; name is for the message. */
avsvt_status avsvti_archive_write_end(avsvti_archive_writer *w, const char *name,
                                      avsvt_error *err);
void avsvti_archive_write_free(avsvti_archive_writer *w);

#endif
