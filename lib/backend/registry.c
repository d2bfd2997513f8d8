/* SPDX-License-Identifier: MIT */
/* Choosing a backend, and the module that brings libtorch. */
#include "backend/registry.h"

#include <string.h>

#include "backend/module.h"
#include "core/error.h"

/* The torch module's entry: its table, checked. */
static const void *enter_torch(void *symbol, const char *path, avsvt_error *err)
{
    union { void *address; avsvt_module_entry_fn function; } entry;
    avsvt_status status = AVSVT_E_MODULE;
    char message[400] = "";
    entry.address = symbol;
    const avsvt_backend *b = entry.function(AVSVT_BACKEND_INTERFACE, &status,
                                            message, sizeof(message));
    message[sizeof(message) - 1] = '\0';
    if (!b) {
        avsvti_module_refused(path, status, message, err);
        return NULL;
    }
    if (b->struct_size < offsetof(avsvt_backend, name) ||
        b->interface_version != AVSVT_BACKEND_INTERFACE) {
        avsvti_module_other_release(path, b->interface_version,
                                    AVSVT_BACKEND_INTERFACE, err);
        return NULL;
    }
    if (b->struct_size < offsetof(avsvt_backend, training) || !b->name || !b->open ||
        !b->instance_create || !b->run || !b->instance_free || !b->free) {
        avsvti_module_incomplete(path, err);
        return NULL;
    }
    return b;
}

static const avsvti_module_kind torch = {
    "torch", AVSVT_MODULE_ENTRY, "this model needs",
    "install libtorch (Debian: apt install libtorch-dev, or pip install torch), "
    "build libavsvt with -DAVSVT_TORCH=ON", enter_torch,
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
