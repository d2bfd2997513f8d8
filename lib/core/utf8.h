/* SPDX-License-Identifier: MIT */
/* Characters of texts that may be no UTF-8. */
#ifndef AVSVTI_CORE_UTF8_H
#define AVSVTI_CORE_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of the character at p, which is closed by a zero; 0 when it is no UTF-8
 * (too long a form and surrogates are not). */
size_t avsvti_utf8_read(const char *p, uint32_t *code);

/* Bytes (0 or 3) of the mark that some editors put at the beginning of UTF-8. */
size_t avsvti_utf8_mark(const char *text, size_t size);

/* C0, delete, C1, line and paragraph separators, and what XML has no way to
 * write. */
int avsvti_utf8_is_control(uint32_t code);

#endif
