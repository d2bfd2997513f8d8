/* SPDX-License-Identifier: MIT */
/* JSON: an object with the list `notes`; what is not known is left out. */
#include <math.h>

#include "export/text.h"
#include "export/writer.h"

static void member(avsvti_buffer *b, const char *name, double value, int decimals)
{
    avsvti_buffer_text(b, name);
    avsvti_buffer_number(b, value, decimals);
}

avsvt_status avsvti_write_json(avsvti_buffer *b, const avsvti_export *e,
                               avsvt_error *err)
{
    (void)err;
    avsvti_buffer_text(b, "{\n\"generator\": \"avsvt ");
    avsvti_buffer_text(b, avsvt_version_string());
    avsvti_buffer_text(b, "\",\n");
    if (*e->title) {
        avsvti_buffer_text(b, "\"title\": ");
        avsvti_text_json(b, e->title);
        avsvti_buffer_text(b, ",\n");
    }
    member(b, "\"duration\": ", e->duration_s, 6);
    avsvti_buffer_text(b, ",\n\"notes\": [");
    for (size_t i = 0; i < e->count && !b->failed; i++) {
        const avsvt_note *n = &e->notes[i];
        avsvti_buffer_text(b, i ? ",\n" : "\n");
        member(b, "{\"onset\": ", n->onset_s, 6);
        member(b, ", \"offset\": ", n->offset_s, 6);
        member(b, ", \"pitch\": ", n->pitch, 4);
        if (isfinite(n->level_db) && n->level_db != 0.0f)
            member(b, ", \"level_db\": ", (double)n->level_db, 2);
        if (isfinite(n->confidence) && n->confidence != 0.0)
            member(b, ", \"confidence\": ", n->confidence, 4);
        avsvti_buffer_text(b, "}");
    }
    avsvti_buffer_text(b, e->count ? "\n]\n}\n" : "]\n}\n");
    return AVSVT_OK;
}
