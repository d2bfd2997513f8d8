/* SPDX-License-Identifier: MIT */
/* What a recipe says, as numbers. */
#ifndef AVSVTI_TRAIN_RECIPE_H
#define AVSVTI_TRAIN_RECIPE_H

#include <avsvt/sys/backend.h>

#include "core/error.h"
#include "core/memory.h"
#include "core/yaml.h"
#include "train/schedule.h"

#define AVSVTI_MAX_GROUPS 64

typedef enum avsvti_order {
    AVSVTI_ORDER_BUCKETED,  /* like lengths together, batches in random order */
    AVSVTI_ORDER_ASCENDING, /* by length, the same every epoch */
} avsvti_order;

typedef struct avsvti_group {
    char key[32];              /* "groups.3" or "": where its prefixes are */
    avsvt_backend_group numbers;
    int64_t frozen_epochs;
    avsvti_schedule schedule;
} avsvti_group;

typedef struct avsvti_recipe {
    const avsvt_allocator *allocator;
    avsvti_yaml *yaml;
    char *path;   /* of the file, or what messages call it */
    char *folder; /* paths are relative to it; "" for text */
    int of_file;
    uint64_t seed;
    int32_t precision;
    double segment_s;          /* 0: whole songs, or */
    double utterance_s;        /* above 0: AV_SVT's utterances */
    int arrays;                /* rows of arrays are listed, not songs */
    const char *balance;       /* name of one of them; NULL: none */
    int64_t draws;             /* items of an epoch; 0: each once */
    double memory_mb;
    int64_t workers;           /* threads that make batches */
    double batch_s;
    int64_t batch_items, accumulate;
    avsvti_order order;
    int drop_last;             /* only full batches */
    int64_t epochs, steps; /* 0: no such end */
    avsvti_group groups[AVSVTI_MAX_GROUPS];
    size_t group_count;
    int roams;                 /* where pictures are cut out */
    double mirror;
    double clip_norm, average;
    double timeout_s;          /* so long one of several processes is waited for */
    int64_t skip_nonfinite;
    int64_t valid_epochs, checkpoint_steps;
    int valid_start;          /* before the first step too */
    avsvti_measure measure;   /* decides which weights are best */
    int measure_given;
    int tensorboard;          /* its format is written too */
} avsvti_recipe;

/* path NULL: text alone, no files named in it. */
avsvt_status avsvti_recipe_read(avsvti_recipe *r, const avsvt_allocator *a,
                                const char *path, const char *text,
                                avsvt_error *err);
/* A path that the recipe names; NULL when out of memory. */
char *avsvti_recipe_path(const avsvti_recipe *r, const char *name);
void avsvti_recipe_free(avsvti_recipe *r);

/* recipe_keys.c: only keys of the list, in the mapping at path. words: ends
 * in NULL. */
avsvt_status avsvti_recipe_keys(const avsvti_recipe *r, const char *path,
                                const char *const *words, avsvt_error *err);
/* Whether the mapping at a path has this key, whatever is there. */
int avsvti_recipe_has(const avsvti_recipe *r, const char *mapping, const char *key);
/* A number at key, unchanged where there is none. */
avsvt_status avsvti_recipe_number(const avsvti_recipe *r, const char *key,
                                  double low, double high, double *value,
                                  avsvt_error *err);
avsvt_status avsvti_recipe_whole(const avsvti_recipe *r, const char *key,
                                 int64_t low, int64_t high, int64_t *value,
                                 avsvt_error *err);
/* One of the words; *value its place. */
avsvt_status avsvti_recipe_word(const avsvti_recipe *r, const char *key,
                                const char *const *words, int *value,
                                avsvt_error *err);

/* recipe_entries.c: the list at key ("data.train"), or what stands there alone */
typedef struct avsvti_entry {
    char key[64];  /* where it stands: "data.train.0" */
    char *path;    /* on the machine */
    double weight;
    int augments;  /* it has steps of augmentation of its own */
} avsvti_entry;
typedef avsvt_status (*avsvti_entry_fn)(void *user, const avsvti_recipe *r,
                                        const avsvti_entry *entry, avsvt_error *err);
/* One after the other, until one fails; each is gone after its turn. */
avsvt_status avsvti_recipe_each(const avsvti_recipe *r, const char *key,
                                avsvti_entry_fn visit, void *user, avsvt_error *err);

/* recipe_groups.c */
avsvt_status avsvti_recipe_groups(avsvti_recipe *r, avsvt_error *err);

#endif
