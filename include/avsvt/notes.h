/* SPDX-License-Identifier: MIT */
/** @file notes.h
 *  Note lists. Stage: avsvt_activations -> [decode] -> avsvt_notes -> export.
 *  Decoding runs no network, so call it again whenever a slider moves. */
#ifndef AVSVT_NOTES_H
#define AVSVT_NOTES_H

#include <avsvt/head.h>

AVSVT_BEGIN_DECLS

typedef struct avsvt_notes avsvt_notes; /**< Immutable; ordered by onset. */

/** One note. Grows at the end only. */
typedef struct avsvt_note {
    uint32_t struct_size; /**< Set by AVSVT_NOTE_INIT. */
    float    level_db;    /**< Loudness, dB of full scale (below 0); 0: not known. */
    double   onset_s;     /**< Seconds from the first sample. */
    double   offset_s;    /**< Seconds; not before onset_s, and by the precise
                               rule not after the sound. Equal to onset_s only in
                               the published rule's note of the last frame,
                               and in lists of the caller's own. */
    double   pitch;       /**< MIDI number, with fraction where it is known. */
    double   confidence;  /**< 0..1, comparable within one model; 0: not known. */
} avsvt_note;
#define AVSVT_NOTE_INIT \
    { sizeof(avsvt_note), 0.0f, 0.0, 0.0, 0.0, 0.0 }

#define AVSVT_RULE_DEFAULT   0 /**< The model's, else AVSVT_RULE_PRECISE. */
#define AVSVT_RULE_PRECISE   1 /**< Ours: pitch with a fraction, times between
                                    frames, to 10 ms. */
#define AVSVT_RULE_PUBLISHED 2 /**< AV_SVT's frame2note, to the last tie. */

/** Decoder settings; zero in a field selects its default. The activations of
 *  a pipeline carry the defaults of their model's manifest, which count for
 *  the model's own rule only: thresholds of one rule say nothing of another. */
typedef struct avsvt_notes_options {
    uint32_t struct_size;      /**< Set by AVSVT_NOTES_OPTIONS_INIT. */
    int32_t  rule;             /**< An AVSVT_RULE_* value. */
    double   onset_threshold;  /**< 0..1; default: the model's, else 0.4. */
    double   offset_threshold; /**< 0..1 of silence; default: the model's,
                                    else 0.5. */
    double   min_duration_s;   /**< Shorter notes are dropped; default: the
                                    model's, else 0; negative: no minimum. */
    int32_t  window_frames;    /**< An onset is the highest within this many
                                    frames to each side, 1..1000; default: the
                                    model's, else 3. */
    uint32_t reserved;         /**< Must be 0. */
    double   offset_delay_s;   /**< A note ends so much later than silence
                                    crosses its threshold, at most at the next
                                    onset, for networks that call silence
                                    before people do; up to 10; default: the
                                    model's, else 0; negative: none. The
                                    precise rule's only. */
    double   sung_share;       /**< A note is dropped unless this share of what
                                    has a pitch is sung, in the 16 s before its
                                    end or the 16 s after its start (at the
                                    edges of a recording its first or last
                                    16 s; where it is shorter, a tenth of a
                                    second more), or in some part of them that
                                    lasts:
                                    it was found in speech, or in music without
                                    a voice. What lies in notes is sung, for as
                                    much as the network is sure of it, and in
                                    full where the note has lasted 0.2 s: in
                                    speech they are short. 0..1;
                                    default: the model's, else 0; negative:
                                    nobody talks, keep all (and see
                                    @p fill_s). The precise rule's, and with a
                                    fine pitch, only. */
    double   fill_s;           /**< Where somebody sings and nothing
                                    accompanies it, a clear pitch of at least
                                    this length in no note becomes a note, or
                                    more of the note before it, though the
                                    network rather thinks that nobody sings it
                                    (where @p sung_share is none, though it is
                                    nearly sure); up to 10; default: the
                                    model's, else 0; negative: none. The
                                    precise rule's, with a fine pitch and
                                    levels, only. */
    double   hold_s;           /**< A note ends at most 50 ms before its pitch
                                    does in the sound, however early the
                                    network calls silence, but is held by that
                                    for at most so long; up to 10; default:
                                    the model's, else 0; negative: the network
                                    decides alone. The precise rule's, where
                                    avsvt_activations_voice() is known, only. */
} avsvt_notes_options;
#define AVSVT_NOTES_OPTIONS_INIT \
    { sizeof(avsvt_notes_options), 0, 0.0, 0.0, 0.0, 0, 0u, 0.0, 0.0, 0.0, 0.0 }

/** Decode activations into notes.
 *  @param out  [out, owned] free with avsvt_notes_free(); NULL on failure.
 *  @param activations [borrowed] may be freed before @p out.
 *  @param opts [borrowed] NULL for defaults.
 *  @param err  [out] may be NULL.
 *  @return AVSVT_OK; AVSVT_E_ARG (a value out of range);
 *          AVSVT_E_UNSUPPORTED (a newer option used); AVSVT_E_NOMEM.
 *  @thread any; several may share @p activations  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_notes_decode(avsvt_notes **out,
    const avsvt_activations *activations, const avsvt_notes_options *opts,
    avsvt_error *err);

/** Make a list from notes of one's own; they are sorted by onset.
 *  @param out   [out, owned] free with avsvt_notes_free(); NULL on failure.
 *  @param context [borrowed] NULL for the default.
 *  @param notes [copied] @p count records, each with its struct_size set;
 *               all of the same size.
 *  @return AVSVT_OK; AVSVT_E_ARG (a time or pitch that is not a number, an
 *          offset before its onset); AVSVT_E_NOMEM.
 *  @thread any  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_notes_create(avsvt_notes **out,
    avsvt_context *context, const avsvt_note *notes, size_t count,
    avsvt_error *err);

/** Read a note list from a file or, to its end, from a pipe: CSV or text with
 *  columns onset, offset, pitch (comma, semicolon, tab or space; lines that
 *  start with '#' are comments; a pitch may be a name, "A#4" or, with cents,
 *  "Bb4-12", as in Audacity's labels), UltraStar (starts with lines `#NAME:`,
 *  `#BPM:` among them; freestyle and rap notes are left out), the JSON that
 *  avsvt_notes_write() makes, JAMS (its first annotation of note_midi or
 *  note_hz), an array of NumPy with rows of onset, offset, pitch (AV_SVT's
 *  predictions), or a MIDI file (the notes of all its tracks but drums, with the
 *  pitch bend of those during which it rests). The contents tell which, not
 *  the name.
 *
 *  A header line may name the columns, in any order, and a unit behind a
 *  name: onset, start or time; offset or end, or duration; pitch, midi or
 *  note, or frequency, hz or f0. One that names only some of these where they
 *  are not the first three is refused. Without a header, lists whose first
 *  line has a third number under 16, which is no pitch of music, and a second
 *  of 32 or more are Tony's: onset, Hz, duration. Fields may stand in
 *  quotation marks.
 *  @return AVSVT_OK; AVSVT_E_ARG; AVSVT_E_NOT_FOUND; AVSVT_E_IO (also a pipe
 *          that nobody writes into for 3 s);
 *          AVSVT_E_FORMAT (names the line); AVSVT_E_UNSUPPORTED (an array of
 *          other elements or order); AVSVT_E_RANGE (one beyond all memory);
 *          AVSVT_E_NOMEM.
 *  @thread any  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_notes_read(avsvt_notes **out,
    avsvt_context *context, const char *path, avsvt_error *err);

/** Number of notes; 0 for NULL.  @thread any  @rt yes  @since 0.1 */
AVSVT_API size_t avsvt_notes_count(const avsvt_notes *notes);

/** Copy note @p i into @p note, at most note->struct_size bytes.
 *  @return AVSVT_OK; AVSVT_E_RANGE; AVSVT_E_ARG (struct_size not set).
 *  @thread any  @rt yes  @since 0.1 */
AVSVT_API avsvt_status avsvt_notes_get(const avsvt_notes *notes, size_t i,
    avsvt_note *note);

/** Release the list; NULL is allowed.  @thread any  @rt no  @since 0.1 */
AVSVT_API void avsvt_notes_free(avsvt_notes *notes);

AVSVT_END_DECLS
#endif /* AVSVT_NOTES_H */
