/* SPDX-License-Identifier: MIT */
/* Face modules for the tests, one for each value of KIND. The good one finds as
 * many faces as the red of a picture's first pixel says: face k stands at
 * (green + 100 k, blue) and is 10 (k + 1) wide. 200 faces are a failure. */
#include <stdio.h>
#include <string.h>

#include <avsvt/sys/face.h>

#define GOOD 0
#define OTHER_INTERFACE 1
#define REFUSES 2
#define NO_ENTRY 3
#define INCOMPLETE 4

#if KIND == NO_ENTRY
#  define avsvt_face_entry another_name
#endif
__attribute__((visibility("default")))
const avsvt_face_table *avsvt_face_entry(uint32_t host, avsvt_status *status,
                                         char *message, size_t size);

static int opened;

static avsvt_status open_model(void **finder, const char *path, char *message, size_t size)
{
    *finder = NULL;
    if (strstr(path, "bad")) {
        snprintf(message, size, "the test says so");
        return AVSVT_E_FORMAT;
    }
    *finder = &opened;
    return AVSVT_OK;
}

static avsvt_status find(void *finder, const uint8_t *rgb, int32_t width, int32_t height,
                         double *points, int32_t most, int32_t *count, char *message,
                         size_t size)
{
    (void)finder, (void)width, (void)height;
    *count = rgb[0] < most ? rgb[0] : most;
    if (rgb[0] == 200) {
        snprintf(message, size, "cannot look");
        return 4711; /* no status of ours */
    }
    for (int k = 0; k < *count; k++)
        for (int i = 0; i < 68; i++) {
            *points++ = rgb[1] + 100 * k + (i % 2 ? 5 : -5) * (k + 1);
            *points++ = rgb[2] + (i % 4 < 2 ? 5 : -5) * (k + 1);
        }
    return AVSVT_OK;
}

static void release(void *finder)
{
    (void)finder;
}

const avsvt_face_table *avsvt_face_entry(uint32_t host, avsvt_status *status,
                                         char *message, size_t size)
{
    static avsvt_face_table table = {
        (uint32_t)sizeof(avsvt_face_table), AVSVT_FACE_INTERFACE, "test", "a test's", open_model,
        find, release,
    };
    (void)host;
    if (KIND == REFUSES) {
        *status = AVSVT_E_CONFLICT;
        snprintf(message, size, "another copy lives here");
        return NULL;
    }
    if (KIND == OTHER_INTERFACE)
        table.interface_version = AVSVT_FACE_INTERFACE + 1;
    if (KIND == INCOMPLETE)
        table.find = NULL;
    return &table;
}
