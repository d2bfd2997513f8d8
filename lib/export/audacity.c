/* SPDX-License-Identifier: MIT */
/* Audacity's label track: a line per note with start and end in seconds and the
 * note's name, which its File > Import > Labels reads. */
#include "core/key.h"
#include "export/writer.h"

avsvt_status avsvti_write_audacity(avsvti_buffer *b, const avsvti_export *e,
                                   avsvt_error *err)
{
    (void)err;
    for (size_t i = 0; i < e->count && !b->failed; i++) {
        char name[AVSVTI_KEY_NAME_SIZE];
        avsvti_key_name_cents(name, e->notes[i].pitch);
        avsvti_buffer_number(b, e->notes[i].onset_s, 6);
        avsvti_buffer_text(b, "\t");
        avsvti_buffer_number(b, e->notes[i].offset_s, 6);
        avsvti_buffer_text(b, "\t");
        avsvti_buffer_text(b, name);
        avsvti_buffer_text(b, "\n");
    }
    return AVSVT_OK;
}
