/* SPDX-License-Identifier: MIT */
/* What lies in a folder. */
#ifndef AVSVTI_PLATFORM_FOLDER_H
#define AVSVTI_PLATFORM_FOLDER_H

#include "core/error.h"
#include "core/memory.h"

typedef struct avsvti_folder {
    const avsvt_allocator *allocator;
    char **names; /* sorted by their bytes; hidden ones are left out */
    size_t count, capacity;
} avsvti_folder;

avsvt_status avsvti_folder_read(avsvti_folder *folder, const avsvt_allocator *a,
                                const char *path, avsvt_error *err);
void avsvti_folder_free(avsvti_folder *folder);

int avsvti_folder_is(const char *path);
int avsvti_file_is(const char *path); /* a regular file is there */
/* Makes it with those above it; one that is there already is fine. *made (may be
 * NULL): bytes of the path up to the first that was made; 0: none was. */
avsvt_status avsvti_folder_make(const avsvt_allocator *a, const char *path,
                                size_t *made, avsvt_error *err);
/* Removes those that it made, as far as nothing is in them; needs no memory. */
void avsvti_folder_unmake(const char *path, size_t made);

/* "folder/name", or name alone where it is absolute or folder NULL or "". */
char *avsvti_path_join(const avsvt_allocator *a, const char *folder,
                       const char *name);
/* The folder that a file lies in, with its slash; "" where its path names none. */
char *avsvti_folder_of(const avsvt_allocator *a, const char *file);
/* The path of what a file names, which is relative to where that lies. */
char *avsvti_path_beside(const avsvt_allocator *a, const char *file,
                         const char *name);

#endif
