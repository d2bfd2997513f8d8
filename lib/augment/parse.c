/* SPDX-License-Identifier: MIT */
/* A chain from YAML; everything about it is checked here. */
#include "augment/chain.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "augment/stretch.h"
#include "core/number.h"
#include "platform/folder.h"

#define MAX_STEPS 1000
#define KEY_SIZE 200

typedef struct source {
    avsvt_context *context;
    const avsvti_yaml *yaml;
    const char *name, *folder;
    char at[KEY_SIZE];   /* of the step: "augment.3" */
    char what[KEY_SIZE]; /* for messages: "song.yaml: augment: step 4 (gain)" */
    avsvt_error *err;
} source;

static const char *get(const source *s, const char *key)
{
    char path[2 * KEY_SIZE];
    snprintf(path, sizeof(path), "%s.%s", s->at, key);
    return avsvti_yaml_get(s->yaml, path);
}

static size_t count_at(const source *s, const char *key)
{
    char path[2 * KEY_SIZE];
    snprintf(path, sizeof(path), "%s.%s", s->at, key);
    return avsvti_yaml_count(s->yaml, path);
}

static int is_whole(const avsvti_param *p)
{
    return p->form != AVSVTI_PARAM_RANGE;
}

static avsvt_status bad_number(const source *s, const avsvti_param *p,
                               const char *text)
{
    char least[AVSVTI_NUMBER_SIZE], most[AVSVTI_NUMBER_SIZE];
    avsvti_number_print(least, sizeof(least), p->least, 6);
    avsvti_number_print(most, sizeof(most), p->most, 6);
    return avsvti_fail(s->err, AVSVT_E_FORMAT,
        "%s: %s: '%.60s': a %snumber from %s to %s is needed", s->what, p->name,
        text ? text : "(no number)",
        is_whole(p) ? "whole " : "", least, most);
}

static avsvt_status read_number(const source *s, const avsvti_param *p,
                                const char *text, double *value)
{
    double v = 0;
    const char *end = text ? avsvti_number_parse(text, &v) : NULL;
    if (!end || *end || !(v >= p->least && v <= p->most) ||
        (is_whole(p) && v != floor(v)))
        return bad_number(s, p, text);
    *value = v;
    return AVSVT_OK;
}

static avsvt_status read_param(const source *s, const avsvti_param *p,
                               double *values, int *count)
{
    char key[KEY_SIZE];
    const char *text = get(s, p->name);
    size_t n = count_at(s, p->name), most = AVSVTI_STEP_VALUES;
    if (!text && !n) {
        *count = p->count;
        for (int i = 0; i < p->count; i++)
            values[i] = p->defaults[i];
        if (*count)
            return AVSVT_OK;
        return avsvti_fail(s->err, AVSVT_E_FORMAT, "%s: it needs '%s: NUMBER'",
                           s->what, p->name);
    }
    *count = text ? 1 : (int)n;
    if (text)
        return read_number(s, p, text, values);
    if (p->form == AVSVTI_PARAM_ONE)
        return bad_number(s, p, "a list");
    if (n > most || (p->form != AVSVTI_PARAM_ONE_OF && n != 2))
        return avsvti_fail(s->err, AVSVT_E_FORMAT,
            "%s: %s has %zu numbers: give one%s", s->what, p->name, n,
            p->form == AVSVTI_PARAM_ONE_OF ? " to sixteen" : ", or [low, high]");
    for (size_t i = 0; i < n; i++) {
        snprintf(key, sizeof(key), "%s.%zu", p->name, i);
        avsvt_status status = read_number(s, p, get(s, key), &values[i]);
        if (status != AVSVT_OK)
            return status;
    }
    if (p->form != AVSVTI_PARAM_ONE_OF && values[0] > values[1])
        return avsvti_fail(s->err, AVSVT_E_FORMAT,
            "%s: %s is [low, high], and the first number is the larger", s->what,
            p->name);
    return AVSVT_OK;
}

/* Which of the words with | between text is; -1 for none. */
static int choice_of(const char *words, const char *text)
{
    size_t n = strlen(text);
    for (int i = 0; *words; i++) {
        size_t length = strcspn(words, "|");
        if (length == n && !strncmp(words, text, n))
            return i;
        words += length + (words[length] == '|');
    }
    return -1;
}

static int is_known(const avsvti_step_kind *kind, const char *key)
{
    if (!strcmp(key, "step") || !strcmp(key, "probability"))
        return 1;
    if (!strcmp(key, "kind"))
        return kind->choices != NULL;
    if (!strcmp(key, "folder"))
        return kind->source == AVSVTI_SOURCE_FOLDER;
    if (!strcmp(key, "soundfont"))
        return kind->source == AVSVTI_SOURCE_TUNES;
    for (int i = 0; i < AVSVTI_STEP_PARAMS && kind->params[i].name; i++)
        if (!strcmp(key, kind->params[i].name))
            return 1;
    return 0;
}

static avsvt_status open_folder(const source *s, avsvti_step *step)
{
    const avsvt_allocator *a = avsvti_allocator(s->context);
    const char *folder = get(s, "folder");
    if (!folder || !*folder)
        return avsvti_fail(s->err, AVSVT_E_FORMAT,
            "%s: it needs 'folder: FOLDER' with recordings", s->what);
    char *path = avsvti_path_join(a, s->folder, folder);
    if (!path)
        return avsvti_fail_memory(s->err);
    avsvt_status status = avsvti_pool_open(&step->pool, s->context, path, s->err);
    avsvti_release(a, path);
    return status == AVSVT_OK || status == AVSVT_E_NOMEM ? status
        : avsvti_fail_prefix(s->err, status, s->what);
}

static avsvt_status open_tunes(const source *s, avsvti_step *step)
{
    const avsvt_allocator *a = avsvti_allocator(s->context);
    const char *font = get(s, "soundfont");
    char *path = font ? avsvti_path_join(a, s->folder, font) : NULL;
    if (font && !path)
        return avsvti_fail_memory(s->err);
    avsvt_status status = avsvti_pool_open_tunes(&step->pool, s->context, path,
        (uint64_t)step->values[2][0], (size_t)step->values[1][0], s->err);
    avsvti_release(a, path);
    return status == AVSVT_OK || status == AVSVT_E_NOMEM ? status
        : avsvti_fail_prefix(s->err, status, s->what);
}

static avsvt_status read_keys(const source *s, avsvti_step *step)
{
    static const avsvti_param probability = { "probability",
        AVSVTI_PARAM_RANGE, 0, 1, 1, { 1 } };
    const avsvti_step_kind *kind = step->kind;
    double values[AVSVTI_STEP_VALUES];
    int count;
    for (size_t i = 0; i < avsvti_yaml_count(s->yaml, s->at); i++) {
        const char *key = avsvti_yaml_key(s->yaml, s->at, i);
        if (key && !is_known(kind, key))
            return avsvti_fail(s->err, AVSVT_E_FORMAT,
                "%s: it has no '%.60s'", s->what, key);
    }
    avsvt_status status = read_param(s, &probability, values, &count);
    if (status == AVSVT_OK && count != 1)
        status = bad_number(s, &probability, "a list");
    step->probability = values[0];
    for (int i = 0; i < AVSVTI_STEP_PARAMS && kind->params[i].name &&
                    status == AVSVT_OK; i++)
        status = read_param(s, &kind->params[i], step->values[i],
                            &step->counts[i]);
    const char *choice = get(s, "kind");
    if (status == AVSVT_OK && choice) {
        step->choice = choice_of(kind->choices, choice);
        if (step->choice < 0)
            status = avsvti_fail(s->err, AVSVT_E_FORMAT,
                "%s: kind is '%.60s': one of %s is needed", s->what, choice,
                kind->choices);
    }
    if (status == AVSVT_OK && kind->source == AVSVTI_SOURCE_FOLDER)
        status = open_folder(s, step);
    if (status == AVSVT_OK && kind->source == AVSVTI_SOURCE_STRETCH &&
        (status = avsvti_stretch_load(NULL, s->err)) != AVSVT_OK)
        avsvti_fail_prefix(s->err, status, s->what);
    if (status == AVSVT_OK && kind->source == AVSVTI_SOURCE_TUNES)
        status = open_tunes(s, step);
    return status;
}

static avsvt_status read_step(source *s, const char *list, size_t i,
                              avsvti_step *step)
{
    snprintf(s->at, sizeof(s->at), "%s%s%zu", list, *list ? "." : "", i);
    const char *name = get(s, "step");
    int length = snprintf(s->what, sizeof(s->what), "%.80s: %.60s%sstep %zu", s->name,
                          list, *list ? ": " : "", i + 1);
    if (!name)
        return avsvti_fail(s->err, AVSVT_E_FORMAT,
            "%s: it is not of the form {step: NAME, ...}", s->what);
    step->kind = avsvti_step_kinds;
    while (step->kind->name && strcmp(step->kind->name, name))
        step->kind++;
    if (!step->kind->name)
        return avsvti_fail(s->err, AVSVT_E_FORMAT,
            "%s: there is no step '%.60s'", s->what, name);
    snprintf(s->what + length, sizeof(s->what) - (size_t)length, " (%s)", name);
    return read_keys(s, step);
}

avsvt_status avsvti_augment_parse(avsvt_augment **out, avsvt_context *context,
                                  const avsvti_yaml *yaml, const char *key,
                                  const char *name, const char *folder,
                                  avsvt_error *err)
{
    source s = { context, yaml, name, folder, "", "", err };
    size_t count = avsvti_yaml_count(yaml, key);
    *out = NULL;
    if (avsvti_yaml_key(yaml, key, 0) || count > MAX_STEPS ||
        (!count && avsvti_yaml_get(yaml, key) &&
         *avsvti_yaml_get(yaml, key)))
        return avsvti_fail(err, AVSVT_E_FORMAT,
            "%s: %s must be a list of at most %d steps", name,
            *key ? key : "a chain of augmentation", MAX_STEPS);
    avsvt_augment *chain = avsvti_augment_new(context, count);
    if (!chain)
        return avsvti_fail_memory(err);
    for (size_t i = 0; i < count; i++) {
        avsvt_status status = read_step(&s, key, i, &chain->steps[i]);
        if (status != AVSVT_OK) {
            avsvt_augment_free(chain);
            return status;
        }
    }
    *out = chain;
    return AVSVT_OK;
}
