/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "support/tree.h"

#include <ftw.h>
#include <math.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <avsvt/avsvt.h>

#include "support/test.h"

static char top[512];

int tree_make(void **state)
{
    char made[256];
    const char *base = getenv("TMPDIR");
    (void)state;
    snprintf(made, sizeof(made), "%s/avsvt-tree-XXXXXX", base && *base ? base : "/tmp");
    if (!mkdtemp(made))
        return -1;
    char *real = realpath(made, NULL); /* as the library names it */
    snprintf(top, sizeof(top), "%s", real ? real : made);
    free(real);
    return 0;
}

static int drop(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st;
    (void)kind;
    (void)ftw;
    return remove(path);
}

int tree_drop(const char *folder)
{
    return nftw(folder, drop, 16, FTW_DEPTH | FTW_PHYS);
}

int tree_remove(void **state)
{
    (void)state;
    return tree_drop(top);
}

const char *tree_path(const char *name)
{
    static char paths[8][1024];
    static int next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof(paths[0]), "%s/%s", top, name);
    return path;
}

static const char *place(const char *name)
{
    char *path = (char *)(size_t)tree_path(name);
    for (char *at = path + strlen(top) + 1; (at = strchr(at, '/')); at++) {
        *at = '\0';
        mkdir(path, 0755);
        *at = '/';
    }
    return path;
}

const char *tree_write(const char *name, const void *data, size_t size)
{
    const char *path = place(name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, size, f), size);
    assert_int_equal(fclose(f), 0);
    return path;
}

const char *tree_text(const char *name, const char *text)
{
    return tree_write(name, text, strlen(text));
}

const char *tree_sound(const char *name, int samples)
{
    const char *path = place(name);
    char wav[1032]; /* what is written under another ending is refused */
    float *x = calloc((size_t)samples + 1, sizeof(*x));
    assert_non_null(x);
    for (int i = 0; i < samples; i++)
        x[i] = (float)(0.2 * sin(i * 0.1));
    snprintf(wav, sizeof(wav), "%s.wav", path);
    assert_int_equal(avsvt_audio_write(wav, x, samples, 16000, NULL), AVSVT_OK);
    assert_int_equal(rename(wav, path), 0);
    free(x);
    return path;
}

char *tree_read(const char *name)
{
    const char *path = tree_path(name);
    FILE *f = fopen(path, "rb");
    if (!f)
        fail_msg("%s is not there", path);
    fseek(f, 0, SEEK_END);
    size_t size = (size_t)ftell(f);
    rewind(f);
    char *text = malloc(size + 1);
    assert_non_null(text);
    assert_int_equal(fread(text, 1, size, f), size);
    text[size] = '\0';
    fclose(f);
    return text;
}

int tree_has(const char *name)
{
    return !access(tree_path(name), F_OK);
}
