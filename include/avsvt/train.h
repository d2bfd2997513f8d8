/* SPDX-License-Identifier: MIT */
/** @file train.h
 *  Training: songs with their notes, or arrays for any other task -> a better
 *  model.
 *
 *  A trainer starts from a model file whose network has a method `loss` and
 *  changes its weights; what it writes is a model file like the one it started
 *  from. From a recipe (`avsvt train RECIPE.yaml`; recipes/notes-mine.yaml
 *  explains every key) it reads recordings and notes, cuts and batches them,
 *  validates with the task's own decoding and measures, keeps checkpoints and
 *  goes on where it stopped, bit for bit on the CPU. In place of songs it may list
 *  .npz files whose arrays are named like the inputs of `loss` and have an item in
 *  each row (recipes/keys-mine.yaml): networks of any task train like that, with the
 *  mean loss over items as validation. Rows are read when they are needed, from
 *  files that must stay as they are while it trains; only compressed arrays are held
 *  in memory. Afterwards the output folder has best.pt, last.pt, last.state (the
 *  checkpoint), log.jsonl and curve.svg, and events.out.tfevents.avsvt for
 *  TensorBoard where the recipe asks. One trainer
 *  at a time has the folder: it locks log.jsonl, and the system unlocks it when
 *  the process ends, however (where a file server goes on holding the lock of a
 *  machine that is gone, a copy of log.jsonl in its place is free). Inside an
 *  application it adapts a model to a singer, on sound in memory:
 *
 *      avsvt_trainer_create(&trainer, model,
 *          "{epochs: 20, optimizer: {kind: adam, lr: 0.001}, "
 *          "groups: [{parameters: [heads.]}]}", &err);
 *      avsvt_trainer_add(trainer, samples, count, rate_hz, notes, &err);
 *      avsvt_trainer_run(trainer, NULL, NULL, &err);
 *      avsvt_trainer_model(&adapted, trainer, &err);
 *
 *  A recipe's training can be shared by several processes, on one machine or
 *  many: started by `avsvt train --processes N`, torchrun, mpirun or Slurm's
 *  srun, avsvt_trainer_open() reads from the environment which of them it is
 *  (RANK, WORLD_SIZE, LOCAL_RANK, MASTER_ADDR, MASTER_PORT; OMPI_COMM_WORLD_*,
 *  PMI_*, SLURM_* with MASTER_ADDR and MASTER_PORT where they don't say, or a
 *  new file that all can write in AVSVT_WORLD_FILE instead of these two; Slurm's
 *  say all, each step with a port of its own from 15000 to 24999) and
 *  meets the others through torch's c10d. All must see the same
 *  recipe, songs (or arrays) and output folder. Each makes the plan of the whole epoch
 *  and takes its rows of every batch, so N processes go the way of one with the
 *  same recipe:
 *    - exact but for rounding: which pieces, how augmented, padded how far,
 *      where the loss is a mean over the batch's rows or frames, padding
 *      included, as the built-in networks' is; batch normalisation, which looks
 *      at the rows of all; gradient norm, clipping, averages, validation;
 *    - not exact: dropout, which draws anew in each process; a loss that
 *      divides by something counted in its own rows (sung or unpadded frames,
 *      tokens), which weighs rows of several processes slightly differently;
 *      further buffers that a network fills in, of which rank 0's are kept.
 *  Rank 0 alone writes files; a checkpoint goes on with any number of
 *  processes. Asked to stop, all stop after the same step. When one fails or
 *  dies, the call fails in all others with AVSVT_E_BACKEND and a message that
 *  names it, and rank 0 leaves a checkpoint; where rank 0 is the one that died,
 *  one of the others does; one that only hangs is given up after the recipe's
 *  distributed.timeout_s. On GPUs each process takes the one of its LOCAL_RANK.
 *  On one machine everything is added up in memory that the processes share
 *  (256 MB at most; Gloo where there is more to add up), on several it goes over
 *  Gloo, through the CPU. But gradients go over NCCL where each process has a GPU
 *  of its own, the torch module was built with NCCL, and the recipe does not say
 *  distributed.backend: gloo, which leaves out both NCCL and shared memory; a
 *  warning in rank 0's log says where GPUs do without. Over NCCL the sum is taken
 *  after the backward pass.
 *  While its group is made, and only then, the environment variable
 *  TORCH_NCCL_BLOCKING_WAIT is set, without which libtorch starts a thread that
 *  ends the process on errors; no other thread may change the environment then.
 *  NCCL has been built and loaded, but never run on GPUs so far.
 *
 *  A network whose loss takes video looks at pictures of the mouth beside each song
 *  (a list's column `video`, or a file beside the sound), cut out of the middle. A
 *  recipe's `pictures: {crop: random, mirror: 0.5}` cuts each piece that is trained
 *  on out at a place of its own, the same for all of its pictures, and mirrors so
 *  many of them, as AV_SVT does; the seed and the epoch decide. Where a network only
 *  sees (its manifest's input.kind is video), songs are as long as their videos,
 *  data.utterance_s cuts them by AV_SVT's rule for video, and their sound is not read:
 *  of `augment` only steps that change the pace (speed, stretch, resample) are taken.
 *
 *  Songs are heard as loud as they are: a manifest's input.raise_to_db counts where
 *  the model runs, validation included.
 *
 *  While a trainer is open the torch module keeps the memory of large tensors
 *  from one step to the next, up to a quarter more than was used at once; not
 *  where the host uses the same libtorch itself.
 *
 *  Gradients and optimizers need the torch module. A recipe's batches are made
 *  ahead on a thread of their own (its key data.workers; 0: none); a trainer
 *  for sound in memory starts no threads unless its settings ask for them. */
#ifndef AVSVT_TRAIN_H
#define AVSVT_TRAIN_H

#include <avsvt/metrics.h>
#include <avsvt/model.h>

AVSVT_BEGIN_DECLS

typedef struct avsvt_trainer avsvt_trainer; /**< One thread at a time. */

#define AVSVT_TRAIN_STEP 1  /**< The weights were changed once more. */
#define AVSVT_TRAIN_VALID 2 /**< Validation songs were looked at. */
#define AVSVT_TRAIN_LOOK 3  /**< One of them was: a moment to stop in. */

/** Where a training stands. Grows at the end only. */
typedef struct avsvt_train_report {
    uint32_t struct_size; /**< Set by AVSVT_TRAIN_REPORT_INIT. */
    int32_t  event;       /**< AVSVT_TRAIN_*: why progress is told. */
    int64_t  epoch;       /**< In hand or, behind its end, just done; from 1. 0 in
                               the validation of the start (valid.start). */
    int64_t  epochs;      /**< In all; 0: only steps count. */
    int64_t  step;        /**< Changes of the weights so far. */
    int64_t  steps;       /**< In all; 0: not known. */
    double   loss;        /**< Of the last step. */
    double   mean_loss;   /**< Of that epoch so far. */
    double   lr;          /**< Of the first group that trains. */
    double   grad_norm;   /**< Before clipping. */
    double   sound_s;     /**< Seconds of sound trained on, padding left out; 0
                               where the recipe lists arrays. */
    double   valid_loss;  /**< Last validation; -1: none yet. */
    double   conpoff;     /**< Last validation, mean F1 per song, 0..1; -1:
                               not measured. */
    double   conp;        /**< The same for onset and pitch. */
    double   con;         /**< ... onset. */
    double   coff;        /**< ... offset. */
    double   best;        /**< Best value of the measure that decides. */
    int32_t  improved;    /**< 1: this validation was the best so far. */
    int32_t  resumed;     /**< 1: went on from a checkpoint. */
    int32_t  rank;        /**< Of this process among those that train, from 0. */
    int32_t  processes;   /**< 1: it is alone. */
    int64_t  items;       /**< Rows of arrays trained on; 0 where the recipe
                               lists songs. */
} avsvt_train_report;
#define AVSVT_TRAIN_REPORT_INIT \
    { sizeof(avsvt_train_report), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, \
      0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }

/** Told after every step, validation song and validation, on the thread that trains.
 *  @return 0 to go on, anything else to stop with AVSVT_E_CANCELLED. */
typedef int32_t (*avsvt_train_fn)(void *user, const avsvt_train_report *report);

/** Open a recipe: everything in it is checked, the model is loaded, the lists
 *  are read, and where its output folder holds a checkpoint of the same
 *  recipe, training will go on from there.
 *  @param out  [out, owned] free with avsvt_trainer_free(); NULL on failure.
 *  @param context [borrowed] NULL for the default: device, threads; kept.
 *  @param path [borrowed] UTF-8; what the recipe names is relative to it.
 *  @param err  [out] may be NULL.
 *  @return AVSVT_OK; AVSVT_E_ARG (also an environment that contradicts
 *          itself); AVSVT_E_NOT_FOUND (the recipe, or what it names);
 *          AVSVT_E_IO (also other processes that don't come); AVSVT_E_FORMAT
 *          (unknown key, wrong value, empty or overlapping lists, notes outside
 *          their song, a checkpoint of another recipe); AVSVT_E_UNSUPPORTED
 *          (the model has no loss, compressed arrays need more than the
 *          recipe's memory, a tensor that trains has no part of the file to
 *          itself, or one of several processes without a backend for that);
 *          AVSVT_E_BUSY (another trainer, here or in another process, writes
 *          into the output folder: it is this trainer's from now until it is
 *          freed); AVSVT_E_MODULE (no torch module); AVSVT_E_CONFLICT;
 *          AVSVT_E_DEVICE; AVSVT_E_NOMEM.
 *  @thread any  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_trainer_open(avsvt_trainer **out,
    avsvt_context *context, const char *path, avsvt_error *err);

/** Make a trainer that writes no files, for sound in memory.
 *  @param out      [out, owned] free with avsvt_trainer_free(); NULL on failure.
 *  @param model    [borrowed] to start from; it is not changed.
 *  @param settings [copied] YAML text with a recipe's keys, but for those of
 *                  files and processes: avsvt, model, name, output, valid,
 *                  checkpoint, chains, pictures, tensorboard, distributed, and the
 *                  lists of data.
 *  @param err      [out] may be NULL.
 *  @return as avsvt_trainer_open().
 *  @thread any  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_trainer_create(avsvt_trainer **out,
    avsvt_model *model, const char *settings, avsvt_error *err);

/** Give the trainer a song to train on; before the first run.
 *  @param trainer [borrowed] from avsvt_trainer_create().
 *  @param samples [copied] @p count mono samples, full scale +-1.
 *  @param count   1 or more.
 *  @param rate_hz AVSVT_MIN_RATE_HZ..AVSVT_MAX_RATE_HZ.
 *  @param notes   [copied] inside the song; an empty list: silence.
 *  @return AVSVT_OK; AVSVT_E_ARG; AVSVT_E_FORMAT (a note outside the song);
 *          AVSVT_E_BUSY; AVSVT_E_NOMEM.
 *  @thread one at a time  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_trainer_add(avsvt_trainer *trainer,
    const float *samples, int64_t count, double rate_hz,
    const avsvt_notes *notes, avsvt_error *err);

/** Train to the end of the epochs or steps, or until @p progress asks to stop;
 *  called again it goes on. What is on disk is whole at every moment.
 *  @param progress may be NULL.
 *  @param user     [borrowed] handed to @p progress.
 *  @return AVSVT_OK; AVSVT_E_CANCELLED (a checkpoint has been written);
 *          AVSVT_E_BACKEND (the network failed, or the loss is not finite: the
 *          message names the batch, the last good state is kept);
 *          AVSVT_E_ARG (no songs); AVSVT_E_NOT_FOUND, AVSVT_E_FORMAT (a song
 *          or file of arrays that is gone, damaged or changed meanwhile);
 *          AVSVT_E_IO; AVSVT_E_BUSY;
 *          AVSVT_E_NOMEM. Unless writing is what failed, a checkpoint of the last
 *          step is written.
 *  @thread one at a time  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_trainer_run(avsvt_trainer *trainer,
    avsvt_train_fn progress, void *user, avsvt_error *err);

/** Change the weights once, on a batch of the caller's own, for models of any
 *  task. With `precision: fp16` gradients may overflow until their scale is
 *  found: nothing is changed then, and report->step stays where it was. There are
 *  no epochs: schedules that go to an end need the setting `steps`.
 *  @param trainer [borrowed] from avsvt_trainer_create().
 *  @param names   [borrowed] @p count names of inputs of the model's `loss`.
 *  @param tensors [borrowed] @p count tensors.
 *  @param report  [out] at most report->struct_size bytes; may be NULL.
 *  @return AVSVT_OK; AVSVT_E_ARG; AVSVT_E_BACKEND (also a loss that is not
 *          finite: nothing is changed then); AVSVT_E_BUSY; AVSVT_E_NOMEM.
 *  @thread one at a time  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_trainer_step(avsvt_trainer *trainer,
    const char *const *names, avsvt_tensor *const *tensors, size_t count,
    avsvt_train_report *report, avsvt_error *err);

/** Where the training stands. Copies at most report->struct_size bytes.
 *  @return AVSVT_OK; AVSVT_E_ARG; AVSVT_E_BUSY.
 *  @thread one at a time  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_trainer_describe(avsvt_trainer *trainer,
    avsvt_train_report *report, avsvt_error *err);

/** The network as it is now (its averaged weights, where `ema` is set) as a
 *  model, to be used at once.
 *  @param out [out, owned] free with avsvt_model_free(); NULL on failure.
 *  @return AVSVT_OK; AVSVT_E_ARG; AVSVT_E_UNSUPPORTED (a tensor that has no
 *          part of the file to itself); AVSVT_E_BUSY; AVSVT_E_NOMEM.
 *  @thread one at a time  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_trainer_model(avsvt_model **out,
    avsvt_trainer *trainer, avsvt_error *err);

/** Write the same as a model file, whole or not at all.
 *  @return as avsvt_trainer_model(); AVSVT_E_IO.
 *  @thread one at a time  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_trainer_write(avsvt_trainer *trainer,
    const char *path, avsvt_error *err);

/** Release the trainer; NULL is allowed. What was not written is lost.
 *  @thread any  @rt no  @since 0.1 */
AVSVT_API void avsvt_trainer_free(avsvt_trainer *trainer);

AVSVT_END_DECLS
#endif /* AVSVT_TRAIN_H */
