/* SPDX-License-Identifier: MIT */
/* Bytes that nobody has checked, read as a list of notes: whatever is taken
 * must be notes that a list can hold. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "import/read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    avsvti_note_list list;
    avsvt_error err = AVSVT_ERROR_INIT;
    char *text = malloc(size + 1);
    if (!text)
        return 0;
    if (size)
        memcpy(text, data, size);
    text[size] = '\0';
    avsvti_note_list_init(&list, avsvti_default_allocator());
    avsvt_status status = avsvti_notes_parse(&list, text, size, "fuzz", &err);
    if (status != AVSVT_OK && ((status != AVSVT_E_FORMAT && status != AVSVT_E_UNSUPPORTED &&
                                status != AVSVT_E_RANGE) || !err.message[0]))
        abort();
    for (size_t i = 0; i < list.count; i++) {
        const avsvt_note *n = &list.notes[i];
        if (!isfinite(n->onset_s) || !(n->offset_s >= n->onset_s) ||
            !(n->pitch >= 0 && n->pitch < 128))
            abort();
    }
    avsvti_note_list_free(&list);
    free(text);
    return 0;
}
