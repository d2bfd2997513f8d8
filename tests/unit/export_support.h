/* SPDX-License-Identifier: MIT */
/* Note lists for the tests of the writers, made without the decoder. */
#ifndef AVSVT_TESTS_EXPORT_SUPPORT_H
#define AVSVT_TESTS_EXPORT_SUPPORT_H

#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <avsvt/export.h>

#include "decode/notes.h"

static inline avsvt_note make_note(double onset, double offset, double pitch)
{
    avsvt_note n = AVSVT_NOTE_INIT;
    n.onset_s = onset;
    n.offset_s = offset;
    n.pitch = pitch;
    return n;
}

/* Borrows the notes, which must be in order. */
static inline struct avsvt_notes list_of(avsvt_note *notes, size_t count)
{
    struct avsvt_notes list = { NULL, notes, count };
    return list;
}

static inline uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

/* Notes of all lengths that overlap now and then; in order of onset. */
static inline void random_notes(avsvt_note *notes, size_t count, uint32_t seed)
{
    double at = 0.0;
    for (size_t i = 0; i < count; i++) {
        at += (double)(next_random(&seed) % 1000) / 2500.0;
        double length = 0.0005 + (double)(next_random(&seed) % 1000) / 2000.0;
        double pitch = 48.0 + (double)(next_random(&seed) % 2400) / 100.0;
        notes[i] = make_note(at, at + length, pitch);
        notes[i].level_db = -(float)(next_random(&seed) % 700) / 10.0f;
        notes[i].confidence = (double)(next_random(&seed) % 1000) / 1000.0;
    }
}

static inline avsvt_bytes format_as(const struct avsvt_notes *list, int32_t format,
                                    const avsvt_export_options *given)
{
    avsvt_export_options o = AVSVT_EXPORT_OPTIONS_INIT;
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_bytes out = AVSVT_BYTES_INIT;
    if (given)
        o = *given;
    o.format = format;
    if (avsvt_notes_format(&out, list, &o, &err) != AVSVT_OK)
        fail_msg("format %d: %s", (int)format, err.message);
    return out;
}

#endif
