/* SPDX-License-Identifier: MIT */
/* Finding and loading modules: shared objects that adapt heavy libraries. */
#ifndef AVSVTI_BACKEND_MODULE_H
#define AVSVTI_BACKEND_MODULE_H

#include "core/context.h"

/* What every table begins with. */
typedef struct avsvti_module_head {
    uint32_t struct_size;
    uint32_t interface_version;
} avsvti_module_head;

/* A kind of module: how it is called, entered and judged. */
typedef struct avsvti_module_kind {
    const char *name;  /* of avsvt_NAME.so */
    const char *entry; /* the function that it exports */
    const char *needs; /* "this model needs": the beginning of a message */
    const char *remedy;/* what installs it: the end of that message */
    uint32_t interface_version; /* the one that is understood */
    size_t   size;     /* of its table, as far as it must be filled */
    /* Calls the entry, by its own type; symbol is its address. */
    const void *(*call)(void *symbol, avsvt_status *status, char *message, size_t size);
    /* Whether the table has the functions that it must have. */
    int (*complete)(const void *table);
} avsvti_module_kind;

/* The module's table. It is loaded on first use, with local scope, and never
 * unloaded. Looked for in the context's folder, else in AVSVT_MODULE_PATH, else
 * beside the library and where modules are installed. */
avsvt_status avsvti_module_load(const void **table, const avsvt_context *context,
                                const avsvti_module_kind *kind, avsvt_error *err);

#endif
