/* SPDX-License-Identifier: MIT */
/* MusicXML 4.0: one voice in 4/4 on a grid of sixteenths. */
#include <math.h>

#include "export/grid.h"
#include "export/text.h"

#define PER_BEAT 4 /* sixteenths; also MusicXML's divisions of a quarter */
#define PER_BAR 16

typedef struct shape {
    int length;
    const char *type;
    int dotted;
} shape;

/* Lengths that one note head can have, longest first. */
static const shape shapes[] = {
    { 16, "whole", 0 }, { 12, "half", 1 }, { 8, "half", 0 }, { 6, "quarter", 1 },
    { 4, "quarter", 0 }, { 3, "eighth", 1 }, { 2, "eighth", 0 }, { 1, "16th", 0 },
};

/* The longest shape that fits; one that starts inside a beat ends with it, so
 * that the beats of a bar can be seen. */
static const shape *shape_at(int position, int64_t left)
{
    int within = position % PER_BEAT;
    int64_t room = within ? PER_BEAT - within : PER_BAR - position;
    const shape *s = shapes;
    while (s->length > left || s->length > room)
        s++;
    return s;
}

static void put_pitch(avsvti_buffer *b, int key)
{
    static const char steps[] = "CCDDEFFGGAAB";
    static const char sharp[] = { 0, 1, 0, 1, 0, 0, 1, 0, 1, 0, 1, 0 };
    avsvti_buffer_printf(b, "<pitch><step>%c</step>%s<octave>%d</octave></pitch>",
        steps[key % 12], sharp[key % 12] ? "<alter>1</alter>" : "", key / 12 - 1);
}

/* key < 0: a rest. */
static void put_piece(avsvti_buffer *b, int key, const shape *s, int from_before,
                      int goes_on)
{
    avsvti_buffer_text(b, "<note>");
    if (key < 0)
        avsvti_buffer_text(b, s->length == PER_BAR ? "<rest measure=\"yes\"/>" : "<rest/>");
    else
        put_pitch(b, key);
    avsvti_buffer_printf(b, "<duration>%d</duration>%s%s<voice>1</voice><type>%s</type>%s",
        s->length, from_before ? "<tie type=\"stop\"/>" : "",
        goes_on ? "<tie type=\"start\"/>" : "", s->type, s->dotted ? "<dot/>" : "");
    if (from_before || goes_on)
        avsvti_buffer_printf(b, "<notations>%s%s</notations>",
            from_before ? "<tied type=\"stop\"/>" : "",
            goes_on ? "<tied type=\"start\"/>" : "");
    avsvti_buffer_text(b, "</note>\n");
}

static void put_attributes(avsvti_buffer *b, const avsvti_export *e)
{
    double sum = 0.0;
    for (size_t i = 0; i < e->count; i++)
        sum += e->notes[i].pitch;
    double mean = e->count ? sum / (double)e->count : 64.0;
    avsvti_buffer_text(b, "<attributes><divisions>4</divisions><key><fifths>0</fifths></key>"
        "<time><beats>4</beats><beat-type>4</beat-type></time><clef>");
    avsvti_buffer_text(b, mean < 50.0 ? "<sign>F</sign><line>4</line>"
                                      : "<sign>G</sign><line>2</line>");
    /* The tenor's clef: written an octave above what is sung. */
    if (mean >= 50.0 && mean < 59.0)
        avsvti_buffer_text(b, "<clef-octave-change>-1</clef-octave-change>");
    avsvti_buffer_text(b, "</clef></attributes>\n<direction placement=\"above\"><direction-type>"
        "<metronome><beat-unit>quarter</beat-unit><per-minute>");
    avsvti_buffer_number(b, e->tempo_bpm, 3);
    avsvti_buffer_text(b, "</per-minute></metronome></direction-type><sound tempo=\"");
    avsvti_buffer_number(b, e->tempo_bpm, 3);
    avsvti_buffer_text(b, "\"/></direction>\n");
}

/* Ends the bar and begins the next where position is on a bar line. */
static void put_bar_line(avsvti_buffer *b, int64_t position, const avsvti_export *e)
{
    if (position % PER_BAR)
        return;
    if (position)
        avsvti_buffer_text(b, "</measure>\n");
    avsvti_buffer_printf(b, "<measure number=\"%lld\">\n",
                         (long long)(position / PER_BAR + 1));
    if (!position)
        put_attributes(b, e);
}

static void put_span(avsvti_buffer *b, int key, int64_t from, int64_t to,
                     const avsvti_export *e)
{
    for (int64_t at = from; at < to && !b->failed;) {
        put_bar_line(b, at, e);
        const shape *s = shape_at((int)(at % PER_BAR), to - at);
        put_piece(b, key, s, key >= 0 && at > from, key >= 0 && at + s->length < to);
        at += s->length;
    }
}

static void put_head(avsvti_buffer *b, const avsvti_export *e)
{
    avsvti_buffer_text(b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<score-partwise version=\"4.0\">\n");
    if (*e->title) {
        avsvti_buffer_text(b, "<work><work-title>");
        avsvti_text_xml(b, e->title);
        avsvti_buffer_text(b, "</work-title></work>\n");
    }
    avsvti_buffer_text(b, "<identification><encoding><software>avsvt ");
    avsvti_buffer_text(b, avsvt_version_string());
    avsvti_buffer_text(b, "</software></encoding></identification>\n"
        "<part-list><score-part id=\"P1\"><part-name>Voice</part-name>"
        "<score-instrument id=\"P1-I1\"><instrument-name>Voice</instrument-name>"
        "</score-instrument><midi-instrument id=\"P1-I1\"><midi-channel>1</midi-channel>"
        "<midi-program>54</midi-program></midi-instrument></score-part></part-list>\n"
        "<part id=\"P1\">\n");
}

avsvt_status avsvti_write_musicxml(avsvti_buffer *b, const avsvti_export *e,
                                   avsvt_error *err)
{
    avsvti_grid_note *notes;
    size_t count;
    int64_t at = 0;
    avsvt_status status = avsvti_grid_place(&notes, &count, b->allocator, e, 0.0,
                                            60.0 / e->tempo_bpm / PER_BEAT, err);
    if (status != AVSVT_OK)
        return status;
    put_head(b, e);
    for (size_t i = 0; i < count && !b->failed; i++) {
        put_span(b, -1, at, notes[i].start, e);
        put_span(b, notes[i].key, notes[i].start, notes[i].end, e);
        at = notes[i].end;
    }
    /* The last bar is filled up; a score has at least one. */
    int64_t end = at ? (at + PER_BAR - 1) / PER_BAR * PER_BAR : PER_BAR;
    put_span(b, -1, at, end, e);
    avsvti_buffer_text(b, "</measure>\n</part>\n</score-partwise>\n");
    avsvti_release(b->allocator, notes);
    return AVSVT_OK;
}
