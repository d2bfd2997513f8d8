/* SPDX-License-Identifier: MIT */
/* Noise of the papers' evaluation. */
#ifndef AVSVTI_AUGMENT_TRACK_H
#define AVSVTI_AUGMENT_TRACK_H

#include <stdint.h>

#define AVSVTI_SLOT_S 10      /* a clip of noise has so much room */
#define AVSVTI_BABBLE_VOICES 30

/* A clip in the middle of its slot, silence around it; what is too long is cut
 * at its end. */
void avsvti_noise_slot(float *slot, int64_t length, const float *clip,
                       int64_t count);

#endif
