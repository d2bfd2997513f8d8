/* SPDX-License-Identifier: MIT */
/* Choosing a backend, and the module that brings libtorch. */
#include "backend/registry.h"

#include <string.h>

#include "backend/module.h"
#include "core/error.h"

static const void *call_torch(void *symbol, avsvt_status *status, char *message, size_t size)
{
    union { void *address; avsvt_module_entry_fn function; } entry;
    entry.address = symbol;
    return entry.function(AVSVT_BACKEND_INTERFACE, status, message, size);
}

static int complete(const void *table)
{
    const avsvt_backend *t = table;
    return t->name && t->open && t->instance_create && t->run && t->instance_free && t->free;
}

static const avsvti_module_kind torch = {
    "torch", AVSVT_MODULE_ENTRY, "this model needs",
    "install libtorch (Debian: apt install libtorch-dev, or pip install torch), "
    "build libavsvt with -DAVSVT_TORCH=ON",
    AVSVT_BACKEND_INTERFACE, offsetof(avsvt_backend, training), call_torch, complete,
};

static const char *pick(const avsvt_context *context, const char *native_family)
{
    if (strcmp(context->backend, "auto"))
        return context->backend;
    /* Plain C runs on the CPU: who asks for a GPU gets libtorch. */
    if (native_family && strncmp(context->device, "cuda", 4) &&
        avsvti_native_has_family(native_family))
        return "native";
    return "torch";
}

avsvt_status avsvti_backend_choose(const avsvt_backend **out,
                                   const avsvt_context *context,
                                   const char *native_family, avsvt_error *err)
{
    const avsvt_context *c = avsvti_context_or_default(
        (avsvt_context *)(uintptr_t)context);
    const char *name = pick(c, native_family);
    *out = NULL;
    if (!strcmp(name, "native")) {
        *out = &avsvti_backend_native;
        return AVSVT_OK;
    }
    if (!strcmp(name, "null")) {
        *out = &avsvti_backend_null;
        return AVSVT_OK;
    }
    if (strcmp(name, "torch"))
        return avsvti_fail(err, AVSVT_E_ARG,
            "backend '%.40s': use auto, native, torch or null", name);
    const void *table = NULL;
    avsvt_status status = avsvti_module_load(&table, c, &torch, err);
    *out = table;
    return status;
}
