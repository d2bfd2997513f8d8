/* SPDX-License-Identifier: MIT */
/* JSON: an object with a list `notes`, or such a list alone. A note is an
 * object (onset, offset, pitch; level_db and confidence if there) or a list
 * whose first three numbers are those. Everything else is passed over, but
 * must be JSON. */
#include <math.h>
#include <string.h>

#include "core/number.h"
#include "decode/read.h"

#define MAX_DEPTH 32
#define NAME_SIZE 16 /* longer names are none of ours */

static char peek(avsvti_reader *r)
{
    while (r->p < r->end && (*r->p == ' ' || *r->p == '\t' || *r->p == '\r' ||
                             *r->p == '\n'))
        if (*r->p++ == '\n')
            r->line++;
    return r->p < r->end ? *r->p : '\0';
}

static int take(avsvti_reader *r, char c)
{
    if (peek(r) != c)
        return 0;
    r->p++;
    return 1;
}

/* A string; its first bytes are kept when name is wanted (escapes as they
 * stand, since none of our names has any). */
static avsvt_status read_string(avsvti_reader *r, char *name)
{
    size_t n = 0;
    if (!take(r, '"'))
        return avsvti_read_fail(r, "a name or string in quotes was expected");
    for (; r->p < r->end && *r->p != '"'; r->p++) {
        if ((unsigned char)*r->p < 0x20)
            break;
        if (name && n + 1 < NAME_SIZE)
            name[n] = *r->p;
        n++;
        if (*r->p == '\\' && r->p + 1 < r->end)
            r->p++;
    }
    if (name)
        name[n < NAME_SIZE ? n : 0] = '\0';
    if (r->p >= r->end || *r->p != '"')
        return avsvti_read_fail(r, "a string does not end");
    r->p++;
    return AVSVT_OK;
}

static avsvt_status read_number(avsvti_reader *r, double *value)
{
    char c = peek(r);
    const char *after = NULL;
    if (c == '-' || (c >= '0' && c <= '9'))
        after = avsvti_number_parse(r->p, value);
    if (!after || after > r->end)
        return avsvti_read_fail(r, "a number was expected");
    r->p = after;
    return AVSVT_OK;
}

static avsvt_status skip_word(avsvti_reader *r)
{
    static const char *const words[] = { "true", "false", "null" };
    for (size_t i = 0; i < 3; i++) {
        size_t n = strlen(words[i]);
        if ((size_t)(r->end - r->p) >= n && !memcmp(r->p, words[i], n)) {
            r->p += n;
            return AVSVT_OK;
        }
    }
    return avsvti_read_fail(r, "this is not JSON");
}

/* Any value. Nesting is counted, not recursed into. */
static avsvt_status skip_value(avsvti_reader *r)
{
    char closing[MAX_DEPTH];
    size_t depth = 0;
    double ignored;
    avsvt_status status = AVSVT_OK;
    do {
        char c = peek(r);
        if (c == '{' || c == '[') {
            if (depth == MAX_DEPTH)
                return avsvti_read_fail(r, "nested too deep");
            closing[depth++] = c == '{' ? '}' : ']';
            r->p++;
        } else if (depth && c == closing[depth - 1]) {
            depth--;
            r->p++;
        } else if (depth && (c == ',' || c == ':')) {
            r->p++;
        } else if (c == '"') {
            status = read_string(r, NULL);
        } else if (c == '-' || (c >= '0' && c <= '9')) {
            status = read_number(r, &ignored);
        } else {
            status = skip_word(r);
        }
    } while (depth && status == AVSVT_OK);
    return status;
}

static avsvt_status read_member(avsvti_reader *r, avsvt_note *note, int *seen)
{
    char name[NAME_SIZE];
    double level = 0;
    avsvt_status status = read_string(r, name);
    if (status == AVSVT_OK && !take(r, ':'))
        status = avsvti_read_fail(r, "':' was expected");
    if (status != AVSVT_OK)
        return status;
    if (!strcmp(name, "onset")) {
        *seen |= 1;
        return read_number(r, &note->onset_s);
    }
    if (!strcmp(name, "offset")) {
        *seen |= 2;
        return read_number(r, &note->offset_s);
    }
    if (!strcmp(name, "pitch")) {
        *seen |= 4;
        return read_number(r, &note->pitch);
    }
    if (!strcmp(name, "confidence"))
        return read_number(r, &note->confidence);
    if (strcmp(name, "level_db") != 0)
        return skip_value(r);
    status = read_number(r, &level);
    note->level_db = fabs(level) <= 1000 ? (float)level : 0.0f;
    return status;
}

static avsvt_status read_note_object(avsvti_reader *r)
{
    avsvt_note note = AVSVT_NOTE_INIT;
    avsvt_status status = AVSVT_OK;
    int seen = 0;
    if (!take(r, '}')) {
        do
            status = read_member(r, &note, &seen);
        while (status == AVSVT_OK && take(r, ','));
        if (status == AVSVT_OK && !take(r, '}'))
            status = avsvti_read_fail(r, "'}' was expected");
    }
    if (status == AVSVT_OK && seen != 7)
        status = avsvti_read_fail(r, "a note needs onset, offset and pitch");
    return status == AVSVT_OK ? avsvti_read_note(r, &note) : status;
}

static avsvt_status read_note_list(avsvti_reader *r)
{
    avsvt_note note = AVSVT_NOTE_INIT;
    double *fields[] = { &note.onset_s, &note.offset_s, &note.pitch };
    avsvt_status status = AVSVT_OK;
    for (int i = 0; i < 3 && status == AVSVT_OK; i++) {
        if (i && !take(r, ','))
            return avsvti_read_fail(r, "a note needs onset, offset and pitch");
        status = read_number(r, fields[i]);
    }
    while (status == AVSVT_OK && take(r, ','))
        status = skip_value(r);
    if (status == AVSVT_OK && !take(r, ']'))
        status = avsvti_read_fail(r, "']' was expected");
    return status == AVSVT_OK ? avsvti_read_note(r, &note) : status;
}

static avsvt_status read_notes(avsvti_reader *r)
{
    avsvt_status status = AVSVT_OK;
    if (!take(r, '['))
        return avsvti_read_fail(r, "notes must be a list");
    if (take(r, ']'))
        return AVSVT_OK;
    do {
        if (take(r, '{'))
            status = read_note_object(r);
        else if (take(r, '['))
            status = read_note_list(r);
        else
            status = avsvti_read_fail(r, "a note was expected");
    } while (status == AVSVT_OK && take(r, ','));
    if (status == AVSVT_OK && !take(r, ']'))
        status = avsvti_read_fail(r, "',' or ']' was expected");
    return status;
}

static avsvt_status read_top(avsvti_reader *r)
{
    avsvt_status status = AVSVT_OK;
    char name[NAME_SIZE];
    int found = 0;
    if (!take(r, '{'))
        return read_notes(r);
    do {
        status = read_string(r, name);
        if (status == AVSVT_OK && !take(r, ':'))
            status = avsvti_read_fail(r, "':' was expected");
        if (status == AVSVT_OK && !strcmp(name, "notes") && !found++)
            status = read_notes(r);
        else if (status == AVSVT_OK)
            status = skip_value(r);
    } while (status == AVSVT_OK && take(r, ','));
    if (status == AVSVT_OK && !take(r, '}'))
        status = avsvti_read_fail(r, "',' or '}' was expected");
    if (status == AVSVT_OK && !found)
        status = avsvti_read_fail(r, "there is no list `notes` in this object");
    return status;
}

avsvt_status avsvti_read_json(avsvti_reader *r)
{
    avsvt_status status = read_top(r);
    if (status == AVSVT_OK && (peek(r) || r->p < r->end))
        status = avsvti_read_fail(r, "something follows the end of the JSON");
    return status;
}
