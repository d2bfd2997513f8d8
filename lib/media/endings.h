/* SPDX-License-Identifier: MIT */
/* Which files of a folder are taken for sound, and which belong together. */
#ifndef AVSVTI_MEDIA_ENDINGS_H
#define AVSVTI_MEDIA_ENDINGS_H

#include "platform/folder.h"

/* Closed by NULL; where a recording is there with several, the first counts. */
extern const char *const avsvti_sound_endings[];

/* Length of a file's name without one of them, in any case of letters; 0: it
 * has none. */
size_t avsvti_sound_stem(const char *name);

/* The file of a folder, listed and lying at path, whose name is these n bytes and
 * one of the endings, in any case of letters; of several the one whose ending
 * comes first. [borrowed] from the list; NULL: there is none. */
avsvt_status avsvti_folder_named(const char **name, const avsvti_folder *folder,
                                 const char *path, const char *stem, size_t n,
                                 const char *const *endings, avsvt_error *err);
/* The same for what comes after `found` there: the file that was passed over. */
avsvt_status avsvti_folder_passed(const char **name, const avsvti_folder *folder,
                                  const char *path, const char *found, size_t n,
                                  const char *const *endings, avsvt_error *err);

#endif
