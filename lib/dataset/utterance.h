/* SPDX-License-Identifier: MIT */
/* Songs cut into utterances as AV_SVT cuts them, and numbers as Python writes
 * and rounds them. */
#ifndef AVSVTI_DATASET_UTTERANCE_H
#define AVSVTI_DATASET_UTTERANCE_H

#include <stddef.h>
#include <stdint.h>

#include "core/number.h"

/* round(): halves to the even number. */
double avsvti_round_even(double x);
/* repr() of a float: the fewest digits that are read back as the same. */
void avsvti_python_float(char to[AVSVTI_NUMBER_SIZE], double x);

/* How many utterances of length_s a song has; sound and video differ. */
int64_t avsvti_utterances(double duration_s, double length_s);
int64_t avsvti_video_utterances(double duration_s, double length_s);
/* The text of the duration of utterance i (from 1) of count. */
void avsvti_utterance_duration(char to[AVSVTI_NUMBER_SIZE], int64_t i,
                               int64_t count, double duration_s,
                               double length_s);
/* What utterance i takes of total samples or frames at a rate. */
void avsvti_utterance_range(int64_t *from, int64_t *to, int64_t i,
                            int64_t count, double rate_hz, double length_s,
                            int64_t total);

#endif
