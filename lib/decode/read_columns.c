/* SPDX-License-Identifier: MIT */
/* Lines of numbers: onset, offset, pitch, and columns that are not looked at.
 * A header may name the columns, in any order. */
#include <string.h>

#include "core/number.h"
#include "decode/read.h"

#define MAX_COLUMNS 64
#define MAX_HEADER 1000

typedef struct layout {
    int column[3]; /* of onset, offset and pitch, from 0 */
    int count;     /* columns that must be there */
} layout;

static int is_separator(char c)
{
    return c == ',' || c == ';';
}

/* Past blanks, at most one separator, and blanks. */
static const char *next_field(const char *p, const char *end)
{
    p = avsvti_skip_blanks(p);
    if (p < end && is_separator(*p))
        p = avsvti_skip_blanks(p + 1);
    return p < end ? p : end;
}

static int starts_number(const char *p)
{
    return *p && strchr("+-.0123456789", *p) != NULL;
}

static int name_of(const char *p, const char *stop)
{
    static const struct { const char *name; int which; } names[] = {
        { "onset", 0 }, { "onset_s", 0 }, { "start", 0 }, { "offset", 1 },
        { "offset_s", 1 }, { "end", 1 }, { "pitch", 2 }, { "midi", 2 },
        { "midi_pitch", 2 }, { "note", 2 },
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strlen(names[i].name) == (size_t)(stop - p) &&
            avsvti_starts_with(p, stop, names[i].name))
            return names[i].which;
    return -1;
}

/* A line of at least three words. Takes the order of the columns from it when
 * it names all three. */
static avsvt_status read_header(avsvti_reader *r, const char *p,
                                const char *stop, layout *l)
{
    int at[3] = { -1, -1, -1 }, columns = 0;
    if (stop - p > MAX_HEADER)
        return avsvti_read_fail(r, "neither numbers nor a header");
    for (const char *c = p; c < stop; c++)
        if ((unsigned char)*c < 0x20 && *c != '\t' && *c != '\r')
            return avsvti_read_fail(r, "this is not text");
    while (p < stop && columns < MAX_COLUMNS) {
        const char *from = p;
        while (p < stop && !is_separator(*p) && *p != ' ' && *p != '\t' &&
               *p != '\r')
            p++;
        const char *to = p;
        if (to - from >= 2 && *from == '"' && to[-1] == '"') {
            from++;
            to--;
        }
        int which = name_of(from, to);
        if (which >= 0 && at[which] < 0)
            at[which] = columns;
        columns++;
        p = next_field(p, stop);
    }
    if (columns < 3)
        return avsvti_read_fail(r, "neither onset, offset, pitch nor a header");
    if (at[0] >= 0 && at[1] >= 0 && at[2] >= 0)
        memcpy(l->column, at, sizeof(at));
    for (int i = 0; i < 3; i++)
        if (l->column[i] >= l->count)
            l->count = l->column[i] + 1;
    return AVSVT_OK;
}

/* Which sign parts the field that ends at p from the next one; 0: the line ends. */
static char parting(const char *p, const char *stop)
{
    const char *next = next_field(p, stop);
    while (p < next && !is_separator(*p))
        p++;
    return next == stop ? '\0' : p < next ? *p : ' ';
}

/* Whether a number goes on behind a comma at p, which parts no columns here. */
static int is_decimal_comma(const char *p, const char *stop, char parted)
{
    return parted != ',' && p + 1 < stop && *p == ',' && p[1] >= '0' && p[1] <= '9';
}

/* One field as a number; text in a column that is not looked at is passed. */
static const char *read_field(const char *p, const char *stop, double *value,
                              int *is_number)
{
    const char *after = starts_number(p) ? avsvti_number_parse(p, value) : NULL;
    *is_number = after && after <= stop &&
                 (after == stop || is_separator(*after) || *after == ' ' ||
                  *after == '\t' || *after == '\r');
    if (*is_number)
        return after;
    while (p < stop && !is_separator(*p) && *p != ' ' && *p != '\t')
        p++;
    return p;
}

static avsvt_status read_line(avsvti_reader *r, const char *p,
                              const char *stop, const layout *l)
{
    avsvt_note note = AVSVT_NOTE_INIT;
    double *fields[] = { &note.onset_s, &note.offset_s, &note.pitch };
    char parted = '\0';
    for (int column = 0; column < l->count; column++) {
        double value = 0;
        int is_number = 0;
        if (p >= stop)
            return avsvti_read_fail(r, "a column is missing: onset, offset "
                                       "and pitch are wanted");
        p = read_field(p, stop, &value, &is_number);
        for (int i = 0; i < 3; i++) {
            if (l->column[i] != column)
                continue;
            if (!is_number)
                return avsvti_read_fail(r, i == 0 ? "the onset is not a number"
                    : i == 1 ? "the offset is not a number"
                             : "the pitch is not a number");
            *fields[i] = value;
        }
        int last = column + 1 == l->count;
        char by = last ? parted : parting(p, stop);
        if ((parted && by && by != parted) || (last && is_decimal_comma(p, stop, parted)))
            return avsvti_read_fail(r, "its columns are parted by more than one of comma, "
                                       "semicolon and blanks: write 0,5 with a point, 0.5");
        parted = by;
        p = next_field(p, stop);
    }
    return avsvti_read_note(r, &note);
}

avsvt_status avsvti_read_columns(avsvti_reader *r)
{
    layout l = { { 0, 1, 2 }, 3 };
    avsvt_status status = AVSVT_OK;
    int may_be_header = 1;
    while (r->p < r->end && status == AVSVT_OK) {
        const char *stop = avsvti_line_end(r->p, r->end);
        const char *p = avsvti_skip_blanks(r->p);
        if (p < stop && *p != '#') {
            if (may_be_header && !starts_number(p))
                status = read_header(r, p, stop, &l);
            else
                status = read_line(r, p, stop, &l);
            may_be_header = 0;
        }
        r->p = stop < r->end ? stop + 1 : r->end;
        r->line++;
    }
    return status;
}
