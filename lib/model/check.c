/* SPDX-License-Identifier: MIT */
/* What a manifest must say, and typed access to it. */
#include "model/handle.h"

#include <math.h>
#include <string.h>

#include "core/error.h"
#include "core/words.h"
#include "model/sections.h"

#define MANIFEST_FORMAT 1

static avsvt_status read_number(const avsvt_model *m, const char *key,
                                double lowest, double highest, int whole,
                                double *value, avsvt_error *err)
{
    return avsvti_yaml_number(m->manifest, m->path, key, lowest, highest,
                              whole, value, err);
}

avsvt_status avsvti_model_number(const avsvt_model *m, const char *key,
                                 double lowest, double highest, double *value,
                                 avsvt_error *err)
{
    return read_number(m, key, lowest, highest, 0, value, err);
}

avsvt_status avsvti_model_integer(const avsvt_model *m, const char *key,
                                  int64_t lowest, int64_t highest,
                                  int64_t *value, avsvt_error *err)
{
    double number = (double)*value;
    int64_t before = *value;
    avsvt_status status = read_number(m, key, (double)lowest, (double)highest,
                                      1, &number, err);
    if (status == AVSVT_OK)
        *value = number == (double)before ? before : (int64_t)number;
    return status;
}

int avsvti_model_is(const avsvt_model *m, const char *key, const char *text)
{
    const char *value = avsvti_yaml_get(m->manifest, key);
    return value && !strcmp(value, text);
}

avsvt_context *avsvti_model_context(const avsvt_model *m)
{
    return m->context;
}

const avsvti_yaml *avsvti_model_tree(const avsvt_model *m)
{
    return m->manifest;
}

const avsvti_archive *avsvti_model_archive(const avsvt_model *m)
{
    return &m->archive;
}

static avsvt_status check_format(const avsvt_model *m, avsvt_error *err)
{
    double format = 0;
    avsvt_status status = read_number(m, "avsvt", 1, 1e9, 1, &format, err);
    if (status != AVSVT_OK)
        return status;
    if (format < 1)
        return avsvti_fail(err, AVSVT_E_FORMAT,
            "%s: the manifest has no format version ('avsvt: %d')", m->path,
            MANIFEST_FORMAT);
    if (format > MANIFEST_FORMAT)
        return avsvti_fail(err, AVSVT_E_UNSUPPORTED,
            "%s: has a manifest of format %.0f; this library (%s) reads up to "
            "%d: update the library", m->path, format, avsvt_version_string(),
            MANIFEST_FORMAT);
    return AVSVT_OK;
}

/* One of a list of words that ends in NULL; absent is allowed when optional. */
static avsvt_status check_word(const avsvt_model *m, const char *key,
                               const char *const *words, int optional,
                               avsvt_error *err)
{
    char list[160];
    int found = -1;
    avsvt_status status = avsvti_yaml_word(m->manifest, m->path, key, words,
                                           &found, err);
    if (status != AVSVT_OK || found >= 0 || optional)
        return status;
    avsvti_words_join(list, sizeof(list), words);
    return avsvti_fail(err, AVSVT_E_FORMAT,
        "%s: the manifest has no '%s': it must be one of %s", m->path, key, list);
}

static avsvt_status check_numbers(const avsvt_model *m, avsvt_error *err)
{
    static const struct { const char *key; double lowest, highest; int whole; }
    ranges[] = {
        { "input.sample_rate", AVSVTI_SAMPLE_RATES, 1 },
        { "input.hop", AVSVTI_HOPS, 1 },
        { "input.raise_to_db", AVSVTI_RAISES_DB, 0 },
        { "output.frame_rate", AVSVTI_FRAME_RATES, 0 },
        { "output.fine.bins", AVSVTI_FINE_BINS, 1 },
        { "output.fine.lowest", AVSVTI_FINE_LOWEST, 0 },
        { "output.fine.step", AVSVTI_FINE_STEPS, 0 },
        { "chunk.length_s", AVSVTI_CHUNKS_S, 0 },
        { "chunk.context_s", AVSVTI_CONTEXTS_S, 0 },
    };
    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
        double ignored = 0;
        avsvt_status status = read_number(m, ranges[i].key, ranges[i].lowest,
            ranges[i].highest, ranges[i].whole, &ignored, err);
        if (status != AVSVT_OK)
            return status;
    }
    return AVSVT_OK;
}

avsvt_status avsvti_model_check(const avsvt_model *m, avsvt_error *err)
{
    static const char *const roles[] = { "pipeline", "extractor", "fusion",
                                         "head", "lm", NULL };
    static const char *const tasks[] = { "notes", "lyrics", "roll",
                                         "embedding", "tags", "activity", NULL };
    const char *name = avsvti_yaml_get(m->manifest, "name");
    avsvt_notes_options ignored = AVSVT_NOTES_OPTIONS_INIT;
    avsvt_status status = check_format(m, err);
    if (status == AVSVT_OK && (!name || !*name))
        status = avsvti_fail(err, AVSVT_E_FORMAT,
            "%s: the manifest has no 'name'", m->path);
    if (status == AVSVT_OK)
        status = check_word(m, "role", roles, 0, err);
    if (status == AVSVT_OK)
        status = check_word(m, "task", tasks,
            !avsvti_model_is(m, "role", "pipeline") &&
            !avsvti_model_is(m, "role", "head"), err);
    if (status == AVSVT_OK)
        status = avsvti_decode_settings(&ignored, m->manifest, m->path, err);
    return status == AVSVT_OK ? check_numbers(m, err) : status;
}
