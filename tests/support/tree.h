/* SPDX-License-Identifier: MIT */
/* A tree of folders of a test's own, gone when the test ends. */
#ifndef AVSVT_TESTS_TREE_H
#define AVSVT_TESTS_TREE_H

#include <stddef.h>

/* CMocka set-up and tear-down. */
int tree_make(void **state);
int tree_remove(void **state);

/* Removes a folder with all that is in it. */
int tree_drop(const char *folder);

/* Whole path of a file in it; good until the eighth call after. */
const char *tree_path(const char *name);
/* Makes the folders above the file and writes it. */
const char *tree_write(const char *name, const void *data, size_t size);
const char *tree_text(const char *name, const char *text);
/* A recording of so many samples, mono, 16 kHz. */
const char *tree_sound(const char *name, int samples);
/* The file as text, free() it; fails the test when it is not there. */
char *tree_read(const char *name);
int tree_has(const char *name);

#endif
