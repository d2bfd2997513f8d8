/* SPDX-License-Identifier: MIT */
#include "import/read.h"

#include <math.h>
#include <string.h>

#include "core/utf8.h"
#include "platform/file.h"

#define MAX_FILE ((size_t)64 << 20)
#define LAST_TIME_S 1e7 /* four months */

avsvt_status avsvti_read_fail(const avsvti_reader *r, const char *what)
{
    if (!r->line) /* not a text */
        return avsvti_fail(r->err, AVSVT_E_FORMAT, "%s: %s", r->name, what);
    return avsvti_fail(r->err, AVSVT_E_FORMAT, "%s: line %zu: %s", r->name,
                       r->line, what);
}

const char *avsvti_skip_blanks(const char *p)
{
    while (*p == ' ' || *p == '\t' || *p == '\r')
        p++;
    return p;
}

const char *avsvti_line_end(const char *p, const char *end)
{
    while (p < end && *p != '\n' && !(*p == '\r' && (p + 1 == end || p[1] != '\n')))
        p++;
    return p;
}

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

int avsvti_starts_with(const char *p, const char *end, const char *text)
{
    for (; *text; p++, text++)
        if (p >= end || lower(*p) != lower(*text))
            return 0;
    return 1;
}

static int has_pitch(int32_t kind)
{
    return kind == AVSVT_CHART_NORMAL || kind == AVSVT_CHART_GOLDEN;
}

avsvt_status avsvti_read_chart_note(avsvti_reader *r, const avsvt_note *note,
                                    int32_t kind, const char *word,
                                    size_t length)
{
    if (!r->hooks && !has_pitch(kind))
        return AVSVT_OK;
    if (!(fabs(note->onset_s) <= LAST_TIME_S) ||
        !(fabs(note->offset_s) <= LAST_TIME_S))
        return avsvti_read_fail(r, "the time is out of range");
    if (note->offset_s < note->onset_s)
        return avsvti_read_fail(r, "the note ends before it starts");
    if (!(note->pitch >= 0 && note->pitch < 128))
        return avsvti_read_fail(r,
            "the pitch must be a MIDI number, 0 to 127 (69 is 440 Hz); a column of Hz is "
            "read where a header calls it hz: onset,offset,hz");
    if (r->hooks)
        return r->hooks->note(r->hooks->user, note, kind, word, length, r->err);
    return avsvti_note_list_append(r->list, note, r->err);
}

avsvt_status avsvti_read_note(avsvti_reader *r, const avsvt_note *note)
{
    return avsvti_read_chart_note(r, note, AVSVT_CHART_NORMAL, "", 0);
}

/* Charts start with "#NAME:" lines, BPM among them; in other text '#' starts
 * a comment. */
static int is_ultrastar(const char *p, const char *end)
{
    while (p < end && *p == '#') {
        const char *stop = avsvti_line_end(p, end);
        if (avsvti_starts_with(p, stop, "#BPM:"))
            return 1;
        for (p = stop; p < end && (*p == '\n' || *p == '\r'); )
            p++;
    }
    return 0;
}

static avsvt_status parse(avsvti_reader *r)
{
    if (r->end - r->p >= 4 && !memcmp(r->p, "MThd", 4))
        return avsvti_read_midi(r);
    if (r->end - r->p >= 6 && !memcmp(r->p, "\x93NUMPY", 6))
        return avsvti_read_npy(r);
    r->p += avsvti_utf8_mark(r->p, (size_t)(r->end - r->p));
    const char *first = r->p;
    while (first < r->end && (*first == '\n' || *first == '\r' ||
                              *first == ' ' || *first == '\t'))
        first++;
    if (first < r->end && (*first == '{' || *first == '['))
        return avsvti_read_json(r);
    if (is_ultrastar(first, r->end))
        return avsvti_read_ultrastar(r);
    return avsvti_read_columns(r);
}

avsvt_status avsvti_notes_parse(avsvti_note_list *list, const char *text,
                                size_t size, const char *name,
                                avsvt_error *err)
{
    avsvti_reader r = { name, text, text + size, 1, list, NULL, err };
    return parse(&r);
}

avsvt_status avsvti_chart_parse(const avsvti_read_hooks *hooks,
                                const char *text, size_t size,
                                const char *name, avsvt_error *err)
{
    avsvti_reader r = { name, text, text + size, 1, NULL, hooks, err };
    return parse(&r);
}

avsvt_status avsvt_notes_read(avsvt_notes **out, avsvt_context *context,
                              const char *path, avsvt_error *err)
{
    avsvti_note_list list;
    char *text = NULL;
    size_t size = 0;
    if (!out)
        return avsvti_fail(err, AVSVT_E_ARG, "avsvt_notes_read: out is NULL");
    *out = NULL;
    if (!path)
        return avsvti_fail(err, AVSVT_E_ARG, "avsvt_notes_read: path is NULL");
    const avsvt_allocator *a = avsvti_allocator(context);
    avsvti_note_list_init(&list, a);
    avsvt_status status = avsvti_file_read(&text, &size, a, path, MAX_FILE, err);
    if (status == AVSVT_OK)
        status = avsvti_notes_parse(&list, text, size, path, err);
    avsvti_release(a, text);
    if (status == AVSVT_OK)
        return avsvti_notes_from_list(out, context, &list, err);
    avsvti_note_list_free(&list);
    return status;
}
