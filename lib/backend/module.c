/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "backend/module.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/error.h"
#include "platform/library.h"
#include "platform/thread.h"

/* Modules stay loaded until the process ends, and so does this list; it is
 * therefore kept by malloc, not by any context's allocator. */
typedef struct module {
    struct module *next;
    const avsvti_module_kind *kind;
    const void *table;
    char path[];
} module;

static avsvti_mutex lock = AVSVTI_MUTEX_INIT;
static module *modules;

static const module *loaded_module(const avsvti_module_kind *kind, const char *path)
{
    const module *m = modules;
    while (m && (m->kind != kind || strcmp(m->path, path)))
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
                                const avsvti_module_kind *kind, avsvt_error *err)
{
    const char *name = kind->name;
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
        "%s the %s module, and there is no %.180s: %s, or set AVSVT_MODULE_PATH "
        "to the folder of avsvt_%s.so", kind->needs, name, first, kind->remedy,
        name);
    avsvti_release(a, first);
    avsvti_release(a, second);
    *path = NULL;
    return status;
}

/* The table that the entry gives, checked. */
static avsvt_status take_table(const void **table, void *symbol, const char *path,
                               const avsvti_module_kind *kind, avsvt_error *err)
{
    avsvt_status status = AVSVT_E_MODULE;
    char message[400] = "";
    const void *given = kind->call(symbol, &status, message, sizeof(message));
    const avsvti_module_head *head = given;
    message[sizeof(message) - 1] = '\0';
    if (!given) {
        if (status <= AVSVT_OK || status > AVSVT_E_INTERNAL)
            status = AVSVT_E_MODULE;
        return avsvti_fail(err, status, "%s: %s", path,
            message[0] ? message : "refuses to work and does not say why");
    }
    if (head->struct_size < sizeof(*head) ||
        head->interface_version != kind->interface_version)
        return avsvti_fail(err, AVSVT_E_MODULE,
            "%s: is made for another release of libavsvt (interface %u, wanted "
            "%u): build module and library together", path,
            (unsigned)head->interface_version, (unsigned)kind->interface_version);
    if (head->struct_size < kind->size || !kind->complete(given))
        return avsvti_fail(err, AVSVT_E_MODULE,
            "%s: its table of functions is incomplete: build it again", path);
    *table = given;
    return AVSVT_OK;
}

static avsvt_status enter_module(const void **table, const char *path,
                                 const avsvti_module_kind *kind, avsvt_error *err)
{
    void *handle = avsvti_library_open(path);
    if (!handle) {
        const char *why = dlerror();
        return avsvti_fail(err, AVSVT_E_MODULE,
            "%s: can't be loaded: %s", path, why ? why : "no reason given");
    }
    void *symbol = dlsym(handle, kind->entry);
    if (!symbol)
        return avsvti_fail(err, AVSVT_E_MODULE,
            "%s: is not a module of libavsvt (it has no %s)", path, kind->entry);
    return take_table(table, symbol, path, kind, err);
}

static avsvt_status load_module(const void **table, const char *path,
                                const avsvti_module_kind *kind, avsvt_error *err)
{
    const module *known = loaded_module(kind, path);
    if (known) {
        *table = known->table;
        return AVSVT_OK;
    }
    avsvt_status status = enter_module(table, path, kind, err);
    if (status != AVSVT_OK)
        return status;
    module *m = malloc(sizeof(*m) + strlen(path) + 1);
    if (!m) {
        *table = NULL;
        return avsvti_fail_memory(err);
    }
    memcpy(m->path, path, strlen(path) + 1);
    m->kind = kind;
    m->table = *table;
    m->next = modules;
    modules = m;
    return AVSVT_OK;
}

avsvt_status avsvti_module_load(const void **table, const avsvt_context *context,
                                const avsvti_module_kind *kind, avsvt_error *err)
{
    char *path = NULL;
    *table = NULL;
    avsvt_status status = find_module(&path, context, kind, err);
    if (status != AVSVT_OK)
        return status;
    avsvti_mutex_lock(&lock);
    status = load_module(table, path, kind, err);
    avsvti_mutex_unlock(&lock);
    avsvti_release(avsvti_allocator(context), path);
    return status;
}
