/* SPDX-License-Identifier: MIT */
/* Comma-separated values: one line per note, seconds and MIDI number. */
#include "export/writer.h"

avsvt_status avsvti_write_csv(avsvti_buffer *b, const avsvti_export *e,
                              avsvt_error *err)
{
    (void)err;
    avsvti_buffer_text(b, "onset,offset,pitch\n");
    for (size_t i = 0; i < e->count && !b->failed; i++) {
        avsvti_buffer_number(b, e->notes[i].onset_s, 6);
        avsvti_buffer_text(b, ",");
        avsvti_buffer_number(b, e->notes[i].offset_s, 6);
        avsvti_buffer_text(b, ",");
        avsvti_buffer_number(b, e->notes[i].pitch, 4);
        avsvti_buffer_text(b, "\n");
    }
    return AVSVT_OK;
}
