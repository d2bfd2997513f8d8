/* SPDX-License-Identifier: MIT */
/* YAML as a tree: manifests, pipeline files, recipes, chains of augmentation. */
#ifndef AVSVTI_CORE_YAML_H
#define AVSVTI_CORE_YAML_H

#include <avsvt/status.h>

#include "core/memory.h"

typedef struct avsvti_yaml avsvti_yaml;

/* Parses at most 4 MB of YAML: mappings, lists and scalars, no aliases, depth
 * at most 32. name is used in messages, which name the line. */
avsvt_status avsvti_yaml_parse(avsvti_yaml **out,
                               const avsvt_allocator *a, const char *text,
                               size_t size, const char *name,
                               avsvt_error *err);
/* The scalar at a path with dots ("a.b.0"), NULL when there is none. */
const char *avsvti_yaml_get(const avsvti_yaml *m, const char *path);
/* Number of children of the mapping or list at path (NULL or "": the root);
 * 0 when there is none. */
size_t avsvti_yaml_count(const avsvti_yaml *m, const char *path);
/* Key of child i of the mapping at path; NULL for a list or outside. */
const char *avsvti_yaml_key(const avsvti_yaml *m, const char *path,
                            size_t i);
/* The number at a path, which may have to be whole; *value stays as it is where
 * there is nothing. file is used in messages. */
avsvt_status avsvti_yaml_number(const avsvti_yaml *m, const char *file,
                                const char *key, double lowest,
                                double highest, int whole, double *value,
                                avsvt_error *err);
/* Which of words (which end in NULL) the one at a path is; *value stays as it is
 * where there is nothing. */
avsvt_status avsvti_yaml_word(const avsvti_yaml *m, const char *file,
                              const char *key, const char *const *words,
                              int *value, avsvt_error *err);
/* Refuses what is at path ("": the whole) where it is no mapping, or has a key that
 * is not among words (which end in NULL): one that is mistyped would change nothing
 * and nobody would know. Nothing there, or an empty value, is no key. */
avsvt_status avsvti_yaml_keys(const avsvti_yaml *m, const char *file,
                              const char *path, const char *const *words,
                              avsvt_error *err);
void avsvti_yaml_free(avsvti_yaml *m);

#endif
