/* SPDX-License-Identifier: MIT */
/* Annotations in JSON, read by libjansson. */
#ifndef AVSVTI_DATASET_JSON_H
#define AVSVTI_DATASET_JSON_H

#include <jansson.h>

#include "dataset/dataset.h"

/* The object that a file in the set's folder holds; json_decref() it. The
 * first of the names (closed by NULL) that is there is read. */
avsvt_status avsvti_json_read(avsvti_dataset *d, json_t **out,
                              const char *const *names);
/* [[onset, offset, pitch], ...]; song and what is wrong go into *err. */
avsvt_status avsvti_json_notes(avsvti_note_list *list, int *fractions,
                               const json_t *rows, const char *song,
                               avsvt_error *err);

#endif
