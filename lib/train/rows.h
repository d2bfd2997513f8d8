/* SPDX-License-Identifier: MIT */
/* Examples that lie in arrays: .npz files whose arrays are named like the inputs
 * of a loss. Row i of each array of a file is an item. Only what is compressed is
 * held in memory. */
#ifndef AVSVTI_TRAIN_ROWS_H
#define AVSVTI_TRAIN_ROWS_H

#include "core/npz.h"
#include "platform/file.h"
#include "train/batch.h"
#include "train/draws.h"

typedef struct avsvti_loss_input { /* of a loss */
    const char *name; /* borrowed */
    int optional;
} avsvti_loss_input;

typedef struct avsvti_row_array { /* in all files alike */
    const char *name; /* borrowed */
    avsvti_npy npy;   /* of the first file */
    size_t values;    /* of an item */
    int32_t dtype;    /* of its tensors */
    int same;         /* their elements have the bytes of the file's */
} avsvti_row_array;

typedef struct avsvti_row_part { /* an array of one file */
    uint64_t at;      /* of its first element: bytes from the file's beginning, */
    char *unpacked;   /* or from that of this, which was compressed */
} avsvti_row_part;

typedef struct avsvti_row_file {
    char *path;
    char *real;            /* the path without links */
    double weight;         /* how often in an epoch */
    int64_t first, count;  /* of its items among those of all files */
    avsvti_file_stamp stamp;
    avsvti_row_part *parts; /* of each array; NULL: not read yet */
    uint64_t hash;         /* of what is in it */
} avsvti_row_file;

typedef struct avsvti_rows {
    avsvt_context *context; /* borrowed */
    size_t *budget;         /* bytes that may still be unpacked */
    avsvti_loss_input inputs[AVSVTI_MAX_FIELDS]; /* of the loss */
    size_t input_count;
    const char *balance;    /* array of labels to draw by; borrowed, NULL: none */
    avsvti_row_array arrays[AVSVTI_MAX_FIELDS];
    size_t array_count;
    const char *like;       /* the file that has shown them first; borrowed */
    avsvti_row_file *files;
    size_t count, capacity;
    int64_t items;          /* of all files */
    avsvti_draws draws;     /* of them; empty: each has its turn */
} avsvti_rows;

void avsvti_rows_init(avsvti_rows *rows, avsvt_context *context, size_t *budget);
/* All items of a file, as often as weight says. */
avsvt_status avsvti_rows_add(avsvti_rows *rows, const char *path, double weight,
                             avsvt_error *err);
void avsvti_rows_free(avsvti_rows *rows);
/* The file that item i of all is in. */
size_t avsvti_rows_file_of(const avsvti_rows *rows, int64_t item);

/* rows_list.c: whether a path means arrays: it ends in .npz, or is a folder with
 * such files and no sound. */
avsvt_status avsvti_rows_meant(int *meant, const avsvt_allocator *a, const char *path,
                               avsvt_error *err);
/* Everything at key ("data.train") of the recipe. */
avsvt_status avsvti_rows_read(avsvti_rows *rows, const avsvti_recipe *r, const char *key,
                              avsvt_error *err);
/* Says so when a file is in both, or twice in one. */
avsvt_status avsvti_rows_apart(const avsvti_rows *train, const avsvti_rows *valid,
                               const char *recipe, avsvt_error *err);

/* rows_labels.c: a file that has just been added, by its labels */
avsvt_status avsvti_rows_label(avsvti_rows *rows, avsvti_npz *npz,
                               const avsvti_row_file *file, avsvt_error *err);
/* What can be drawn is all there; without labels every item can. */
avsvt_status avsvti_rows_draw(avsvti_rows *rows, const char *recipe, avsvt_error *err);
/* rows.c: where an array of an open file lies; what is compressed is unpacked.
 * *crc becomes the check sum that the file has of it. */
avsvt_status avsvti_rows_part(const avsvti_rows *rows, avsvti_row_part *part,
                              avsvti_npy *npy, uint32_t *crc, avsvti_npz *npz,
                              const char *name, avsvt_error *err);

/* rows_batch.c: a cut is an item: its song the file, its start the row. */
avsvt_status avsvti_rows_batch(avsvti_batch *batch, const avsvti_rows *rows,
                               const avsvti_excerpt *cuts, size_t count,
                               avsvt_error *err);

/* plan_rows.c: an epoch, and each item in its order */
avsvt_status avsvti_rows_plan(avsvti_plan *plan, const avsvti_rows *rows,
                              const avsvti_recipe *r, int64_t epoch, avsvt_error *err);
avsvt_status avsvti_rows_plan_whole(avsvti_plan *plan, const avsvti_rows *rows,
                                    int64_t batch_items, avsvt_error *err);

#endif
