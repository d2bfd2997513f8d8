/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "support/scratch.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static char folder[512];

int scratch_make(void **state)
{
    const char *base = getenv("TMPDIR");
    (void)state;
    snprintf(folder, sizeof(folder), "%s/avsvt-test-XXXXXX",
             base && *base ? base : "/tmp");
    return mkdtemp(folder) ? chmod(folder, 0755) : -1;
}

const char *scratch_path(const char *name)
{
    static char paths[8][1024];
    static int next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
    return path;
}

/* Files, and folders that are empty; returns how many there were. */
static int for_each(int delete_them)
{
    int count = 0;
    DIR *d = opendir(folder);
    struct dirent *e;
    while (d && (e = readdir(d))) {
        if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
            continue;
        count++;
        if (delete_them)
            remove(scratch_path(e->d_name));
    }
    if (d)
        closedir(d);
    return count;
}

int scratch_count(void)
{
    return for_each(0);
}

int scratch_remove(void **state)
{
    (void)state;
    for_each(1);
    return rmdir(folder);
}

const char *scratch_write(const char *name, const void *data, size_t size)
{
    const char *path = scratch_path(name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, size, f), size);
    assert_int_equal(fclose(f), 0);
    return path;
}

char *scratch_read(const char *path, size_t *size)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        fail_msg("%s is not there", path);
    fseek(f, 0, SEEK_END);
    *size = (size_t)ftell(f);
    rewind(f);
    char *data = malloc(*size + 1);
    assert_non_null(data);
    assert_int_equal(fread(data, 1, *size, f), *size);
    data[*size] = '\0';
    fclose(f);
    return data;
}

char *scratch_output(const char *in, const char *file, size_t *size)
{
    char name[128];
    snprintf(name, sizeof(name), "%s/%s", in, file);
    return scratch_read(scratch_path(name), size);
}
