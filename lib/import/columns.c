/* SPDX-License-Identifier: MIT */
/* Lines of numbers: onset, offset, pitch, and columns that are not looked at.
 * A header may name the columns, in any order, with lengths in place of offsets and
 * frequencies in place of pitches, as Tony's files have both, without a header. A pitch
 * may be a name, as in Audacity's labels: A#4, or with cents Bb4-12. */
#include <string.h>

#include "core/key.h"
#include "core/number.h"
#include "import/read.h"

#define MAX_COLUMNS 64
#define MAX_HEADER 1000
#define LOWEST_PITCH 16 /* that is sung or played, as a MIDI number, */
#define LOWEST_HZ 32    /* and as a frequency, with room between */
#define OPEN_QUOTE "a quotation mark is not closed"

enum { ONSET, OFFSET, PITCH, LENGTH, FREQUENCY, ROLES };

typedef struct layout {
    int column[3]; /* of onset, offset and pitch, from 0 */
    int count;     /* columns that must be there */
    int is_certain; /* from its names, or the first line */
    int has_lengths, has_frequencies;
    char by;       /* what parts the header's fields; a blank: not known */
} layout;

typedef struct field {
    const char *from, *to; /* without its quotation marks */
    const char *after;
} field;

static int is_separator(char c)
{
    return c == ',' || c == ';';
}

static int is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
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
    p += *p == '"';
    return *p && strchr("+-.0123456789", *p) != NULL;
}

/* The field of text at p; blanks are part of it where something else parts fields.
 * 0: a quotation mark opens and does not close. */
static int find_field(field *f, const char *p, const char *stop, char by)
{
    int quoted = p < stop && *p == '"';
    f->from = p += quoted;
    if (quoted)
        while (p < stop && (*p != '"' || (p + 1 < stop && p[1] == '"')))
            p += *p == '"' ? 2 : 1;
    else
        while (p < stop && *p != by && (by != ' ' || !(is_separator(*p) || is_blank(*p))))
            p++;
    f->to = p;
    f->after = p + quoted;
    while (!quoted && f->to > f->from && is_blank(f->to[-1]))
        f->to--;
    return f->after <= stop;
}

static char parting_of_header(const char *p, const char *stop)
{
    int quoted = 0;
    for (; p < stop; p++) {
        quoted ^= *p == '"';
        if (!quoted && (is_separator(*p) || *p == '\t'))
            return *p;
    }
    return ' ';
}

/* What a column of this name holds; -1: nothing that is wanted. A unit may stand
 * behind the name in brackets. */
static int role_of(const char *p, const char *stop)
{
    static const struct { const char *name; int role; } names[] = {
        { "onset", ONSET }, { "onset_s", ONSET }, { "onset_time", ONSET },
        { "start", ONSET }, { "start_time", ONSET }, { "start_time_s", ONSET },
        { "time", ONSET }, { "offset", OFFSET }, { "offset_s", OFFSET },
        { "offset_time", OFFSET }, { "end", OFFSET }, { "end_time", OFFSET },
        { "end_time_s", OFFSET }, { "pitch", PITCH }, { "midi", PITCH },
        { "midi_pitch", PITCH }, { "pitch_midi", PITCH }, { "midi_note", PITCH },
        { "note", PITCH }, { "duration", LENGTH }, { "duration_s", LENGTH },
        { "length", LENGTH }, { "frequency", FREQUENCY }, { "frequency_hz", FREQUENCY },
        { "pitch_hz", FREQUENCY }, { "hz", FREQUENCY }, { "f0", FREQUENCY },
    };
    const char *unit = p;
    while (unit < stop && *unit != '(' && *unit != '[')
        unit++;
    const char *end = unit;
    while (end > p && is_blank(end[-1]))
        end--;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strlen(names[i].name) == (size_t)(end - p) &&
            avsvti_starts_with(p, end, names[i].name))
            return names[i].role == PITCH && unit < stop &&
                   avsvti_starts_with(unit + 1, stop, "hz") ? FREQUENCY : names[i].role;
    return -1;
}

/* Takes the order of the columns from the header's names. Where they do not tell all,
 * onset, offset and pitch come first; 0: they say something else. */
static int take_order(layout *l, const int at[ROLES])
{
    int end = at[OFFSET] >= 0 ? OFFSET : LENGTH;
    int pitch = at[PITCH] >= 0 ? PITCH : FREQUENCY;
    l->is_certain = at[ONSET] >= 0 && at[end] >= 0 && at[pitch] >= 0;
    if (!l->is_certain) {
        for (int role = ONSET; role < LENGTH; role++)
            if (at[role] >= 0 && at[role] != role)
                return 0;
        return (at[LENGTH] < 0 || at[LENGTH] > 2) && (at[FREQUENCY] < 0 || at[FREQUENCY] > 2);
    }
    l->has_lengths = end == LENGTH;
    l->has_frequencies = pitch == FREQUENCY;
    l->column[0] = at[ONSET];
    l->column[1] = at[end];
    l->column[2] = at[pitch];
    for (int i = 0; i < 3; i++)
        if (l->column[i] >= l->count)
            l->count = l->column[i] + 1;
    return 1;
}

/* A line of at least three words. */
static avsvt_status read_header(avsvti_reader *r, const char *p,
                                const char *stop, layout *l)
{
    int at[ROLES] = { -1, -1, -1, -1, -1 }, columns = 0;
    field f;
    int is_long = stop - p > MAX_HEADER;
    for (const char *c = p; c < (is_long ? p + MAX_HEADER : stop); c++)
        if ((unsigned char)*c < 0x20 && *c != '\t' && *c != '\r')
            return avsvti_read_fail(r, "this is not text, nor a MIDI file or an array of "
                                       "NumPy: no list of notes");
    if (is_long)
        return avsvti_read_fail(r, "neither numbers nor a header");
    l->by = parting_of_header(p, stop);
    for (; p < stop && columns < MAX_COLUMNS; p = next_field(f.after, stop)) {
        if (!find_field(&f, p, stop, l->by))
            return avsvti_read_fail(r, OPEN_QUOTE);
        int role = role_of(f.from, f.to);
        if (role >= 0 && at[role] < 0)
            at[role] = columns;
        columns++;
    }
    if (columns < 3)
        return avsvti_read_fail(r, "neither onset, offset, pitch nor a header");
    if (!take_order(l, at))
        return avsvti_read_fail(r, "it names some columns, but not all of onset, offset "
                                   "(or duration) and pitch (or frequency)");
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

/* One field as a number, which may have a name; text in a column that is not looked at
 * is passed. NULL: its quotation mark does not close. */
static const char *read_field(const char *p, const char *stop, char by, int named,
                              double *value, int *is_number)
{
    field f;
    int quoted = *p == '"';
    const char *after = starts_number(p) ? avsvti_number_parse(p + quoted, value)
                      : named            ? avsvti_key_parse(p + quoted, value) : NULL;
    if (after && quoted)
        after = after < stop && *after == '"' ? after + 1 : NULL;
    *is_number = after && after <= stop &&
                 (after == stop || is_separator(*after) || is_blank(*after));
    if (*is_number)
        return after;
    return find_field(&f, p, stop, by) ? f.after : NULL;
}

/* A first line without names whose third number can't be a pitch while the second can
 * be a frequency is one of Tony's: onset, frequency, length. */
static void look_at_first(layout *l, avsvt_note *note)
{
    l->is_certain = 1;
    if (note->pitch >= LOWEST_PITCH || note->offset_s < LOWEST_HZ)
        return;
    double frequency = note->offset_s;
    note->offset_s = note->pitch;
    note->pitch = frequency;
    l->column[1] = 2;
    l->column[2] = 1;
    l->has_lengths = l->has_frequencies = 1;
}

/* Lengths and frequencies become offsets and pitches. */
static avsvt_status take_note(avsvti_reader *r, layout *l, avsvt_note *note)
{
    if (!l->is_certain)
        look_at_first(l, note);
    if (l->has_lengths)
        note->offset_s += note->onset_s;
    if (l->has_frequencies && !(note->pitch > 0))
        return avsvti_read_fail(r, "the frequency must be above 0 Hz");
    if (l->has_frequencies)
        note->pitch = avsvti_pitch_of_hz(note->pitch);
    return avsvti_read_note(r, note);
}

static avsvt_status read_line(avsvti_reader *r, const char *p,
                              const char *stop, layout *l)
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
        int named = column == l->column[2] && !l->has_frequencies;
        p = read_field(p, stop, l->by, named, &value, &is_number);
        if (!p)
            return avsvti_read_fail(r, OPEN_QUOTE);
        for (int i = 0; i < 3; i++) {
            if (l->column[i] != column)
                continue;
            if (!is_number)
                return avsvti_read_fail(r, i == 0 ? "the onset is not a number"
                    : i == 1 ? "the offset is not a number"
                             : "the pitch is not a number or a name such as A#4");
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
    return take_note(r, l, &note);
}

avsvt_status avsvti_read_columns(avsvti_reader *r)
{
    layout l = { { 0, 1, 2 }, 3, 0, 0, 0, ' ' };
    avsvt_status status = AVSVT_OK;
    int may_be_header = 1;
    for (; r->p < r->end && status == AVSVT_OK; r->line++) {
        const char *stop = avsvti_line_end(r->p, r->end);
        const char *p = avsvti_skip_blanks(r->p);
        r->p = stop < r->end ? stop + 1 : r->end;
        if (p >= stop || *p == '#' || *p == '\\') /* Audacity: what a label spans in Hz */
            continue;
        status = may_be_header && !starts_number(p) ? read_header(r, p, stop, &l)
                                                    : read_line(r, p, stop, &l);
        may_be_header = 0;
    }
    return status;
}
