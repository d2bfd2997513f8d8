/* SPDX-License-Identifier: MIT */
/* JSON, a value at a time, for the readers of notes: blanks before a value are
 * passed, and what is wrong is told by line. */
#ifndef AVSVTI_IMPORT_JSON_VALUE_H
#define AVSVTI_IMPORT_JSON_VALUE_H

#include "import/read.h"

#define AVSVTI_JSON_NAME_SIZE 16 /* longer names are none of ours */

/* The next character that is no blank; 0 at the end. */
char avsvti_json_peek(avsvti_reader *r);
/* A string. Kept in name, of AVSVTI_JSON_NAME_SIZE, unless that is NULL: with its
 * escapes as they stand, since none of our names has any; "" when it is longer. */
avsvt_status avsvti_json_string(avsvti_reader *r, char *name);
avsvt_status avsvti_json_number(avsvti_reader *r, double *value);
/* Any value. */
avsvt_status avsvti_json_skip(avsvti_reader *r);

/* Reads the value of the member called name. */
typedef avsvt_status (*avsvti_json_member)(avsvti_reader *r, const char *name, void *user);
/* Reads one value of a list. */
typedef avsvt_status (*avsvti_json_item)(avsvti_reader *r, void *user);
avsvt_status avsvti_json_object(avsvti_reader *r, avsvti_json_member member, void *user);
avsvt_status avsvti_json_list(avsvti_reader *r, avsvti_json_item item, void *user);

#endif
