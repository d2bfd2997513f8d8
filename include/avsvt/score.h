/* SPDX-License-Identifier: MIT */
/** @file score.h
 *  How well a singer follows a song. Stage: avsvt_chart and what is sung ->
 *  [scorer] -> points, for the notes, the lines and all of it.
 *
 *  The scale is that of UltraStar: 10000 points, 9000 of them for the notes by
 *  their length (golden ones count twice, freestyle ones nothing) and 1000 for
 *  the lines, the same for each.
 *
 *  What is sung is told as spans of time with a pitch, in order: frames of a
 *  pitch curve while someone sings, or a whole list of notes afterwards. Both
 *  give the same points for the same singing, whatever the length of a span.
 *  Each moment counts for one note: the one that is sung most rightly of those
 *  it lies in or is at most time_tolerance_s away from, and of which some is
 *  still to be sung. A note's share is how much of its length was sung so, times
 *  how right it was: fully within pitch_tolerance_cents, not at all from twice
 *  that on, and in between by a straight line. */
#ifndef AVSVT_SCORE_H
#define AVSVT_SCORE_H

#include <avsvt/chart.h>

AVSVT_BEGIN_DECLS

typedef struct avsvt_scorer avsvt_scorer; /**< One thread at a time. */

#define AVSVT_SCORE_POINTS 10000.0     /**< A song sung without a fault. */
#define AVSVT_SCORE_OCTAVE_STRICT 1u   /**< An octave off is wrong. */

/** Settings; zero in a field selects its default. */
typedef struct avsvt_scorer_options {
    uint32_t struct_size;         /**< Set by AVSVT_SCORER_OPTIONS_INIT. */
    uint32_t flags;               /**< AVSVT_SCORE_* bits; by default every
                                       octave is right, as in UltraStar. */
    double pitch_tolerance_cents; /**< 1..600; default 50. */
    double time_tolerance_s;      /**< Above 0, up to 1; default 0.1. */
    double delay_s;               /**< How much later than the song the singing
                                       comes (a loudspeaker's and a microphone's
                                       way); -10..10, default 0. */
    double transpose;             /**< Semitones from the chart's key to the
                                       singer's; -48..48, default 0. */
} avsvt_scorer_options;
#define AVSVT_SCORER_OPTIONS_INIT \
    { sizeof(avsvt_scorer_options), 0u, 0.0, 0.0, 0.0, 0.0 }

/** How one note was sung. */
typedef struct avsvt_note_points {
    uint32_t struct_size; /**< Set by AVSVT_NOTE_POINTS_INIT. */
    uint32_t heard;       /**< 1: some of it was sung right, late_s tells. */
    double points;        /**< Of it. */
    double possible;      /**< Points when it is sung without a fault. */
    double share;         /**< points / possible, 0..1; also of freestyle. */
    double sung_s;        /**< Seconds of the note's own time that anything was
                               sung in. */
    double cents;         /**< Mean of what was sung in them beside the right
                               pitch; up to 600 to each side where every octave
                               is right. 0 when sung_s is 0. */
    double late_s;        /**< When it was first sung right, from its onset;
                               0 also where one tone went on from before. */
} avsvt_note_points;
#define AVSVT_NOTE_POINTS_INIT \
    { sizeof(avsvt_note_points), 0u, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0 }

/** How one line, or all of the song, was sung. */
typedef struct avsvt_line_points {
    uint32_t struct_size; /**< Set by AVSVT_LINE_POINTS_INIT. */
    uint32_t notes;       /**< Notes that count (all but freestyle). */
    uint32_t hits;        /**< Of them those with a share of at least a half. */
    uint32_t golden;      /**< Golden notes among the hits. */
    uint64_t first_note;  /**< Number of its first note, freestyle or not. */
    double onset_s;       /**< When it begins and ends, in the song. */
    double offset_s;      /**< See onset_s. */
    double points;        /**< Of notes and line. */
    double line_points;   /**< Of them for the line. */
    double possible;      /**< Points when it is sung without a fault. */
    double so_far;        /**< Of possible, those of notes and lines that are
                               over: to show a share while someone sings. */
    double cents;         /**< Mean over the notes that were sung, by time. */
    double late_s;        /**< Mean over the notes that were heard. */
} avsvt_line_points;
#define AVSVT_LINE_POINTS_INIT \
    { sizeof(avsvt_line_points), 0u, 0u, 0u, 0u, 0.0, 0.0, 0.0, 0.0, \
      0.0, 0.0, 0.0, 0.0 }

/** Make a scorer at the start of a song.
 *  @param out   [out, owned] free with avsvt_scorer_free(); NULL on failure.
 *  @param chart [borrowed] kept by the scorer.
 *  @param opts  [borrowed] NULL for defaults.
 *  @return AVSVT_OK; AVSVT_E_ARG (a value out of range);
 *          AVSVT_E_UNSUPPORTED (a newer option or flag); AVSVT_E_NOMEM.
 *  @thread any  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_scorer_create(avsvt_scorer **out,
    avsvt_chart *chart, const avsvt_scorer_options *opts, avsvt_error *err);

/** What is sung from @p from_s to @p to_s. Takes time by the notes of the song
 *  that lie in it, so a short span is quick however long the song is.
 *  @param from_s seconds; not before the end of the last span, but for 1 ms that
 *                rounded times may overlap and that then counts once.
 *  @param to_s   seconds; not before @p from_s.
 *  @param pitch  MIDI number; NAN where nothing is sung.
 *  @return AVSVT_OK; AVSVT_E_ARG (times out of order or not numbers, an
 *          infinite pitch: the span counts nothing).
 *  @thread one at a time  @rt yes  @since 0.1 */
AVSVT_API avsvt_status avsvt_scorer_push(avsvt_scorer *scorer, double from_s,
    double to_s, double pitch);

/** What is sung as a list of notes; a note that starts while another sounds
 *  ends it. As if all of their spans were pushed.
 *  @return as avsvt_scorer_push(): AVSVT_E_ARG when the list starts before the
 *          end of the last span.
 *  @thread one at a time  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_scorer_push_notes(avsvt_scorer *scorer,
    const avsvt_notes *notes, avsvt_error *err);

/** What is sung as activations: the pitch of each of their frames that sounds
 *  (see avsvt_activations_pitch()).
 *  @return as avsvt_scorer_push_notes().
 *  @thread one at a time  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_scorer_push_activations(avsvt_scorer *scorer,
    const avsvt_activations *activations, avsvt_error *err);

/** How note @p i of the chart was sung up to now.
 *  @return AVSVT_OK; AVSVT_E_RANGE; AVSVT_E_ARG.
 *  @thread one at a time  @rt yes  @since 0.1 */
AVSVT_API avsvt_status avsvt_scorer_note(const avsvt_scorer *scorer, size_t i,
    avsvt_note_points *points);

/** How line @p i was sung up to now; takes time by the notes of that line.
 *  @return AVSVT_OK; AVSVT_E_RANGE; AVSVT_E_ARG.
 *  @thread one at a time  @rt yes  @since 0.1 */
AVSVT_API avsvt_status avsvt_scorer_line(const avsvt_scorer *scorer, size_t i,
    avsvt_line_points *points);

/** How all of it was sung up to now; takes time by the notes of the song.
 *  @return AVSVT_OK; AVSVT_E_ARG.
 *  @thread one at a time  @rt yes  @since 0.1 */
AVSVT_API avsvt_status avsvt_scorer_total(const avsvt_scorer *scorer,
    avsvt_line_points *points);

/** Back to the start of the song, with no points; NULL is allowed.
 *  @thread one at a time  @rt yes  @since 0.1 */
AVSVT_API void avsvt_scorer_reset(avsvt_scorer *scorer);

/** Release the scorer; NULL is allowed.  @thread any  @rt no  @since 0.1 */
AVSVT_API void avsvt_scorer_free(avsvt_scorer *scorer);

AVSVT_END_DECLS
#endif /* AVSVT_SCORE_H */
