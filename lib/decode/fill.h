/* SPDX-License-Identifier: MIT */
/* Singing that a network half missed. Where somebody sings and nothing
 * accompanies it, a clear pitch, as loud as the notes are and in none of them,
 * is most likely sung too, though the network thinks not. It becomes a note, or
 * more of the note before it where that had its pitch. */
#ifndef AVSVTI_DECODE_FILL_H
#define AVSVTI_DECODE_FILL_H

#include "decode/heard.h"
#include "decode/notes.h"

typedef struct avsvti_fill avsvti_fill;

/* shortest_s: what is shorter stays as it is; above 0. note_s: what is then shorter,
 * and is no more of a note, is none. share: of what has a pitch, before something is
 * filled in; people may talk too. 0: nobody does. */
avsvt_status avsvti_fill_create(avsvti_fill **out, const avsvt_allocator *a,
                                const avsvt_activations_info *info,
                                double shortest_s, double note_s, double share,
                                avsvt_error *err);

/* The next frame, which is the last that heard knows, and how clear the pitch
 * is in it and its neighbours on average; the notes that have ended with it
 * are taken out of found. Notes that no later frame can change are appended to
 * the list, in their order. */
avsvt_status avsvti_fill_push(avsvti_fill *f, const avsvti_heard *heard,
                              const float *logits, avsvti_clarity clarity,
                              avsvti_note_state state, float level_db,
                              avsvti_note_list *found, avsvti_note_list *list,
                              avsvt_error *err);

/* No more frames. */
avsvt_status avsvti_fill_finish(avsvti_fill *f, const avsvti_heard *heard,
                                avsvti_note_list *found, avsvti_note_list *list,
                                avsvt_error *err);

void avsvti_fill_free(avsvti_fill *f);

#endif
