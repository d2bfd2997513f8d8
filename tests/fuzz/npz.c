/* SPDX-License-Identifier: MIT */
/* Any bytes as arrays: the tests' own reader must hold too. */
#include "support/npz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    npz_array array;
    npz_find(&array, data, size, "a");
    npz_array_free(&array);
    return 0;
}
