/* SPDX-License-Identifier: MIT */
/* What avsvt_activations holds. */
#ifndef AVSVTI_HEAD_ACTIVATIONS_H
#define AVSVTI_HEAD_ACTIVATIONS_H

#include <avsvt/head.h>
#include <avsvt/notes.h>

#include "core/context.h"

#define AVSVTI_SILENCE_DB (-200.0f) /* stands for no sound at all, -inf dB */

struct avsvt_activations {
    avsvt_context *context; /* counted */
    avsvt_activations_info info;
    avsvt_notes_options defaults; /* of the model's manifest; 0: ours */
    double end_s;  /* of the sound; INFINITY: not known */
    float *logits; /* frames x AVSVT_NOTE_LOGITS */
    float *fine;   /* frames x info.fine_bins, or NULL */
    float *level;  /* frames, or NULL */
    float *voice;  /* frames, or NULL */
};

/* AVSVT_E_ARG for sizes or a time axis that can't be. */
avsvt_status avsvti_activations_check(const avsvt_activations_info *info,
                                      avsvt_error *err);

/* What activations are made of, in memory of the context's; NULL where there is
 * none. */
typedef struct avsvti_activation_rows {
    float *logits, *fine, *level, *voice;
} avsvti_activation_rows;

/* The same, of others. */
typedef struct avsvti_frame_rows {
    const float *logits, *fine, *level, *voice;
} avsvti_frame_rows;

/* Activations that own the rows from then on, which are checked as
 * avsvt_activations_create() does; after a failure they are still the caller's. */
avsvt_status avsvti_activations_adopt(avsvt_activations **out, avsvt_context *context,
                                      const avsvt_activations_info *info,
                                      avsvti_activation_rows *rows, avsvt_error *err);
void avsvti_activation_rows_free(avsvti_activation_rows *rows, const avsvt_allocator *a);

#endif
