/* SPDX-License-Identifier: MIT */
/* Reading notes from text: one reader per form, all of them fed with bytes
 * that nobody has checked. */
#ifndef AVSVTI_DECODE_READ_H
#define AVSVTI_DECODE_READ_H

#include "decode/notes.h"

typedef struct avsvti_reader {
    const char *name; /* of the file, for messages */
    const char *p;    /* the next byte; *end is 0 */
    const char *end;
    size_t line;      /* from 1 */
    avsvti_note_list *list;
    avsvt_error *err;
} avsvti_reader;

/* Everything of avsvt_notes_read() but the file. text is closed by a zero
 * that size does not count. */
avsvt_status avsvti_notes_parse(avsvti_note_list *list, const char *text,
                                size_t size, const char *name,
                                avsvt_error *err);

avsvt_status avsvti_read_columns(avsvti_reader *r);
avsvt_status avsvti_read_ultrastar(avsvti_reader *r);
avsvt_status avsvti_read_json(avsvti_reader *r);

/* AVSVT_E_FORMAT with file, line and what is wrong. */
avsvt_status avsvti_read_fail(const avsvti_reader *r, const char *what);
/* Appends the note if its times and pitch can be. */
avsvt_status avsvti_read_note(avsvti_reader *r, const avsvt_note *note);
/* Blanks within a line. */
const char *avsvti_skip_blanks(const char *p);
/* Whether the bytes at p start with text, in any case of ASCII letters. */
int avsvti_starts_with(const char *p, const char *end, const char *text);
/* End of the line at p: its line feed or the end. */
const char *avsvti_line_end(const char *p, const char *end);

#endif
