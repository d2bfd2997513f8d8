/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "platform/folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "platform/file.h"

static avsvt_status append(avsvti_folder *f, const char *name, avsvt_error *err)
{
    if (f->count == f->capacity) {
        size_t capacity = f->capacity ? 2 * f->capacity : 64;
        char **names = avsvti_resize(f->allocator, f->names, capacity,
                                     sizeof(*names));
        if (!names)
            return avsvti_fail_memory(err);
        f->names = names;
        f->capacity = capacity;
    }
    f->names[f->count] = avsvti_strdup(f->allocator, name);
    if (!f->names[f->count])
        return avsvti_fail_memory(err);
    f->count++;
    return AVSVT_OK;
}

static int by_bytes(const void *x, const void *y)
{
    return strcmp(*(char *const *)x, *(char *const *)y);
}

avsvt_status avsvti_folder_read(avsvti_folder *folder, const avsvt_allocator *a,
                                const char *path, avsvt_error *err)
{
    avsvt_status status = AVSVT_OK;
    memset(folder, 0, sizeof(*folder));
    folder->allocator = a;
    DIR *dir = opendir(path);
    if (!dir)
        return avsvti_fail_errno(err, errno, "open the folder", path);
    while (status == AVSVT_OK) {
        errno = 0;
        const struct dirent *entry = readdir(dir);
        if (!entry && errno)
            status = avsvti_fail_errno(err, errno, "read the folder", path);
        if (!entry)
            break;
        if (entry->d_name[0] != '.')
            status = append(folder, entry->d_name, err);
    }
    closedir(dir);
    if (status != AVSVT_OK)
        avsvti_folder_free(folder);
    else if (folder->count)
        qsort(folder->names, folder->count, sizeof(*folder->names), by_bytes);
    return status;
}

void avsvti_folder_free(avsvti_folder *folder)
{
    for (size_t i = 0; i < folder->count; i++)
        avsvti_release(folder->allocator, folder->names[i]);
    avsvti_release(folder->allocator, folder->names);
    folder->names = NULL;
    folder->count = folder->capacity = 0;
}

int avsvti_folder_is(const char *path)
{
    struct stat st;
    return !stat(path, &st) && S_ISDIR(st.st_mode);
}

int avsvti_file_is(const char *path)
{
    struct stat st;
    return !stat(path, &st) && S_ISREG(st.st_mode);
}

avsvt_status avsvti_folder_make(const avsvt_allocator *a, const char *path,
                                size_t *made, avsvt_error *err)
{
    char *copy = avsvti_strdup(a, path);
    avsvt_status status = AVSVT_OK;
    size_t first = 0;
    if (made)
        *made = 0;
    if (!copy)
        return avsvti_fail_memory(err);
    for (char *at = copy + (*copy != '\0'); status == AVSVT_OK; at++) {
        char c = *at;
        if (c != '/' && c)
            continue;
        *at = '\0';
        int code = *copy && mkdir(copy, 0777) ? errno : 0;
        if (*copy && !code && !first)
            first = (size_t)(at - copy);
        if (code && !avsvti_folder_is(copy))
            status = avsvti_fail_errno(err, code == EEXIST ? ENOTDIR : code,
                                       "make the folder", copy);
        if (!c)
            break;
        *at = c;
    }
    if (status != AVSVT_OK)
        avsvti_folder_unmake(path, first);
    else if (made)
        *made = first;
    avsvti_release(a, copy);
    return status;
}

void avsvti_folder_unmake(const char *path, size_t made)
{
    char copy[4096]; /* the system takes no longer path */
    size_t length = strlen(path);
    if (!made || length >= sizeof(copy))
        return;
    memcpy(copy, path, length + 1);
    for (size_t n = length; n >= made && n; n--)
        if ((!copy[n] || copy[n] == '/') && copy[n - 1] != '/') {
            copy[n] = '\0';
            if (rmdir(copy) && errno != ENOENT)
                break;
        }
}

char *avsvti_path_join(const avsvt_allocator *a, const char *folder,
                       const char *name)
{
    size_t n = folder && *name != '/' ? strlen(folder) : 0;
    size_t size = n + strlen(name) + 2;
    char *path = avsvti_alloc(a, size, 1);
    if (path)
        snprintf(path, size, "%.*s%s%s", (int)n, n ? folder : "",
                 n && folder[n - 1] != '/' ? "/" : "", name);
    return path;
}

char *avsvti_folder_of(const avsvt_allocator *a, const char *file)
{
    const char *slash = strrchr(file, '/');
    size_t n = slash ? (size_t)(slash - file) + 1 : 0;
    char *folder = avsvti_alloc(a, n + 1, 1);
    if (folder) {
        memcpy(folder, file, n);
        folder[n] = '\0';
    }
    return folder;
}

char *avsvti_path_beside(const avsvt_allocator *a, const char *file,
                         const char *name)
{
    char *folder = avsvti_folder_of(a, file);
    char *path = folder ? avsvti_path_join(a, folder, name) : NULL;
    avsvti_release(a, folder);
    return path;
}
