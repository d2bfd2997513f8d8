/* SPDX-License-Identifier: MIT */
/* What a context holds, for the parts of the library that use it. */
#ifndef AVSVTI_CORE_CONTEXT_H
#define AVSVTI_CORE_CONTEXT_H

#include <stdatomic.h>

#include <avsvt/context.h>

#include "core/error.h"
#include "core/memory.h"

struct avsvt_context {
    atomic_size_t   users;
    avsvt_allocator allocator;
    int32_t         threads;
    int32_t         precision;
    char           *device;      /* never NULL */
    char           *backend;     /* never NULL */
    char           *module_path; /* NULL: search as documented */
    avsvt_log_fn    log;
    void           *log_user;
};

/* The context, or the built-in one for NULL. The built-in one is never freed
 * and may be counted like any other. */
avsvt_context *avsvti_context_or_default(avsvt_context *context);

void avsvti_log(const avsvt_context *context, int32_t level,
                const char *format, ...) AVSVTI_PRINTF(3, 4);

#endif
