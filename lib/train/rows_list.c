/* SPDX-License-Identifier: MIT */
/* Which files of arrays a recipe means. */
#include <stdlib.h>
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

typedef struct listed {
    const avsvti_row_file *file;
    int valid;
} listed;

static int by_file(const void *x, const void *y)
{
    const listed *a = x, *b = y;
    int order = strcmp(a->file->real, b->file->real);
    return order ? order : a->valid - b->valid;
}

avsvt_status avsvti_rows_apart(const avsvti_rows *train, const avsvti_rows *valid,
                               const char *recipe, avsvt_error *err)
{
    const avsvt_allocator *a = avsvti_allocator(train->context);
    const size_t count = train->count + valid->count;
    listed *all = avsvti_alloc(a, count, sizeof(*all));
    avsvt_status status = AVSVT_OK;
    if (!all)
        return avsvti_fail_memory(err);
    for (size_t i = 0; i < train->count; i++)
        all[i] = (listed){ &train->files[i], 0 };
    for (size_t i = 0; i < valid->count; i++)
        all[train->count + i] = (listed){ &valid->files[i], 1 };
    qsort(all, count, sizeof(*all), by_file);
    for (size_t i = 1; i < count && status == AVSVT_OK; i++) {
        if (strcmp(all[i - 1].file->real, all[i].file->real))
            continue;
        const char *path = all[i].file->path;
        if (all[i - 1].valid != all[i].valid)
            status = avsvti_fail(err, AVSVT_E_FORMAT,
                "%s: %s is in data.train and in data.valid: what is validated must not be "
                "trained on", recipe, path);
        else if (all[i].valid)
            status = avsvti_fail(err, AVSVT_E_FORMAT, "%s: %s is in data.valid twice", recipe,
                                 path);
        else
            status = avsvti_fail(err, AVSVT_E_FORMAT,
                "%s: %s is in data.train twice: give it a weight where it is meant to count "
                "twice ({path: ..., weight: 2})", recipe, path);
    }
    avsvti_release(a, all);
    return status;
}
