/* SPDX-License-Identifier: MIT */
/* Bytes that grow. A failed append is remembered, so that a writer can append
 * without looking and check once at the end. */
#ifndef AVSVTI_CORE_BUFFER_H
#define AVSVTI_CORE_BUFFER_H

#include <avsvt/api.h>

#include "core/error.h"
#include "core/memory.h"

typedef struct avsvti_buffer {
    const avsvt_allocator *allocator;
    char  *data; /* closed by a zero that size does not count; NULL if empty */
    size_t size;
    size_t capacity;
    int    failed; /* out of memory at some point */
} avsvti_buffer;

void avsvti_buffer_init(avsvti_buffer *b, const avsvt_allocator *a);
void avsvti_buffer_append(avsvti_buffer *b, const void *data, size_t size);
void avsvti_buffer_text(avsvti_buffer *b, const char *text);
/* Not for floating point (the locale would show): see avsvti_buffer_number. */
void avsvti_buffer_printf(avsvti_buffer *b, const char *format, ...)
    AVSVTI_PRINTF(2, 3);
/* A number with at most this many decimals, zeros at the end left away. */
void avsvti_buffer_number(avsvti_buffer *b, double value, int decimals);
void avsvti_buffer_free(avsvti_buffer *b);

/* Hands the bytes to a caller of the public API, or says out of memory. The
 * buffer is empty afterwards in both cases. */
avsvt_status avsvti_buffer_take(avsvti_buffer *b, avsvt_bytes *out,
                                avsvt_error *err);

#endif
