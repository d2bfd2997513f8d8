/* SPDX-License-Identifier: MIT */
/** @file head.h
 *  Heads and what they give. Stage: features -> [head] -> avsvt_activations.
 *
 *  Activations are what a network says of each frame, before any decision is
 *  made. They are kept so that decoding with other settings runs no network.
 *
 *  The note layout has 20 columns of logits, as AV_SVT publishes it: 0 onset,
 *  1 silence ("offset"), 2..6 octave (C2 octave = 0 ... 3, 4 = none), 7..19
 *  pitch class (C = 0 ... B = 11, 12 = none). Beside it there may be a fine
 *  pitch: logits over bins that are `fine_step` semitones apart. */
#ifndef AVSVT_HEAD_H
#define AVSVT_HEAD_H

#include <avsvt/model.h>

AVSVT_BEGIN_DECLS

typedef struct avsvt_head avsvt_head;               /**< One thread at a time. */
typedef struct avsvt_activations avsvt_activations; /**< Immutable. */

#define AVSVT_NOTE_LOGITS 20 /**< Columns of the note layout. */

/** What activations are: their sizes and their time axis. */
typedef struct avsvt_activations_info {
    uint32_t struct_size;  /**< Set by AVSVT_ACTIVATIONS_INFO_INIT. */
    int32_t  fine_bins;    /**< Columns of fine pitch; 0 when there is none. */
    int64_t  frames;       /**< Rows. */
    double   frame_rate_hz;/**< Frame i belongs to i / frame_rate_hz + start_s. */
    double   start_s;      /**< Time of frame 0. */
    double   fine_lowest;  /**< MIDI number of fine bin 0. */
    double   fine_step;    /**< Semitones from one fine bin to the next. */
} avsvt_activations_info;
#define AVSVT_ACTIVATIONS_INFO_INIT \
    { sizeof(avsvt_activations_info), 0, 0, 0.0, 0.0, 0.0, 0.0 }

/** Make a head from a model of role `head`.
 *  @param out   [out, owned] free with avsvt_head_free(); NULL on failure.
 *  @param model [borrowed] kept by the head.
 *  @return AVSVT_OK; AVSVT_E_ARG (another role); AVSVT_E_NOMEM; or what
 *          loading the network gives, see avsvt_model_run().
 *  @thread any  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_head_create(avsvt_head **out, avsvt_model *model,
    avsvt_error *err);

/** Activations of features.
 *  @param out      [out, owned] free with avsvt_activations_free().
 *  @param head     one thread at a time; AVSVT_E_BUSY otherwise.
 *  @param features [borrowed] float32 [frames, width].
 *  @param frame_rate_hz of the features; 0: the head's manifest.
 *  @return AVSVT_OK; AVSVT_E_ARG; AVSVT_E_BUSY; AVSVT_E_BACKEND;
 *          AVSVT_E_NOMEM.
 *  @thread one at a time  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_head_run(avsvt_activations **out,
    avsvt_head *head, avsvt_tensor *features, double frame_rate_hz,
    avsvt_error *err);

/** Release the head; NULL is allowed.  @thread any  @rt no  @since 0.1 */
AVSVT_API void avsvt_head_free(avsvt_head *head);

/** Make activations from logits of one's own.
 *  @param out    [out, owned] free with avsvt_activations_free().
 *  @param context [borrowed] NULL for the default.
 *  @param info   [borrowed] sizes and time axis; frame_rate_hz 0.001 to a
 *                million, start_s within 1e9.
 *  @param logits [copied] info->frames x AVSVT_NOTE_LOGITS.
 *  @param fine   [copied] info->frames x info->fine_bins; NULL when
 *                info->fine_bins is 0.
 *  @param level_db [copied] info->frames loudness values in dB of full
 *                scale, for velocities (below -120: taken as -120); NULL when
 *                not known.
 *  @return AVSVT_OK; AVSVT_E_ARG (sizes, or a value that is not a number);
 *          AVSVT_E_NOMEM.
 *  @thread any  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_activations_create(avsvt_activations **out,
    avsvt_context *context, const avsvt_activations_info *info,
    const float *logits, const float *fine, const float *level_db,
    avsvt_error *err);

/** The same with what avsvt_activations_voice() gives, so that frames that were
 *  kept elsewhere are decoded as at first.
 *  @param voice [copied] info->frames MIDI numbers, 0 for none; NULL when not
 *               known: avsvt_notes_options.hold_s does nothing then.
 *  @return As avsvt_activations_create().  @thread any  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_activations_create_heard(avsvt_activations **out,
    avsvt_context *context, const avsvt_activations_info *info,
    const float *logits, const float *fine, const float *level_db,
    const float *voice, avsvt_error *err);

/** Copy sizes and time axis, at most info->struct_size bytes.
 *  @return AVSVT_OK; AVSVT_E_ARG.  @thread any  @rt yes  @since 0.1 */
AVSVT_API avsvt_status avsvt_activations_describe(
    const avsvt_activations *activations, avsvt_activations_info *info);

/** Logits, row-major frames x AVSVT_NOTE_LOGITS.
 *  @return [borrowed] until freed; NULL when there are no frames.
 *  @thread any  @rt yes  @since 0.1 */
AVSVT_API const float *avsvt_activations_logits(
    const avsvt_activations *activations);
/** Fine pitch, row-major frames x fine_bins; NULL when there is none.
 *  @return [borrowed] until freed.  @thread any  @rt yes  @since 0.1 */
AVSVT_API const float *avsvt_activations_fine(
    const avsvt_activations *activations);
/** Loudness of each frame, dB below full scale; NULL when not known.
 *  @return [borrowed] until freed.  @thread any  @rt yes  @since 0.1 */
AVSVT_API const float *avsvt_activations_level(
    const avsvt_activations *activations);
/** Where the sound dies away with a clear pitch, as a voice does at the end of
 *  a note: its MIDI number in each such frame, measured as YIN does
 *  (de Cheveigne and Kawahara, 2002); 0 in all others. NULL when not known: of
 *  features, of pictures, and of AV_SVT's utterances with fusion.
 *  @return [borrowed] until freed.  @thread any  @rt yes  @since 0.1 */
AVSVT_API const float *avsvt_activations_voice(
    const avsvt_activations *activations);

/** The pitch curve: what is sung in each frame, with its vibrato and slides.
 *  @param first number of the first frame wanted.
 *  @param pitch [out] @p count MIDI numbers with fraction; NAN where silence is
 *               as likely as the model's threshold for the end of a note.
 *  @return AVSVT_OK; AVSVT_E_ARG (a NULL); AVSVT_E_RANGE (no such frames).
 *  @thread any  @rt yes  @since 0.1 */
AVSVT_API avsvt_status avsvt_activations_pitch(
    const avsvt_activations *activations, int64_t first, int64_t count,
    float *pitch);

/** Release; NULL is allowed.  @thread any  @rt no  @since 0.1 */
AVSVT_API void avsvt_activations_free(avsvt_activations *activations);

AVSVT_END_DECLS
#endif /* AVSVT_HEAD_H */
