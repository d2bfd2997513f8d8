/* SPDX-License-Identifier: MIT */
/** @file chart.h
 *  A song that is to be sung: notes in lines, with their words, one note at a
 *  time. Stage: a karaoke chart or any note file -> [chart] -> avsvt_scorer. */
#ifndef AVSVT_CHART_H
#define AVSVT_CHART_H

#include <avsvt/notes.h>

AVSVT_BEGIN_DECLS

typedef struct avsvt_chart avsvt_chart; /**< Immutable; ordered by onset. */

#define AVSVT_CHART_NORMAL 0     /**< Counts once. */
#define AVSVT_CHART_GOLDEN 1     /**< Counts twice. */
#define AVSVT_CHART_FREESTYLE 2  /**< Sung as one likes; counts nothing. */
#define AVSVT_CHART_RAP 3        /**< Spoken: any pitch is right. */
#define AVSVT_CHART_RAP_GOLDEN 4 /**< The same, and counts twice. */

/** One note of a chart. Grows at the end only. */
typedef struct avsvt_chart_note {
    uint32_t struct_size; /**< Set by AVSVT_CHART_NOTE_INIT. */
    int32_t  kind;        /**< An AVSVT_CHART_* value. */
    double   onset_s;     /**< Seconds of the song. */
    double   offset_s;    /**< Seconds; after onset_s. */
    double   pitch;       /**< MIDI number. UltraStar's 0 is 60. */
    uint32_t line;        /**< From 0. */
    uint32_t reserved;    /**< 0. */
    const char *word;     /**< [borrowed] until the chart is freed; UTF-8, a
                               syllable with its blanks, "" when there is none. */
} avsvt_chart_note;
#define AVSVT_CHART_NOTE_INIT \
    { sizeof(avsvt_chart_note), 0, 0.0, 0.0, 0.0, 0u, 0u, NULL }

/** What a chart is. Texts are [borrowed] until the chart is freed, UTF-8, and
 *  "" where they are not known. */
typedef struct avsvt_chart_info {
    uint32_t struct_size; /**< Set by AVSVT_CHART_INFO_INIT. */
    uint32_t voices;      /**< UltraStar: 2 for a duet; MIDI: tracks that have
                               notes; else 1. */
    uint32_t voice;       /**< The one that was taken, from 1. */
    uint32_t lines;       /**< Lines of the song. */
    uint64_t notes;       /**< Notes. */
    double   duration_s;  /**< End of the last note. */
    const char *title;    /**< The song's name. */
    const char *artist;   /**< Who made it. */
    const char *audio;    /**< Name of its sound file, as the chart has it. */
} avsvt_chart_info;
#define AVSVT_CHART_INFO_INIT \
    { sizeof(avsvt_chart_info), 0u, 0u, 0u, 0u, 0.0, NULL, NULL, NULL }

/** Settings; zero in a field selects its default. */
typedef struct avsvt_chart_options {
    uint32_t struct_size; /**< Set by AVSVT_CHART_OPTIONS_INIT. */
    uint32_t voice;       /**< Which voice of a duet, or which of the MIDI
                               tracks that have notes, from 1. Default: voice 1;
                               the MIDI track that is named as a melody or that
                               has the words, else the first. */
} avsvt_chart_options;
#define AVSVT_CHART_OPTIONS_INIT { sizeof(avsvt_chart_options), 0u }

/** Open a chart: UltraStar, a MIDI file (.mid, .kar), or whatever
 *  avsvt_notes_read() reads. UltraStar brings its own lines; elsewhere a line
 *  ends where a MIDI file's words say so or, without words, at a pause of
 *  0.6 s. Texts that are no UTF-8 are taken for Windows-1252, as old songs have
 *  them, or for Windows-1250 where the tag ENCODING says CP1250. A note that starts
 *  while another sounds ends it; of notes that start within 30 ms the highest
 *  stays; what is then shorter than 1 ms is left out.
 *  @param out  [out, owned] free with avsvt_chart_free(); NULL on failure.
 *  @param context [borrowed] NULL for the default.
 *  @param path [borrowed] UTF-8.
 *  @param opts [borrowed] NULL for defaults.
 *  @param err  [out] may be NULL.
 *  @return AVSVT_OK; AVSVT_E_ARG; AVSVT_E_NOT_FOUND; AVSVT_E_IO;
 *          AVSVT_E_FORMAT (names line or byte; also a file without notes);
 *          AVSVT_E_RANGE (no such voice); AVSVT_E_UNSUPPORTED (as
 *          avsvt_notes_read()); AVSVT_E_NOMEM.
 *  @thread any  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_chart_open(avsvt_chart **out,
    avsvt_context *context, const char *path, const avsvt_chart_options *opts,
    avsvt_error *err);

/** Make a chart of notes that are there already, as avsvt_chart_open() does.
 *  @param notes [copied] at least one that is longer than 1 ms.
 *  @return AVSVT_OK; AVSVT_E_ARG (no notes); AVSVT_E_NOMEM.
 *  @thread any  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_chart_create(avsvt_chart **out,
    avsvt_context *context, const avsvt_notes *notes, avsvt_error *err);

/** Tell what the chart is, at most info->struct_size bytes.
 *  @return AVSVT_OK; AVSVT_E_ARG.  @thread any  @rt yes  @since 0.1 */
AVSVT_API avsvt_status avsvt_chart_describe(const avsvt_chart *chart,
    avsvt_chart_info *info);

/** Copy note @p i, at most note->struct_size bytes.
 *  @return AVSVT_OK; AVSVT_E_RANGE; AVSVT_E_ARG (struct_size not set).
 *  @thread any  @rt yes  @since 0.1 */
AVSVT_API avsvt_status avsvt_chart_get(const avsvt_chart *chart, size_t i,
    avsvt_chart_note *note);

/** Take part in the chart's life: one more avsvt_chart_free() is needed.
 *  @return @p chart.  @thread any  @rt yes  @since 0.1 */
AVSVT_API avsvt_chart *avsvt_chart_ref(avsvt_chart *chart);

/** Let go of the chart; NULL is allowed.  @thread any  @rt no  @since 0.1 */
AVSVT_API void avsvt_chart_free(avsvt_chart *chart);

AVSVT_END_DECLS
#endif /* AVSVT_CHART_H */
