/* SPDX-License-Identifier: MIT */
/* Golden files and note lists for tests. Include after cmocka.h. */
#ifndef AVSVT_TESTS_NOTE_LISTS_H
#define AVSVT_TESTS_NOTE_LISTS_H

#include <avsvt/avsvt.h>

#include "support/npz.h"

/* Opens golden data of our own (tests/golden/NAME); the test fails when it is
 * not there. */
void open_own_golden(npz_file *f, const char *name);
/* Opens AVSVT_TEST_DATA/reference/svt/golden/NAME; skips the test when there
 * is no such data. */
void open_reference_golden(npz_file *f, const char *name);
/* The array "KEY_NAME"; the test fails when there is none. */
npz_array golden_array(const npz_file *f, const char *key, const char *name);

/* A list from rows of onset, offset, pitch. */
avsvt_notes *notes_of_rows(const npz_array *rows);
avsvt_notes *notes_of(const double (*rows)[3], size_t count);
/* Same count, same times to 1e-12 and same pitch as the rows. */
void assert_notes_are(const avsvt_notes *notes, const npz_array *rows);
/* Every member of every note is the same. */
void assert_same_notes(const avsvt_notes *a, const avsvt_notes *b);
avsvt_note note_at(const avsvt_notes *notes, size_t i);

/* Activations at 50 frames/s or another rate; fine may be NULL. */
avsvt_activations *activations_of(const float *logits, const float *fine,
                                  int32_t fine_bins, const float *level,
                                  int64_t frames, double rate);

#endif
