/* SPDX-License-Identifier: MIT */
/* Shared libraries that are opened while we run, for good. */
#ifndef AVSVTI_PLATFORM_LIBRARY_H
#define AVSVTI_PLATFORM_LIBRARY_H

#include <dlfcn.h>

#include "platform/float.h"

/* NULL: dlerror() says why. What was compiled for fast floats has the small ones
 * flushed to zero in the thread that opens it; here that ends with the opening. */
static inline void *avsvti_library_open(const char *path)
{
    avsvti_float_state floats;
    avsvti_float_hold(&floats);
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    avsvti_float_give_back(&floats);
    return library;
}

#endif
