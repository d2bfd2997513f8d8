/* SPDX-License-Identifier: MIT */
/* Any bytes as a model file. */
#include <stddef.h>
#include <stdint.h>

#include "core/archive.h"
#include "model/model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const avsvt_allocator *a = avsvti_default_allocator();
    avsvt_model *model = NULL;
    avsvti_archive z;
    if (!avsvti_archive_open(&z, a, data, size, "fuzz", NULL)) {
        for (size_t i = 0; i < z.count; i++) {
            char *text = NULL, begin[100];
            size_t n = sizeof(begin);
            avsvti_archive_peek(begin, &n, &z, &z.entries[i], NULL);
            avsvti_archive_extract(&text, &n, &z, &z.entries[i], 1 << 20, NULL);
            avsvti_release(a, text);
        }
        avsvti_archive_verify(&z, NULL);
        avsvti_archive_close(&z);
    }
    avsvt_model_open_memory(&model, NULL, data, size, "fuzz", NULL);
    avsvt_model_free(model);
    return 0;
}
