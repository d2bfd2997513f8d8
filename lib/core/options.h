/* SPDX-License-Identifier: MIT */
/* Structs that grow: options come in, records go out, by struct_size. */
#ifndef AVSVTI_CORE_OPTIONS_H
#define AVSVTI_CORE_OPTIONS_H

#include <avsvt/status.h>

/* Copies the caller's options (may be NULL: all zero) into *full, which has
 * full_size bytes and a uint32_t struct_size first. A tail that we don't know
 * must be zero. type names the struct in messages. */
avsvt_status avsvti_options_read(void *full, size_t full_size,
                                 const void *given, const char *type,
                                 avsvt_error *err);

/* Whether a caller's record can be written to; NULL can't. */
avsvt_status avsvti_record_check(const void *given, const char *type,
                                 avsvt_error *err);

/* Copies *full into the caller's record, at most its struct_size bytes;
 * its struct_size is kept and a tail that we don't know is zeroed. */
avsvt_status avsvti_record_write(void *given, const void *full,
                                 size_t full_size, const char *type,
                                 avsvt_error *err);

#endif
