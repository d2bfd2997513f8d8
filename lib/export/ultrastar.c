/* SPDX-License-Identifier: MIT */
/* An UltraStar karaoke chart without words: every note is sung on "~".
 * A beat of the chart is a quarter of the beat that #BPM counts. */
#include <math.h>
#include <string.h>

#include "core/clean.h"
#include "export/grid.h"

#define FINEST_BPM 400.0  /* the tempo is doubled up to here: fine beats */
#define PAUSE_S 0.6       /* a line of the song ends here */
#define LONGEST_LINE_S 10.0
#define KEY_OF_ZERO 60    /* C4 */

/* Players leave out songs without a recording; it lies beside the chart. Old ones read
 * MP3, new ones AUDIO. */
static void put_recording(avsvti_buffer *b, const char *path)
{
    static const char *const tags[] = { "\n#MP3:", "\n#AUDIO:" };
    const char *slash = strrchr(path, '/');
    for (int i = 0; i < 2; i++) {
        avsvti_buffer_text(b, tags[i]);
        avsvti_text_clean(b, slash ? slash + 1 : path);
    }
}

static void put_header(avsvti_buffer *b, const avsvti_export *e, double bpm,
                       double gap_ms)
{
    avsvti_buffer_text(b, "#TITLE:");
    avsvti_buffer_text(b, *e->title ? e->title : "Untitled");
    avsvti_buffer_text(b, "\n#ARTIST:Unknown\n#CREATOR:avsvt ");
    avsvti_buffer_text(b, avsvt_version_string());
    if (e->audio_path)
        put_recording(b, e->audio_path);
    avsvti_buffer_text(b, "\n#BPM:");
    avsvti_buffer_number(b, bpm, 6);
    avsvti_buffer_text(b, "\n#GAP:");
    avsvti_buffer_number(b, gap_ms, 0);
    avsvti_buffer_text(b, "\n");
}

avsvt_status avsvti_write_ultrastar(avsvti_buffer *b, const avsvti_export *e,
                                    avsvt_error *err)
{
    avsvti_grid_note *notes;
    size_t count;
    double bpm = e->tempo_bpm;
    while (bpm < FINEST_BPM)
        bpm *= 2.0;
    double beat_s = 60.0 / bpm / 4.0;
    double gap_ms = e->count ? fmax(0.0, round(e->notes[0].onset_s * 1000.0)) : 0.0;
    avsvt_status status = avsvti_grid_place(&notes, &count, b->allocator, e,
                                            gap_ms / 1000.0, beat_s, err);
    if (status != AVSVT_OK)
        return status;
    put_header(b, e, bpm, gap_ms);
    int64_t line = 0;
    for (size_t i = 0; i < count && !b->failed; i++) {
        const avsvti_grid_note *n = &notes[i];
        double pause = i ? (double)(n->start - n[-1].end) * beat_s : 0.0;
        double sung = (double)(n->start - line) * beat_s;
        if (i && (pause >= PAUSE_S || (sung >= LONGEST_LINE_S && pause > 0.0))) {
            avsvti_buffer_printf(b, "- %lld\n", (long long)n[-1].end);
            line = n->start;
        }
        avsvti_buffer_printf(b, ": %lld %lld %d ~\n", (long long)n->start,
            (long long)(n->end - n->start), n->key - KEY_OF_ZERO);
    }
    avsvti_buffer_text(b, "E\n");
    avsvti_release(b->allocator, notes);
    return AVSVT_OK;
}
