/* SPDX-License-Identifier: MIT */
/* Names of files and folders, and files that are whole or absent. */
#define _XOPEN_SOURCE 700 /* realpath */
#include "cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

const char *cli_base(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

char *cli_stem(const char *path)
{
    const char *base = cli_base(path);
    const char *dot = strrchr(base, '.');
    size_t length = dot && dot != base ? (size_t)(dot - base) : strlen(base);
    char *stem = malloc(length + 1);
    if (stem) {
        memcpy(stem, base, length);
        stem[length] = 0;
    }
    return stem;
}

char *cli_join(const char *folder, const char *stem, const char *ending)
{
    size_t length = strlen(folder), size = length + strlen(stem) + strlen(ending) + 2;
    char *path = malloc(size);
    if (path)
        snprintf(path, size, "%s%s%s%s", folder,
                 length && folder[length - 1] == '/' ? "" : "/", stem, ending);
    return path;
}

int cli_is_folder(const char *path)
{
    struct stat s;
    return !stat(path, &s) && S_ISDIR(s.st_mode);
}

int cli_is_pipe(const char *path)
{
    struct stat s;
    return !stat(path, &s) && S_ISFIFO(s.st_mode);
}

const char *cli_input(const char *path)
{
    return strcmp(path, "-") ? path : "/dev/stdin";
}

int cli_same_file(const char *a, const char *b)
{
    struct stat x, y;
    return !stat(a, &x) && !stat(b, &y) && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

int cli_make_folder(const char *path)
{
    char *copy = malloc(strlen(path) + 1);
    if (!copy)
        return cli_fail("out of memory");
    strcpy(copy, path);
    for (char *at = copy + 1; *copy; at++) {
        char c = *at;
        if (c != '/' && c)
            continue;
        *at = 0;
        int code = mkdir(copy, 0777) ? errno : 0;
        if (code && !cli_is_folder(copy)) {
            int status = cli_fail("%s: cannot make this folder: %s", copy,
                                  strerror(code == EEXIST ? ENOTDIR : code));
            free(copy);
            return status;
        }
        if (!c)
            break;
        *at = c;
    }
    free(copy);
    return 0;
}

/* Before the work, not after it: is there a place for the result? */
int cli_can_write(const char *path)
{
    if (cli_is_folder(path))
        return cli_fail("%s: is a folder; name a file", path);
    size_t length = (size_t)(cli_base(path) - path);
    char *folder = malloc(length + 2);
    if (!folder)
        return cli_fail("out of memory");
    memcpy(folder, path, length);
    strcpy(folder + length, length ? "" : ".");
    int status = 0;
    if (!cli_is_folder(folder))
        status = cli_fail("%s: cannot be written: there is no folder %s", path, folder);
    else if (access(folder, W_OK | X_OK) || (!access(path, F_OK) && access(path, W_OK)))
        status = cli_fail("%s: cannot be written: %s", path, strerror(errno));
    free(folder);
    return status;
}

int cli_notes_rank(const char *path)
{
    static const char *const endings[] = { ".csv", ".json", ".jams", ".txt", ".mid", ".midi",
                                           ".kar" };
    const char *base = cli_base(path), *dot = strrchr(base, '.');
    for (int i = 0; dot && dot != base && i < (int)(sizeof endings / sizeof *endings); i++)
        if (!strcasecmp(dot, endings[i]))
            return i;
    return -1;
}

/* A new file in the folder of f->real, as a plain open would make it. */
static int open_beside(cli_file *f, mode_t mode)
{
    const char *name = cli_base(f->real);
    size_t size = strlen(f->real) + 16;
    f->temporary = malloc(size);
    if (!f->temporary)
        return -1;
    snprintf(f->temporary, size, "%.*s.%.200s~XXXXXX", (int)(name - f->real), f->real, name);
    int fd = mkstemp(f->temporary);
    if (fd >= 0)
        (void)!fchmod(fd, mode);
    return fd;
}

static void forget(cli_file *f)
{
    free(f->real);
    free(f->temporary);
}

FILE *cli_create(cli_file *f, const char *path)
{
    struct stat st;
    mode_t mask = umask(0);
    umask(mask);
    memset(f, 0, sizeof *f);
    f->path = path;
    int is_there = !stat(path, &st);
    if (is_there && (!S_ISREG(st.st_mode) || access(path, W_OK))) {
        f->to = fopen(path, "w");
    } else {
        f->real = is_there ? realpath(path, NULL) : strdup(path);
        int fd = f->real ? open_beside(f, is_there ? st.st_mode & 0777 : 0666 & ~mask) : -1;
        f->to = fd < 0 ? NULL : fdopen(fd, "w");
    }
    if (!f->to) {
        cli_fail("%s: can't write: %s", path, strerror(errno));
        forget(f);
    }
    return f->to;
}

int cli_commit(cli_file *f)
{
    int code = ferror(f->to) ? EIO : 0;
    if (fflush(f->to) || (f->temporary && fsync(fileno(f->to))))
        code = errno;
    if (fclose(f->to) && !code)
        code = errno;
    if (f->temporary && !code && rename(f->temporary, f->real))
        code = errno;
    if (f->temporary && code)
        remove(f->temporary);
    forget(f);
    return code ? cli_fail("%s: can't write: %s", f->path, strerror(code)) : 0;
}

int cli_read_stream(FILE *from, const char *name, char **data, size_t *size)
{
    size_t room = 0;
    *data = NULL;
    *size = 0;
    do {
        if (*size == room) {
            room = room ? 2 * room : 1 << 16;
            char *larger = realloc(*data, room);
            if (!larger) {
                free(*data);
                *data = NULL;
                return cli_fail("out of memory");
            }
            *data = larger;
        }
        *size += fread(*data + *size, 1, room - *size, from);
    } while (!feof(from) && !ferror(from) && !cli_interrupted());
    if (!ferror(from) && !cli_interrupted())
        return 0;
    free(*data);
    *data = NULL;
    return cli_interrupted() ? cli_fail("stopped; nothing was written")
                             : cli_fail("%s: cannot be read: %s", name, strerror(errno));
}
