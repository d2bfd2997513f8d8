/* SPDX-License-Identifier: MIT */
/* Numbers as text, the same under every locale. */
#ifndef AVSVTI_CORE_NUMBER_H
#define AVSVTI_CORE_NUMBER_H

#include <stddef.h>

#define AVSVTI_NUMBER_SIZE 352 /* room for any double with 21 decimals */

/* At most decimals (0..21) digits after the point, zeros at the end left
 * away; "nan", "inf" and "-inf" for what is not finite. */
void avsvti_number_print(char *to, size_t size, double value, int decimals);

/* Reads a decimal number (no hexadecimal, no nan or inf) at text, which need
 * not end there; returns the first character after it, NULL when there is
 * none or it is too large for a double. */
const char *avsvti_number_parse(const char *text, double *value);

#endif
