/* SPDX-License-Identifier: MIT */
/* Reading notes: one reader per form, all of them fed with bytes that nobody
 * has checked. */
#ifndef AVSVTI_IMPORT_READ_H
#define AVSVTI_IMPORT_READ_H

#include <avsvt/chart.h>

#include "decode/notes.h"

/* What a chart says about itself. */
typedef enum avsvti_chart_tag {
    AVSVTI_TAG_ENCODING, /* told before all others */
    AVSVTI_TAG_TITLE,
    AVSVTI_TAG_ARTIST,
    AVSVTI_TAG_AUDIO,
    AVSVTI_TAG_MP3, /* the audio's old name */
    AVSVTI_TAG_COUNT,
} avsvti_chart_tag;

/* What a chart has beside plain notes, told in the order of the file. */
typedef struct avsvti_read_hooks {
    void *user;
    const avsvt_allocator *allocator;
    uint32_t voice; /* which to take, from 1; 0: the reader's choice */
    avsvt_status (*note)(void *user, const avsvt_note *note, int32_t kind,
                         const char *word, size_t length, avsvt_error *err);
    avsvt_status (*tag)(void *user, avsvti_chart_tag tag, const char *value,
                        size_t length, avsvt_error *err);
    void (*line)(void *user); /* a line ends here */
    void (*voices)(void *user, uint32_t count, uint32_t taken);
} avsvti_read_hooks;

typedef struct avsvti_reader {
    const char *name; /* of the file, for messages */
    const char *p;    /* the next byte; *end is 0 */
    const char *end;
    size_t line;      /* from 1 */
    avsvti_note_list *list;         /* where the notes go, or */
    const avsvti_read_hooks *hooks; /* here, when there are any */
    avsvt_error *err;
} avsvti_reader;

/* Everything of avsvt_notes_read() but the file. text is closed by a zero
 * that size does not count. */
avsvt_status avsvti_notes_parse(avsvti_note_list *list, const char *text,
                                size_t size, const char *name,
                                avsvt_error *err);

/* The same for a chart. */
avsvt_status avsvti_chart_parse(const avsvti_read_hooks *hooks,
                                const char *text, size_t size,
                                const char *name, avsvt_error *err);

avsvt_status avsvti_read_columns(avsvti_reader *r);
avsvt_status avsvti_read_ultrastar(avsvti_reader *r);
avsvt_status avsvti_read_json(avsvti_reader *r);
avsvt_status avsvti_read_jams(avsvti_reader *r, int *found); /* the list `annotations` */
avsvt_status avsvti_read_npy(avsvti_reader *r);
avsvt_status avsvti_read_midi(avsvti_reader *r);

/* AVSVT_E_FORMAT with file, line and what is wrong. */
avsvt_status avsvti_read_fail(const avsvti_reader *r, const char *what);
/* Hands the note on if its times and pitch can be. */
avsvt_status avsvti_read_note(avsvti_reader *r, const avsvt_note *note);
/* The same for a note of a chart; a plain list takes those with a pitch. */
avsvt_status avsvti_read_chart_note(avsvti_reader *r, const avsvt_note *note,
                                    int32_t kind, const char *word,
                                    size_t length);
/* Blanks within a line. */
const char *avsvti_skip_blanks(const char *p);
/* Whether the bytes at p start with text, in any case of ASCII letters. */
int avsvti_starts_with(const char *p, const char *end, const char *text);
/* End of the line at p: its line feed, a carriage return without one, or the end. */
const char *avsvti_line_end(const char *p, const char *end);

#endif
