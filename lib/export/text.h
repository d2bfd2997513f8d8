/* SPDX-License-Identifier: MIT */
/* How text and time stand in the files that are written. */
#ifndef AVSVTI_EXPORT_TEXT_H
#define AVSVTI_EXPORT_TEXT_H

#include "core/buffer.h"

/* The two below take text that is clean already (core/clean.h). */
void avsvti_text_xml(avsvti_buffer *b, const char *text);  /* also in attributes */
void avsvti_text_json(avsvti_buffer *b, const char *text); /* with its quotes;
                                        safe inside an HTML script element */

/* "1:05" or "1:05.2", "2:01:05" from an hour on; decimals 0..3. */
#define AVSVTI_CLOCK_SIZE 48
void avsvti_clock(char *to, double seconds, int decimals);

#endif
