/* SPDX-License-Identifier: MIT */
/* A model file that nobody has checked, run by plain C: the first byte chooses one of
 * the models in the library, then comes a manifest for it, and after a zero byte what
 * is changed in its archive: four bytes say where, one what is turned over there. */
#include <stdlib.h>
#include <string.h>

#include "backend/registry.h"
#include "models/builtin.h"

#define SAMPLES 800

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void run(void *model)
{
    static float x[SAMPLES];
    avsvt_backend_tensor out[3], in = { .struct_size = (uint32_t)sizeof(in),
        .dtype = AVSVT_F32, .ndim = 2, .shape = { 1, SAMPLES }, .data = x };
    char message[512] = "";
    void *instance = NULL;
    size_t count = 0;
    for (int i = 0; i < SAMPLES; i++)
        x[i] = (float)(i % 73) / 73 - 0.5f;
    if (avsvti_backend_native.instance_create(&instance, model, message, sizeof(message)))
        return;
    if (!avsvti_backend_native.run(instance, &in, 1, out, 3, &count, message,
                                   sizeof(message)))
        for (size_t i = 0; i < count; i++)
            out[i].release(out[i].owner);
    avsvti_backend_native.instance_free(instance);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t archive_size = 0;
    const void *file = size && data[0] % 2 ? avsvti_builtin_live_model(&archive_size)
                                           : avsvti_builtin_model(&archive_size);
    char *manifest = malloc(size + 1), message[512] = "";
    uint8_t *archive = malloc(archive_size + 1);
    void *model = NULL;
    if (!size || !archive_size || !manifest || !archive)
        goto end;
    memcpy(manifest, data + 1, size - 1);
    manifest[size - 1] = '\0';
    memcpy(archive, file, archive_size);
    for (size_t i = strlen(manifest) + 2; i + 5 <= size; i += 5) {
        uint32_t where;
        memcpy(&where, data + i, sizeof(where));
        archive[where % archive_size] ^= data[i + 4];
    }
    const avsvt_backend_open args = {
        .struct_size = (uint32_t)sizeof(args), .threads = 1, .device = "cpu",
        .path = "fuzz", .manifest = manifest, .archive = archive,
        .archive_size = archive_size, .allocator = avsvti_default_allocator(),
        .local_rank = -1, .message = message, .message_size = sizeof(message),
    };
    if (!avsvti_backend_native.open(&model, &args))
        run(model);
    else if (!message[0])
        abort(); /* a refusal says why */
    avsvti_backend_native.free(model);
end:
    free(archive);
    free(manifest);
    return 0;
}
