/* SPDX-License-Identifier: MIT */
#include "core/options.h"

#include <string.h>

#include "core/error.h"

/* A size beyond this is a struct that was never initialised. */
#define MAX_STRUCT_SIZE 65536u

static avsvt_status given_size(uint32_t *size, const void *given,
                               const char *type, avsvt_error *err)
{
    memcpy(size, given, sizeof(*size));
    if (*size < sizeof(*size) || *size > MAX_STRUCT_SIZE)
        return avsvti_fail(err, AVSVT_E_ARG,
            "%s: struct_size is %u: set it with the _INIT macro", type,
            (unsigned)*size);
    return AVSVT_OK;
}

avsvt_status avsvti_options_read(void *full, size_t full_size,
                                 const void *given, const char *type,
                                 avsvt_error *err)
{
    uint32_t size, own = (uint32_t)full_size;
    memset(full, 0, full_size);
    if (given) {
        avsvt_status status = given_size(&size, given, type, err);
        if (status != AVSVT_OK)
            return status;
        memcpy(full, given, size < full_size ? size : full_size);
        for (size_t i = full_size; i < size; i++)
            if (((const unsigned char *)given)[i])
                return avsvti_fail(err, AVSVT_E_UNSUPPORTED,
                    "%s: byte %zu is set, but this library (%s) knows only "
                    "%zu bytes of it: update the library", type, i,
                    avsvt_version_string(), full_size);
    }
    memcpy(full, &own, sizeof(own));
    return AVSVT_OK;
}

avsvt_status avsvti_record_check(const void *given, const char *type,
                                 avsvt_error *err)
{
    uint32_t size;
    return given ? given_size(&size, given, type, err)
                 : avsvti_fail(err, AVSVT_E_ARG, "%s: NULL", type);
}

avsvt_status avsvti_record_write(void *given, const void *full,
                                 size_t full_size, const char *type,
                                 avsvt_error *err)
{
    uint32_t size;
    avsvt_status status = avsvti_record_check(given, type, err);
    if (status != AVSVT_OK)
        return status;
    memcpy(&size, given, sizeof(size));
    size_t copied = size < full_size ? size : full_size;
    memcpy(given, full, copied);
    memset((char *)given + copied, 0, size - copied);
    memcpy(given, &size, sizeof(size));
    return AVSVT_OK;
}
