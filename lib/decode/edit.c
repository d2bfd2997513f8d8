/* SPDX-License-Identifier: MIT */
/* Edits of note lists: a copy with some notes left out and some put in. */
#include <math.h>

#include <avsvt/edit.h>

#include "core/options.h"
#include "decode/notes.h"

static avsvt_status check_edit(avsvt_notes **out, const avsvt_notes *notes,
                               size_t first, size_t count, const char *what,
                               avsvt_error *err)
{
    if (out)
        *out = NULL;
    if (!out || !notes)
        return avsvti_fail(err, AVSVT_E_ARG, "%s: %s is NULL", what,
                           out ? "notes" : "out");
    if (first >= notes->count || count > notes->count - first)
        return avsvti_fail(err, AVSVT_E_RANGE,
            "%s: there is no note %zu; the list has %zu", what,
            first >= notes->count ? first : notes->count, notes->count);
    return AVSVT_OK;
}

/* A note at its new place. */
static avsvt_status place(avsvt_note *note, double onset_s, double offset_s,
                          const avsvt_activations *activations,
                          avsvt_error *err)
{
    if (!(onset_s < offset_s) || !isfinite(onset_s) || !isfinite(offset_s))
        return avsvti_fail(err, AVSVT_E_ARG,
            "a note must end after it starts, at times that are numbers");
    note->onset_s = onset_s;
    note->offset_s = offset_s;
    return activations ? avsvt_activations_note(activations, onset_s, offset_s,
                                                note, err) : AVSVT_OK;
}

/* The notes without count from first on, and with those of made. */
static avsvt_status replace(avsvt_notes **out, const avsvt_notes *notes,
                            size_t first, size_t count, const avsvt_note *made,
                            size_t made_count, size_t *at, avsvt_error *err)
{
    avsvti_note_list list;
    avsvt_status status = AVSVT_OK;
    avsvti_note_list_init(&list, avsvti_allocator(notes->context));
    for (size_t i = 0; i < notes->count && status == AVSVT_OK; i++)
        if (i < first || i >= first + count)
            status = avsvti_note_list_append(&list, &notes->notes[i], err);
    for (size_t i = 0; i < made_count && status == AVSVT_OK; i++)
        status = avsvti_note_list_append(&list, &made[i], err);
    if (status != AVSVT_OK) {
        avsvti_note_list_free(&list);
        return status;
    }
    /* Sorting is stable: what was appended follows all that start with it. */
    size_t place_of = 0;
    for (size_t i = 0; made_count && i < notes->count; i++)
        place_of += (i < first || i >= first + count) &&
                    notes->notes[i].onset_s <= made->onset_s;
    if (at)
        *at = place_of;
    return avsvti_notes_from_list(out, notes->context, &list, err);
}

avsvt_status avsvt_notes_move(avsvt_notes **out, const avsvt_notes *notes,
                              size_t i, double onset_s, double offset_s,
                              const avsvt_activations *activations, size_t *at,
                              avsvt_error *err)
{
    avsvt_status status = check_edit(out, notes, i, 1, "avsvt_notes_move", err);
    if (status != AVSVT_OK)
        return status;
    avsvt_note note = notes->notes[i];
    status = place(&note, onset_s, offset_s, activations, err);
    return status == AVSVT_OK ? replace(out, notes, i, 1, &note, 1, at, err)
                              : status;
}

avsvt_status avsvt_notes_split(avsvt_notes **out, const avsvt_notes *notes,
                               size_t i, double time_s,
                               const avsvt_activations *activations, size_t *at,
                               avsvt_error *err)
{
    avsvt_status status = check_edit(out, notes, i, 1, "avsvt_notes_split", err);
    if (status != AVSVT_OK)
        return status;
    const avsvt_note *old = &notes->notes[i];
    avsvt_note made[2] = { *old, *old };
    if (!(time_s > old->onset_s && time_s < old->offset_s))
        return avsvti_fail(err, AVSVT_E_ARG,
            "avsvt_notes_split: the time does not lie within note %zu", i);
    status = place(&made[0], old->onset_s, time_s, activations, err);
    if (status == AVSVT_OK)
        status = place(&made[1], time_s, old->offset_s, activations, err);
    return status == AVSVT_OK ? replace(out, notes, i, 1, made, 2, at, err)
                              : status;
}

avsvt_status avsvt_notes_merge(avsvt_notes **out, const avsvt_notes *notes,
                               size_t first, size_t count,
                               const avsvt_activations *activations, size_t *at,
                               avsvt_error *err)
{
    double length = 0, pitch = 0, confidence = 0;
    avsvt_status status = check_edit(out, notes, first, count,
                                     "avsvt_notes_merge", err);
    if (status == AVSVT_OK && !count)
        status = avsvti_fail(err, AVSVT_E_ARG, "avsvt_notes_merge: count is 0");
    if (status != AVSVT_OK)
        return status;
    avsvt_note note = notes->notes[first];
    for (size_t i = first; i < first + count; i++) {
        const avsvt_note *n = &notes->notes[i];
        double part = fmax(n->offset_s - n->onset_s, 1e-9);
        length += part;
        pitch += part * n->pitch;
        confidence += part * n->confidence;
        note.offset_s = fmax(note.offset_s, n->offset_s);
    }
    note.pitch = pitch / length;
    note.confidence = confidence / length;
    status = place(&note, note.onset_s, note.offset_s, activations, err);
    return status == AVSVT_OK
        ? replace(out, notes, first, count, &note, 1, at, err) : status;
}

avsvt_status avsvt_notes_remove(avsvt_notes **out, const avsvt_notes *notes,
                                size_t i, avsvt_error *err)
{
    avsvt_status status = check_edit(out, notes, i, 1, "avsvt_notes_remove",
                                     err);
    return status == AVSVT_OK ? replace(out, notes, i, 1, NULL, 0, NULL, err)
                              : status;
}

avsvt_status avsvt_notes_add(avsvt_notes **out, const avsvt_notes *notes,
                             const avsvt_note *note,
                             const avsvt_activations *activations, size_t *at,
                             avsvt_error *err)
{
    avsvt_note made;
    if (out)
        *out = NULL;
    if (!out || !notes || !note)
        return avsvti_fail(err, AVSVT_E_ARG, "avsvt_notes_add: %s is NULL",
                           !out ? "out" : !notes ? "notes" : "note");
    avsvt_status status = avsvti_options_read(&made, sizeof(made), note,
                                              "avsvt_note", err);
    if (status == AVSVT_OK)
        status = place(&made, made.onset_s, made.offset_s, activations, err);
    if (status == AVSVT_OK && (!isfinite(made.pitch) ||
        !isfinite(made.confidence) || !isfinite((double)made.level_db)))
        status = avsvti_fail(err, AVSVT_E_ARG,
            "avsvt_notes_add: its pitch, level or confidence is not a number");
    return status == AVSVT_OK ? replace(out, notes, 0, 0, &made, 1, at, err)
                              : status;
}
