/* SPDX-License-Identifier: MIT */
/* Bytes into an open file, by a guest that must not end its host. */
#ifndef AVSVTI_PLATFORM_WRITE_H
#define AVSVTI_PLATFORM_WRITE_H

#include <stddef.h>
#include <stdint.h>

#define AVSVTI_WHERE_IT_STANDS (-1)

/* Writes all bytes at a place of the file, or where it stands. Returns 0, or the errno
 * of what was wrong. A pipe whose reader is gone and a limit on the size of files are
 * told so, too: the signals that the system sends then, and of which a program ends, do
 * not come through. */
int avsvti_write_all(int fd, const void *data, size_t size, int64_t at);

#endif
