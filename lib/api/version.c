/* SPDX-License-Identifier: MIT */
#include <avsvt/api.h>

#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)

const char *avsvt_version_string(void)
{
    return TEXT(AVSVT_VERSION_MAJOR) "." TEXT(AVSVT_VERSION_MINOR) "."
           TEXT(AVSVT_VERSION_PATCH);
}
