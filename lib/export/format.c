/* SPDX-License-Identifier: MIT */
/* The formats by name and ending, and the two public ways to write them. */
#include <math.h>
#include <string.h>

#include "core/clean.h"
#include "core/options.h"
#include "decode/notes.h"
#include "export/writer.h"
#include "platform/file.h"

typedef struct format {
    int32_t id;
    const char *name;
    avsvti_writer write;
    const char *endings[2];
    double lowest, highest; /* MIDI numbers it can tell, after rounding */
} format;

static const format formats[] = {
    { AVSVT_FORMAT_CSV, "csv", avsvti_write_csv, { ".csv", NULL }, -INFINITY, INFINITY },
    { AVSVT_FORMAT_JSON, "json", avsvti_write_json, { ".json", NULL }, -INFINITY, INFINITY },
    { AVSVT_FORMAT_MIDI, "midi", avsvti_write_midi, { ".mid", ".midi" }, 0, 127 },
    { AVSVT_FORMAT_ULTRASTAR, "ultrastar", avsvti_write_ultrastar, { ".txt", NULL }, 0, 127 },
    /* Octave 0, where MusicXML starts. */
    { AVSVT_FORMAT_MUSICXML, "musicxml", avsvti_write_musicxml, { ".musicxml", ".xml" }, 12, 127 },
    { AVSVT_FORMAT_SVG, "svg", avsvti_write_svg, { ".svg", NULL }, 0, 127 },
    { AVSVT_FORMAT_HTML, "html", avsvti_write_html, { ".html", ".htm" }, 0, 127 },
    /* Its files end in .txt, as charts do: told by name alone. */
    { AVSVT_FORMAT_AUDACITY, "audacity", avsvti_write_audacity, { NULL, NULL }, 0, 127 },
    { AVSVT_FORMAT_JAMS, "jams", avsvti_write_jams, { ".jams", NULL }, -INFINITY, INFINITY },
};
#define FORMATS (sizeof(formats) / sizeof(formats[0]))
#define NAMES "csv, json, midi, ultrastar, musicxml, svg, html, audacity, jams"

static int same_without_case(const char *a, const char *b)
{
    for (; *a && *b; a++, b++) {
        char c = *a >= 'A' && *a <= 'Z' ? (char)(*a - 'A' + 'a') : *a;
        if (c != *b)
            return 0;
    }
    return *a == *b;
}

int32_t avsvt_format_from_path(const char *path)
{
    const char *dot = path ? strrchr(path, '.') : NULL;
    if (!dot || strchr(dot, '/'))
        return AVSVT_FORMAT_AUTO;
    for (size_t i = 0; i < FORMATS; i++)
        for (size_t k = 0; k < 2; k++)
            if (formats[i].endings[k] && same_without_case(dot, formats[i].endings[k]))
                return formats[i].id;
    return AVSVT_FORMAT_AUTO;
}

int32_t avsvt_format_from_name(const char *name)
{
    for (size_t i = 0; name && i < FORMATS; i++)
        if (same_without_case(name, formats[i].name))
            return formats[i].id;
    return AVSVT_FORMAT_AUTO;
}

static const format *find(int32_t id)
{
    for (size_t i = 0; i < FORMATS; i++)
        if (formats[i].id == id)
            return &formats[i];
    return NULL;
}

static avsvt_status check_options(const avsvt_export_options *o, avsvt_error *err)
{
    if (o->flags & ~AVSVT_EXPORT_PITCH_BEND || o->reserved)
        return avsvti_fail(err, AVSVT_E_UNSUPPORTED, "avsvt_export_options.%s: "
            "0x%x is not known to this version",
            o->reserved ? "reserved" : "flags",
            (unsigned)(o->reserved ? o->reserved : o->flags));
    if (o->tempo_bpm != 0.0 && !(o->tempo_bpm >= 10.0 && o->tempo_bpm <= 960.0))
        return avsvti_fail(err, AVSVT_E_ARG,
            "avsvt_export_options.tempo_bpm must be 10..960, or 0 for 120");
    if (!(o->duration_s >= 0.0 && o->duration_s <= AVSVTI_EXPORT_MAX_S))
        return avsvti_fail(err, AVSVT_E_ARG, "avsvt_export_options.duration_s "
            "must be 0..%d, 0 for the end of the last note", (int)AVSVTI_EXPORT_MAX_S);
    return AVSVT_OK;
}

/* Numbers that the format has no way to tell are refused, never bent. */
static avsvt_status check_notes(const format *f, const avsvti_export *e,
                                avsvt_error *err)
{
    for (size_t i = 0; i < e->count; i++) {
        const avsvt_note *n = &e->notes[i];
        if (!isfinite(n->onset_s) || !isfinite(n->offset_s) || !isfinite(n->pitch))
            return avsvti_fail(err, AVSVT_E_ARG, "note %zu is not a number", i);
        if (!isfinite(f->lowest))
            continue;
        double key = floor(n->pitch + 0.5);
        if (key < f->lowest || key > f->highest)
            return avsvti_fail(err, AVSVT_E_RANGE, "note %zu: MIDI number %.0f is "
                "outside %.0f..%.0f, which is what %s can tell", i, key,
                f->lowest, f->highest, f->name);
        if (n->offset_s > AVSVTI_EXPORT_MAX_S)
            return avsvti_fail(err, AVSVT_E_RANGE, "note %zu ends at %.0f s; "
                "%s is written for at most %.0f s", i, n->offset_s, f->name,
                AVSVTI_EXPORT_MAX_S);
    }
    return AVSVT_OK;
}

static avsvt_status write_to(avsvti_buffer *b, const avsvt_notes *notes,
                             const avsvt_export_options *o, avsvt_error *err)
{
    const format *f = find(o->format);
    if (!f)
        return avsvti_fail(err, AVSVT_E_ARG, "avsvt_export_options.format: %d is "
            "no format; set one of " NAMES, (int)o->format);
    avsvt_status status = check_options(o, err);
    if (status != AVSVT_OK)
        return status;
    avsvti_buffer title;
    avsvti_export e = { notes->context, notes->notes, notes->count, o->flags,
        o->tempo_bpm != 0.0 ? o->tempo_bpm : 120.0, o->duration_s, "",
        o->audio_path };
    avsvti_buffer_init(&title, b->allocator);
    if (o->title)
        avsvti_text_clean(&title, o->title);
    if (title.data)
        e.title = title.data;
    for (size_t i = 0; i < e.count && o->duration_s == 0.0; i++)
        if (e.notes[i].offset_s > e.duration_s)
            e.duration_s = e.notes[i].offset_s;
    status = check_notes(f, &e, err);
    if (status == AVSVT_OK)
        status = f->write(b, &e, err);
    if (status == AVSVT_OK && (b->failed || title.failed))
        status = avsvti_fail_memory(err);
    avsvti_buffer_free(&title);
    return status;
}

avsvt_status avsvt_notes_write(const avsvt_notes *notes, const char *path,
                               const avsvt_export_options *opts, avsvt_error *err)
{
    avsvt_export_options o;
    avsvti_buffer b;
    if (!notes || !path)
        return avsvti_fail(err, AVSVT_E_ARG, "avsvt_notes_write: %s is NULL",
                           notes ? "path" : "notes");
    avsvt_status status = avsvti_options_read(&o, sizeof(o), opts,
                                              "avsvt_export_options", err);
    if (status != AVSVT_OK)
        return status;
    if (o.format == AVSVT_FORMAT_AUTO)
        o.format = avsvt_format_from_path(path);
    if (o.format == AVSVT_FORMAT_AUTO)
        return avsvti_fail(err, AVSVT_E_ARG, "%s: its ending tells no format; use "
            ".csv .json .mid .txt .musicxml .svg .html or .jams, or name one of " NAMES, path);
    const avsvt_allocator *a = avsvti_allocator(notes->context);
    avsvti_buffer_init(&b, a);
    status = write_to(&b, notes, &o, err);
    if (status == AVSVT_OK)
        status = avsvti_file_write(path, b.data, b.size, a, err);
    avsvti_buffer_free(&b);
    return status;
}

avsvt_status avsvt_notes_format(avsvt_bytes *out, const avsvt_notes *notes,
                                const avsvt_export_options *opts, avsvt_error *err)
{
    avsvt_export_options o;
    avsvti_buffer b;
    if (!out)
        return avsvti_fail(err, AVSVT_E_ARG, "avsvt_notes_format: out is NULL");
    memset(out, 0, sizeof(*out));
    if (!notes)
        return avsvti_fail(err, AVSVT_E_ARG, "avsvt_notes_format: notes is NULL");
    avsvt_status status = avsvti_options_read(&o, sizeof(o), opts,
                                              "avsvt_export_options", err);
    if (status != AVSVT_OK)
        return status;
    avsvti_buffer_init(&b, avsvti_allocator(notes->context));
    status = write_to(&b, notes, &o, err);
    if (status == AVSVT_OK)
        return avsvti_buffer_take(&b, out, err);
    avsvti_buffer_free(&b);
    return status;
}
