/* SPDX-License-Identifier: MIT */
/* Pitches, which are MIDI numbers, by name and by frequency. */
#ifndef AVSVTI_CORE_KEY_H
#define AVSVTI_CORE_KEY_H

#define AVSVTI_KEY_NAME_SIZE 24

/* "A#4" for the MIDI number that is nearest to pitch. */
void avsvti_key_name(char *to, double pitch);
/* With the cents beside it, where there are any: "A#4-12". */
void avsvti_key_name_cents(char *to, double pitch);
/* Reads what these write, flats ("Bb4") and small letters too; returns what follows,
 * NULL when it is no such name. */
const char *avsvti_key_parse(const char *text, double *pitch);
/* The pitch of a frequency; not a number where that is 0 or below. */
double avsvti_pitch_of_hz(double hz);

#endif
