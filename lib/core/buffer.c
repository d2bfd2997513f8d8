/* SPDX-License-Identifier: MIT */
#include "core/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/number.h"

/* Stands before the bytes, so that avsvt_bytes_free knows the allocator after
 * the context is gone. */
typedef struct bytes_owner {
    avsvt_allocator allocator;
    char *data;
} bytes_owner;

void avsvti_buffer_init(avsvti_buffer *b, const avsvt_allocator *a)
{
    memset(b, 0, sizeof(*b));
    b->allocator = a;
}

static int reserve(avsvti_buffer *b, size_t more)
{
    if (b->failed)
        return 0;
    if (more >= SIZE_MAX / 4 - b->size) {
        b->failed = 1;
        return 0;
    }
    size_t need = b->size + more + 1;
    if (need <= b->capacity)
        return 1;
    size_t capacity = b->capacity ? b->capacity : 256;
    while (capacity < need)
        capacity *= 2;
    char *data = avsvti_resize(b->allocator, b->data, capacity, 1);
    if (!data) {
        b->failed = 1;
        return 0;
    }
    b->data = data;
    b->capacity = capacity;
    return 1;
}

void avsvti_buffer_append(avsvti_buffer *b, const void *data, size_t size)
{
    if (!reserve(b, size))
        return;
    if (size)
        memcpy(b->data + b->size, data, size);
    b->size += size;
    b->data[b->size] = '\0';
}

void avsvti_buffer_text(avsvti_buffer *b, const char *text)
{
    avsvti_buffer_append(b, text, strlen(text));
}

void avsvti_buffer_printf(avsvti_buffer *b, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (n < 0)
        b->failed = 1;
    else if (reserve(b, (size_t)n)) {
        vsnprintf(b->data + b->size, (size_t)n + 1, format, again);
        b->size += (size_t)n;
    }
    va_end(again);
}

void avsvti_buffer_number(avsvti_buffer *b, double value, int decimals)
{
    char text[AVSVTI_NUMBER_SIZE];
    avsvti_number_print(text, sizeof(text), value, decimals);
    avsvti_buffer_text(b, text);
}

void avsvti_buffer_free(avsvti_buffer *b)
{
    avsvti_release(b->allocator, b->data);
    avsvti_buffer_init(b, b->allocator);
}

avsvt_status avsvti_buffer_take(avsvti_buffer *b, avsvt_bytes *out,
                                avsvt_error *err)
{
    bytes_owner *owner = NULL;
    memset(out, 0, sizeof(*out));
    if (!b->failed && b->size)
        owner = avsvti_alloc(b->allocator, 1, sizeof(*owner));
    if (b->failed || (b->size && !owner)) {
        avsvti_buffer_free(b);
        return avsvti_fail_memory(err);
    }
    if (owner) {
        owner->allocator = *b->allocator;
        owner->data = b->data;
        out->data = b->data;
        out->size = b->size;
        out->owner = owner;
        b->data = NULL;
    }
    avsvti_buffer_free(b);
    return AVSVT_OK;
}

void avsvt_bytes_free(avsvt_bytes *bytes)
{
    if (!bytes)
        return;
    bytes_owner *owner = bytes->owner;
    if (owner) {
        avsvt_allocator a = owner->allocator;
        avsvti_release(&a, owner->data);
        avsvti_release(&a, owner);
    }
    memset(bytes, 0, sizeof(*bytes));
}
