/* SPDX-License-Identifier: MIT */
#include "core/memory.h"

#include <stdlib.h>
#include <string.h>

static void *default_alloc(void *user, size_t size)
{
    (void)user;
    return malloc(size);
}

static void *default_resize(void *user, void *block, size_t size)
{
    (void)user;
    return realloc(block, size);
}

static void default_release(void *user, void *block)
{
    (void)user;
    free(block);
}

const avsvt_allocator *avsvti_default_allocator(void)
{
    static const avsvt_allocator allocator = {
        (uint32_t)sizeof(avsvt_allocator), default_alloc, default_resize,
        default_release, NULL,
    };
    return &allocator;
}

/* Bytes of count x size, at least 1; 0 when that overflows. */
static size_t checked_bytes(size_t count, size_t size)
{
    if (size && count > (SIZE_MAX / 2) / size)
        return 0;
    size_t bytes = count * size;
    return bytes ? bytes : 1;
}

void *avsvti_alloc(const avsvt_allocator *a, size_t count, size_t size)
{
    size_t bytes = checked_bytes(count, size);
    return bytes ? a->alloc(a->user, bytes) : NULL;
}

void *avsvti_alloc_zero(const avsvt_allocator *a, size_t count, size_t size)
{
    void *block = avsvti_alloc(a, count, size);
    if (block)
        memset(block, 0, checked_bytes(count, size));
    return block;
}

void *avsvti_resize(const avsvt_allocator *a, void *block, size_t count,
                    size_t size)
{
    size_t bytes = checked_bytes(count, size);
    if (!bytes)
        return NULL;
    return block ? a->resize(a->user, block, bytes) : a->alloc(a->user, bytes);
}

int avsvti_resize_rows(const avsvt_allocator *a, float **block, int64_t rows,
                       int64_t columns)
{
    float *resized = avsvti_resize(a, *block, (size_t)rows, (size_t)columns * sizeof(float));
    if (resized)
        *block = resized;
    return resized != NULL;
}

void avsvti_release(const avsvt_allocator *a, void *block)
{
    if (block)
        a->release(a->user, block);
}

char *avsvti_strdup(const avsvt_allocator *a, const char *text)
{
    size_t n = strlen(text) + 1;
    char *copy = avsvti_alloc(a, n, 1);
    if (copy)
        memcpy(copy, text, n);
    return copy;
}
