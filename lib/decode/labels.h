/* SPDX-License-Identifier: MIT */
/* Frame labels from notes, as AV_SVT makes them for training. */
#ifndef AVSVTI_DECODE_LABELS_H
#define AVSVTI_DECODE_LABELS_H

#include <stddef.h>
#include <stdint.h>

#include <avsvt/notes.h>

#define AVSVTI_LABEL_COLUMNS 4 /* onset, silence ("offset"), octave, class */

/* labels: frames x 4. Notes in order of time; shift is added to each pitch.
 * Frame i is at i / frame_rate_hz. Without notes every frame is silent (the
 * original fails). Classes of pitches with fractions have fractions. */
void avsvti_frame_labels(double *labels, int64_t frames, double frame_rate_hz,
                         const avsvt_note *notes, size_t count, double shift);

#endif
