/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "platform/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/error.h"
#include "core/memory.h"
#include "platform/write.h"

#define LONGEST_TAIL 180 /* bytes of a name that a temporary one keeps */
#define WRITER_MS 3000   /* so long somebody may take to open a pipe to write */

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

/* Opens what is no folder; what it is stands in *st. */
static avsvt_status open_any(int *fd, struct stat *st, const char *path, avsvt_error *err)
{
    *fd = -1;
    avsvt_status status = avsvti_file_check(path, err);
    if (status != AVSVT_OK)
        return status;
    /* Without O_NONBLOCK a pipe that nobody writes to would hang here. */
    int opened = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (opened < 0)
        return avsvti_fail_errno(err, errno, "open", path);
    if (fstat(opened, st)) {
        status = avsvti_fail_errno(err, errno, "read", path);
        close(opened);
        return status;
    }
    *fd = opened;
    return AVSVT_OK;
}

static avsvt_status close_irregular(int *fd, const char *path, avsvt_error *err)
{
    close(*fd);
    *fd = -1;
    return avsvti_fail(err, AVSVT_E_IO, "%s: is not a regular file", path);
}

avsvt_status avsvti_file_open(int *fd, const char *path, avsvt_error *err)
{
    struct stat st;
    avsvt_status status = open_any(fd, &st, path, err);
    return status == AVSVT_OK && !S_ISREG(st.st_mode) ? close_irregular(fd, path, err) : status;
}

/* At most size bytes that have come, waiting for the first of them; 0: all have. */
static ssize_t read_pipe_once(int fd, char *to, size_t size)
{
    for (;;) {
        struct pollfd waiting = { fd, POLLIN, 0 };
        ssize_t n = read(fd, to, size);
        if (n >= 0 || (errno != EAGAIN && errno != EINTR))
            return n;
        if (errno == EAGAIN)
            poll(&waiting, 1, -1);
    }
}

/* A pipe with a name that nobody has opened to write yet reads as if it had ended,
 * which poll() doesn't take it to have. 0: nothing happened. */
static int await_writer(int fd)
{
    struct pollfd waiting = { fd, POLLIN, 0 };
    int n;
    while ((n = poll(&waiting, 1, WRITER_MS)) < 0 && errno == EINTR)
        continue;
    return n;
}

/* A pipe to its end: what a shell puts in a file's place, <(command) or /dev/stdin. */
static avsvt_status read_pipe(char **data, size_t *size, const avsvt_allocator *a, int fd,
                              const char *path, size_t max, avsvt_error *err)
{
    size_t room = 0, count = 0;
    ssize_t n = 1;
    int begun = await_writer(fd);
    while (n > 0) {
        if (count == room) {
            room = room ? 2 * room : (size_t)1 << 16;
            char *larger = avsvti_resize(a, *data, room + 1, 1);
            if (!larger)
                return avsvti_fail_memory(err);
            *data = larger;
        }
        n = read_pipe_once(fd, *data + count, room - count);
        if (n < 0)
            return avsvti_fail_errno(err, errno, "read", path);
        count += (size_t)n;
        if (count > max)
            return avsvti_fail(err, AVSVT_E_UNSUPPORTED,
                               "%s: gives more than %zu bytes, which is as many as are read",
                               path, max);
    }
    if (!count)
        return avsvti_fail(err, AVSVT_E_IO, begun ? "%s: nothing came through this pipe"
                           : "%s: nobody wrote into this pipe", path);
    (*data)[count] = '\0';
    *size = count;
    return AVSVT_OK;
}

static avsvt_status read_whole(char **data, size_t *size, const avsvt_allocator *a, int fd,
                               uint64_t length, const char *path, size_t max,
                               avsvt_error *err)
{
    if (length > (uint64_t)max)
        return avsvti_fail(err, AVSVT_E_UNSUPPORTED,
            "%s: has %llu bytes; at most %zu are read", path,
            (unsigned long long)length, max);
    if (!(*data = avsvti_alloc(a, (size_t)length + 1, 1)))
        return avsvti_fail_memory(err);
    (*data)[length] = '\0';
    *size = (size_t)length;
    return avsvti_file_read_at(fd, 0, *data, *size, path, err);
}

avsvt_status avsvti_file_read(char **data, size_t *size,
                              const avsvt_allocator *a, const char *path,
                              size_t max, avsvt_error *err)
{
    struct stat st;
    *data = NULL;
    *size = 0;
    int fd;
    avsvt_status status = open_any(&fd, &st, path, err);
    if (status != AVSVT_OK)
        return status;
    if (!S_ISREG(st.st_mode) && !S_ISFIFO(st.st_mode))
        return close_irregular(&fd, path, err);
    status = S_ISFIFO(st.st_mode)
        ? read_pipe(data, size, a, fd, path, max, err)
        : read_whole(data, size, a, fd, (uint64_t)st.st_size, path, max, err);
    close(fd);
    if (status == AVSVT_OK)
        return AVSVT_OK;
    avsvti_release(a, *data);
    *data = NULL;
    *size = 0;
    return status;
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
static int write_into(const char *path, const void *data, size_t size)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return errno;
    int code = avsvti_write_all(fd, data, size, AVSVTI_WHERE_IT_STANDS);
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
        code = write_into(path, data, size);
        if (!code)
            return AVSVT_OK;
    } else {
        avsvt_status status = avsvti_file_begin(&temporary, a, path, err);
        if (status != AVSVT_OK)
            return status;
        code = write_into(temporary, data, size);
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
    if (!code)
        code = avsvti_write_all(fd, data, size, (int64_t)*at);
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
