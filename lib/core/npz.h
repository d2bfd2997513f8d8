/* SPDX-License-Identifier: MIT */
/* An .npy or .npz file in memory's addresses, and the arrays in it. */
#ifndef AVSVTI_CORE_NPZ_H
#define AVSVTI_CORE_NPZ_H

#include "core/archive.h"
#include "core/npy.h"
#include "platform/map.h"

typedef struct avsvti_npz {
    const avsvt_allocator *allocator;
    const char *path; /* borrowed */
    avsvti_map map;
    avsvti_archive zip;
    int   zipped;
    char *unpacked;   /* of the array in hand, where it was deflated */
} avsvti_npz;

avsvt_status avsvti_npz_open(avsvti_npz *npz, const avsvt_allocator *a,
                             const char *path, avsvt_error *err);
/* The array called array (NULL: the only one; of an .npy file: whatever the
 * name). *data is borrowed until the next call, and holds all its elements. */
avsvt_status avsvti_npz_array(avsvti_npz *npz, const char *array, size_t max,
                              avsvti_npy *npy, const void **data, avsvt_error *err);
/* The same without the elements: a packed array is not unpacked for it. */
avsvt_status avsvti_npz_shape(avsvti_npz *npz, const char *array, avsvti_npy *npy,
                              avsvt_error *err);
/* An array in two steps, for whoever takes an array in parts: where in the zip it
 * lies, whose check sum is not looked at, and the header before it, after which
 * all elements are there. */
avsvt_status avsvti_npz_find(const avsvti_npz *npz, const char *array,
                             const avsvti_archive_entry **out, avsvt_error *err);
avsvt_status avsvti_npz_header(const avsvti_npz *npz, const void *bytes, size_t size,
                               avsvti_npy *npy, avsvt_error *err);
/* The name of an array that is an entry: *size bytes; 0: it is none. */
int avsvti_npz_name(const avsvti_archive_entry *entry, size_t *size);
void avsvti_npz_close(avsvti_npz *npz);

#endif
