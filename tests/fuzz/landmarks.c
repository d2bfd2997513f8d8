/* SPDX-License-Identifier: MIT */
/* Any text as landmarks: the first byte chooses the format. */
#include <stdlib.h>
#include <string.h>

#include "video/landmarks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    avsvti_points p = { avsvti_default_allocator(), NULL, 0, 0 };
    char *text = size ? calloc(1, size) : NULL;
    if (!text)
        return 0;
    memcpy(text, data + 1, size - 1);
    if (data[0] == 'j')
        avsvti_landmarks_json(&p, text, "input", NULL);
    else
        avsvti_landmarks_csv(&p, text, "input", NULL);
    avsvti_release(p.allocator, p.data);
    free(text);
    return 0;
}
