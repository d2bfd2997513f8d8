/* SPDX-License-Identifier: MIT */
#include "import/json_value.h"

#include <string.h>

#include "core/number.h"

#define MAX_DEPTH 32

char avsvti_json_peek(avsvti_reader *r)
{
    while (r->p < r->end && (*r->p == ' ' || *r->p == '\t' || *r->p == '\r' ||
                             *r->p == '\n'))
        if (*r->p++ == '\n')
            r->line++;
    return r->p < r->end ? *r->p : '\0';
}

/* Past c if it is next. */
static int take(avsvti_reader *r, char c)
{
    if (avsvti_json_peek(r) != c)
        return 0;
    r->p++;
    return 1;
}

avsvt_status avsvti_json_string(avsvti_reader *r, char *name)
{
    size_t n = 0;
    if (!take(r, '"'))
        return avsvti_read_fail(r, "a name or string in quotes was expected");
    for (; r->p < r->end && *r->p != '"'; r->p++) {
        if ((unsigned char)*r->p < 0x20)
            break;
        if (name && n + 1 < AVSVTI_JSON_NAME_SIZE)
            name[n] = *r->p;
        n++;
        if (*r->p == '\\' && r->p + 1 < r->end)
            r->p++;
    }
    if (name)
        name[n < AVSVTI_JSON_NAME_SIZE ? n : 0] = '\0';
    if (r->p >= r->end || *r->p != '"')
        return avsvti_read_fail(r, "a string does not end");
    r->p++;
    return AVSVT_OK;
}

avsvt_status avsvti_json_number(avsvti_reader *r, double *value)
{
    char c = avsvti_json_peek(r);
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

/* Nesting is counted, not recursed into. */
avsvt_status avsvti_json_skip(avsvti_reader *r)
{
    char closing[MAX_DEPTH];
    size_t depth = 0;
    double ignored;
    avsvt_status status = AVSVT_OK;
    do {
        char c = avsvti_json_peek(r);
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
            status = avsvti_json_string(r, NULL);
        } else if (c == '-' || (c >= '0' && c <= '9')) {
            status = avsvti_json_number(r, &ignored);
        } else {
            status = skip_word(r);
        }
    } while (depth && status == AVSVT_OK);
    return status;
}

avsvt_status avsvti_json_object(avsvti_reader *r, avsvti_json_member member, void *user)
{
    char name[AVSVTI_JSON_NAME_SIZE];
    avsvt_status status = AVSVT_OK;
    if (!take(r, '{'))
        return avsvti_read_fail(r, "'{' was expected");
    if (take(r, '}'))
        return AVSVT_OK;
    do {
        status = avsvti_json_string(r, name);
        if (status == AVSVT_OK && !take(r, ':'))
            status = avsvti_read_fail(r, "':' was expected");
        if (status == AVSVT_OK)
            status = member(r, name, user);
    } while (status == AVSVT_OK && take(r, ','));
    if (status == AVSVT_OK && !take(r, '}'))
        status = avsvti_read_fail(r, "',' or '}' was expected");
    return status;
}

avsvt_status avsvti_json_list(avsvti_reader *r, avsvti_json_item item, void *user)
{
    avsvt_status status = AVSVT_OK;
    if (!take(r, '['))
        return avsvti_read_fail(r, "a list was expected");
    if (take(r, ']'))
        return AVSVT_OK;
    do
        status = item(r, user);
    while (status == AVSVT_OK && take(r, ','));
    if (status == AVSVT_OK && !take(r, ']'))
        status = avsvti_read_fail(r, "',' or ']' was expected");
    return status;
}
