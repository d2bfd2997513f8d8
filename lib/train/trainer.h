/* SPDX-License-Identifier: MIT */
/* What a trainer holds, and its parts. What it trains on goes through others:
 *
 *   recipe.c    what the recipe says; recipe_entries.c, recipe_groups.c and
 *               schedule.c read parts of it
 *   examples.c  the songs (data.c; sight.c: their pictures) or the rows of arrays
 *               (rows.c) that it lists
 *   plan.c      which pieces of them, in which batches, an epoch goes through
 *   batch.c     a batch of songs as tensors; rows_batch.c: one of arrays
 *   loader.c    batches made ahead on threads of their own
 *
 * and from there to the parts of the trainer itself:
 *
 *   open.c      recipe, model, songs -> trainer
 *   engine.c    the backend that computes gradients
 *   run.c       epochs, steps, validation, checkpoints
 *   validate.c  loss and the task's own measures on songs kept apart
 *   world.c     which of how many processes this is
 *   share.c     one training shared out among processes
 *   heir.c      what one of them writes when rank 0 is gone
 *   state.c     checkpoints
 *   result.c    the model file with the new weights
 *   log.c       a line for each step and validation
 *   tensorboard.c  the same in TensorBoard's format
 *   plain.c     a model whose tensors are compressed, unpacked
 *   curve.c     a picture of the log */
#ifndef AVSVTI_TRAIN_TRAINER_H
#define AVSVTI_TRAIN_TRAINER_H

#include <avsvt/train.h>

#include "core/archive_write.h"
#include "core/buffer.h"
#include "core/busy.h"
#include "model/model.h"
#include "train/loader.h"
#include "train/world.h"

/* What has happened so far; all of it is in a checkpoint, as doubles. */
typedef struct avsvti_progress {
    double epoch;       /* from 1; all are done: one more than there are */
    double batch;       /* the next one of the epoch */
    double step;
    double loss, loss_sum, loss_count; /* last; of this epoch */
    double grad_norm;
    double amount;      /* trained on: seconds of sound, or items of arrays */
    double nonfinite;   /* skipped in this epoch */
    double valid_step;  /* at the last validation; -1: none yet */
    double valid_loss, conpoff, conp, con, coff;
    double best;        /* NAN: none yet */
    double log_size;    /* bytes */
    double epoch_steps; /* of the first epoch, for schedules */
} avsvti_progress;

/* Nothing was trained on yet. */
static inline int avsvti_at_start(const avsvti_progress *now)
{
    return now->epoch <= 1 && now->batch < 1;
}

struct avsvt_trainer {
    avsvti_busy busy;
    avsvt_context *context; /* counted */
    avsvti_recipe recipe;
    avsvt_model *model;     /* what it started from; counted */
    const avsvt_backend *backend;
    const avsvt_backend_training *table;
    void *network, *engine; /* the backend's */
    avsvti_world world;
    const avsvt_backend_world *others; /* NULL: this process is alone */
    double share;           /* of the batch in hand; 1 when alone */
    int stop_wanted;        /* told to the others at the next batch */
    avsvti_fields fields;
    size_t *group_of;       /* of each parameter; recipe.group_count: none */
    size_t parameters;
    avsvti_schedule_state schedules[AVSVTI_MAX_GROUPS];
    size_t budget;          /* bytes of sound that may be kept */
    avsvti_examples train, valid;
    avsvt_augment *augment; /* NULL: none */
    int measures;           /* notes can be decoded and measured */
    avsvti_plan plan;       /* of the epoch in hand */
    int planned;
    avsvti_loader *loader;  /* while an epoch runs */
    avsvti_progress now;
    int improved, resumed;
    int idle;               /* epochs in a row without a step */
    int unread;             /* the last batch could not be made */
    char *name;             /* of the written model */
    char *output;           /* folder; NULL: nothing is written */
    char *folder;           /* where rank 0 writes for this process too; NULL: it is that */
    int lock;               /* keeps other trainings out of the folder; -1: none */
    avsvti_buffer unwritten; /* log lines that rank 0 may not have written yet */
    avsvt_train_fn progress; /* while it runs */
    void *progress_user;
    double fingerprint[2];  /* of what decides the course of training */
};

/* engine.c */
avsvt_status avsvti_engine_open(avsvt_trainer *t, avsvt_error *err);
void avsvti_engine_close(avsvt_trainer *t);
/* Which parameters train in this epoch. */
avsvt_status avsvti_engine_thaw(avsvt_trainer *t, avsvt_error *err);
/* Learning rates for the step to come. */
avsvt_status avsvti_engine_rates(avsvt_trainer *t, avsvt_error *err);
avsvt_status avsvti_engine_loss(avsvt_trainer *t,
                                const avsvt_backend_tensor *tensors, size_t count,
                                uint32_t flags, uint64_t draw, double scale,
                                double *value, avsvt_error *err);
/* *skipped: gradients overflowed fp16, nothing was changed. */
avsvt_status avsvti_engine_step(avsvt_trainer *t, double *norm, int *skipped,
                                avsvt_error *err);
/* What the loss takes; at most AVSVTI_MAX_FIELDS. */
avsvt_status avsvti_engine_inputs(const avsvt_trainer *t, avsvti_loss_input *inputs,
                                  size_t *count, avsvt_error *err);
/* Tensors of the state; released with avsvti_engine_release(). */
avsvt_status avsvti_engine_state(avsvt_trainer *t, int32_t kind,
                                 avsvt_backend_tensor **tensors, size_t *count,
                                 avsvt_error *err);
void avsvti_engine_release(avsvt_trainer *t, avsvt_backend_tensor *tensors,
                           size_t count);
avsvt_status avsvti_engine_restore(avsvt_trainer *t,
                                   const avsvt_backend_tensor *tensors,
                                   size_t count, avsvt_error *err);
/* Steps that the recipe asks for in all, for schedules. */
int64_t avsvti_trainer_steps(const avsvt_trainer *t);

/* share.c: nothing happens in any of them where this process is alone */
avsvt_status avsvti_share_find(avsvt_trainer *t, avsvt_error *err);
avsvt_status avsvti_share_join(avsvt_trainer *t, avsvt_error *err);
/* All have the same recipe, songs and checkpoint. */
avsvt_status avsvti_share_check(avsvt_trainer *t, avsvt_error *err);
/* Finishes this process's part of batch b, with room for what others have in
 * it; amount is then of the whole. Fails where any was asked to stop. */
avsvt_status avsvti_share_batch(avsvt_trainer *t, size_t b, avsvti_batch *batch,
                                avsvt_error *err);
avsvt_status avsvti_share_gradients(avsvt_trainer *t, avsvt_error *err);
/* Whether validation song i is looked at here. */
int avsvti_share_mine(const avsvt_trainer *t, size_t i);
/* Rows that others have looked at are filled in; status: how it went here. */
avsvt_status avsvti_share_values(avsvt_trainer *t, double *values, size_t rows,
                                 size_t columns, avsvt_status status,
                                 avsvt_error *err);
/* After a stop: waits until all have come here, rank 0 with its checkpoint
 * written. Whoever started them may kill the others once one has ended. */
void avsvti_share_part(avsvt_trainer *t);
/* Tells the others why this one ends; 1 where another is to blame, 2 where
 * rank 0 is gone besides and this one may write in its place. */
int avsvti_share_leave(avsvt_trainer *t, const avsvt_error *err);

/* heir.c */
/* Before processes train: what an earlier heir left behind. */
void avsvti_heir_begin(avsvt_trainer *t);
/* Writes the checkpoint in place of rank 0; AVSVT_E_CANCELLED: another does. */
avsvt_status avsvti_heir_save(avsvt_trainer *t, avsvt_error *err);

/* state.c */
avsvt_status avsvti_state_save(avsvt_trainer *t, avsvt_error *err);
/* Does nothing where there is no checkpoint. */
avsvt_status avsvti_state_load(avsvt_trainer *t, avsvt_error *err);
void avsvti_state_fingerprint(avsvt_trainer *t);

/* result.c: whether what trains has a place in the model file */
avsvt_status avsvti_result_check(const avsvt_trainer *t, avsvt_error *err);
/* Bytes of the model file. */
avsvt_status avsvti_result_bytes(avsvt_trainer *t, avsvti_archive_writer *w,
                                 avsvt_error *err);
avsvt_status avsvti_result_write(avsvt_trainer *t, const char *path,
                                 avsvt_error *err);

/* validate.c: fills the members of t->now; improved is told too */
avsvt_status avsvti_validate(avsvt_trainer *t, avsvt_error *err);

/* run.c: between songs that are looked at; may want to stop */
avsvt_status avsvti_trainer_look(avsvt_trainer *t, avsvt_error *err);

#define AVSVTI_LOG_NAME "log.jsonl"
/* log.c */
avsvt_status avsvti_log_step(avsvt_trainer *t, avsvt_error *err);
avsvt_status avsvti_log_valid(avsvt_trainer *t, avsvt_error *err);
/* Keeps the log, and with it the folder, for this training alone. */
avsvt_status avsvti_log_lock(avsvt_trainer *t, avsvt_error *err);
/* Drops what was written after the last checkpoint. */
avsvt_status avsvti_log_rewind(avsvt_trainer *t, avsvt_error *err);

/* tensorboard.c: the same, where the recipe asks for it */
avsvt_status avsvti_tensorboard_step(avsvt_trainer *t, avsvt_error *err);
avsvt_status avsvti_tensorboard_valid(avsvt_trainer *t, avsvt_error *err);
avsvt_status avsvti_tensorboard_rewind(avsvt_trainer *t, avsvt_error *err);

/* plain.c: t->model with no tensor compressed: as it is, or a copy. */
avsvt_status avsvti_trainer_unpack(avsvt_trainer *t, avsvt_error *err);
/* "data/7" of FOLDER/data/7, *size bytes of it; NULL: no part that holds a tensor. */
const char *avsvti_tensor_part(const avsvti_archive_entry *e, size_t *size);

/* curve.c: the log as a picture */
avsvt_status avsvti_curve_write(avsvt_trainer *t, avsvt_error *err);

/* open.c */
void avsvti_trainer_report(const avsvt_trainer *t, int32_t event,
                           avsvt_train_report *report);
/* output/name; NULL when out of memory */
char *avsvti_trainer_file(const avsvt_trainer *t, const char *name);

#endif
