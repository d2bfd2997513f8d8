/* SPDX-License-Identifier: MIT */
/* Whether people sing where a note was found. While somebody talks, or plays,
 * a network takes a sound here and there for a note; where somebody sings,
 * most of what has a pitch lies in notes, and the network is sure of them. A
 * note counts if a share of what has a pitch in the seconds before its end, or
 * in those after its start, is sung: in notes, each frame for as much as the
 * network is sure of it and the note has lasted. heard.h says what that is, and
 * how many seconds they are; where the recording begins or ends within them, as
 * many beyond the note are heard too: one syllable by itself may sound sung. */
#ifndef AVSVTI_DECODE_SUNG_H
#define AVSVTI_DECODE_SUNG_H

#include "decode/heard.h"
#include "decode/notes.h"

typedef struct avsvti_sung avsvti_sung;

/* share: above 0, up to 1. */
avsvt_status avsvti_sung_create(avsvti_sung **out, const avsvt_allocator *a,
                                const avsvt_activations_info *info,
                                double share, avsvt_error *err);

/* After a frame was heard: takes the notes that have ended out of found. Those
 * that count are appended to the list, in their order, when no later frame can
 * change it. */
avsvt_status avsvti_sung_push(avsvti_sung *s, const avsvti_heard *heard,
                              avsvti_note_list *found, avsvti_note_list *list,
                              avsvt_error *err);

/* No more frames. */
avsvt_status avsvti_sung_finish(avsvti_sung *s, const avsvti_heard *heard,
                                avsvti_note_list *found, avsvti_note_list *list,
                                avsvt_error *err);

void avsvti_sung_free(avsvti_sung *s);

#endif
