/* SPDX-License-Identifier: MIT */
/* Any text as YAML: parsed or refused, and then asked about. */
#include <stddef.h>
#include <stdint.h>

#include "core/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    avsvti_yaml *m = NULL;
    if (avsvti_yaml_parse(&m, avsvti_default_allocator(),
                          (const char *)data, size, "fuzz", NULL))
        return 0;
    for (size_t i = 0; i < avsvti_yaml_count(m, NULL); i++) {
        const char *key = avsvti_yaml_key(m, NULL, i);
        if (key) {
            avsvti_yaml_get(m, key);
            avsvti_yaml_key(m, key, 0);
        }
    }
    avsvti_yaml_get(m, "a.b.0.c");
    avsvti_yaml_free(m);
    return 0;
}
