/* SPDX-License-Identifier: MIT */
/* Making a chart: notes are gathered as a file tells them, then put in order,
 * one at a time, and broken into lines. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "chart/chart.h"
#include "core/clean.h"
#include "core/options.h"
#include "import/read.h"
#include "platform/file.h"

#define MAX_FILE ((size_t)64 << 20)
#define PAUSE_S 0.6     /* ends a line where the file tells of none */
#define TOGETHER_S 0.03 /* what starts within this is a chord */

/* A note on its way, and where its word lies in the texts. */
typedef struct raw {
    avsvt_chart_note note;
    size_t order, word;
} raw;

typedef struct builder {
    avsvt_chart *chart;
    const avsvt_allocator *allocator;
    raw *notes;
    size_t count, capacity;
    uint32_t line;
    int line_is_empty, has_lines;
    size_t tags[AVSVTI_TAG_COUNT]; /* in the texts */
    avsvti_code_page page;
} builder;

/* Keeps a text, cleaned; 0 (the empty one) when there is nothing in it. */
static avsvt_status keep_text(builder *b, const char *text, size_t length,
                              size_t *at, avsvt_error *err)
{
    *at = 0;
    if (!length)
        return AVSVT_OK;
    char *whole = avsvti_alloc(b->allocator, length + 1, 1);
    if (!whole)
        return avsvti_fail_memory(err);
    memcpy(whole, text, length);
    whole[length] = '\0';
    *at = b->chart->texts.size;
    avsvti_text_clean_old(&b->chart->texts, whole, b->page);
    avsvti_buffer_append(&b->chart->texts, "", 1);
    avsvti_release(b->allocator, whole);
    return b->chart->texts.failed ? avsvti_fail_memory(err) : AVSVT_OK;
}

static avsvt_status take_note(void *user, const avsvt_note *note, int32_t kind,
                              const char *word, size_t length, avsvt_error *err)
{
    builder *b = user;
    size_t at;
    avsvt_status status = keep_text(b, word, length, &at, err);
    if (status != AVSVT_OK)
        return status;
    if (b->count == b->capacity) {
        size_t capacity = b->capacity ? b->capacity * 2 : 64;
        raw *notes = avsvti_resize(b->allocator, b->notes, capacity,
                                   sizeof(*notes));
        if (!notes)
            return avsvti_fail_memory(err);
        b->notes = notes;
        b->capacity = capacity;
    }
    raw *n = &b->notes[b->count];
    n->note = (avsvt_chart_note)AVSVT_CHART_NOTE_INIT;
    n->note.kind = kind;
    n->note.onset_s = note->onset_s;
    n->note.offset_s = note->offset_s;
    n->note.pitch = note->pitch;
    n->note.line = b->line;
    n->order = b->count++;
    n->word = at;
    b->line_is_empty = 0;
    return AVSVT_OK;
}

static avsvt_status take_tag(void *user, avsvti_chart_tag tag, const char *value,
                             size_t length, avsvt_error *err)
{
    builder *b = user;
    static const char central[] = "CP1250";
    if (tag == AVSVTI_TAG_ENCODING) {
        int is_central = length == strlen(central) &&
                         avsvti_starts_with(value, value + length, central);
        b->page = is_central ? AVSVTI_CENTRAL : AVSVTI_WESTERN;
        return AVSVT_OK;
    }
    return b->tags[tag] ? AVSVT_OK : keep_text(b, value, length, &b->tags[tag], err);
}

static void end_line(void *user)
{
    builder *b = user;
    b->line += !b->line_is_empty;
    b->has_lines |= !b->line_is_empty;
    b->line_is_empty = 1;
}

static void take_voices(void *user, uint32_t count, uint32_t taken)
{
    builder *b = user;
    b->chart->info.voices = count;
    b->chart->info.voice = taken;
}

static int by_onset(const void *a, const void *b)
{
    const raw *x = a, *y = b;
    if (x->note.onset_s != y->note.onset_s)
        return x->note.onset_s < y->note.onset_s ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

/* Sorts, and leaves one note at a time. */
static void put_in_order(builder *b)
{
    size_t kept = 0;
    if (b->count)
        qsort(b->notes, b->count, sizeof(*b->notes), by_onset);
    for (size_t i = 0; i < b->count; i++) {
        avsvt_chart_note *n = &b->notes[i].note;
        raw *last = kept ? &b->notes[kept - 1] : NULL;
        if (n->offset_s - n->onset_s < AVSVTI_CHART_SHORTEST_S)
            continue;
        if (last && last->note.offset_s > n->onset_s) {
            int chord = n->onset_s - last->note.onset_s <= TOGETHER_S;
            if (chord && n->pitch <= last->note.pitch)
                continue;
            if (chord) {
                n->onset_s = last->note.onset_s;
                b->notes[i].word = b->notes[i].word ? b->notes[i].word : last->word;
            }
            last->note.offset_s = n->onset_s;
            kept -= last->note.offset_s - last->note.onset_s <
                    AVSVTI_CHART_SHORTEST_S;
        }
        b->notes[kept++] = b->notes[i];
    }
    b->count = kept;
}

/* Lines count up from 0 without a gap. */
static avsvt_status number_lines(builder *b, avsvt_error *err)
{
    avsvt_chart *c = b->chart;
    uint32_t line = 0, before = b->count ? b->notes[0].note.line : 0;
    c->lines = avsvti_alloc(b->allocator, b->count + 2, sizeof(*c->lines));
    if (!c->lines)
        return avsvti_fail_memory(err);
    c->lines[0] = 0;
    for (size_t i = 0; i < b->count; i++) {
        avsvt_chart_note *n = &b->notes[i].note;
        int is_new = b->has_lines
            ? n->line != before
            : i && n->onset_s - b->notes[i - 1].note.offset_s >= PAUSE_S;
        before = n->line;
        if (is_new)
            c->lines[++line] = i;
        n->line = line;
    }
    c->info.lines = line + 1;
    c->lines[line + 1] = b->count;
    return AVSVT_OK;
}

/* The words get their final place only now that the texts are all there. */
static avsvt_status finish(builder *b, avsvt_error *err)
{
    avsvt_chart *c = b->chart;
    put_in_order(b);
    avsvt_status status = number_lines(b, err);
    if (status != AVSVT_OK || !b->count)
        return status;
    c->notes = avsvti_alloc(b->allocator, b->count, sizeof(*c->notes));
    if (!c->notes)
        return avsvti_fail_memory(err);
    for (size_t i = 0; i < b->count; i++) {
        c->notes[i] = b->notes[i].note;
        c->notes[i].word = c->texts.data + b->notes[i].word;
    }
    c->count = b->count;
    c->info.notes = b->count;
    c->info.duration_s = c->notes[b->count - 1].offset_s;
    size_t audio = b->tags[AVSVTI_TAG_AUDIO];
    c->info.title = c->texts.data + b->tags[AVSVTI_TAG_TITLE];
    c->info.artist = c->texts.data + b->tags[AVSVTI_TAG_ARTIST];
    c->info.audio = c->texts.data + (audio ? audio : b->tags[AVSVTI_TAG_MP3]);
    return AVSVT_OK;
}

static avsvt_status begin(builder *b, avsvt_context *context, avsvt_error *err)
{
    memset(b, 0, sizeof(*b));
    b->allocator = avsvti_allocator(context);
    b->line_is_empty = 1;
    avsvt_chart *c = avsvti_alloc_zero(b->allocator, 1, sizeof(*c));
    if (!c)
        return avsvti_fail_memory(err);
    b->chart = c;
    atomic_init(&c->users, 1);
    c->context = avsvt_context_ref(avsvti_context_or_default(context));
    c->info = (avsvt_chart_info)AVSVT_CHART_INFO_INIT;
    c->info.voices = c->info.voice = 1;
    avsvti_buffer_init(&c->texts, b->allocator);
    avsvti_buffer_append(&c->texts, "", 1);
    return c->texts.failed ? avsvti_fail_memory(err) : AVSVT_OK;
}

static avsvt_status end(builder *b, avsvt_chart **out, avsvt_status status)
{
    avsvti_release(b->allocator, b->notes);
    if (status == AVSVT_OK)
        *out = b->chart;
    else
        avsvt_chart_free(b->chart);
    return status;
}

static avsvt_status open_file(builder *b, const char *path, uint32_t voice,
                              avsvt_error *err)
{
    const avsvti_read_hooks hooks = { b, b->allocator, voice, take_note,
                                      take_tag, end_line, take_voices };
    char *text = NULL;
    size_t size = 0;
    avsvt_status status = avsvti_file_read(&text, &size, b->allocator, path,
                                           MAX_FILE, err);
    if (status == AVSVT_OK)
        status = avsvti_chart_parse(&hooks, text, size, path, err);
    avsvti_release(b->allocator, text);
    if (status == AVSVT_OK && voice > b->chart->info.voices)
        return avsvti_fail(err, AVSVT_E_RANGE,
            "%s: there is no voice %u; it has %u", path, (unsigned)voice,
            (unsigned)b->chart->info.voices);
    if (status == AVSVT_OK)
        status = finish(b, err);
    if (status == AVSVT_OK && !b->count)
        status = avsvti_fail(err, AVSVT_E_FORMAT,
            "%s: there are no notes to be sung in it", path);
    return status;
}

avsvt_status avsvt_chart_open(avsvt_chart **out, avsvt_context *context,
                              const char *path, const avsvt_chart_options *opts,
                              avsvt_error *err)
{
    avsvt_chart_options o;
    builder b;
    if (out)
        *out = NULL;
    if (!out || !path)
        return avsvti_fail(err, AVSVT_E_ARG, "avsvt_chart_open: %s is NULL",
                           out ? "path" : "out");
    avsvt_status status = avsvti_options_read(&o, sizeof(o), opts,
                                              "avsvt_chart_options", err);
    if (status != AVSVT_OK)
        return status;
    status = begin(&b, context, err);
    if (status == AVSVT_OK)
        status = open_file(&b, path, o.voice, err);
    return end(&b, out, status);
}

avsvt_status avsvt_chart_create(avsvt_chart **out, avsvt_context *context,
                                const avsvt_notes *notes, avsvt_error *err)
{
    builder b;
    if (out)
        *out = NULL;
    if (!out || !notes)
        return avsvti_fail(err, AVSVT_E_ARG, "avsvt_chart_create: %s is NULL",
                           out ? "notes" : "out");
    avsvt_status status = begin(&b, context, err);
    for (size_t i = 0; i < notes->count && status == AVSVT_OK; i++)
        status = take_note(&b, &notes->notes[i], AVSVT_CHART_NORMAL, "", 0, err);
    if (status == AVSVT_OK)
        status = finish(&b, err);
    if (status == AVSVT_OK && !b.count)
        status = avsvti_fail(err, AVSVT_E_ARG,
            "avsvt_chart_create: there is no note of 1 ms or more");
    return end(&b, out, status);
}
