/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "platform/map.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"
#include "platform/file.h"

avsvt_status avsvti_map_open(avsvti_map *map, const avsvt_allocator *a,
                             const char *path, size_t read_max,
                             avsvt_error *err)
{
    struct stat st;
    memset(map, 0, sizeof(*map));
    int fd;
    avsvt_status status = avsvti_file_open(&fd, path, err);
    if (status != AVSVT_OK)
        return status;
    if (fstat(fd, &st))
        status = avsvti_fail_errno(err, errno, "open", path);
    else if ((uint64_t)st.st_size > read_max) {
        void *data = (uint64_t)st.st_size > SIZE_MAX / 2 ? MAP_FAILED
            : mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (data == MAP_FAILED)
            status = avsvti_fail_errno(err, errno, "open", path);
        else {
            map->data = data;
            map->size = (size_t)st.st_size;
        }
    }
    close(fd);
    if (status != AVSVT_OK || map->data)
        return status;
    status = avsvti_file_read(&map->block, &map->size, a, path, read_max, err);
    map->data = map->block;
    return status;
}

void avsvti_map_close(avsvti_map *map, const avsvt_allocator *a)
{
    if (map->block)
        avsvti_release(a, map->block);
    else if (map->data)
        munmap((void *)(uintptr_t)map->data, map->size);
    memset(map, 0, sizeof(*map));
}
