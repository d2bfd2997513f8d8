/* SPDX-License-Identifier: MIT */
/* Memory of models and instances, freed all at once. */
#include "native/native.h"

static void *aligned_block(avsvti_native_store *s, size_t bytes)
{
    size_t full = sizeof(s->blocks) / sizeof(s->blocks[0]);
    if (s->count == full || bytes > SIZE_MAX / 2)
        return NULL;
    char *block = avsvti_alloc_zero(s->allocator, bytes + 64, 1);
    if (!block)
        return NULL;
    s->blocks[s->count++] = block;
    return block + (64 - (uintptr_t)block % 64) % 64;
}

float *avsvti_native_floats(avsvti_native_store *s, size_t n)
{
    return n > SIZE_MAX / 8 ? NULL : aligned_block(s, n * sizeof(float));
}

size_t *avsvti_native_sizes(avsvti_native_store *s, size_t n)
{
    return n > SIZE_MAX / 16 ? NULL : aligned_block(s, n * sizeof(size_t));
}

void avsvti_native_store_free(avsvti_native_store *s)
{
    while (s->count)
        avsvti_release(s->allocator, s->blocks[--s->count]);
}
