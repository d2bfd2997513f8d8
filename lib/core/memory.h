/* SPDX-License-Identifier: MIT */
/* Memory from the host's allocator, with sizes checked for overflow. */
#ifndef AVSVTI_CORE_MEMORY_H
#define AVSVTI_CORE_MEMORY_H

#include <avsvt/context.h>

/* The allocator of a context; of the default one for NULL. Lives as long as
 * the context does. */
const avsvt_allocator *avsvti_allocator(const avsvt_context *context);
/* malloc, realloc, free. */
const avsvt_allocator *avsvti_default_allocator(void);

/* count x size bytes, NULL on overflow or failure; never NULL for 0 bytes. */
void *avsvti_alloc(const avsvt_allocator *a, size_t count, size_t size);
/* The same, zeroed. */
void *avsvti_alloc_zero(const avsvt_allocator *a, size_t count, size_t size);
/* Grows or shrinks; on failure NULL and the old block is still there. */
void *avsvti_resize(const avsvt_allocator *a, void *block, size_t count,
                    size_t size);
/* The same to rows of so many floats each; 0: the old block is still there. */
int avsvti_resize_rows(const avsvt_allocator *a, float **block, int64_t rows,
                       int64_t columns);
void avsvti_release(const avsvt_allocator *a, void *block);
char *avsvti_strdup(const avsvt_allocator *a, const char *text);

#endif
