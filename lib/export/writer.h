/* SPDX-License-Identifier: MIT */
/* What every writer of notes is given. Adding a format: write one function of
 * this kind in a file of its own and name it in the table of format.c. */
#ifndef AVSVTI_EXPORT_WRITER_H
#define AVSVTI_EXPORT_WRITER_H

#include <avsvt/export.h>

#include "core/buffer.h"

#define AVSVTI_EXPORT_MAX_S 360000.0 /* 100 hours */

typedef struct avsvti_export {
    avsvt_context *context;
    const avsvt_note *notes; /* ordered by onset; times and pitches finite */
    size_t count;
    uint32_t flags;
    double tempo_bpm;        /* never 0 */
    double duration_s;       /* as given, else the end of the last note */
    const char *title;       /* valid UTF-8 on one line; "" when there is none */
    const char *audio_path;  /* NULL when there is none */
} avsvti_export;

/* Appends to the buffer; running out of memory there is found by the caller. */
typedef avsvt_status (*avsvti_writer)(avsvti_buffer *b, const avsvti_export *e,
                                      avsvt_error *err);

avsvt_status avsvti_write_csv(avsvti_buffer *b, const avsvti_export *e, avsvt_error *err);
avsvt_status avsvti_write_json(avsvti_buffer *b, const avsvti_export *e, avsvt_error *err);
avsvt_status avsvti_write_midi(avsvti_buffer *b, const avsvti_export *e, avsvt_error *err);
avsvt_status avsvti_write_ultrastar(avsvti_buffer *b, const avsvti_export *e, avsvt_error *err);
avsvt_status avsvti_write_musicxml(avsvti_buffer *b, const avsvti_export *e, avsvt_error *err);
avsvt_status avsvti_write_html(avsvti_buffer *b, const avsvti_export *e, avsvt_error *err);
avsvt_status avsvti_write_audacity(avsvti_buffer *b, const avsvti_export *e, avsvt_error *err);
avsvt_status avsvti_write_jams(avsvti_buffer *b, const avsvti_export *e, avsvt_error *err);
avsvt_status avsvti_write_svg(avsvti_buffer *b, const avsvti_export *e, avsvt_error *err);

#endif
