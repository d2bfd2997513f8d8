/* SPDX-License-Identifier: MIT */
/* Zip files, as models, checkpoints and .npz are: bounds-checked, nothing is trusted. */
#ifndef AVSVTI_CORE_ARCHIVE_H
#define AVSVTI_CORE_ARCHIVE_H

#include <avsvt/status.h>

#include "core/memory.h"

typedef struct avsvti_archive_entry {
    const char *name;      /* not closed by a zero: name_size bytes */
    size_t name_size;
    const void *data;      /* as stored in the file */
    size_t stored_size, size; /* bytes in the file, bytes when unpacked */
    uint32_t crc;
    int deflated;
} avsvti_archive_entry;

typedef struct avsvti_archive {
    const avsvt_allocator *allocator;
    const void *data; /* borrowed */
    size_t size;
    const char *name; /* borrowed */
    avsvti_archive_entry *entries;
    size_t count;
} avsvti_archive;

/* Reads the directory of a zip (64-bit forms too) that lies in memory. name is
 * used in messages, also later ones: it must live as long as the archive. */
avsvt_status avsvti_archive_open(avsvti_archive *z, const avsvt_allocator *a,
                                 const void *data, size_t size,
                                 const char *name, avsvt_error *err);
/* The entry whose name is path, or ends in "/path" below the first folder
 * (TorchScript puts everything in one); NULL when there is none. */
const avsvti_archive_entry *avsvti_archive_find(const avsvti_archive *z,
                                                const char *path);
/* Unpacked bytes, CRC checked, closed by a zero; at most max bytes. */
avsvt_status avsvti_archive_extract(char **out, size_t *size,
                                    const avsvti_archive *z,
                                    const avsvti_archive_entry *entry,
                                    size_t max, avsvt_error *err);
/* The first bytes when unpacked, at most *size, which becomes how many there
 * are; no check sum can be looked at. */
avsvt_status avsvti_archive_peek(void *to, size_t *size, const avsvti_archive *z,
                                 const avsvti_archive_entry *entry, avsvt_error *err);
/* CRC-32 of bytes, going on from that of those before them (0: none). */
uint32_t avsvti_archive_crc(uint32_t crc, const void *data, size_t size);
/* Checks the CRC of one entry that is stored as it is. */
avsvt_status avsvti_archive_check(const avsvti_archive *z,
                                  const avsvti_archive_entry *entry,
                                  avsvt_error *err);
/* CRC of every entry, without keeping what is unpacked. */
avsvt_status avsvti_archive_verify(const avsvti_archive *z, avsvt_error *err);
void avsvti_archive_close(avsvti_archive *z);

#endif
