/* SPDX-License-Identifier: MIT */
/* One page that shows and plays the notes with the recording: page.html with
 * its marks filled in. */
#include <math.h>
#include <string.h>

#include "export/page.h"
#include "export/sound.h"
#include "export/text.h"
#include "export/writer.h"

#define MARK "<!--avsvt:"

typedef struct page {
    const avsvti_export *notes;
    avsvti_buffer sound;
    const char *sound_type; /* NULL: no recording */
} page;

static void fill_in(avsvti_buffer *b, const page *p, const char *name, size_t size,
                    avsvt_error *err)
{
    const char *title = *p->notes->title ? p->notes->title : "Notes";
    if (!strncmp(name, "title", size)) {
        avsvti_text_xml(b, title);
    } else if (!strncmp(name, "css", size)) {
        avsvti_buffer_text(b, avsvti_page_css);
    } else if (!strncmp(name, "js", size)) {
        avsvti_buffer_text(b, avsvti_page_js);
        avsvti_buffer_text(b, avsvti_page_play_js);
    } else if (!strncmp(name, "notes", size)) {
        avsvti_write_json(b, p->notes, err);
    } else if (!strncmp(name, "sound", size) && p->sound_type) {
        avsvti_buffer_printf(b, "<script type=\"text/plain\" id=\"sound\" "
                             "data-type=\"%s\">", p->sound_type);
        avsvti_base64(b, p->sound.data, p->sound.size);
        avsvti_buffer_text(b, "</script>");
    }
}

avsvt_status avsvti_write_html(avsvti_buffer *b, const avsvti_export *e,
                               avsvt_error *err)
{
    avsvti_export notes = *e;
    page p = { &notes, { 0 }, NULL };
    avsvt_status status = AVSVT_OK;
    double sound_s = 0.0;
    avsvti_buffer_init(&p.sound, b->allocator);
    if (e->audio_path)
        status = avsvti_sound_encode(&p.sound, &p.sound_type, &sound_s, e->context,
                                     e->audio_path, err);
    notes.duration_s = fmax(notes.duration_s, sound_s);
    const char *at = avsvti_page_html;
    while (status == AVSVT_OK && at) {
        const char *mark = strstr(at, MARK);
        avsvti_buffer_append(b, at, mark ? (size_t)(mark - at) : strlen(at));
        at = NULL;
        if (mark) {
            const char *name = mark + strlen(MARK), *end = strstr(name, "-->");
            fill_in(b, &p, name, (size_t)(end - name), err);
            at = end + 3;
        }
    }
    avsvti_buffer_free(&p.sound);
    return status;
}
