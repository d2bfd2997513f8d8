/* SPDX-License-Identifier: MIT */
/* Choosing a backend, and loading the module that brings it. */
#define _GNU_SOURCE
#include "backend/registry.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/error.h"
#include "platform/thread.h"

/* Modules stay loaded until the process ends, and so does this list; it is
 * therefore kept by malloc, not by any context's allocator. */
typedef struct module {
    struct module *next;
    const avsvt_backend *backend;
    char path[];
} module;

static avsvti_mutex lock = AVSVTI_MUTEX_INIT;
static module *modules;

static const module *loaded_module(const char *path)
{
    const module *m = modules;
    while (m && strcmp(m->path, path))
        m = m->next;
    return m;
}

/* FOLDER/avsvt_NAME.so */
static char *module_file(const avsvt_allocator *a, const char *folder,
                         size_t folder_size, const char *name)
{
    size_t n = folder_size + strlen(name) + 16;
    char *path = avsvti_alloc(a, n, 1);
    if (path)
        snprintf(path, n, "%.*s/avsvt_%s.so", (int)folder_size, folder, name);
    return path;
}

/* The folder avsvt/ beside the library that this code is in. */
static char *beside_library(const avsvt_allocator *a, const char *name)
{
    Dl_info info;
    if (!dladdr((const void *)&lock, &info) || !info.dli_fname)
        return module_file(a, "./avsvt", 7, name);
    const char *slash = strrchr(info.dli_fname, '/');
    size_t n = slash ? (size_t)(slash - info.dli_fname) + 1 : 0;
    char *folder = avsvti_alloc(a, n + 8, 1);
    if (!folder)
        return NULL;
    snprintf(folder, n + 8, "%.*savsvt", (int)n, info.dli_fname);
    char *path = module_file(a, folder, strlen(folder), name);
    avsvti_release(a, folder);
    return path;
}

/* Where the module is. A folder that the host or user named is the only one
 * that is looked at; *path is NULL when there is no such file anywhere. */
static avsvt_status find_module(char **path, const avsvt_context *context,
                                const char *name, avsvt_error *err)
{
    const avsvt_allocator *a = avsvti_allocator(context);
    const char *folder = context->module_path, *usual = AVSVTI_MODULE_INSTALL_DIR;
    if (!folder || !*folder)
        folder = getenv("AVSVT_MODULE_PATH");
    int named = folder && *folder;
    char *first = named ? module_file(a, folder, strlen(folder), name)
                        : beside_library(a, name);
    char *second = named ? NULL : module_file(a, usual, strlen(usual), name);
    if (!first || (!named && !second)) {
        avsvti_release(a, first);
        avsvti_release(a, second);
        *path = NULL;
        return avsvti_fail_memory(err);
    }
    if (!access(first, F_OK)) {
        avsvti_release(a, second);
        *path = first;
        return AVSVT_OK;
    }
    if (second && !access(second, F_OK)) {
        avsvti_release(a, first);
        *path = second;
        return AVSVT_OK;
    }
    avsvt_status status = avsvti_fail(err, AVSVT_E_MODULE,
        "this model needs the %s module, and there is no %.180s: install "
        "libtorch (Debian: apt install libtorch-dev, or pip install torch), "
        "build libavsvt with -DAVSVT_TORCH=ON, or set AVSVT_MODULE_PATH to the "
        "folder of avsvt_%s.so", name, first, name);
    avsvti_release(a, first);
    avsvti_release(a, second);
    *path = NULL;
    return status;
}

static avsvt_status check_table(const avsvt_backend *b, const char *path,
                                avsvt_error *err)
{
    if (b->struct_size < offsetof(avsvt_backend, name) ||
        b->interface_version != AVSVT_BACKEND_INTERFACE)
        return avsvti_fail(err, AVSVT_E_MODULE,
            "%s: is made for another release of libavsvt (interface %u, wanted "
            "%u): build module and library together", path,
            (unsigned)b->interface_version, AVSVT_BACKEND_INTERFACE);
    if (b->struct_size < sizeof(*b) || !b->name || !b->open ||
        !b->instance_create || !b->run || !b->instance_free || !b->free)
        return avsvti_fail(err, AVSVT_E_MODULE,
            "%s: its table of functions is incomplete: build it again", path);
    return AVSVT_OK;
}

static avsvt_status enter_module(const avsvt_backend **out, const char *path,
                                 avsvt_error *err)
{
    char message[400] = "";
    avsvt_status status = AVSVT_E_MODULE;
    union { void *address; avsvt_module_entry_fn function; } entry;
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (!handle) {
        const char *why = dlerror();
        return avsvti_fail(err, AVSVT_E_MODULE,
            "%s: can't be loaded: %s", path, why ? why : "no reason given");
    }
    entry.address = dlsym(handle, AVSVT_MODULE_ENTRY);
    if (!entry.address)
        return avsvti_fail(err, AVSVT_E_MODULE,
            "%s: is not a module of libavsvt (it has no " AVSVT_MODULE_ENTRY ")",
            path);
    *out = entry.function(AVSVT_BACKEND_INTERFACE, &status, message,
                          sizeof(message));
    message[sizeof(message) - 1] = '\0';
    if (*out)
        return check_table(*out, path, err);
    if (status <= AVSVT_OK || status > AVSVT_E_INTERNAL)
        status = AVSVT_E_MODULE;
    return avsvti_fail(err, status, "%s: %s", path,
        message[0] ? message : "refuses to work and does not say why");
}

static avsvt_status load_module(const avsvt_backend **out, const char *path,
                                avsvt_error *err)
{
    const avsvt_backend *backend = NULL;
    const module *known = loaded_module(path);
    if (known) {
        *out = known->backend;
        return AVSVT_OK;
    }
    avsvt_status status = enter_module(&backend, path, err);
    if (status != AVSVT_OK)
        return status;
    module *m = malloc(sizeof(*m) + strlen(path) + 1);
    if (!m)
        return avsvti_fail_memory(err);
    memcpy(m->path, path, strlen(path) + 1);
    m->backend = backend;
    m->next = modules;
    modules = m;
    *out = backend;
    return AVSVT_OK;
}

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
    char *path = NULL;
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
    avsvt_status status = find_module(&path, c, name, err);
    if (status != AVSVT_OK)
        return status;
    avsvti_mutex_lock(&lock);
    status = load_module(out, path, err);
    avsvti_mutex_unlock(&lock);
    avsvti_release(avsvti_allocator(c), path);
    return status;
}
