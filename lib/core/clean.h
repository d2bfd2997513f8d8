/* SPDX-License-Identifier: MIT */
/* Text of users, made one line of valid UTF-8. */
#ifndef AVSVTI_CORE_CLEAN_H
#define AVSVTI_CORE_CLEAN_H

#include "core/buffer.h"

/* One line of valid UTF-8: bytes that are none become U+FFFD, control
 * characters a space, and so do the code points that XML forbids. */
void avsvti_text_clean(avsvti_buffer *b, const char *text);

typedef enum avsvti_code_page {
    AVSVTI_WESTERN, /* Windows-1252 */
    AVSVTI_CENTRAL, /* Windows-1250 */
} avsvti_code_page;

/* The same of a text that may be older than UTF-8: where it is not, it is taken
 * for one of the code page. */
void avsvti_text_clean_old(avsvti_buffer *b, const char *text, avsvti_code_page page);

#endif
