/* SPDX-License-Identifier: MIT */
/* Text of users, made safe for the file it goes into. */
#ifndef AVSVTI_EXPORT_TEXT_H
#define AVSVTI_EXPORT_TEXT_H

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

/* The two below take text that is clean already. */
void avsvti_text_xml(avsvti_buffer *b, const char *text);  /* also in attributes */
void avsvti_text_json(avsvti_buffer *b, const char *text); /* with its quotes;
                                        safe inside an HTML script element */

/* "1:05" or "1:05.2", "2:01:05" from an hour on; decimals 0..3. */
#define AVSVTI_CLOCK_SIZE 48
void avsvti_clock(char *to, double seconds, int decimals);

#endif
