/* SPDX-License-Identifier: MIT */
/* The native backend: it knows no family of networks yet. */
#include "backend/registry.h"

#include <stdio.h>

int avsvti_native_has_family(const char *family)
{
    (void)family;
    return 0;
}

static avsvt_status native_open(void **model, const avsvt_backend_open *args)
{
    *model = NULL;
    if (args->message_size)
        snprintf(args->message, args->message_size,
                 "the native backend does not know this family of networks");
    return AVSVT_E_UNSUPPORTED;
}

static avsvt_status native_instance_create(void **instance, void *model,
                                           char *message, size_t message_size)
{
    (void)model, (void)message, (void)message_size;
    *instance = NULL;
    return AVSVT_E_INTERNAL;
}

static avsvt_status native_run(void *instance,
    const avsvt_backend_tensor *inputs, size_t input_count,
    avsvt_backend_tensor *outputs, size_t capacity, size_t *output_count,
    char *message, size_t message_size)
{
    (void)instance, (void)inputs, (void)input_count, (void)outputs;
    (void)capacity, (void)message, (void)message_size;
    *output_count = 0;
    return AVSVT_E_INTERNAL;
}

static void native_free(void *handle)
{
    (void)handle;
}

const avsvt_backend avsvti_backend_native = {
    (uint32_t)sizeof(avsvt_backend), AVSVT_BACKEND_INTERFACE, "native",
    "plain C, no family of networks yet", native_open, native_instance_create,
    native_run, native_free, native_free,
};
