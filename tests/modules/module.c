/* SPDX-License-Identifier: MIT */
/* Modules for the tests of the registry, one for each value of KIND. */
#include <stdio.h>

#include <avsvt/sys/backend.h>

#define GOOD 0
#define OTHER_INTERFACE 1
#define REFUSES 2
#define NO_ENTRY 3
#define INCOMPLETE 4

#if KIND == NO_ENTRY
#  define avsvt_module_entry another_name
#endif
AVSVT_API const avsvt_backend *avsvt_module_entry(uint32_t host,
    avsvt_status *status, char *message, size_t size);

static avsvt_status open_model(void **model, const avsvt_backend_open *args)
{
    (void)args;
    *model = NULL;
    return AVSVT_OK;
}

static avsvt_status create(void **instance, void *model, char *message,
                           size_t size)
{
    (void)model, (void)message, (void)size;
    *instance = NULL;
    return AVSVT_OK;
}

static avsvt_status run(void *instance, const avsvt_backend_tensor *inputs,
                        size_t input_count, avsvt_backend_tensor *outputs,
                        size_t capacity, size_t *count, char *message,
                        size_t size)
{
    (void)instance, (void)inputs, (void)input_count, (void)outputs;
    (void)capacity, (void)message, (void)size;
    *count = 0;
    return 4711; /* no status of ours, and no message */
}

static void release(void *handle)
{
    (void)handle;
}

const avsvt_backend *avsvt_module_entry(uint32_t host, avsvt_status *status,
                                        char *message, size_t size)
{
    static avsvt_backend table = {
        (uint32_t)sizeof(avsvt_backend), AVSVT_BACKEND_INTERFACE, "test",
        "a module of the tests", open_model, create, run, release, release, NULL,
    };
    (void)host;
    if (KIND == REFUSES) {
        *status = AVSVT_E_CONFLICT;
        snprintf(message, size, "another copy lives here");
        return NULL;
    }
    if (KIND == OTHER_INTERFACE)
        table.interface_version = AVSVT_BACKEND_INTERFACE + 1;
    if (KIND == INCOMPLETE)
        table.run = NULL;
    return &table;
}
