/* SPDX-License-Identifier: MIT */
#include "import/midi_notes.h"

#include <stdlib.h>
#include <string.h>

#define QUARTER_S 0.5 /* of a file that tells no tempo */
#define NAMED 0.5     /* what a name is worth beside notes that have words, */
#define HAS_WORDS 0.4 /* and words that lie in the same track */

/* By time, then as in the file. */
static int by_tick(const void *a, const void *b)
{
    const avsvti_midi_tempo *x = a, *y = b;
    if (x->tick != y->tick)
        return x->tick < y->tick ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

static int by_onset(const void *a, const void *b)
{
    const avsvti_midi_note *x = a, *y = b;
    if (x->on != y->on)
        return x->on < y->on ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

static int text_by_tick(const void *a, const void *b)
{
    const avsvti_midi_text *x = a, *y = b;
    if (x->tick != y->tick)
        return x->tick < y->tick ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

static void place_tempos(avsvti_midi *m)
{
    avsvti_midi_tempo before = { 0, 0, QUARTER_S, 0.0 };
    for (size_t i = 0; i < m->tempo_count; i++) {
        avsvti_midi_tempo *t = &m->tempos[i];
        t->at_s = before.at_s + (double)(t->tick - before.tick) *
                                before.quarter_s / m->quarter_ticks;
        before = *t;
    }
}

static double seconds(const avsvti_midi *m, int64_t tick)
{
    size_t low = 0, high = m->tempo_count;
    if (!m->quarter_ticks)
        return (double)tick * m->tick_s;
    while (low < high) { /* the first tempo after tick */
        size_t middle = low + (high - low) / 2;
        if (m->tempos[middle].tick <= tick)
            low = middle + 1;
        else
            high = middle;
    }
    avsvti_midi_tempo first = { 0, 0, QUARTER_S, 0.0 };
    const avsvti_midi_tempo *t = low ? &m->tempos[low - 1] : &first;
    return t->at_s + (double)(tick - t->tick) * t->quarter_s / m->quarter_ticks;
}

/* Karaoke files hold the words as lyrics, or as texts with '@' lines that tell
 * of the file. Only the words stay in m->texts. */
static void keep_words(avsvti_midi *m)
{
    size_t lyrics = 0, kept = 0;
    for (size_t i = 0; i < m->text_count; i++)
        lyrics += m->texts[i].type == 5;
    for (size_t i = 0; i < m->text_count; i++) {
        const avsvti_midi_text *t = &m->texts[i];
        if (t->type == 5 || (!lyrics && t->type == 1 && *t->text != '@'))
            m->texts[kept++] = *t;
    }
    m->text_count = kept;
}

static int is_melody_name(const avsvti_midi_text *t)
{
    static const char *const names[] = { "melod", "vocal", "voice", "vox",
        "lead", "sing", "sang", "solo", "soprano", "lyric", "stimme" };
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        for (size_t at = 0; at < t->length; at++)
            if (avsvti_starts_with(t->text + at, t->text + t->length, names[i]))
                return 1;
    return 0;
}

/* Names of tracks, and where the words lie. */
static void weigh_tracks(avsvti_midi *m)
{
    for (size_t i = 0, part = 0; i < m->text_count; i++) {
        const avsvti_midi_text *t = &m->texts[i];
        double likely = t->type == 5 ? HAS_WORDS
                      : t->type == 3 && is_melody_name(t) ? NAMED : 0;
        if (!(likely > 0))
            continue;
        /* Both lists are in the order of the tracks. */
        while (part < m->part_count && m->parts[part].track < t->track)
            part++;
        for (size_t k = part; k < m->part_count && m->parts[k].track == t->track; k++)
            if (m->parts[k].likely < likely)
                m->parts[k].likely = likely;
    }
}

static int starts_word(const avsvti_midi *m, int64_t tick)
{
    size_t low = 0, high = m->text_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (m->texts[middle].tick < tick)
            low = middle + 1;
        else
            high = middle;
    }
    return low < m->text_count && m->texts[low].tick == tick;
}

static int32_t choose_part(avsvti_midi *m)
{
    int32_t best = 0;
    for (size_t i = 0; i < m->note_count && m->text_count; i++)
        m->parts[m->notes[i].part].words +=
            (size_t)starts_word(m, m->notes[i].on);
    for (size_t i = 0; i < m->part_count; i++) {
        avsvti_midi_part *p = &m->parts[i];
        p->likely += 2.0 * (double)p->words / (double)(p->notes + m->text_count);
        if (p->likely > m->parts[best].likely)
            best = (int32_t)i;
    }
    return best;
}

static int is_break(char c)
{
    return c == '/' || c == '\\' || c == '\r' || c == '\n';
}

/* The word of the note at tick: the last text up to there that is not told
 * yet. A line ends before '/' and '\', and at an end of line. */
static void take_word(const avsvti_midi *m, size_t *next, int64_t tick,
                      const char **word, size_t *length, int *line_after)
{
    *word = "";
    *length = 0;
    *line_after = 0;
    for (; *next < m->text_count && m->texts[*next].tick <= tick; ++*next) {
        const avsvti_midi_text *t = &m->texts[*next];
        const char *p = t->text, *end = p + t->length;
        int before = *line_after;
        while (p < end && is_break(*p)) {
            before = 1;
            p++;
        }
        *line_after = 0;
        while (end > p && is_break(end[-1])) {
            *line_after = 1;
            end--;
        }
        if (before)
            m->reader->hooks->line(m->reader->hooks->user);
        if (end > p) {
            *word = p;
            *length = (size_t)(end - p);
        }
    }
}

static avsvt_status hand_notes_on(const avsvti_midi *m, int32_t part)
{
    avsvti_reader *r = m->reader;
    avsvt_status status = AVSVT_OK;
    size_t next = 0, length = 0;
    const char *word = "";
    for (size_t i = 0; i < m->note_count && status == AVSVT_OK; i++) {
        const avsvti_midi_note *n = &m->notes[i];
        avsvt_note note = AVSVT_NOTE_INIT;
        int line_after = 0;
        if (r->hooks && n->part != part)
            continue;
        if (r->hooks)
            take_word(m, &next, n->on, &word, &length, &line_after);
        note.onset_s = seconds(m, n->on);
        note.offset_s = seconds(m, n->off);
        note.pitch = n->key;
        if (!r->hooks && note.pitch + n->bend >= 0.0 && note.pitch + n->bend < 128.0)
            note.pitch += n->bend;
        status = avsvti_read_chart_note(r, &note, AVSVT_CHART_NORMAL, word,
                                        length);
        if (line_after)
            r->hooks->line(r->hooks->user);
    }
    return status;
}

avsvt_status avsvti_midi_hand_on(avsvti_midi *m)
{
    const avsvti_read_hooks *hooks = m->reader->hooks;
    if (m->note_count)
        qsort(m->notes, m->note_count, sizeof(*m->notes), by_onset);
    if (m->tempo_count)
        qsort(m->tempos, m->tempo_count, sizeof(*m->tempos), by_tick);
    if (m->quarter_ticks)
        place_tempos(m);
    if (!hooks)
        return hand_notes_on(m, 0);
    for (size_t i = 0; i < m->text_count; i++)
        if (m->texts[i].type == 3 && !m->texts[i].track) {
            avsvt_status status = hooks->tag(hooks->user, AVSVTI_TAG_TITLE,
                m->texts[i].text, m->texts[i].length, m->reader->err);
            if (status != AVSVT_OK)
                return status;
            break;
        }
    weigh_tracks(m);
    keep_words(m);
    if (m->text_count)
        qsort(m->texts, m->text_count, sizeof(*m->texts), text_by_tick);
    int32_t part = hooks->voice ? (int32_t)(hooks->voice - 1)
                 : m->part_count ? choose_part(m) : 0;
    hooks->voices(hooks->user, m->part_count ? (uint32_t)m->part_count : 1,
                  (uint32_t)part + 1);
    return hand_notes_on(m, part);
}
