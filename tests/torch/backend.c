/* SPDX-License-Identifier: MIT */
#include "backend.h"

#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

const avsvt_backend *torch_backend(void)
{
    const char *path = getenv("AVSVT_TEST_TORCH_MODULE");
    void *handle = path ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;
    union { void *object; avsvt_module_entry_fn function; } symbol = { NULL };
    avsvt_status status = AVSVT_E_MODULE;
    char message[504] = "";
    if (handle)
        symbol.object = dlsym(handle, AVSVT_MODULE_ENTRY);
    if (!symbol.object) {
        const char *why = path ? dlerror() : "AVSVT_TEST_TORCH_MODULE is not set";
        print_message("%s\n", why ? why : "no module");
        return NULL;
    }
    const avsvt_backend *backend =
        symbol.function(AVSVT_BACKEND_INTERFACE, &status, message, sizeof(message));
    if (!backend)
        print_message("%s\n", message);
    return backend;
}

char *torch_model_bytes(const char *name, size_t *size)
{
    const char *folder = getenv("AVSVT_TEST_TORCH_MODELS");
    char path[4096];
    char *bytes = NULL;
    long end = -1;
    snprintf(path, sizeof(path), "%s/%s.pt", folder ? folder : ".", name);
    FILE *f = fopen(path, "rb");
    if (!f)
        return NULL;
    if (fseek(f, 0, SEEK_END) == 0 && (end = ftell(f)) > 0 && fseek(f, 0, SEEK_SET) == 0)
        bytes = malloc((size_t)end);
    if (bytes && fread(bytes, 1, (size_t)end, f) != (size_t)end) {
        free(bytes);
        bytes = NULL;
    }
    fclose(f);
    *size = bytes ? (size_t)end : 0;
    return bytes;
}

avsvt_status torch_open_bytes(const avsvt_backend *backend, void **model, const void *bytes,
    size_t size, void (*change)(avsvt_backend_open *args), char *message, size_t message_size)
{
    avsvt_backend_open args;
    memset(&args, 0, sizeof(args));
    args.struct_size = (uint32_t)sizeof(args);
    args.threads = 1;
    args.device = "cpu";
    args.path = "test.pt";
    args.manifest = "avsvt: 1\n";
    args.archive = bytes;
    args.archive_size = size;
    args.message = message;
    args.message_size = message_size;
    if (change)
        change(&args);
    return backend->open(model, &args);
}

avsvt_backend_tensor torch_input(int32_t dtype, const void *data, int32_t ndim, int64_t a,
                                 int64_t b)
{
    avsvt_backend_tensor t;
    memset(&t, 0, sizeof(t));
    t.struct_size = (uint32_t)sizeof(t);
    t.dtype = dtype;
    t.ndim = ndim;
    t.shape[0] = a;
    t.shape[1] = b;
    t.data = data;
    return t;
}
