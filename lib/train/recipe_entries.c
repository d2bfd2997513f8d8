/* SPDX-License-Identifier: MIT */
/* What data.train and data.valid list: each entry a path, or a mapping with one. */
#include <stdio.h>
#include <string.h>

#include "train/recipe.h"

static int is_alone(const avsvti_recipe *r, const char *key)
{
    return avsvti_yaml_get(r->yaml, key) || avsvti_yaml_key(r->yaml, key, 0);
}

static avsvt_status read_mapping(avsvti_entry *entry, const avsvti_recipe *r,
                                 const char **name, avsvt_error *err)
{
    static const char *const known[] = { "path", "weight", "augment", NULL };
    char inner[sizeof(entry->key) + 16];
    avsvt_status status = avsvti_recipe_keys(r, entry->key, known, err);
    snprintf(inner, sizeof(inner), "%s.weight", entry->key);
    if (status == AVSVT_OK)
        status = avsvti_recipe_number(r, inner, 0.001, 1000, &entry->weight, err);
    entry->augments = avsvti_recipe_has(r, entry->key, "augment");
    snprintf(inner, sizeof(inner), "%s.path", entry->key);
    *name = avsvti_yaml_get(r->yaml, inner);
    if (status == AVSVT_OK && !*name)
        status = avsvti_fail(err, AVSVT_E_FORMAT, "%s: '%s' is missing", r->path, inner);
    return status;
}

static avsvt_status read_entry(avsvti_entry *entry, const avsvti_recipe *r,
                               const char *key, size_t i, avsvt_error *err)
{
    avsvt_status status = AVSVT_OK;
    *entry = (avsvti_entry){ .weight = 1 };
    if (is_alone(r, key))
        snprintf(entry->key, sizeof(entry->key), "%s", key);
    else
        snprintf(entry->key, sizeof(entry->key), "%s.%zu", key, i);
    const char *name = avsvti_yaml_get(r->yaml, entry->key);
    if (!name)
        status = read_mapping(entry, r, &name, err);
    if (status == AVSVT_OK && !*name)
        status = avsvti_fail(err, AVSVT_E_FORMAT, "%s: '%s' is empty: give a folder of "
                             "songs, a list file, or .npz files of arrays", r->path,
                             entry->key);
    if (status == AVSVT_OK && !(entry->path = avsvti_recipe_path(r, name)))
        status = avsvti_fail_memory(err);
    return status;
}

avsvt_status avsvti_recipe_each(const avsvti_recipe *r, const char *key,
                                avsvti_entry_fn visit, void *user, avsvt_error *err)
{
    size_t count = is_alone(r, key) ? 1 : avsvti_yaml_count(r->yaml, key);
    avsvt_status status = AVSVT_OK;
    for (size_t i = 0; i < count && status == AVSVT_OK; i++) {
        avsvti_entry entry;
        status = read_entry(&entry, r, key, i, err);
        if (status == AVSVT_OK)
            status = visit(user, r, &entry, err);
        avsvti_release(r->allocator, entry.path);
    }
    return status;
}
