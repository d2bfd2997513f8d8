/* SPDX-License-Identifier: MIT */
/** @file export.h
 *  Writing notes down. Stage: avsvt_notes -> [export] -> a file or bytes. */
#ifndef AVSVT_EXPORT_H
#define AVSVT_EXPORT_H

#include <avsvt/notes.h>

AVSVT_BEGIN_DECLS

#define AVSVT_FORMAT_AUTO 0      /**< Told from the path's ending. */
#define AVSVT_FORMAT_CSV 1       /**< onset,offset,pitch with a header. */
#define AVSVT_FORMAT_JSON 2      /**< An object with a list `notes`. */
#define AVSVT_FORMAT_MIDI 3      /**< Standard MIDI file, format 0. */
#define AVSVT_FORMAT_ULTRASTAR 4 /**< A karaoke chart, without words. */
#define AVSVT_FORMAT_MUSICXML 5  /**< A score on a grid of sixteenths. */
#define AVSVT_FORMAT_SVG 6       /**< A piano roll. */
#define AVSVT_FORMAT_HTML 7      /**< One page: waveform, spectrogram, notes,
                                      playback; needs no network. */
#define AVSVT_FORMAT_AUDACITY 8  /**< A label track: onset, offset and the
                                      note's name with cents, "A4+12". */
#define AVSVT_FORMAT_JAMS 9      /**< JAMS 0.3, namespace note_midi. */

#define AVSVT_EXPORT_PITCH_BEND 1u /**< MIDI: carry the fine pitch as bend. */

/** Settings; zero or NULL in a field selects its default. */
typedef struct avsvt_export_options {
    uint32_t struct_size; /**< Set by AVSVT_EXPORT_OPTIONS_INIT. */
    int32_t  format;      /**< An AVSVT_FORMAT_* value. */
    uint32_t flags;       /**< AVSVT_EXPORT_* bits. */
    uint32_t reserved;    /**< Must be 0. */
    double   tempo_bpm;   /**< 10..960; default 120. MIDI, UltraStar,
                               MusicXML. */
    double   duration_s;  /**< Length of the recording, up to 100 hours;
                               default: the end of the last note. SVG, HTML,
                               JAMS. */
    const char *title;    /**< [borrowed] UTF-8; default none. */
    const char *audio_path; /**< [borrowed] the recording, to be drawn and
                                 played in the HTML page; UltraStar names it as
                                 lying beside the chart; default none. */
} avsvt_export_options;
#define AVSVT_EXPORT_OPTIONS_INIT \
    { sizeof(avsvt_export_options), 0, 0u, 0u, 0.0, 0.0, NULL, NULL }

/** The format that the ending of @p path asks for, AVSVT_FORMAT_AUTO when it
 *  asks for none we know (.csv .json .mid .midi .txt .musicxml .xml .svg
 *  .html .htm .jams; .txt is UltraStar).  @thread any  @rt yes  @since 0.1 */
AVSVT_API int32_t avsvt_format_from_path(const char *path);

/** The format named @p name ("csv", "json", "midi", "ultrastar", "musicxml",
 *  "svg", "html", "audacity", "jams"), AVSVT_FORMAT_AUTO when there is none.
 *  @thread any  @rt yes  @since 0.1 */
AVSVT_API int32_t avsvt_format_from_name(const char *name);

/** The velocity of a note in MIDI, as in the files: 1.5 steps a decibel, 127 at
 *  full scale.
 *  @param level_db dB of full scale; 0 or not finite: not known.
 *  @return 1..127; 90 where the level is not known.
 *  @thread any  @rt yes  @since 0.1 */
AVSVT_API int32_t avsvt_midi_velocity(float level_db);

/** Write notes to a file: beside @p path first, then renamed, so that the
 *  file is whole or absent; where @p path is a link, what it leads to. A file
 *  that may not be written stays. A pipe or device is written to directly.
 *  Parts of a note before 0 s are left out where a format starts there; MIDI
 *  plays each key once at a time, UltraStar and MusicXML one note at a time.
 *  @param notes [borrowed]
 *  @param path  [borrowed] UTF-8.
 *  @param opts  [borrowed] NULL: the format from the path, defaults else.
 *  @param err   [out] may be NULL.
 *  @return AVSVT_OK; AVSVT_E_ARG (no format in the path or options, a value
 *          out of range); AVSVT_E_RANGE (a note that the format can't tell:
 *          beyond MIDI 0..127 (MusicXML: 12..127) or 100 hours; CSV, JSON
 *          and JAMS take any);
 *          AVSVT_E_UNSUPPORTED (an unknown flag or newer option);
 *          AVSVT_E_IO (names the path and why); AVSVT_E_NOMEM; and what
 *          opening opts->audio_path gives.
 *  @thread any  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_notes_write(const avsvt_notes *notes,
    const char *path, const avsvt_export_options *opts, avsvt_error *err);

/** The same as bytes in memory; opts->format must be set.
 *  @param out [out, owned] free with avsvt_bytes_free(); empty on failure.
 *  @thread any  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_notes_format(avsvt_bytes *out,
    const avsvt_notes *notes, const avsvt_export_options *opts,
    avsvt_error *err);

AVSVT_END_DECLS
#endif /* AVSVT_EXPORT_H */
