/* SPDX-License-Identifier: MIT */
/** @file status.h
 *  How calls report failure: a status to act on and a message for people.
 *
 *  Every fallible function returns an avsvt_status and takes, last, a pointer
 *  to an avsvt_error that the caller owns (NULL when the text is not wanted);
 *  those that only read a member, push or poll do without one.
 *  On failure the outputs are NULL or zero and nothing needs to be freed. */
#ifndef AVSVT_STATUS_H
#define AVSVT_STATUS_H

#include <avsvt/api.h>

AVSVT_BEGIN_DECLS

/** Status of a call. The values never change. */
typedef int32_t avsvt_status;

#define AVSVT_OK             0  /**< Done. */
#define AVSVT_E_ARG          1  /**< An argument is not allowed here. */
#define AVSVT_E_NOMEM        2  /**< Out of memory. */
#define AVSVT_E_IO           3  /**< Reading or writing failed. */
#define AVSVT_E_NOT_FOUND    4  /**< No such file, model or key. */
#define AVSVT_E_FORMAT       5  /**< Contents are damaged or of another kind. */
#define AVSVT_E_UNSUPPORTED  6  /**< Valid, but more than this build can do. */
#define AVSVT_E_RANGE        7  /**< An index or number is out of range. */
#define AVSVT_E_MODULE       8  /**< A module (libtorch, ...) is missing. */
#define AVSVT_E_CONFLICT     9  /**< Another libtorch lives in this process. */
#define AVSVT_E_BACKEND      10 /**< The network failed while it ran. */
#define AVSVT_E_CANCELLED    11 /**< The caller asked to stop. */
#define AVSVT_E_BUSY         12 /**< In use by another thread, or training. */
#define AVSVT_E_DEVICE       13 /**< No such device, or it failed. */
#define AVSVT_E_INTERNAL     14 /**< A fault of the library; please report. */

/** What went wrong, in words. Own it, initialise it, read it after a failure. */
typedef struct avsvt_error {
    uint32_t     struct_size;  /**< Set by AVSVT_ERROR_INIT. */
    avsvt_status status;       /**< The status that was returned. */
    char         message[504]; /**< UTF-8, one line, always terminated. */
} avsvt_error;
#define AVSVT_ERROR_INIT { sizeof(avsvt_error), AVSVT_OK, { 0 } }

/** Short name of a status, such as "AVSVT_E_IO".
 *  @return [borrowed] a static string; "AVSVT_E_?" for an unknown value.
 *  @thread any  @rt yes  @since 0.1 */
AVSVT_API const char *avsvt_status_name(avsvt_status status);

AVSVT_END_DECLS
#endif /* AVSVT_STATUS_H */
