/* SPDX-License-Identifier: MIT */
/* JAMS 0.3, the JSON of annotated music (jams.readthedocs.io): one annotation of
 * the namespace note_midi, by a program. */
#include <math.h>

#include "export/text.h"
#include "export/writer.h"

static void put_number(avsvti_buffer *b, const char *before, double value)
{
    avsvti_buffer_text(b, before);
    avsvti_buffer_number(b, value, 6);
}

/* What lies before 0 has no place in it. */
static void put_observation(avsvti_buffer *b, const avsvt_note *n)
{
    double onset_s = fmax(n->onset_s, 0.0);
    put_number(b, "{\"time\": ", onset_s);
    put_number(b, ", \"duration\": ", n->offset_s - onset_s);
    put_number(b, ", \"value\": ", n->pitch);
    if (isfinite(n->confidence) && n->confidence != 0.0)
        put_number(b, ", \"confidence\": ", n->confidence);
    else
        avsvti_buffer_text(b, ", \"confidence\": null");
    avsvti_buffer_text(b, "}");
}

avsvt_status avsvti_write_jams(avsvti_buffer *b, const avsvti_export *e, avsvt_error *err)
{
    (void)err;
    avsvti_buffer_text(b, "{\n\"file_metadata\": {\"title\": ");
    avsvti_text_json(b, e->title);
    avsvti_buffer_text(b, ", \"artist\": \"\", \"release\": \"\"");
    put_number(b, ", \"duration\": ", e->duration_s);
    avsvti_buffer_text(b, ", \"identifiers\": {}, \"jams_version\": \"0.3.4\"},\n"
        "\"annotations\": [{\n\"namespace\": \"note_midi\",\n\"annotation_metadata\": {"
        "\"curator\": {\"name\": \"\", \"email\": \"\"}, \"annotator\": {}, "
        "\"version\": \"\", \"corpus\": \"\", \"annotation_tools\": \"avsvt ");
    avsvti_buffer_text(b, avsvt_version_string());
    avsvti_buffer_text(b, "\", \"annotation_rules\": \"\", \"validation\": \"\", "
        "\"data_source\": \"program\"},\n\"time\": 0");
    put_number(b, ", \"duration\": ", e->duration_s);
    avsvti_buffer_text(b, ", \"sandbox\": {},\n\"data\": [");
    const char *before = "\n";
    for (size_t i = 0; i < e->count && !b->failed; i++) {
        if (e->notes[i].offset_s < 0.0)
            continue;
        avsvti_buffer_text(b, before);
        put_observation(b, &e->notes[i]);
        before = ",\n";
    }
    avsvti_buffer_text(b, "\n]}],\n\"sandbox\": {}\n}\n");
    return AVSVT_OK;
}
