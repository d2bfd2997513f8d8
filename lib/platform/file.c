/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "platform/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/error.h"
#include "core/memory.h"

#define LONGEST_TAIL 180 /* bytes of a name that a temporary one keeps */

/* strerror() is not safe with threads; this is, and it knows what we meet. */
static const char *reason(int code, char *room, size_t size)
{
    return strerror_r(code, room, size);
}

avsvt_status avsvti_fail_errno(avsvt_error *err, int code, const char *doing,
                               const char *path)
{
    char room[128];
    return avsvti_fail(err, code == ENOENT ? AVSVT_E_NOT_FOUND : AVSVT_E_IO,
        "%s: can't %s: %s", *path ? path : "(an empty path)", doing,
        reason(code, room, sizeof(room)));
}

avsvt_status avsvti_fail_write(avsvt_error *err, int code, const char *path)
{
    char room[128];
    return avsvti_fail(err, AVSVT_E_IO, "%s: can't write: %s", path,
                       reason(code, room, sizeof(room)));
}

avsvt_status avsvti_file_check(const char *path, avsvt_error *err)
{
    struct stat st;
    if (stat(path, &st))
        return avsvti_fail_errno(err, errno, "open", path);
    if (S_ISDIR(st.st_mode))
        return avsvti_fail(err, AVSVT_E_IO, "%s: is a folder, not a file", path);
    if (access(path, R_OK))
        return avsvti_fail_errno(err, errno, "read", path);
    return AVSVT_OK;
}

avsvt_status avsvti_file_read_at(int fd, uint64_t at, void *to, size_t size,
                                 const char *path, avsvt_error *err)
{
    size_t done = 0;
    while (done < size) {
        ssize_t n = pread(fd, (char *)to + done, size - done, (off_t)(at + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return avsvti_fail_errno(err, errno, "read", path);
        if (n == 0)
            return avsvti_fail(err, AVSVT_E_IO, "%s: became shorter while it was read",
                               path);
        done += (size_t)n;
    }
    return AVSVT_OK;
}

avsvt_status avsvti_file_stamp_of(avsvti_file_stamp *stamp, int fd, const char *path,
                                  avsvt_error *err)
{
    struct stat st;
    if (fstat(fd, &st))
        return avsvti_fail_errno(err, errno, "read", path);
    *stamp = (avsvti_file_stamp){ st.st_size, st.st_mtim.tv_sec, st.st_mtim.tv_nsec };
    return AVSVT_OK;
}

avsvt_status avsvti_file_open(int *fd, const char *path, avsvt_error *err)
{
    struct stat st;
    *fd = -1;
    avsvt_status status = avsvti_file_check(path, err);
    if (status != AVSVT_OK)
        return status;
    /* Without O_NONBLOCK a pipe that nobody writes to would hang here. */
    int opened = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (opened < 0)
        return avsvti_fail_errno(err, errno, "open", path);
    if (fstat(opened, &st))
        status = avsvti_fail_errno(err, errno, "read", path);
    else if (!S_ISREG(st.st_mode))
        status = avsvti_fail(err, AVSVT_E_IO, "%s: is not a regular file", path);
    if (status != AVSVT_OK)
        close(opened);
    else
        *fd = opened;
    return status;
}

avsvt_status avsvti_file_read(char **data, size_t *size,
                              const avsvt_allocator *a, const char *path,
                              size_t max, avsvt_error *err)
{
    struct stat st;
    char *block = NULL;
    *data = NULL;
    *size = 0;
    int fd;
    avsvt_status status = avsvti_file_open(&fd, path, err);
    if (status != AVSVT_OK)
        return status;
    if (fstat(fd, &st))
        status = avsvti_fail_errno(err, errno, "read", path);
    else if ((uint64_t)st.st_size > (uint64_t)max)
        status = avsvti_fail(err, AVSVT_E_UNSUPPORTED,
            "%s: has %lld bytes; at most %zu are read", path,
            (long long)st.st_size, max);
    else if (!(block = avsvti_alloc(a, (size_t)st.st_size + 1, 1)))
        status = avsvti_fail_memory(err);
    else
        status = avsvti_file_read_at(fd, 0, block, (size_t)st.st_size, path, err);
    close(fd);
    if (status != AVSVT_OK) {
        avsvti_release(a, block);
        return status;
    }
    block[st.st_size] = '\0';
    *data = block;
    *size = (size_t)st.st_size;
    return AVSVT_OK;
}

/* Permissions that a plain open() would have given, without touching umask
 * (which belongs to the whole process). */
static void set_usual_mode(int fd, const char *path)
{
    struct stat st;
    if (!stat(path, &st))
        (void)!fchmod(fd, st.st_mode & 0777);
}

#define MAX_LINKS 32
#define TAG 8 /* letters that tell temporary files apart */

/* What is written in the end where path is a link, or leads nowhere yet. */
static const char *follow(char room[PATH_MAX], const char *path)
{
    char link[PATH_MAX];
    if (strlen(path) >= PATH_MAX)
        return path; /* which no call takes */
    strcpy(room, path);
    for (int i = 0; i < MAX_LINKS; i++) {
        ssize_t n = readlink(room, link, sizeof(link) - 1);
        if (n < 0)
            return room;
        link[n] = '\0';
        char *slash = strrchr(room, '/');
        size_t folder = slash && *link != '/' ? (size_t)(slash - room) + 1 : 0;
        if (folder + (size_t)n >= PATH_MAX)
            break;
        memcpy(room + folder, link, (size_t)n + 1);
    }
    return path;
}

avsvt_status avsvti_file_begin(char **temporary, const avsvt_allocator *a,
                               const char *path, avsvt_error *err)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    struct stat st;
    char linked[PATH_MAX];
    *temporary = NULL;
    if (!*path)
        return avsvti_fail(err, AVSVT_E_ARG, "the path to write to is empty");
    if (!stat(path, &st) && S_ISDIR(st.st_mode))
        return avsvti_fail(err, AVSVT_E_IO, "%s: is a folder, not a file", path);
    /* Renaming over /dev/null would replace the device. */
    if (!stat(path, &st) && !S_ISREG(st.st_mode))
        return avsvti_fail(err, AVSVT_E_IO, "%s: is not a regular file", path);
    if (!stat(path, &st) && access(path, W_OK)) /* nor does renaming ask this */
        return avsvti_fail_write(err, errno, path);
    const char *real = follow(linked, path), *slash = strrchr(real, '/');
    size_t n = strlen(real), folder = slash ? (size_t)(slash - real) + 1 : 0;
    const char *name = n - folder > LONGEST_TAIL ? real + n - LONGEST_TAIL : real + folder;
    char *t = avsvti_alloc(a, n + 32, 1);
    if (!t)
        return avsvti_fail_memory(err);
    uint64_t seed = (uint64_t)(uintptr_t)t ^ ((uint64_t)getpid() << 32);
    for (int attempt = 0; attempt < 100; attempt++) {
        char tag[TAG + 1];
        for (int i = 0; i < TAG; i++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            tag[i] = letters[(seed >> 33) % (sizeof(letters) - 1)];
        }
        tag[TAG] = '\0';
        /* The ending stays last: some writers look at it. */
        snprintf(t, n + 32, "%.*s.%s~%s", (int)folder, real, tag, name);
        int fd = open(t, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd >= 0) {
            set_usual_mode(fd, path);
            close(fd);
            *temporary = t;
            return AVSVT_OK;
        }
        if (errno != EEXIST)
            break;
    }
    int code = errno;
    avsvti_release(a, t);
    return avsvti_fail_write(err, code, path);
}

avsvt_status avsvti_file_commit(char *temporary, const avsvt_allocator *a,
                                const char *path, avsvt_error *err)
{
    int code = 0;
    char linked[PATH_MAX];
    int fd = open(temporary, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || (fsync(fd) && errno != EINVAL))
        code = errno;
    if (fd >= 0)
        close(fd);
    if (!code && rename(temporary, follow(linked, path)))
        code = errno;
    if (code) {
        avsvti_file_discard(temporary, a);
        return avsvti_fail_write(err, code, path);
    }
    avsvti_release(a, temporary);
    return AVSVT_OK;
}

void avsvti_file_discard(char *temporary, const avsvt_allocator *a)
{
    if (!temporary)
        return;
    unlink(temporary);
    avsvti_release(a, temporary);
}

#define LEFT_S 3600

void avsvti_file_sweep(const char *folder, const char *const *names)
{
    DIR *dir = opendir(folder);
    struct stat st;
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        const char *left = entry->d_name; /* .xxxxxxxx~NAME */
        if (left[0] != '.' || strlen(left) <= TAG + 2 || left[TAG + 1] != '~')
            continue;
        const char *const *name = names;
        while (*name && strcmp(*name, left + TAG + 2))
            name++;
        if (*name && !fstatat(dirfd(dir), left, &st, AT_SYMLINK_NOFOLLOW) &&
            S_ISREG(st.st_mode) && difftime(time(NULL), st.st_mtime) > LEFT_S)
            (void)!unlinkat(dirfd(dir), left, 0);
    }
    if (dir)
        closedir(dir);
}

/* Returns 0 or the code of what went wrong. */
static int write_all(const char *path, const void *data, size_t size)
{
    int code = 0;
    size_t done = 0;
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return errno;
    while (!code && done < size) {
        ssize_t n = write(fd, (const char *)data + done, size - done);
        if (n > 0)
            done += (size_t)n;
        else if (n == 0 || errno != EINTR)
            code = n ? errno : ENOSPC;
    }
    if (close(fd) && !code)
        code = errno;
    return code;
}

avsvt_status avsvti_file_write(const char *path, const void *data, size_t size,
                               const avsvt_allocator *a, avsvt_error *err)
{
    char *temporary = NULL;
    struct stat st;
    int code;
    /* A pipe or a device, such as /dev/stdout, is written to, not replaced. */
    if (!stat(path, &st) && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)) {
        code = write_all(path, data, size);
        if (!code)
            return AVSVT_OK;
    } else {
        avsvt_status status = avsvti_file_begin(&temporary, a, path, err);
        if (status != AVSVT_OK)
            return status;
        code = write_all(temporary, data, size);
        if (!code)
            return avsvti_file_commit(temporary, a, path, err);
    }
    avsvti_file_discard(temporary, a);
    return avsvti_fail_write(err, code, path);
}

avsvt_status avsvti_file_append(const char *path, size_t *at, const void *data,
                                size_t size, avsvt_error *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    struct stat st;
    int code = fd < 0 || fstat(fd, &st) ? errno : 0;
    if (!code && (uint64_t)st.st_size < (uint64_t)*at)
        *at = (size_t)st.st_size;
    if (!code && ftruncate(fd, (off_t)*at))
        code = errno;
    for (size_t done = 0; !code && done < size;) {
        ssize_t n = pwrite(fd, (const char *)data + done, size - done,
                           (off_t)(*at + done));
        if (n > 0)
            done += (size_t)n;
        else if (n == 0 || errno != EINTR)
            code = n ? errno : ENOSPC;
    }
    if (fd >= 0 && close(fd) && !code)
        code = errno;
    if (code)
        return avsvti_fail_write(err, code, path);
    *at += size;
    return AVSVT_OK;
}

avsvt_status avsvti_file_claim(const char *path, avsvt_error *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd >= 0) {
        close(fd);
        return AVSVT_OK;
    }
    return errno == EEXIST
        ? avsvti_fail(err, AVSVT_E_CANCELLED, "%s: is there already", path)
        : avsvti_fail_errno(err, errno, "make it", path);
}

/* flock()'s: those of fcntl() go with the first close of the file, wherever in
 * the process that is. */
avsvt_status avsvti_file_lock(int *fd, const char *path, avsvt_error *err)
{
    int opened = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    *fd = -1;
    if (opened < 0)
        return avsvti_fail_write(err, errno, path);
    if (flock(opened, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK) {
        close(opened);
        return avsvti_fail(err, AVSVT_E_BUSY, "%s: is in use", path);
    }
    *fd = opened;
    return AVSVT_OK;
}

void avsvti_file_unlock(int fd)
{
    if (fd >= 0)
        close(fd);
}
