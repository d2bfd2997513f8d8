/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "platform/map.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"
#include "platform/file.h"

static avsvt_status fail_errno(avsvt_error *err, int code, const char *path)
{
    char room[128];
    return avsvti_fail(err, code == ENOENT ? AVSVT_E_NOT_FOUND : AVSVT_E_IO,
        "%s: can't open: %s", path, strerror_r(code, room, sizeof(room)));
}

avsvt_status avsvti_map_open(avsvti_map *map, const avsvt_allocator *a,
                             const char *path, size_t read_max,
                             avsvt_error *err)
{
    struct stat st;
    memset(map, 0, sizeof(*map));
    avsvt_status status = avsvti_file_check(path, err);
    if (status != AVSVT_OK)
        return status;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return fail_errno(err, errno, path);
    if (fstat(fd, &st))
        status = fail_errno(err, errno, path);
    else if (S_ISREG(st.st_mode) && (uint64_t)st.st_size > read_max) {
        void *data = (uint64_t)st.st_size > SIZE_MAX / 2 ? MAP_FAILED
            : mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (data == MAP_FAILED)
            status = fail_errno(err, errno, path);
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
