/* SPDX-License-Identifier: MIT */
/* Finding and loading modules: shared objects that adapt heavy libraries. */
#ifndef AVSVTI_BACKEND_MODULE_H
#define AVSVTI_BACKEND_MODULE_H

#include "core/context.h"

/* A kind of module: how it is called, entered and judged. */
typedef struct avsvti_module_kind {
    const char *name;  /* of avsvt_NAME.so */
    const char *entry; /* the function that it exports */
    const char *needs; /* "this model needs": the beginning of a message */
    const char *remedy;/* what installs it: the end of that message */
    /* Calls the entry and checks the table that it gives; NULL on failure,
     * with the reason in err. symbol is the entry's address. */
    const void *(*enter)(void *symbol, const char *path, avsvt_error *err);
} avsvti_module_kind;

/* The module's table. It is loaded on first use, with local scope, and never
 * unloaded. Looked for in the context's folder, else in AVSVT_MODULE_PATH, else
 * beside the library and where modules are installed. */
avsvt_status avsvti_module_load(const void **table, const avsvt_context *context,
                                const avsvti_module_kind *kind, avsvt_error *err);

/* The words for an entry that gave no table: its own status and message. */
avsvt_status avsvti_module_refused(const char *path, avsvt_status status,
                                   const char *message, avsvt_error *err);
avsvt_status avsvti_module_other_release(const char *path, unsigned have,
                                         unsigned want, avsvt_error *err);
avsvt_status avsvti_module_incomplete(const char *path, avsvt_error *err);

#endif
