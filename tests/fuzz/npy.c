/* SPDX-License-Identifier: MIT */
/* Any bytes as an .npy file: the header, then every value that it promises. */
#include "core/npy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    double sum = 0;
    avsvti_npy npy;
    char shape[200];
    if (avsvti_npy_parse(&npy, data, size, "input", NULL) != AVSVT_OK)
        return 0;
    avsvti_npy_shape_text(shape, sizeof(shape), &npy);
    if ((uint64_t)npy.count > (size - npy.start) / npy.item)
        return 0;
    for (size_t i = 0; i < (size_t)npy.count; i++)
        sum += avsvti_npy_value(&npy, data + npy.start, i);
    return sum == 1e300 ? -1 : 0; /* so that every value is read */
}
