/* SPDX-License-Identifier: MIT */
/* Landmarks as text. JSON: [null, [[x, y], ... 68], ...], NaN allowed for a
 * number. CSV: a head with x_0 ... y_67 among its columns, a line a picture. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/number.h"
#include "video/landmarks.h"

#define SET (2 * AVSVT_LANDMARKS)
#define MAX_COLUMNS 4096

static avsvt_status bad_set(avsvt_error *err, const char *name, size_t set, const char *what)
{
    return avsvti_fail(err, AVSVT_E_FORMAT, "%s: the landmarks of picture %zu %s", name, set,
                       what);
}

static const char *pass_space(const char *p)
{
    return p + strspn(p, " \t\r\n");
}

/* The character c (after white space) is passed; NULL when there is another. */
static const char *expect(const char *p, char c)
{
    if (!p)
        return NULL;
    p = pass_space(p);
    return *p == c ? p + 1 : NULL;
}

static const char *read_number(const char *p, double *value)
{
    if (!p)
        return NULL;
    p = pass_space(p);
    if (!strncmp(p, "NaN", 3) || !strncmp(p, "nan", 3)) {
        *value = (double)NAN;
        return p + 3;
    }
    if (!strncmp(p, "null", 4)) {
        *value = (double)NAN;
        return p + 4;
    }
    return avsvti_number_parse(p, value);
}

/* [[x, y], ... 68 of them] */
static const char *read_set(const char *p, double *set)
{
    p = expect(p, '[');
    for (int i = 0; p && i < AVSVT_LANDMARKS; i++) {
        p = expect(p, '[');
        p = read_number(p, &set[2 * i]);
        p = expect(p, ',');
        p = read_number(p, &set[2 * i + 1]);
        p = expect(p, ']');
        p = expect(p, i + 1 < AVSVT_LANDMARKS ? ',' : ']');
    }
    return p;
}

avsvt_status avsvti_landmarks_json(avsvti_points *points, const char *text,
                                   const char *name, avsvt_error *err)
{
    const char *p = expect(text, '[');
    if (!p)
        return avsvti_fail(err, AVSVT_E_FORMAT,
            "%s: is no list: landmarks are [[[x, y], ... 68], ... a list or null for each "
            "picture]", name);
    while (*(p = pass_space(p)) != ']') {
        double *set = avsvti_points_add(points);
        if (!set)
            return avsvti_fail_memory(err);
        if (!strncmp(p, "null", 4))
            p += 4;
        else
            p = read_set(p, set);
        if (!p)
            return bad_set(err, name, points->count - 1, "are not 68 pairs [x, y], or null");
        p = pass_space(p);
        if (*p == ',' && *pass_space(p + 1) != ']')
            p++;
        else if (*p != ']')
            return bad_set(err, name, points->count - 1, "are not followed by a comma");
    }
    return *pass_space(p + 1) ? avsvti_fail(err, AVSVT_E_FORMAT,
        "%s: there is something after the list", name) : AVSVT_OK;
}

/* What the columns of a line hold: the place in a set, or one of these. */
#define NOTHING (-1)
#define SUCCESS (-2)

typedef struct columns {
    int count;
    int16_t what[MAX_COLUMNS];
    int found; /* of a set */
} columns;

/* x_12, x12, y_0 */
static int column_of(const char *name, size_t size)
{
    char text[16], *end;
    if (size == 7 && !memcmp(name, "success", 7))
        return SUCCESS;
    if (size < 2 || size > 6 || (name[0] != 'x' && name[0] != 'y'))
        return NOTHING;
    memcpy(text, name, size);
    text[size] = '\0';
    const char *digits = text + 1 + (text[1] == '_');
    if (*digits < '0' || *digits > '9')
        return NOTHING;
    long i = strtol(digits, &end, 10);
    return *end || i < 0 || i >= AVSVT_LANDMARKS ? NOTHING : (int)(2 * i + (text[0] == 'y'));
}

static const char *read_head(columns *c, const char *p)
{
    char seen[SET] = { 0 };
    c->count = c->found = 0;
    for (;;) {
        p += strspn(p, " \t\"");
        size_t size = strcspn(p, ", \t\"\r\n");
        if (c->count == MAX_COLUMNS)
            return NULL;
        int what = column_of(p, size);
        if (what >= 0 && seen[what]++)
            return NULL;
        c->found += what >= 0;
        c->what[c->count++] = (int16_t)what;
        p += size;
        p += strspn(p, " \t\"");
        if (*p != ',')
            break;
        p++;
    }
    return c->found == SET ? p + strspn(p, "\r") : NULL;
}

/* One line into set; *face 0 when it says that there is none. */
static const char *read_line(const columns *c, const char *p, double *set, int *face)
{
    *face = 1;
    for (int i = 0; i < c->count && p; i++) {
        double value = 0;
        size_t size = strcspn(p, ",\r\n");
        if (c->what[i] != NOTHING) {
            const char *end = strspn(p, " \t") < size ? read_number(p, &value) : NULL;
            if (!end && c->what[i] >= 0 && strspn(p, " \t") == size)
                value = (double)NAN; /* empty */
            else if (!end || end > p + size || end + strspn(end, " \t") != p + size)
                return NULL;
            if (c->what[i] == SUCCESS)
                *face = *face && value != 0.0;
            else
                set[c->what[i]] = value;
        }
        p += size;
        if (i + 1 < c->count)
            p = *p == ',' ? p + 1 : NULL;
    }
    return p && (*p == '\0' || *p == '\n' || *p == '\r') ? p : NULL;
}

avsvt_status avsvti_landmarks_csv(avsvti_points *points, const char *text,
                                  const char *name, avsvt_error *err)
{
    columns c;
    const char *p = read_head(&c, text);
    if (!p)
        return avsvti_fail(err, AVSVT_E_FORMAT,
            "%s: its first line must name the columns x_0 to x_67 and y_0 to y_67, each once",
            name);
    while (*(p += strspn(p, "\r\n"))) {
        int face;
        double *set = avsvti_points_add(points);
        if (!set)
            return avsvti_fail_memory(err);
        p = read_line(&c, p, set, &face);
        if (!p)
            return bad_set(err, name, points->count - 1, "are no numbers, or too few");
        if (!face)
            set[0] = (double)NAN;
    }
    return AVSVT_OK;
}
