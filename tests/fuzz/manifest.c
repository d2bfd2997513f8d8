/* SPDX-License-Identifier: MIT */
/* Any text as a manifest: parsed or refused, and then asked about. */
#include <stddef.h>
#include <stdint.h>

#include "model/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    avsvti_manifest *m = NULL;
    if (avsvti_manifest_parse(&m, avsvti_default_allocator(),
                              (const char *)data, size, "fuzz", NULL))
        return 0;
    for (size_t i = 0; i < avsvti_manifest_count(m, NULL); i++) {
        const char *key = avsvti_manifest_key(m, NULL, i);
        if (key) {
            avsvti_manifest_get(m, key);
            avsvti_manifest_key(m, key, 0);
        }
    }
    avsvti_manifest_get(m, "a.b.0.c");
    avsvti_manifest_free(m);
    return 0;
}
