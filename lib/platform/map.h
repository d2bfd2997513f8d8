/* SPDX-License-Identifier: MIT */
/* A file's bytes without reading them all. */
#ifndef AVSVTI_PLATFORM_MAP_H
#define AVSVTI_PLATFORM_MAP_H

#include "core/memory.h"

typedef struct avsvti_map {
    const void *data; /* NULL for an empty file */
    size_t size;
    char *block;      /* what was read; NULL when mapped */
} avsvti_map;

/* The whole file: read when it has at most read_max bytes (so that whoever
 * changes it later changes nothing here), mapped when it is larger. */
avsvt_status avsvti_map_open(avsvti_map *map, const avsvt_allocator *a,
                             const char *path, size_t read_max,
                             avsvt_error *err);
void avsvti_map_close(avsvti_map *map, const avsvt_allocator *a);

#endif
