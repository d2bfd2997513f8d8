/* SPDX-License-Identifier: MIT */
/* Which files of arrays a recipe means. */
#include <string.h>
#include <strings.h>

#include "media/endings.h"
#include "platform/folder.h"
#include "train/rows.h"

static int ends_in_npz(const char *name)
{
    size_t n = strlen(name);
    return n > 4 && !strcasecmp(name + n - 4, ".npz"); /* as sound may end in .WAV */
}

avsvt_status avsvti_rows_meant(int *meant, const avsvt_allocator *a, const char *path,
                               avsvt_error *err)
{
    avsvti_folder folder;
    size_t arrays = 0, sounds = 0;
    *meant = ends_in_npz(path);
    if (*meant || !avsvti_folder_is(path))
        return AVSVT_OK;
    avsvt_status status = avsvti_folder_read(&folder, a, path, err);
    for (size_t i = 0; status == AVSVT_OK && i < folder.count; i++) {
        arrays += (size_t)ends_in_npz(folder.names[i]);
        sounds += avsvti_sound_stem(folder.names[i]) > 0;
    }
    *meant = arrays && !sounds;
    avsvti_folder_free(&folder);
    return status;
}

static avsvt_status read_folder(avsvti_rows *rows, const avsvti_entry *entry, avsvt_error *err)
{
    const avsvt_allocator *a = avsvti_allocator(rows->context);
    avsvti_folder folder;
    avsvt_status status = avsvti_folder_read(&folder, a, entry->path, err);
    for (size_t i = 0; status == AVSVT_OK && i < folder.count; i++) {
        if (!ends_in_npz(folder.names[i]))
            continue;
        char *path = avsvti_path_join(a, entry->path, folder.names[i]);
        status = path ? avsvti_rows_add(rows, path, entry->weight, err)
                      : avsvti_fail_memory(err);
        avsvti_release(a, path);
    }
    avsvti_folder_free(&folder);
    return status;
}

static avsvt_status read_one(void *rows, const avsvti_recipe *r,
                             const avsvti_entry *entry, avsvt_error *err)
{
    (void)r;
    return avsvti_folder_is(entry->path) ? read_folder(rows, entry, err)
        : avsvti_rows_add(rows, entry->path, entry->weight, err);
}

avsvt_status avsvti_rows_read(avsvti_rows *rows, const avsvti_recipe *r, const char *key,
                              avsvt_error *err)
{
    return avsvti_recipe_each(r, key, read_one, rows, err);
}

avsvt_status avsvti_rows_apart(const avsvti_rows *a, const avsvti_rows *b,
                               const char *recipe, avsvt_error *err)
{
    for (size_t i = 0; i < a->count; i++)
        for (size_t k = 0; k < b->count; k++)
            if (!strcmp(a->files[i].real, b->files[k].real))
                return avsvti_fail(err, AVSVT_E_FORMAT,
                    "%s: %s is in data.train and in data.valid: what is validated must not be "
                    "trained on", recipe, b->files[k].path);
    return AVSVT_OK;
}
