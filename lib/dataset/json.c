/* SPDX-License-Identifier: MIT */
#include "dataset/json.h"

#include <string.h>

#include "core/utf8.h"
#include "platform/file.h"
#include "platform/folder.h"

#define MAX_JSON ((size_t)512 << 20)
#define LAST_S 1e6

avsvt_status avsvti_json_read(avsvti_dataset *d, json_t **out,
                              const char *const *names)
{
    char *path = NULL, *text = NULL;
    size_t size = 0;
    json_error_t e;
    *out = NULL;
    for (size_t i = 0; names[i]; i++) {
        avsvti_release(d->allocator, path);
        path = avsvti_path_join(d->allocator, d->folder, names[i]);
        if (!path)
            return avsvti_fail_memory(d->err);
        if (avsvti_file_is(path))
            break;
    }
    avsvt_status status = avsvti_file_read(&text, &size, d->allocator, path,
                                           MAX_JSON, d->err);
    if (status == AVSVT_OK) {
        size_t mark = avsvti_utf8_mark(text, size);
        *out = json_loadb(text + mark, size - mark, JSON_REJECT_DUPLICATES, &e);
        if (!*out)
            status = json_error_code(&e) == json_error_out_of_memory
                ? avsvti_fail_memory(d->err)
                : avsvti_fail(d->err, AVSVT_E_FORMAT, "%s: line %d: no valid JSON: %s",
                              path, e.line, e.text);
        else if (!json_is_object(*out))
            status = avsvti_fail(d->err, AVSVT_E_FORMAT,
                "%s: must be an object with a member per song", path);
    }
    if (status != AVSVT_OK) {
        json_decref(*out);
        *out = NULL;
    }
    avsvti_release(d->allocator, text);
    avsvti_release(d->allocator, path);
    return status;
}

avsvt_status avsvti_json_notes(avsvti_note_list *list, int *fractions,
                               const json_t *rows, const char *song,
                               avsvt_error *err)
{
    size_t i;
    json_t *row;
    *fractions = 0;
    if (!json_is_array(rows))
        return avsvti_fail(err, AVSVT_E_FORMAT,
            "%s: its notes must be a list of [onset, offset, pitch]", song);
    json_array_foreach(rows, i, row) {
        const json_t *cells[3];
        avsvt_note note = AVSVT_NOTE_INIT;
        for (size_t k = 0; k < 3; k++)
            cells[k] = json_array_get(row, k);
        note.onset_s = json_number_value(cells[0]);
        note.offset_s = json_number_value(cells[1]);
        note.pitch = json_number_value(cells[2]);
        if (!json_is_number(cells[0]) || !json_is_number(cells[1]) ||
            !json_is_number(cells[2]) || !(note.onset_s >= -LAST_S) ||
            !(note.offset_s >= note.onset_s) || !(note.offset_s <= LAST_S) ||
            !(note.pitch >= 0 && note.pitch < 128))
            return avsvti_fail(err, AVSVT_E_FORMAT,
                "%s: note %zu is not [onset, offset, pitch] with an offset after "
                "its onset and a pitch of 0 to 127", song, i + 1);
        *fractions |= json_is_real(cells[2]);
        avsvt_status status = avsvti_note_list_append(list, &note, err);
        if (status != AVSVT_OK)
            return status;
    }
    return AVSVT_OK;
}
