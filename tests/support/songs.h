/* SPDX-License-Identifier: MIT */
/* Made songs and a model that can be trained without libtorch, in the scratch
 * folder. */
#ifndef AVSVT_TESTS_SONGS_H
#define AVSVT_TESTS_SONGS_H

#include <avsvt/avsvt.h>

/* Sines with notes beside them, NAME0.wav and NAME0.csv, and so on, each
 * seconds long or up to twice that. */
void songs_make(const char *name, int count, double seconds);
/* Notes file of a song, written anew. */
void songs_notes(const char *name, const char *csv);
/* A model of the null backend's whose weights lie in the file; more: lines for
 * its manifest. Returns its path. */
const char *songs_model(const char *name, const char *more);
/* Writes a recipe that trains it; more: further lines. */
const char *songs_recipe(const char *name, const char *model, const char *more);

#endif
