/* SPDX-License-Identifier: MIT */
/* Values of a recipe, each checked where it is read. */
#include "train/recipe.h"

#include <string.h>

avsvt_status avsvti_recipe_keys(const avsvti_recipe *r, const char *path,
                                const char *const *words, avsvt_error *err)
{
    return avsvti_yaml_keys(r->yaml, r->path, path, words, err);
}

int avsvti_recipe_has(const avsvti_recipe *r, const char *mapping, const char *key)
{
    const char *name;
    for (size_t i = 0; (name = avsvti_yaml_key(r->yaml, mapping, i)); i++)
        if (!strcmp(name, key))
            return 1;
    return 0;
}

avsvt_status avsvti_recipe_number(const avsvti_recipe *r, const char *key,
                                  double low, double high, double *value,
                                  avsvt_error *err)
{
    return avsvti_yaml_number(r->yaml, r->path, key, low, high, 0, value, err);
}

avsvt_status avsvti_recipe_whole(const avsvti_recipe *r, const char *key,
                                 int64_t low, int64_t high, int64_t *value,
                                 avsvt_error *err)
{
    double number = (double)*value;
    avsvt_status status = avsvti_yaml_number(r->yaml, r->path, key, (double)low,
                                             (double)high, 1, &number, err);
    *value = (int64_t)number;
    return status;
}

avsvt_status avsvti_recipe_word(const avsvti_recipe *r, const char *key,
                                const char *const *words, int *value,
                                avsvt_error *err)
{
    return avsvti_yaml_word(r->yaml, r->path, key, words, value, err);
}
