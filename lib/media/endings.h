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
/* What is there in several files of a folder, of which one is taken. */
typedef struct avsvti_folder_doubles {
    size_t count;
    const char *taken, *passed; /* of the first of them; the folder's */
} avsvti_folder_doubles;

/* Counts `found`, which avsvti_folder_named() gave, where another file comes after it. */
avsvt_status avsvti_folder_double(avsvti_folder_doubles *doubles, const avsvti_folder *folder,
                                  const char *path, const char *found, size_t n,
                                  const char *const *endings, avsvt_error *err);
/* Warns of songs with several lists of notes, once for the folder. */
void avsvti_folder_tell_doubles(const avsvti_folder_doubles *doubles, avsvt_context *context,
                                const char *path);

#endif
