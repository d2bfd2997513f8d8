/* SPDX-License-Identifier: MIT */
/* A list of notes as AV_SVT stores what it predicts: an array of NumPy with
 * rows of onset, offset, pitch, and columns that are not looked at. */
#include <string.h>

#include "decode/read.h"

#define PREFIX 10 /* magic number, version, length of the header */

typedef struct array {
    int64_t rows, columns;
    char type;   /* 'f' or 'i' */
    size_t size; /* bytes of an element */
} array;

/* What follows "'key': " in the header; NULL when there is no such key. */
static const char *value_of(const char *head, const char *end, const char *key)
{
    size_t n = strlen(key);
    for (const char *p = head; (size_t)(end - p) > n; p++)
        if (!memcmp(p, key, n))
            return avsvti_skip_blanks(p + n);
    return NULL;
}

static const char *read_size(const char *p, int64_t *value)
{
    *value = 0;
    if (*p < '0' || *p > '9')
        return NULL;
    for (; *p >= '0' && *p <= '9'; p++)
        if ((*value = *value * 10 + (*p - '0')) > (int64_t)1 << 40)
            return NULL;
    return avsvti_skip_blanks(p);
}

/* "(n, m)", or "(0,)" of an empty list. */
static int read_shape(const char *p, array *a)
{
    a->columns = 3;
    if (!p || *p != '(' || !(p = read_size(p + 1, &a->rows)) || *p != ',')
        return 0;
    p = avsvti_skip_blanks(p + 1);
    if (*p == ')')
        return a->rows == 0;
    return (p = read_size(p, &a->columns)) && *p == ')' && a->columns >= 3;
}

static avsvt_status read_head(avsvti_reader *r, array *a)
{
    const unsigned char *b = (const unsigned char *)r->p;
    size_t size = (size_t)(r->end - r->p);
    size_t head = size > PREFIX ? (size_t)b[8] | (size_t)b[9] << 8 : 0;
    if (size <= PREFIX || b[6] != 1 || head > size - PREFIX)
        return avsvti_read_fail(r, "this array of NumPy is cut short, or newer than "
                                "version 1");
    const char *from = r->p + PREFIX, *end = from + head;
    const char *descr = value_of(from, end, "'descr':");
    const char *order = value_of(from, end, "'fortran_order':");
    if (!read_shape(value_of(from, end, "'shape':"), a))
        return avsvti_read_fail(r, "an array of notes has rows of onset, offset, pitch");
    if (!descr || !order || strncmp(order, "False", 5) ||
        (strncmp(descr, "'<f8'", 5) && strncmp(descr, "'<f4'", 5) &&
         strncmp(descr, "'<i8'", 5) && strncmp(descr, "'<i4'", 5)))
        return avsvti_read_fail(r, "an array of notes must be float or integer of 32 "
                                "or 64 bits, in C's order");
    a->type = descr[2];
    a->size = (size_t)(descr[3] - '0');
    r->p = end;
    return AVSVT_OK;
}

/* Little-endian, whatever the machine. */
static double element(const array *a, const char *at)
{
    uint64_t bits = 0;
    double d;
    float f;
    for (size_t k = a->size; k-- > 0;)
        bits = bits << 8 | (unsigned char)at[k];
    if (a->type == 'i')
        return a->size == 8 ? (double)(int64_t)bits : (double)(int32_t)(uint32_t)bits;
    if (a->size == 8) {
        memcpy(&d, &bits, sizeof(d));
        return d;
    }
    uint32_t half = (uint32_t)bits;
    memcpy(&f, &half, sizeof(f));
    return (double)f;
}

avsvt_status avsvti_read_npy(avsvti_reader *r)
{
    array a = { 0, 3, 'f', 8 };
    r->line = 0; /* no text */
    avsvt_status status = read_head(r, &a);
    if (status != AVSVT_OK)
        return status;
    size_t row = (size_t)a.columns * a.size;
    if ((uint64_t)a.rows > (uint64_t)(r->end - r->p) / row)
        return avsvti_read_fail(r, "this array of NumPy is cut short");
    for (int64_t i = 0; i < a.rows && status == AVSVT_OK; i++, r->p += row) {
        avsvt_note note = AVSVT_NOTE_INIT;
        note.onset_s = element(&a, r->p);
        note.offset_s = element(&a, r->p + a.size);
        note.pitch = element(&a, r->p + 2 * a.size);
        status = avsvti_read_note(r, &note);
    }
    return status;
}
