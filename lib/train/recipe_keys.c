/* SPDX-License-Identifier: MIT */
/* Values of a recipe, each checked where it is read. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/number.h"
#include "train/recipe.h"

avsvt_status avsvti_recipe_keys(const avsvti_recipe *r, const char *path,
                                const char *const *words, avsvt_error *err)
{
    const char *dot = *path ? "." : "";
    if (*path && avsvti_manifest_get(r->yaml, path))
        return avsvti_fail(err, AVSVT_E_FORMAT,
            "%s: '%s' must be a mapping of keys, not a value", r->path, path);
    for (size_t i = 0; i < avsvti_manifest_count(r->yaml, path); i++) {
        const char *key = avsvti_manifest_key(r->yaml, path, i);
        char list[320] = "";
        size_t k = 0;
        if (!key)
            return avsvti_fail(err, AVSVT_E_FORMAT,
                "%s: '%s' must be a mapping of keys, not a list", r->path,
                *path ? path : "the recipe");
        while (words[k] && strcmp(words[k], key))
            k++;
        if (words[k])
            continue;
        for (k = 0; words[k]; k++) {
            strncat(list, k ? ", " : "", sizeof(list) - strlen(list) - 1);
            strncat(list, words[k], sizeof(list) - strlen(list) - 1);
        }
        return avsvti_fail(err, AVSVT_E_FORMAT,
            "%s: '%s%s%.60s' is not a key of a recipe; here there are %s",
            r->path, path, dot, key, list);
    }
    return AVSVT_OK;
}

avsvt_status avsvti_recipe_number(const avsvti_recipe *r, const char *key,
                                  double low, double high, double *value,
                                  avsvt_error *err)
{
    const char *text = avsvti_manifest_get(r->yaml, key);
    char lowest[AVSVTI_NUMBER_SIZE], highest[AVSVTI_NUMBER_SIZE];
    double number = 0;
    if (!text && !avsvti_manifest_count(r->yaml, key))
        return AVSVT_OK;
    const char *end = text ? avsvti_number_parse(text, &number) : NULL;
    if (end && !*end && number >= low && number <= high) {
        *value = number;
        return AVSVT_OK;
    }
    avsvti_number_print(lowest, sizeof(lowest), low, 6);
    avsvti_number_print(highest, sizeof(highest), high, 6);
    return avsvti_fail(err, AVSVT_E_FORMAT,
        "%s: '%s' is '%.40s': a number from %s to %s is needed", r->path, key,
        text ? text : "(a list or mapping)", lowest, highest);
}

avsvt_status avsvti_recipe_whole(const avsvti_recipe *r, const char *key,
                                 int64_t low, int64_t high, int64_t *value,
                                 avsvt_error *err)
{
    double number = (double)*value;
    avsvt_status status = avsvti_recipe_number(r, key, (double)low,
                                               (double)high, &number, err);
    if (status == AVSVT_OK && floor(number) < number)
        return avsvti_fail(err, AVSVT_E_FORMAT,
            "%s: '%s' is '%.40s': a whole number is needed", r->path, key,
            avsvti_manifest_get(r->yaml, key));
    *value = (int64_t)number;
    return status;
}

avsvt_status avsvti_recipe_word(const avsvti_recipe *r, const char *key,
                                const char *const *words, int *value,
                                avsvt_error *err)
{
    const char *text = avsvti_manifest_get(r->yaml, key);
    char list[160] = "";
    if (!text && !avsvti_manifest_count(r->yaml, key))
        return AVSVT_OK;
    for (int k = 0; words[k]; k++) {
        if (text && !strcmp(text, words[k])) {
            *value = k;
            return AVSVT_OK;
        }
        strncat(list, k ? ", " : "", sizeof(list) - strlen(list) - 1);
        strncat(list, words[k], sizeof(list) - strlen(list) - 1);
    }
    return avsvti_fail(err, AVSVT_E_FORMAT,
        "%s: '%s' is '%.40s': it must be one of %s", r->path, key,
        text ? text : "(a list or mapping)", list);
}
