/* SPDX-License-Identifier: MIT */
/* A folder of a test's own, gone when the test ends. */
#ifndef AVSVT_TESTS_SCRATCH_H
#define AVSVT_TESTS_SCRATCH_H

#include <stddef.h>

/* CMocka group set-up and tear-down. */
int scratch_make(void **state);
int scratch_remove(void **state);

/* Path of name in it; good until the eighth call after. */
const char *scratch_path(const char *name);

/* Writes a file there, and reads one from anywhere (free() it). */
const char *scratch_write(const char *name, const void *data, size_t size);
char *scratch_read(const char *path, size_t *size);
/* The same of a file in one of its folders. */
char *scratch_output(const char *in, const char *file, size_t *size);

/* How many files lie in it. */
int scratch_count(void);

#endif
