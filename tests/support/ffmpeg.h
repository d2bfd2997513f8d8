/* SPDX-License-Identifier: MIT */
/* Files made by the ffmpeg command. Include after cmocka.h. */
#ifndef AVSVT_TESTS_FFMPEG_H
#define AVSVT_TESTS_FFMPEG_H

#include <stddef.h>
#include <stdint.h>

/* Whether the media module was built; a test that needs it is left out (and
 * says so) where not. */
void needs_media_module(void);

/* Runs ffmpeg with these arguments to make the file name in the test's own
 * folder; returns its path. Leaves the test out where there is no ffmpeg
 * command, or it lacks the coder. */
const char *ffmpeg_make(const char *arguments, const char *name);

/* What ffmpeg gives for that file with these arguments, malloc'd. */
unsigned char *ffmpeg_read(const char *path, const char *arguments, size_t *size);

#endif
