/* SPDX-License-Identifier: MIT */
/* The pitch of single frames. */
#ifndef AVSVTI_DECODE_CURVE_H
#define AVSVTI_DECODE_CURVE_H

#include <avsvt/head.h>

/* MIDI number at the centre of what lies within a semitone of the strongest of
 * bins logits. */
double avsvti_fine_pitch(const float *fine, int bins, double lowest, double step);
/* MIDI number of a frame that sounds. fine: info->fine_bins logits, or NULL:
 * from octave and class. */
double avsvti_frame_pitch(const avsvt_activations_info *info,
                          const float *logits, const float *fine);
/* Whether it sounds: silence is less likely than threshold (0: the usual). */
int avsvti_frame_sounds(const float *logits, double threshold);

#endif
