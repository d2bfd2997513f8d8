/* SPDX-License-Identifier: MIT */
/* Frames in, notes out, as they become final: memory stays flat however long
 * the sound is. Decoding a whole avsvt_activations is pushing it at once. */
#ifndef AVSVTI_DECODE_DECODER_H
#define AVSVTI_DECODE_DECODER_H

#include <avsvt/notes.h>

#include "decode/notes.h"
#include "head/activations.h"

typedef struct avsvti_decoder avsvti_decoder;

/* info: the time axis and fine bins of the frames to come (its frames member
 * is not looked at). options: the caller's, may be NULL. defaults: what the
 * model's manifest says for members that options leave at 0. */
avsvt_status avsvti_decoder_create(avsvti_decoder **out,
                                   const avsvt_allocator *a,
                                   const avsvt_activations_info *info,
                                   const avsvt_notes_options *options,
                                   const avsvt_notes_options *defaults,
                                   avsvt_error *err);

/* So many frames of the rows. Notes that are final are appended to the list. */
avsvt_status avsvti_decoder_push(avsvti_decoder *d, const avsvti_frame_rows *rows,
                                 int64_t frames, avsvti_note_list *list,
                                 avsvt_error *err);

/* No more frames: the rest of the notes is appended. By our rule none goes on
 * behind end_s, where the sound ends (INFINITY: not known); the published one ends
 * them where it is published to. */
avsvt_status avsvti_decoder_finish(avsvti_decoder *d, double end_s,
                                   avsvti_note_list *list, avsvt_error *err);

void avsvti_decoder_free(avsvti_decoder *d);

#endif
