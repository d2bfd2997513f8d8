/* SPDX-License-Identifier: MIT */
/* Lines of numbers: onset, offset, pitch, and columns that are not looked at.
 * A header may name the columns, in any order; a duration may stand for the
 * offset and a frequency for the pitch, as in Tony's files, which have no header.
 * A pitch may be a name, as in labels of Audacity: A#4, or Bb4-12 with cents. */
#include <string.h>

#include "core/key.h"
#include "core/number.h"
#include "decode/read.h"

#define MAX_COLUMNS 64
#define MAX_HEADER 1000

enum { ONSET, OFFSET, PITCH, DURATION, HZ, KINDS };

typedef struct layout {
    int kind[MAX_COLUMNS]; /* what each column has; KINDS: nothing of ours */
    int count;             /* columns that must be there */
    int is_certain;        /* no other layout is to be thought of */
} layout;

static const layout plain = { { ONSET, OFFSET, PITCH }, 3, 0 };
static const layout tony = { { ONSET, HZ, DURATION }, 3, 1 };

/* Nothing is sung below. */
#define LOWEST_PITCH 16
#define LOWEST_HZ 32

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

static int kind_named(const char *p, const char *stop)
{
    static const struct { const char *name; int kind; } names[] = {
        { "onset", ONSET }, { "onset_s", ONSET }, { "start", ONSET }, { "time", ONSET },
        { "offset", OFFSET }, { "offset_s", OFFSET }, { "end", OFFSET },
        { "pitch", PITCH }, { "midi", PITCH }, { "midi_pitch", PITCH }, { "note", PITCH },
        { "duration", DURATION }, { "duration_s", DURATION },
        { "hz", HZ }, { "pitch_hz", HZ }, { "frequency", HZ }, { "frequency_hz", HZ },
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strlen(names[i].name) == (size_t)(stop - p) &&
            avsvti_starts_with(p, stop, names[i].name))
            return names[i].kind;
    return KINDS;
}

/* The columns as a header named them, where those that a note needs are there:
 * of two that tell the same the offset and the pitch count. */
static void use_names(layout *l, const int *at)
{
    int end = at[OFFSET] >= 0 ? OFFSET : DURATION, pitch = at[PITCH] >= 0 ? PITCH : HZ;
    if (at[ONSET] < 0 || at[end] < 0 || at[pitch] < 0)
        return;
    l->count = 0;
    for (int i = 0; i < MAX_COLUMNS; i++) {
        l->kind[i] = i == at[ONSET] ? ONSET : i == at[end] ? end : i == at[pitch] ? pitch : KINDS;
        if (l->kind[i] != KINDS)
            l->count = i + 1;
    }
    l->is_certain = 1;
}

/* A line of at least three words. */
static avsvt_status read_header(avsvti_reader *r, const char *p,
                                const char *stop, layout *l)
{
    int at[KINDS + 1] = { -1, -1, -1, -1, -1, -1 }, columns = 0;
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
        int kind = kind_named(from, to);
        if (at[kind] < 0)
            at[kind] = columns;
        columns++;
        p = next_field(p, stop);
    }
    if (columns < 3)
        return avsvti_read_fail(r, "neither onset, offset, pitch nor a header");
    use_names(l, at);
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

static int ends_field(const char *p, const char *stop)
{
    return p == stop || is_separator(*p) || *p == ' ' || *p == '\t' || *p == '\r';
}

/* One field as a number; text in a column that is not looked at is passed. */
static const char *read_field(const char *p, const char *stop, int kind, double *value,
                              int *is_number)
{
    const char *after = starts_number(p) ? avsvti_number_parse(p, value)
                      : kind == PITCH    ? avsvti_key_parse(p, value) : NULL;
    *is_number = after && after <= stop && ends_field(after, stop);
    if (*is_number)
        return after;
    while (p < stop && !is_separator(*p) && *p != ' ' && *p != '\t')
        p++;
    return p;
}

/* The values of a line's columns by their kind. */
static avsvt_status read_values(avsvti_reader *r, const char *p, const char *stop,
                                const layout *l, double *values)
{
    static const char *const faults[KINDS] = {
        "the onset is not a number", "the offset is not a number",
        "the pitch is not a number or a name such as A#4", "the duration is not a number",
        "the frequency is not a number",
    };
    char parted = '\0';
    for (int column = 0; column < l->count; column++) {
        double value = 0;
        int kind = l->kind[column], is_number = 0;
        if (p >= stop)
            return avsvti_read_fail(r, "a column is missing: onset, offset "
                                       "and pitch are wanted");
        p = read_field(p, stop, kind, &value, &is_number);
        if (kind != KINDS && !is_number)
            return avsvti_read_fail(r, faults[kind]);
        values[kind] = value;
        int last = column + 1 == l->count;
        char by = last ? parted : parting(p, stop);
        if ((parted && by && by != parted) || (last && is_decimal_comma(p, stop, parted)))
            return avsvti_read_fail(r, "its columns are parted by more than one of comma, "
                                       "semicolon and blanks: write 0,5 with a point, 0.5");
        parted = by;
        p = next_field(p, stop);
    }
    return AVSVT_OK;
}

/* Without a header, a first line whose third number can't be a pitch while the
 * second can be a frequency has an onset, a frequency and a duration. */
static int is_tony(const double *values)
{
    return values[PITCH] < LOWEST_PITCH && values[OFFSET] >= LOWEST_HZ;
}

static avsvt_status read_line(avsvti_reader *r, const char *p,
                              const char *stop, layout *l)
{
    avsvt_note note = AVSVT_NOTE_INIT;
    double values[KINDS + 1] = { 0 };
    avsvt_status status = read_values(r, p, stop, l, values);
    if (status == AVSVT_OK && !l->is_certain && is_tony(values)) {
        *l = tony;
        status = read_values(r, p, stop, l, values);
    }
    if (status != AVSVT_OK)
        return status;
    l->is_certain = 1;
    note.onset_s = values[ONSET];
    note.offset_s = values[OFFSET];
    note.pitch = values[PITCH];
    for (int column = 0; column < l->count; column++) {
        if (l->kind[column] == DURATION)
            note.offset_s = note.onset_s + values[DURATION];
        if (l->kind[column] == HZ)
            note.pitch = avsvti_pitch_of_hz(values[HZ]);
    }
    return avsvti_read_note(r, &note);
}

avsvt_status avsvti_read_columns(avsvti_reader *r)
{
    layout l = plain;
    avsvt_status status = AVSVT_OK;
    int may_be_header = 1;
    while (r->p < r->end && status == AVSVT_OK) {
        const char *stop = avsvti_line_end(r->p, r->end);
        const char *p = avsvti_skip_blanks(r->p);
        if (p < stop && *p != '#' && *p != '\\') { /* Audacity: a label's frequencies */
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
