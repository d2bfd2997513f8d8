/* SPDX-License-Identifier: MIT */
/* UltraStar charts: notes on a grid of a quarter of a beat, pitch 0 is C4.
 * Freestyle and rap notes have no pitch and are for charts only; the octave of
 * many charts is not to be relied on, so pitches outside of MIDI are brought
 * back by octaves. */
#include <math.h>
#include <string.h>

#include "core/number.h"
#include "import/read.h"

#define MIDDLE_C 60
#define MAX_BEATS 1e8

typedef struct chart {
    double beat_s;    /* seconds of a grid step; 0 before #BPM */
    double origin_s;  /* time of the beat origin_beat */
    double origin_beat;
    int relative;     /* beats count from the last line break */
    double line_beat; /* that break, when relative */
    uint32_t singer;  /* bits: whose notes these are */
    uint32_t singers; /* bits: all that were named */
} chart;

/* Like avsvti_number_parse(), with a decimal comma allowed, within a line. */
static const char *number(const char *p, const char *stop, double *value)
{
    p = avsvti_skip_blanks(p);
    if (p >= stop)
        return NULL;
    const char *after = avsvti_number_parse(p, value);
    if (!after || after > stop)
        return NULL;
    if (*after != ',' || after + 1 >= stop || after[1] < '0' || after[1] > '9')
        return after;
    double part = 0, scale = 1;
    for (after++; after < stop && *after >= '0' && *after <= '9'; after++) {
        scale /= 10;
        part += scale * (*after - '0');
    }
    *value += copysign(part, *value); /* "-0,5", too */
    return after;
}

static avsvt_status set_tempo(avsvti_reader *r, chart *c, double bpm)
{
    if (!(bpm >= 1 && bpm <= 100000))
        return avsvti_read_fail(r, "the tempo must be 1 to 100000 beats a minute");
    c->beat_s = 60.0 / bpm / 4.0;
    return AVSVT_OK;
}

static avsvt_status hand_tag(const avsvti_reader *r, avsvti_chart_tag tag,
                             const char *value, const char *stop)
{
    value = avsvti_skip_blanks(value);
    if (value > stop)
        value = stop;
    while (stop > value && (stop[-1] == '\r' || stop[-1] == ' '))
        stop--;
    return r->hooks->tag(r->hooks->user, tag, value, (size_t)(stop - value), r->err);
}

/* "#TITLE:value" and others for those who want them. */
static avsvt_status read_tag(const avsvti_reader *r, const char *stop)
{
    static const struct { const char *key; avsvti_chart_tag tag; } tags[] = {
        { "#TITLE:", AVSVTI_TAG_TITLE }, { "#ARTIST:", AVSVTI_TAG_ARTIST },
        { "#AUDIO:", AVSVTI_TAG_AUDIO }, { "#MP3:", AVSVTI_TAG_MP3 },
    };
    for (size_t i = 0; r->hooks && i < sizeof(tags) / sizeof(*tags); i++)
        if (avsvti_starts_with(r->p, stop, tags[i].key))
            return hand_tag(r, tags[i].tag, r->p + strlen(tags[i].key), stop);
    return AVSVT_OK;
}

/* "#ENCODING:CP1250", wherever it stands in the head, is for all texts. */
static avsvt_status read_encoding(const avsvti_reader *r)
{
    static const char key[] = "#ENCODING:";
    for (const char *p = r->p; r->hooks && p < r->end && *p != ':';) {
        const char *stop = avsvti_line_end(p, r->end);
        if (avsvti_starts_with(p, stop, key))
            return hand_tag(r, AVSVTI_TAG_ENCODING, p + strlen(key), stop);
        p = stop < r->end ? stop + 1 : r->end;
    }
    return AVSVT_OK;
}

static avsvt_status read_header(avsvti_reader *r, chart *c, const char *stop)
{
    double value = 0;
    if (avsvti_starts_with(r->p, stop, "#BPM:")) {
        if (!number(r->p + 5, stop, &value))
            return avsvti_read_fail(r, "#BPM is not a number");
        return set_tempo(r, c, value);
    }
    if (avsvti_starts_with(r->p, stop, "#GAP:") &&
        number(r->p + 5, stop, &value))
        c->origin_s = value / 1000.0;
    if (avsvti_starts_with(r->p, stop, "#RELATIVE:") &&
        avsvti_starts_with(avsvti_skip_blanks(r->p + 10), stop, "YES"))
        c->relative = 1;
    return read_tag(r, stop);
}

/* Whether the notes that come are for the voice that is wanted. */
static int is_wanted(const avsvti_reader *r, const chart *c)
{
    uint32_t voice = r->hooks ? r->hooks->voice ? r->hooks->voice : 1 : 0;
    uint32_t singer = c->singer ? c->singer : 1; /* before any is named */
    return !voice || (voice <= 2 && singer & voice);
}

static avsvt_status read_note(avsvti_reader *r, const chart *c,
                              const char *stop, int32_t kind)
{
    avsvt_note note = AVSVT_NOTE_INIT;
    double beat, length, pitch;
    int sung = kind == AVSVT_CHART_NORMAL || kind == AVSVT_CHART_GOLDEN;
    if (!sung && !r->hooks) /* nor need it be whole */
        return AVSVT_OK;
    const char *p = number(r->p + 1, stop, &beat);
    p = p ? number(p, stop, &length) : NULL;
    p = p ? number(p, stop, &pitch) : NULL;
    if (!p && !sung)
        return AVSVT_OK;
    if (!p)
        return avsvti_read_fail(r, "a note needs beat, length and pitch");
    if (!(fabs(beat) <= MAX_BEATS && length >= 0 && length <= MAX_BEATS))
        return avsvti_read_fail(r, "beat or length is out of range");
    if (!(c->beat_s > 0))
        return avsvti_read_fail(r, "a note before #BPM");
    if (!is_wanted(r, c))
        return AVSVT_OK;
    beat += c->line_beat - c->origin_beat;
    note.onset_s = c->origin_s + beat * c->beat_s;
    note.offset_s = c->origin_s + (beat + length) * c->beat_s;
    note.pitch = MIDDLE_C + pitch;
    if (note.pitch < 0 || note.pitch >= 128)
        note.pitch = fmod(fmod(note.pitch, 12) + 12, 12) + MIDDLE_C;
    /* One blank, then the syllable with its own. */
    const char *word = p < stop ? p + 1 : stop;
    while (stop > word && stop[-1] == '\r')
        stop--;
    return avsvti_read_chart_note(r, &note, kind, word, (size_t)(stop - word));
}

/* "- end" or, when relative, "- end start": the next line counts from start,
 * or from end when that is all there is. */
static void read_break(const avsvti_reader *r, chart *c, const char *stop)
{
    double end, start;
    const char *p = number(r->p + 1, stop, &end);
    if (r->hooks && is_wanted(r, c))
        r->hooks->line(r->hooks->user);
    if (!c->relative || !p)
        return;
    if (!number(p, stop, &start))
        start = end;
    if (fabs(start) <= MAX_BEATS && fabs(c->line_beat + start) <= MAX_BEATS)
        c->line_beat += start;
}

/* "B beat tempo": another tempo from there on. */
static avsvt_status read_tempo(avsvti_reader *r, chart *c, const char *stop)
{
    double beat, bpm;
    const char *p = number(r->p + 1, stop, &beat);
    p = p ? number(p, stop, &bpm) : NULL;
    if (!p || !(fabs(beat) <= MAX_BEATS))
        return avsvti_read_fail(r, "a change of tempo needs beat and tempo");
    c->origin_s += (beat - c->origin_beat) * c->beat_s;
    c->origin_beat = beat;
    return set_tempo(r, c, bpm);
}

/* "P1", "P2": whose notes follow in a duet; "P3": both sing them. */
static void read_singer(const avsvti_reader *r, chart *c, const char *stop)
{
    const char *p = avsvti_skip_blanks(r->p + 1);
    c->line_beat = 0;
    c->singer = p < stop && *p >= '1' && *p <= '3' ? (uint32_t)(*p - '0') : 3;
    c->singers |= c->singer;
    if (r->hooks)
        r->hooks->line(r->hooks->user);
}

avsvt_status avsvti_read_ultrastar(avsvti_reader *r)
{
    chart c = { 0 };
    avsvt_status status = read_encoding(r);
    int done = 0;
    while (r->p < r->end && status == AVSVT_OK && !done) {
        const char *stop = avsvti_line_end(r->p, r->end);
        switch (*r->p) {
        case '#': status = read_header(r, &c, stop); break;
        case ':': status = read_note(r, &c, stop, AVSVT_CHART_NORMAL); break;
        case '*': status = read_note(r, &c, stop, AVSVT_CHART_GOLDEN); break;
        case 'F': status = read_note(r, &c, stop, AVSVT_CHART_FREESTYLE); break;
        case 'R': status = read_note(r, &c, stop, AVSVT_CHART_RAP); break;
        case 'G': status = read_note(r, &c, stop, AVSVT_CHART_RAP_GOLDEN); break;
        case '-': read_break(r, &c, stop); break;
        case 'B': status = read_tempo(r, &c, stop); break;
        case 'P': read_singer(r, &c, stop); break;
        case 'E': done = 1; break;
        default: break;
        }
        r->p = stop < r->end ? stop + 1 : r->end;
        r->line++;
    }
    if (r->hooks)
        r->hooks->voices(r->hooks->user, c.singers & 2 ? 2 : 1,
                         r->hooks->voice ? r->hooks->voice : 1);
    return status;
}
