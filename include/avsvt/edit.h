/* SPDX-License-Identifier: MIT */
/** @file edit.h
 *  Changing notes by hand. Each edit makes a new list and leaves the old one as
 *  it was, so undoing is keeping it. Where activations are given, a note's
 *  pitch, level and confidence follow from its new place; no network runs. */
#ifndef AVSVT_EDIT_H
#define AVSVT_EDIT_H

#include <avsvt/notes.h>

AVSVT_BEGIN_DECLS

/** The note that would sound from @p onset_s to @p offset_s: its pitch as the
 *  precise rule finds it (from the middle of the frames that sound, or of all
 *  where none does), its level, and a confidence.
 *  @param activations [borrowed]
 *  @param note [out] its struct_size set.
 *  @param err  [out] may be NULL.
 *  @return AVSVT_OK; AVSVT_E_ARG (times that are not numbers or not in order);
 *          AVSVT_E_RANGE (no frame lies there); AVSVT_E_NOMEM.
 *  @thread any  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_activations_note(
    const avsvt_activations *activations, double onset_s, double offset_s,
    avsvt_note *note, avsvt_error *err);

/** Move the boundaries of note @p i.
 *  @param out  [out, owned] the new list; free with avsvt_notes_free(); NULL on
 *              failure.
 *  @param onset_s  its new beginning.
 *  @param offset_s its new end, after @p onset_s.
 *  @param activations [borrowed] where its pitch comes from; NULL: it stays.
 *  @param at   [out] its number in the new list; may be NULL.
 *  @param err  [out] may be NULL.
 *  @return AVSVT_OK; AVSVT_E_ARG; AVSVT_E_RANGE (no such note, or no frame
 *          there); AVSVT_E_NOMEM.
 *  @thread any  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_notes_move(avsvt_notes **out,
    const avsvt_notes *notes, size_t i, double onset_s, double offset_s,
    const avsvt_activations *activations, size_t *at, avsvt_error *err);

/** Split note @p i in two.
 *  @param time_s where: within the note.
 *  @param at [out] number of the first of the two; may be NULL.
 *  @return as avsvt_notes_move().
 *  @thread any  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_notes_split(avsvt_notes **out,
    const avsvt_notes *notes, size_t i, double time_s,
    const avsvt_activations *activations, size_t *at, avsvt_error *err);

/** Make one note of the @p count notes from @p first on; without activations
 *  its pitch and confidence are their mean by length, its level that of the
 *  first.
 *  @param count at least 1.
 *  @param at [out] number of the note; may be NULL.
 *  @return as avsvt_notes_move().
 *  @thread any  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_notes_merge(avsvt_notes **out,
    const avsvt_notes *notes, size_t first, size_t count,
    const avsvt_activations *activations, size_t *at, avsvt_error *err);

/** Leave note @p i out.
 *  @return as avsvt_notes_move().
 *  @thread any  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_notes_remove(avsvt_notes **out,
    const avsvt_notes *notes, size_t i, avsvt_error *err);

/** Add a note.
 *  @param note [copied] with its struct_size set. With activations its pitch,
 *              level and confidence come from there.
 *  @param at [out] number of the note; may be NULL.
 *  @return as avsvt_notes_move().
 *  @thread any  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_notes_add(avsvt_notes **out,
    const avsvt_notes *notes, const avsvt_note *note,
    const avsvt_activations *activations, size_t *at, avsvt_error *err);

AVSVT_END_DECLS
#endif /* AVSVT_EDIT_H */
