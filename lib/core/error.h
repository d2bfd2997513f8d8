/* SPDX-License-Identifier: MIT */
/* Filling in an avsvt_error. */
#ifndef AVSVTI_CORE_ERROR_H
#define AVSVTI_CORE_ERROR_H

#include <avsvt/status.h>

#if defined(__GNUC__)
#  define AVSVTI_PRINTF(f, a) __attribute__((format(printf, f, a)))
#else
#  define AVSVTI_PRINTF(f, a)
#endif

/* Writes the message (cut at the caller's size, at a whole character) and
 * returns status, so that a failing function can return avsvti_fail(...). */
avsvt_status avsvti_fail(avsvt_error *err, avsvt_status status,
                         const char *format, ...) AVSVTI_PRINTF(3, 4);

/* AVSVT_E_NOMEM with the usual words. */
avsvt_status avsvti_fail_memory(avsvt_error *err);

/* Puts "prefix: " before the message that is there; returns its status. */
avsvt_status avsvti_fail_prefix(avsvt_error *err, avsvt_status status,
                                const char *prefix);

/* What err holds is from now on that nothing failed. */
void avsvti_error_clear(avsvt_error *err);

/* Makes one line of UTF-8 of a message that may have been cut: file names may
 * hold anything. A byte that is none becomes '?', a control character a space. */
void avsvti_one_line(char *text);

#endif
