/* SPDX-License-Identifier: MIT */
/* A list of notes that grows, and what avsvt_notes holds. */
#ifndef AVSVTI_DECODE_NOTES_H
#define AVSVTI_DECODE_NOTES_H

#include <avsvt/notes.h>

#include "core/context.h"

#define AVSVTI_LATE_S 0.1 /* a note may end so long after its song: rounding */

typedef struct avsvti_note_list {
    const avsvt_allocator *allocator;
    avsvt_note *notes;
    size_t count, capacity;
} avsvti_note_list;

struct avsvt_notes {
    avsvt_context *context; /* counted */
    avsvt_note *notes;      /* ordered by onset */
    size_t count;
};

/* Whether it is of any length, and not shorter than that. */
static inline int avsvti_note_lasts(const avsvt_note *note, double least_s)
{
    double length_s = note->offset_s - note->onset_s;
    return length_s > 0 && length_s >= least_s - 1e-9;
}

void avsvti_note_list_init(avsvti_note_list *list, const avsvt_allocator *a);
/* Copies *note and sets its struct_size. */
avsvt_status avsvti_note_list_append(avsvti_note_list *list,
                                     const avsvt_note *note, avsvt_error *err);
void avsvti_note_list_free(avsvti_note_list *list);

/* Makes the public handle of the list, which is empty afterwards. The list's
 * allocator must be that of context. */
avsvt_status avsvti_notes_from_list(avsvt_notes **out, avsvt_context *context,
                                    avsvti_note_list *list, avsvt_error *err);

#endif
