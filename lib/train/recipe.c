/* SPDX-License-Identifier: MIT */
#include "train/recipe.h"

#include <stdio.h>
#include <string.h>

#include "core/number.h"
#include "platform/file.h"
#include "platform/folder.h"

#define MAX_RECIPE (1u << 20)
#define SHORTEST_S 0.01 /* of what songs are cut into, and of batches */

static avsvt_status check_keys(const avsvti_recipe *r, avsvt_error *err)
{
    static const char *const of_file[] = { "avsvt", "model", "name", "output",
        "seed", "precision", "data", "batch", "epochs", "steps", "optimizer",
        "schedule", "groups", "clip_norm", "ema", "skip_nonfinite", "valid",
        "checkpoint", "augment", "chains", "pictures", "tensorboard", "distributed",
        "trained_on", "licence", NULL };
    static const char *const of_text[] = { "seed", "precision", "data",
        "batch", "epochs", "steps", "optimizer", "schedule", "groups",
        "clip_norm", "ema", "skip_nonfinite", "augment",
        "trained_on", "licence", NULL };
    static const char *const data[] = { "train", "valid", "balance", "draws",
        "segment_s", "utterance_s", "memory_mb", "workers", NULL };
    static const char *const batch[] = { "duration_s", "items", "accumulate",
        "order", "drop_last", NULL };
    static const char *const valid[] = { "every_epochs", "start", "measure", NULL };
    static const char *const checkpoint[] = { "every_steps", NULL };
    static const char *const pictures[] = { "crop", "mirror", NULL };
    static const char *const distributed[] = { "launcher", "timeout_s", "backend", NULL };
    avsvt_status status = avsvti_recipe_keys(r, "",
        r->of_file ? of_file : of_text, err);
    if (status == AVSVT_OK)
        status = avsvti_recipe_keys(r, "data", r->of_file ? data : data + 4, err);
    if (status == AVSVT_OK)
        status = avsvti_recipe_keys(r, "batch", batch, err);
    if (status == AVSVT_OK)
        status = avsvti_recipe_keys(r, "valid", valid, err);
    if (status == AVSVT_OK)
        status = avsvti_recipe_keys(r, "distributed", distributed, err);
    if (status == AVSVT_OK)
        status = avsvti_recipe_keys(r, "pictures", pictures, err);
    if (status == AVSVT_OK)
        status = avsvti_recipe_keys(r, "checkpoint", checkpoint, err);
    if (status == AVSVT_OK && (avsvti_yaml_get(r->yaml, "chains") ||
        (avsvti_yaml_count(r->yaml, "chains") && !avsvti_yaml_key(r->yaml, "chains", 0))))
        status = avsvti_fail(err, AVSVT_E_FORMAT,
            "%s: 'chains' must be a mapping of names to lists of steps", r->path);
    return status;
}

/* What the songs are, for the manifest of what comes out. */
static avsvt_status check_origin(const avsvti_recipe *r, avsvt_error *err)
{
    static const char *const members[] = { "name", "licence", NULL };
    size_t count = avsvti_yaml_count(r->yaml, "trained_on");
    avsvt_status status = AVSVT_OK;
    if (avsvti_yaml_count(r->yaml, "licence"))
        return avsvti_fail(err, AVSVT_E_FORMAT, "%s: 'licence' must be a word or text", r->path);
    if (avsvti_yaml_get(r->yaml, "trained_on") || avsvti_yaml_key(r->yaml, "trained_on", 0))
        return avsvti_fail(err, AVSVT_E_FORMAT,
            "%s: 'trained_on' must be a list of {name, licence}", r->path);
    for (size_t i = 0; i < count && status == AVSVT_OK; i++) {
        char key[64], member[80];
        snprintf(key, sizeof(key), "trained_on.%zu", i);
        status = avsvti_recipe_keys(r, key, members, err);
        for (size_t k = 0; k < 2 && status == AVSVT_OK; k++) {
            snprintf(member, sizeof(member), "%s.%s", key, members[k]);
            const char *text = avsvti_yaml_get(r->yaml, member);
            if (!text || !*text)
                status = avsvti_fail(err, AVSVT_E_FORMAT, "%s: '%s' lacks '%s'", r->path, key,
                                     members[k]);
        }
    }
    return status;
}

static avsvt_status read_ends(avsvti_recipe *r, avsvt_error *err)
{
    avsvt_status status = avsvti_recipe_whole(r, "epochs", 1, 1000000000,
                                              &r->epochs, err);
    if (status == AVSVT_OK)
        status = avsvti_recipe_whole(r, "steps", 1, 1000000000000, &r->steps,
                                     err);
    if (status == AVSVT_OK && !r->epochs && !r->steps && r->of_file)
        status = avsvti_fail(err, AVSVT_E_FORMAT,
            "%s: has no end: give 'epochs' or 'steps'", r->path);
    return status;
}

static avsvt_status read_words(avsvti_recipe *r, avsvt_error *err)
{
    static const char *const precisions[] = { "fp32", "fp16", "bf16", NULL };
    static const char *const orders[] = { "bucketed", "ascending", NULL };
    static const char *const truth[] = { "false", "true", NULL };
    static const char *const crops[] = { "middle", "random", NULL };
    static const char *const measures[] = { AVSVTI_MEASURE_WORDS, NULL };
    int precision = 0, order = 0, measure = AVSVTI_MEASURE_CONPOFF;
    const struct { const char *key; const char *const *known; int *value; } words[] = {
        { "precision", precisions, &precision },
        { "batch.order", orders, &order },
        { "batch.drop_last", truth, &r->drop_last },
        { "valid.start", truth, &r->valid_start },
        { "valid.measure", measures, &measure },
        { "tensorboard", truth, &r->tensorboard },
        { "pictures.crop", crops, &r->roams },
    };
    avsvt_status status = AVSVT_OK;
    for (size_t i = 0; i < sizeof(words) / sizeof(*words) && !status; i++)
        status = avsvti_recipe_word(r, words[i].key, words[i].known, words[i].value, err);
    r->balance = avsvti_yaml_get(r->yaml, "data.balance");
    if (status == AVSVT_OK && avsvti_recipe_has(r, "data", "balance") &&
        !(r->balance && *r->balance))
        status = avsvti_fail(err, AVSVT_E_FORMAT,
            "%s: 'data.balance' must be the name of an array", r->path);
    r->precision = precision;
    r->order = (avsvti_order)order;
    r->measure = (avsvti_measure)measure;
    r->measure_given = avsvti_yaml_get(r->yaml, "valid.measure") != NULL;
    return status;
}

/* Shorter ones would be many beyond memory, or, less than a sample long, whole songs. */
static avsvt_status check_piece(const avsvti_recipe *r, const char *key, double length_s,
                                avsvt_error *err)
{
    char text[AVSVTI_NUMBER_SIZE];
    if (length_s == 0 || length_s >= SHORTEST_S)
        return AVSVT_OK;
    avsvti_number_print(text, sizeof(text), length_s, 12);
    return avsvti_fail(err, AVSVT_E_FORMAT, "%s: '%s' is %s: a piece of a song has at least "
                       "0.01 s; 0 cuts none", r->path, key, text);
}

static avsvt_status read_numbers(avsvti_recipe *r, avsvt_error *err)
{
    int64_t seed = 0;
    const struct { const char *key; double low, high; double *value; } numbers[] = {
        { "data.segment_s", 0, 3600, &r->segment_s },
        { "data.utterance_s", 0, 3600, &r->utterance_s },
        { "data.memory_mb", 0, 1e9, &r->memory_mb },
        { "batch.duration_s", SHORTEST_S, 1e6, &r->batch_s },
        { "clip_norm", 0, 1e9, &r->clip_norm },
        { "ema", 0, 0.999999, &r->average },
        { "distributed.timeout_s", 1, 1e6, &r->timeout_s },
        { "pictures.mirror", 0, 1, &r->mirror },
    };
    const struct { const char *key; int64_t low, high; int64_t *value; } wholes[] = {
        { "seed", 0, INT64_C(1) << 53, &seed },
        { "data.draws", 1, 1000000000, &r->draws },
        { "data.workers", 0, 16, &r->workers },
        { "batch.items", 1, 1000000, &r->batch_items },
        { "batch.accumulate", 1, 100000, &r->accumulate },
        { "skip_nonfinite", 0, 1000000, &r->skip_nonfinite },
        { "valid.every_epochs", 1, 1000000, &r->valid_epochs },
        { "checkpoint.every_steps", 1, 1000000000, &r->checkpoint_steps },
    };
    avsvt_status status = AVSVT_OK;
    for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers) && !status; i++)
        status = avsvti_recipe_number(r, numbers[i].key, numbers[i].low,
                                      numbers[i].high, numbers[i].value, err);
    for (size_t i = 0; i < sizeof(wholes) / sizeof(*wholes) && !status; i++)
        status = avsvti_recipe_whole(r, wholes[i].key, wholes[i].low,
                                     wholes[i].high, wholes[i].value, err);
    if (status == AVSVT_OK)
        status = check_piece(r, "data.segment_s", r->segment_s, err);
    if (status == AVSVT_OK)
        status = check_piece(r, "data.utterance_s", r->utterance_s, err);
    if (status == AVSVT_OK && r->segment_s > 0 && r->utterance_s > 0)
        status = avsvti_fail(err, AVSVT_E_FORMAT,
            "%s: 'data.segment_s' cuts songs at random, 'data.utterance_s' as "
            "published: give one of them", r->path);
    r->seed = (uint64_t)seed;
    return status;
}

static avsvt_status check_version(const avsvti_recipe *r, avsvt_error *err)
{
    const char *version = avsvti_yaml_get(r->yaml, "avsvt");
    if (!r->of_file || (version && !strcmp(version, "1")))
        return AVSVT_OK;
    if (!version)
        return avsvti_fail(err, AVSVT_E_FORMAT,
            "%s: not a recipe: it lacks 'avsvt: 1'", r->path);
    return avsvti_fail(err, AVSVT_E_UNSUPPORTED,
        "%s: recipe format %.20s; this library (%s) reads format 1", r->path,
        version, avsvt_version_string());
}

static avsvt_status load(avsvti_recipe *r, const char *text, avsvt_error *err)
{
    char *read = NULL;
    size_t size = text ? strlen(text) : 0;
    avsvt_status status = AVSVT_OK;
    if (!text)
        status = avsvti_file_read(&read, &size, r->allocator, r->path,
                                  MAX_RECIPE, err);
    if (status == AVSVT_OK)
        status = avsvti_yaml_parse(&r->yaml, r->allocator,
                                   text ? text : read, size, r->path, err);
    avsvti_release(r->allocator, read);
    return status;
}

avsvt_status avsvti_recipe_read(avsvti_recipe *r, const avsvt_allocator *a,
                                const char *path, const char *text,
                                avsvt_error *err)
{
    memset(r, 0, sizeof(*r));
    r->allocator = a;
    r->of_file = path != NULL;
    r->path = avsvti_strdup(a, path ? path : "(settings)");
    r->folder = avsvti_folder_of(a, path ? path : "");
    r->memory_mb = 2048;
    r->workers = path ? 1 : 0;
    r->batch_s = 60;
    r->batch_items = 1000000;
    r->accumulate = r->valid_epochs = 1;
    r->clip_norm = 5.0;
    r->timeout_s = 1800;
    if (!r->path || !r->folder) {
        avsvti_recipe_free(r);
        return avsvti_fail_memory(err);
    }
    avsvt_status status = load(r, text, err);
    if (status == AVSVT_OK)
        status = check_version(r, err);
    if (status == AVSVT_OK)
        status = check_keys(r, err);
    if (status == AVSVT_OK)
        status = check_origin(r, err);
    if (status == AVSVT_OK)
        status = read_numbers(r, err);
    if (status == AVSVT_OK)
        status = read_words(r, err);
    if (status == AVSVT_OK)
        status = read_ends(r, err);
    if (status == AVSVT_OK)
        status = avsvti_recipe_groups(r, err);
    if (status != AVSVT_OK)
        avsvti_recipe_free(r);
    return status;
}

char *avsvti_recipe_path(const avsvti_recipe *r, const char *name)
{
    return avsvti_path_join(r->allocator, r->folder, name);
}

void avsvti_recipe_free(avsvti_recipe *r)
{
    if (!r->allocator)
        return;
    avsvti_yaml_free(r->yaml);
    avsvti_release(r->allocator, r->path);
    avsvti_release(r->allocator, r->folder);
    memset(r, 0, sizeof(*r));
}
