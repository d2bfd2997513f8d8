/* SPDX-License-Identifier: MIT */
/* Groups of parameters: the recipe's `optimizer` and `schedule` are the
 * defaults that each entry of `groups` may change. */
#include <stdio.h>
#include <string.h>

#include "train/recipe.h"

#define KEY_SIZE 96

typedef struct reading {
    const avsvti_recipe *r;
    const char *prefix; /* "" or "groups.3." */
    avsvt_error *err;
    avsvt_status status;
} reading;

static const char *key_of(const reading *g, const char *section,
                          const char *name, char *key)
{
    snprintf(key, KEY_SIZE, "%s%s.%s", g->prefix, section, name);
    return key;
}

static void number(reading *g, const char *section, const char *name,
                   double low, double high, double *value)
{
    char key[KEY_SIZE];
    if (g->status == AVSVT_OK)
        g->status = avsvti_recipe_number(g->r, key_of(g, section, name, key),
                                         low, high, value, g->err);
}

static void whole(reading *g, const char *section, const char *name,
                  int64_t high, int64_t *value)
{
    char key[KEY_SIZE];
    if (g->status == AVSVT_OK)
        g->status = avsvti_recipe_whole(g->r, key_of(g, section, name, key), 0,
                                        high, value, g->err);
}

/* [a, b] */
static void pair(reading *g, const char *section, const char *name,
                 double low, double high, double *a, double *b)
{
    char key[KEY_SIZE], inner[24];
    key_of(g, section, name, key);
    size_t count = avsvti_yaml_count(g->r->yaml, key);
    snprintf(inner, sizeof(inner), "%s.0", name);
    number(g, section, inner, low, high, a);
    snprintf(inner, sizeof(inner), "%s.1", name);
    number(g, section, inner, low, high, b);
    if (g->status == AVSVT_OK &&
        (avsvti_yaml_get(g->r->yaml, key) || (count && count != 2) ||
         avsvti_yaml_key(g->r->yaml, key, 0)))
        g->status = avsvti_fail(g->err, AVSVT_E_FORMAT,
            "%s: '%s' must be a list of two numbers", g->r->path, key);
}

static int word(reading *g, const char *section, const char *name,
                const char *const *words, int value)
{
    char key[KEY_SIZE];
    if (g->status == AVSVT_OK)
        g->status = avsvti_recipe_word(g->r, key_of(g, section, name, key),
                                       words, &value, g->err);
    return value;
}

static void keys(reading *g, const char *section, const char *const *words)
{
    char key[KEY_SIZE];
    snprintf(key, sizeof(key), "%s%s", g->prefix, section);
    if (g->status == AVSVT_OK)
        g->status = avsvti_recipe_keys(g->r, key, words, g->err);
}

/* What PyTorch takes when it is not told; lr is needed where it has none. */
static void optimizer_defaults(avsvt_backend_group *n, int32_t kind)
{
    memset(n, 0, sizeof(*n));
    n->struct_size = (uint32_t)sizeof(*n);
    n->optimizer = kind;
    n->beta1 = 0.9;
    n->beta2 = 0.999;
    n->rho = 0.9;
    n->eps = kind == AVSVT_OPTIMIZER_ADADELTA ? 1e-6 : 1e-8;
    n->lr = kind == AVSVT_OPTIMIZER_ADADELTA ? 1.0 : 1e-3;
    n->weight_decay = kind == AVSVT_OPTIMIZER_ADAMW ? 1e-2 : 0;
    n->momentum = kind >= AVSVT_OPTIMIZER_LARS ? 0.9 : 0;
    n->trust = 0.001;
}

/* As PyTorch has it. */
static void check_nesterov(reading *g, const avsvt_backend_group *n)
{
    char key[KEY_SIZE];
    if (g->status == AVSVT_OK && (n->flags & AVSVT_GROUP_NESTEROV) &&
        !(n->momentum > 0 && n->dampening <= 0))
        g->status = avsvti_fail(g->err, AVSVT_E_FORMAT,
            "%s: '%s' needs a momentum and no dampening", g->r->path,
            key_of(g, "optimizer", "nesterov", key));
}

static void read_optimizer(reading *g, avsvti_group *group)
{
    static const char *const kinds[] = { "adam", "adamw", "sgd", "adadelta",
        "lars", "simclr_lars", NULL };
    static const char *const known[][8] = { /* of each kind */
        { "kind", "lr", "weight_decay", "betas", "eps", NULL },
        { "kind", "lr", "weight_decay", "betas", "eps", NULL },
        { "kind", "lr", "weight_decay", "momentum", "dampening", "nesterov", NULL },
        { "kind", "lr", "weight_decay", "rho", "eps", NULL },
        { "kind", "lr", "weight_decay", "momentum", "trust", "eps", NULL },
        { "kind", "lr", "weight_decay", "momentum", "trust", NULL },
    };
    static const char *const truth[] = { "false", "true", NULL };
    avsvt_backend_group *n = &group->numbers;
    int kind = word(g, "optimizer", "kind", kinds, n->optimizer - 1) + 1;
    keys(g, "optimizer", known[kind - 1]);
    if (kind != n->optimizer)
        optimizer_defaults(n, kind);
    number(g, "optimizer", "lr", 0, 1e6, &n->lr);
    pair(g, "optimizer", "betas", 0, 0.999999, &n->beta1, &n->beta2);
    number(g, "optimizer", "rho", 0, 1, &n->rho);
    number(g, "optimizer", "eps", 0, 1, &n->eps);
    number(g, "optimizer", "momentum", 0, 1, &n->momentum);
    number(g, "optimizer", "dampening", 0, 1, &n->dampening);
    number(g, "optimizer", "weight_decay", 0, 1e3, &n->weight_decay);
    number(g, "optimizer", "trust", 0, 1e3, &n->trust);
    if (word(g, "optimizer", "nesterov", truth, n->flags & AVSVT_GROUP_NESTEROV))
        n->flags = AVSVT_GROUP_NESTEROV;
    else
        n->flags = 0;
    check_nesterov(g, n);
}

static void schedule_defaults(avsvti_schedule *s, int kind)
{
    memset(s, 0, sizeof(*s));
    s->kind = (avsvti_schedule_kind)kind;
    s->factor = kind == AVSVTI_NEWBOB ? 0.5 : 0.1;
    s->threshold = kind == AVSVTI_NEWBOB ? 0.0025 : 1e-4;
    s->patience = kind == AVSVTI_PLATEAU ? 10 : 0;
    s->eps = 1e-8;
    s->rise = 0.3;
    s->start_div = 25;
    s->end_div = 1e4;
}

static void read_schedule(reading *g, avsvti_group *group)
{
    static const char *const kinds[] = { "constant", "newbob", "plateau",
        "cosine", "one_cycle", NULL };
    static const char *const known[][9] = { /* of each kind */
        { "kind", NULL },
        { "kind", "factor", "threshold", "patience", "on", NULL },
        { "kind", "factor", "threshold", "patience", "cooldown", "min_lr", "eps",
          "on", NULL },
        { "kind", "warmup_steps", "last", NULL },
        { "kind", "rise", "start_div", "end_div", "momentum", NULL },
    };
    static const char *const measures[] = { AVSVTI_MEASURE_WORDS, "train_loss", NULL };
    avsvti_schedule *s = &group->schedule;
    int kind = word(g, "schedule", "kind", kinds, (int)s->kind);
    keys(g, "schedule", known[kind]);
    if (kind != (int)s->kind)
        schedule_defaults(s, kind);
    number(g, "schedule", "factor", 0, 1, &s->factor);
    number(g, "schedule", "threshold", 0, 1, &s->threshold);
    whole(g, "schedule", "patience", 1000000, &s->patience);
    whole(g, "schedule", "cooldown", 1000000, &s->cooldown);
    number(g, "schedule", "min_lr", 0, 1e6, &s->min_lr);
    number(g, "schedule", "eps", 0, 1, &s->eps);
    number(g, "schedule", "warmup_steps", 0, 1e9, &s->warmup);
    number(g, "schedule", "last", 0, 1, &s->last);
    number(g, "schedule", "rise", 0.0001, 0.9999, &s->rise);
    number(g, "schedule", "start_div", 1, 1e9, &s->start_div);
    number(g, "schedule", "end_div", 1, 1e12, &s->end_div);
    pair(g, "schedule", "momentum", 0.0001, 1, &s->momentum_low, &s->momentum_high);
    s->on = (avsvti_measure)word(g, "schedule", "on", measures, (int)s->on);
    s->base = group->numbers.lr;
}

/* A list of texts, one at least. */
static avsvt_status check_parameters(const avsvti_recipe *r, const char *key,
                                     avsvt_error *err)
{
    size_t count = avsvti_yaml_count(r->yaml, key), i = 0;
    char inner[KEY_SIZE + 24];
    if (avsvti_yaml_key(r->yaml, key, 0))
        count = 0;
    for (; i < count; i++) {
        snprintf(inner, sizeof(inner), "%s.%zu", key, i);
        if (!avsvti_yaml_get(r->yaml, inner))
            break;
    }
    return count && i == count ? AVSVT_OK : avsvti_fail(err, AVSVT_E_FORMAT,
        "%s: '%s' must be a list of beginnings of parameters' names, such as "
        "[heads.]", r->path, key);
}

static avsvt_status read_group(avsvti_recipe *r, const avsvti_group *defaults,
                               size_t i, avsvt_error *err)
{
    static const char *const known[] = { "name", "parameters", "frozen_epochs",
        "optimizer", "schedule", NULL };
    avsvti_group *group = &r->groups[i];
    char prefix[32], key[KEY_SIZE];
    *group = *defaults;
    snprintf(group->key, sizeof(group->key), "groups.%zu", i);
    snprintf(prefix, sizeof(prefix), "groups.%zu.", i);
    reading g = { .r = r, .prefix = prefix, .err = err };
    g.status = avsvti_recipe_keys(r, group->key, known, err);
    snprintf(key, sizeof(key), "%sparameters", prefix);
    if (g.status == AVSVT_OK)
        g.status = check_parameters(r, key, err);
    if (g.status == AVSVT_OK) {
        snprintf(key, sizeof(key), "%sfrozen_epochs", prefix);
        g.status = avsvti_recipe_whole(r, key, 0, 1000000,
                                       &group->frozen_epochs, err);
    }
    read_optimizer(&g, group);
    read_schedule(&g, group);
    return g.status;
}

/* Something must train from the first epoch on. */
static avsvt_status check_frozen(const avsvti_recipe *r, avsvt_error *err)
{
    int64_t least = r->groups[0].frozen_epochs;
    for (size_t i = 1; i < r->group_count; i++)
        if (r->groups[i].frozen_epochs < least)
            least = r->groups[i].frozen_epochs;
    return least < 1 ? AVSVT_OK : avsvti_fail(err, AVSVT_E_FORMAT,
        "%s: every group has 'frozen_epochs': nothing would train in the first %lld "
        "epochs", r->path, (long long)least);
}

avsvt_status avsvti_recipe_groups(avsvti_recipe *r, avsvt_error *err)
{
    avsvti_group defaults;
    size_t count = avsvti_yaml_count(r->yaml, "groups");
    memset(&defaults, 0, sizeof(defaults));
    optimizer_defaults(&defaults.numbers, AVSVT_OPTIMIZER_ADAMW);
    schedule_defaults(&defaults.schedule, AVSVTI_CONSTANT);
    reading g = { .r = r, .prefix = "", .err = err };
    read_optimizer(&g, &defaults);
    read_schedule(&g, &defaults);
    if (g.status == AVSVT_OK && count > AVSVTI_MAX_GROUPS)
        g.status = avsvti_fail(err, AVSVT_E_UNSUPPORTED,
            "%s: %zu groups; there may be %d", r->path, count,
            AVSVTI_MAX_GROUPS);
    if (g.status == AVSVT_OK && (avsvti_yaml_get(r->yaml, "groups") ||
                                 avsvti_yaml_key(r->yaml, "groups", 0)))
        g.status = avsvti_fail(err, AVSVT_E_FORMAT,
            "%s: 'groups' must be a list of mappings", r->path);
    r->group_count = count ? count : 1;
    r->groups[0] = defaults;
    for (size_t i = 0; i < count && g.status == AVSVT_OK; i++)
        g.status = read_group(r, &defaults, i, err);
    return g.status == AVSVT_OK ? check_frozen(r, err) : g.status;
}
