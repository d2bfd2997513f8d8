/* SPDX-License-Identifier: MIT */
/* Epochs of steps, with validation after them and checkpoints among them. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/tensor.h"
#include "train/trainer.h"

#define MOST_IDLE 10

static int finished(const avsvt_trainer *t)
{
    return (t->recipe.steps && t->now.step >= (double)t->recipe.steps) ||
           (t->recipe.epochs && t->now.epoch > (double)t->recipe.epochs);
}

static avsvt_status plan_epoch(avsvt_trainer *t, avsvt_error *err)
{
    if (t->planned)
        return AVSVT_OK;
    avsvt_status status = avsvti_examples_plan(&t->plan, &t->train, &t->recipe,
                                               (int64_t)t->now.epoch, err);
    if (status != AVSVT_OK)
        return status;
    if (t->recipe.drop_last && !t->plan.batch_count) {
        avsvti_plan_free(&t->plan);
        return avsvti_fail(err, AVSVT_E_FORMAT,
            "%s: 'batch.drop_last' leaves no batch of an epoch: none is full; make batches "
            "smaller", t->recipe.path);
    }
    t->planned = 1;
    if (t->now.batch < 1)
        t->now.loss_sum = t->now.loss_count = t->now.nonfinite = 0;
    t->plan.rank = t->world.rank;
    t->plan.size = t->others ? t->world.size : 0;
    if (t->now.epoch_steps < 1)
        t->now.epoch_steps = ceil((double)t->plan.batch_count /
                                  (double)t->recipe.accumulate);
    return avsvti_engine_thaw(t, err);
}

/* Which pieces a batch is made of, for messages. */
static void name_batch(const avsvt_trainer *t, size_t b, char *to, size_t size)
{
    size_t from = b ? t->plan.ends[b - 1] : 0, n = 0;
    for (size_t i = from; i < t->plan.ends[b] && n < size; i++) {
        char name[300];
        if (i - from == 4) {
            snprintf(to + n, size - n, " and %zu more", t->plan.ends[b] - i);
            return;
        }
        avsvti_examples_name(&t->train, &t->plan.cuts[i], name, sizeof(name));
        int wrote = snprintf(to + n, size - n, "%s%s", i > from ? ", " : "", name);
        n += wrote > 0 ? (size_t)wrote : 0;
    }
}

/* Which batch it was that failed. Where others train too, one of them may have. */
static void tell_batch(const avsvt_trainer *t, size_t b, avsvt_status status,
                       avsvt_error *err)
{
    char pieces[300] = "", where[400];
    if (status == AVSVT_E_NOMEM) {
        snprintf(where, sizeof(where), "too little memory: %s", avsvti_examples_thrift(&t->train));
        avsvti_fail_prefix(err, status, where);
    }
    if (t->others)
        return;
    name_batch(t, b, pieces, sizeof(pieces));
    snprintf(where, sizeof(where), "epoch %.0f, batch %zu (%s)", t->now.epoch, b + 1, pieces);
    avsvti_fail_prefix(err, status, where);
}

/* Batch b: its loss, and its gradients in the engine. */
static avsvt_status one_batch(avsvt_trainer *t, size_t b, double scale, uint32_t flags,
                              double *value, double *amount, avsvt_error *err)
{
    uint64_t draw = ((uint64_t)t->now.epoch << 32) + b;
    avsvti_batch batch;
    avsvt_status status = avsvti_loader_next(t->loader, &batch, err);
    t->unread = status != AVSVT_OK;
    if (status == AVSVT_OK && t->others)
        status = avsvti_share_batch(t, b, &batch, err);
    if (status == AVSVT_OK) {
        status = avsvti_engine_loss(t, batch.tensors, batch.count, flags, draw, scale,
                                    value, err);
        if (status != AVSVT_OK)
            tell_batch(t, b, status, err);
    }
    *amount += batch.amount;
    avsvti_batch_free(&batch);
    return status;
}

/* Gradients that can't be used: the weights are as they were. */
static avsvt_status not_finite(avsvt_trainer *t, size_t b, const char *what,
                               double value, avsvt_error *err)
{
    char pieces[300] = "";
    t->table->forget(t->engine);
    if (t->now.nonfinite < (double)t->recipe.skip_nonfinite) {
        t->now.nonfinite++;
        return AVSVT_OK;
    }
    name_batch(t, b, pieces, sizeof(pieces));
    return avsvti_fail(err, AVSVT_E_BACKEND,
        "the %s is %s in epoch %.0f, batch %zu (%s); weights are as before it%s",
        what, isnan(value) ? "not a number" : "infinite", t->now.epoch, b + 1,
        pieces, t->output ? ", and a checkpoint of them is written" : "");
}

/* The next change of the weights; *changed 0 when its batches were skipped:
 * they were not finite, or fp16's gradients overflowed, as they do until their
 * scale is found. */
static avsvt_status one_step(avsvt_trainer *t, int *changed, avsvt_error *err)
{
    size_t first = (size_t)t->now.batch, left = t->plan.batch_count - first;
    size_t n = left < (size_t)t->recipe.accumulate ? left : (size_t)t->recipe.accumulate;
    double sum = 0, amount = 0, norm = 0;
    int skipped = 0;
    *changed = 0;
    avsvt_status status = avsvti_engine_rates(t, err);
    for (size_t b = first; b < first + n && status == AVSVT_OK; b++) {
        double value = 0;
        status = one_batch(t, b, 1.0 / (double)n, b + 1 == first + n ? AVSVT_LOSS_LAST : 0,
                           &value, &amount, err);
        if (status == AVSVT_OK && !isfinite(value)) {
            status = not_finite(t, b, "loss", value, err);
            t->now.batch += status == AVSVT_OK ? (double)n : 0;
            return status;
        }
        sum += value;
    }
    if (status == AVSVT_OK)
        status = avsvti_share_gradients(t, err);
    if (status == AVSVT_OK)
        status = avsvti_engine_step(t, &norm, &skipped, err);
    if (status == AVSVT_OK && (skipped || !isfinite(norm))) {
        if (!skipped)
            status = not_finite(t, first, "gradient", norm, err);
        t->now.batch += status == AVSVT_OK ? (double)n : 0;
        return status;
    }
    if (status != AVSVT_OK) {
        t->table->forget(t->engine);
        return status;
    }
    *changed = 1;
    t->now.batch += (double)n;
    t->now.step++;
    t->now.loss = sum / (double)n;
    t->now.loss_sum += t->now.loss;
    t->now.loss_count++;
    t->now.grad_norm = norm;
    t->now.amount += amount;
    return AVSVT_OK;
}

static avsvt_status tell(avsvt_trainer *t, int32_t event, avsvt_error *err)
{
    avsvt_train_report report;
    if (!t->progress)
        return AVSVT_OK;
    avsvti_trainer_report(t, event, &report);
    if (!t->progress(t->progress_user, &report))
        return AVSVT_OK;
    if (t->others && event != AVSVT_TRAIN_LOOK) { /* all stop together */
        t->stop_wanted = 1;
        return AVSVT_OK;
    }
    return avsvti_fail(err, AVSVT_E_CANCELLED, "stopped after step %.0f%s",
        t->now.step, t->output ? "; run it again to go on" : "");
}

avsvt_status avsvti_trainer_look(avsvt_trainer *t, avsvt_error *err)
{
    return tell(t, AVSVT_TRAIN_LOOK, err);
}

static avsvt_status write_result(avsvt_trainer *t, const char *name, avsvt_error *err)
{
    char *path = avsvti_trainer_file(t, name);
    avsvt_status status = path ? avsvti_result_write(t, path, err)
                               : avsvti_fail_memory(err);
    avsvti_release(avsvti_allocator(t->context), path);
    return status;
}

static avsvt_status validate(avsvt_trainer *t, avsvt_error *err)
{
    avsvt_status status = avsvti_validate(t, err);
    if (status == AVSVT_OK)
        status = avsvti_log_valid(t, err);
    if (status == AVSVT_OK && t->improved && t->output)
        status = write_result(t, "best.pt", err);
    return status;
}

/* A loader that begins with the next batch, in place of the one that is. */
static avsvt_status load_from_here(avsvt_trainer *t, avsvt_error *err)
{
    avsvti_loader_stop(t->loader);
    t->loader = NULL;
    return avsvti_loader_start(&t->loader, &t->fields, &t->train, &t->plan,
                               (size_t)t->now.batch, (size_t)t->recipe.workers, err);
}

/* The epoch in hand, as far as it goes; *ended when it is done. */
static avsvt_status run_epoch(avsvt_trainer *t, int *ended, avsvt_error *err)
{
    avsvt_status status = plan_epoch(t, err);
    *ended = 0;
    if (status == AVSVT_OK && !finished(t))
        status = load_from_here(t, err);
    while (status == AVSVT_OK && t->now.batch < (double)t->plan.batch_count &&
           !finished(t)) {
        int changed = 0;
        status = one_step(t, &changed, err);
        if (status == AVSVT_OK && !changed)
            status = load_from_here(t, err); /* batches may have been left */
        if (status != AVSVT_OK || !changed)
            continue;
        status = avsvti_log_step(t, err);
        if (status == AVSVT_OK)
            status = tell(t, AVSVT_TRAIN_STEP, err);
        if (status == AVSVT_OK && t->recipe.checkpoint_steps &&
            fmod(t->now.step, (double)t->recipe.checkpoint_steps) == 0)
            status = avsvti_state_save(t, err);
    }
    avsvti_loader_stop(t->loader);
    t->loader = NULL;
    *ended = status == AVSVT_OK && t->now.batch >= (double)t->plan.batch_count;
    if (*ended)
        t->idle = t->now.nonfinite > 0 && t->now.loss_count < 1 ? t->idle + 1 : 0;
    return t->idle < MOST_IDLE ? status : avsvti_fail(err, AVSVT_E_BACKEND,
        "no batch of the last %d epochs gave a finite loss and gradient: it would go on "
        "like that for ever", MOST_IDLE);
}

/* Schedules that look at the epoch's steps; an epoch without any tells nothing. */
static void tell_schedules(avsvt_trainer *t)
{
    for (size_t g = 0; t->now.loss_count > 0 && g < t->recipe.group_count; g++) {
        const avsvti_schedule *s = &t->recipe.groups[g].schedule;
        if (s->on == AVSVTI_MEASURE_TRAIN_LOSS)
            avsvti_schedule_metric(s, &t->schedules[g], t->now.loss_sum / t->now.loss_count);
    }
}

/* What is known of the old one stays until the new one is planned: it is told. */
static void next_epoch(avsvt_trainer *t)
{
    tell_schedules(t);
    t->now.epoch++;
    t->now.batch = 0;
    avsvti_plan_free(&t->plan);
    t->planned = 0;
}

/* Whether what is kept apart is looked at after this epoch: when it is due, and
 * at the end; with the same weights once. */
static int validation_due(const avsvt_trainer *t)
{
    double n = (double)t->recipe.valid_epochs;
    return avsvti_examples_count(&t->valid) && t->now.valid_step < t->now.step &&
        (fmod(t->now.epoch, n) == 0 || finished(t) ||
         (t->recipe.epochs && t->now.epoch >= (double)t->recipe.epochs));
}

/* How good the weights are that it starts from; once, and before anything else. */
static avsvt_status look_at_start(avsvt_trainer *t, avsvt_error *err)
{
    if (!t->recipe.valid_start || !avsvti_examples_count(&t->valid) ||
        !avsvti_at_start(&t->now) || t->now.valid_step >= 0)
        return AVSVT_OK;
    avsvt_status status = validate(t, err);
    return status == AVSVT_OK ? tell(t, AVSVT_TRAIN_VALID, err) : status;
}

/* A training that was stopped after its last step, within an epoch, still lacks
 * what is done behind it; where it does not, doing it again changes nothing. */
static avsvt_status train(avsvt_trainer *t, avsvt_error *err)
{
    avsvt_status status = look_at_start(t, err);
    int more = !finished(t) || t->now.batch > 0;
    while (status == AVSVT_OK && more) {
        int ended = 0, looks = 0;
        status = run_epoch(t, &ended, err);
        if (status == AVSVT_OK && validation_due(t)) {
            status = validate(t, err);
            looks = 1;
        }
        if (status == AVSVT_OK && ended)
            next_epoch(t);
        if (status == AVSVT_OK && t->output)
            status = write_result(t, "last.pt", err);
        if (status == AVSVT_OK && t->output)
            status = avsvti_curve_write(t, err);
        if (status == AVSVT_OK)
            status = avsvti_state_save(t, err);
        if (status == AVSVT_OK && looks)
            status = tell(t, AVSVT_TRAIN_VALID, err);
        more = !finished(t);
    }
    return status;
}

/* Failures leave the weights whole, but what could not be written is missing
 * from the log then. Where it was another process's, the message says what is
 * left. */
static void save_after(avsvt_trainer *t, avsvt_status status, avsvt_error *err)
{
    int saved = 0;
    if (status != AVSVT_OK && (status != AVSVT_E_IO || t->unread))
        saved = avsvti_state_save(t, NULL) == AVSVT_OK && t->output;
    if (status == AVSVT_E_CANCELLED)
        avsvti_share_part(t);
    if (status == AVSVT_OK || status == AVSVT_E_CANCELLED)
        return;
    int left = avsvti_share_leave(t, err);
    if (left > 1 && status == AVSVT_E_BACKEND)
        saved = avsvti_heir_save(t, NULL) == AVSVT_OK;
    if (left) {
        avsvt_error why = *err;
        avsvti_fail(err, status, "%s; %s%.0f%s", why.message,
            saved ? "a checkpoint after step " : "this process stopped after step ",
            t->now.step, saved ? " is written: run it again to go on" : "");
    }
}

avsvt_status avsvt_trainer_run(avsvt_trainer *t, avsvt_train_fn progress,
                               void *user, avsvt_error *err)
{
    if (!t)
        return avsvti_fail(err, AVSVT_E_ARG, "avsvt_trainer_run: trainer is NULL");
    avsvt_status status = avsvti_busy_enter(&t->busy, "trainer", err);
    if (status != AVSVT_OK)
        return status;
    if (!avsvti_examples_count(&t->train))
        status = avsvti_fail(err, AVSVT_E_ARG,
            "there are no songs to train on: avsvt_trainer_add() takes them");
    else if (!t->recipe.epochs && !t->recipe.steps)
        status = avsvti_fail(err, AVSVT_E_ARG,
            "the settings have no end: give 'epochs' or 'steps'");
    avsvt_error own = AVSVT_ERROR_INIT; /* the others are told even so */
    err = err ? err : &own;
    if (status == AVSVT_OK) {
        t->progress = progress;
        t->progress_user = user;
        t->stop_wanted = t->idle = t->unread = 0;
        status = avsvti_log_rewind(t, err);
        if (status == AVSVT_OK)
            status = train(t, err);
        save_after(t, status, err);
        t->progress = NULL;
    }
    avsvti_busy_leave(&t->busy);
    return status;
}

static avsvt_backend_tensor borrow(const char *name, const avsvt_tensor *tensor)
{
    avsvt_backend_tensor b = { .struct_size = (uint32_t)sizeof(b) };
    b.name = name;
    b.dtype = avsvt_tensor_dtype(tensor);
    b.ndim = avsvt_tensor_ndim(tensor);
    for (int32_t i = 0; i < b.ndim; i++)
        b.shape[i] = avsvt_tensor_size(tensor, i);
    b.data = avsvt_tensor_data(tensor);
    return b;
}

/* Batches of the caller's own are in no epoch. */
static avsvt_status check_steps(const avsvt_trainer *t, avsvt_error *err)
{
    if (t->recipe.of_file)
        return avsvti_fail(err, AVSVT_E_ARG,
            "avsvt_trainer_step: a recipe's trainer takes its batches from its songs or "
            "arrays: use avsvt_trainer_run(), or a trainer from avsvt_trainer_create()");
    for (size_t g = 0; g < t->recipe.group_count; g++) {
        const avsvti_group *group = &t->recipe.groups[g];
        avsvti_schedule_kind kind = group->schedule.kind;
        if (group->frozen_epochs)
            return avsvti_fail(err, AVSVT_E_ARG,
                "avsvt_trainer_step: '%s.frozen_epochs': steps on arrays have no epochs",
                group->key);
        if (kind == AVSVTI_NEWBOB || kind == AVSVTI_PLATEAU)
            return avsvti_fail(err, AVSVT_E_ARG,
                "avsvt_trainer_step: the schedule looks at the loss of whole epochs, and steps "
                "on arrays have no epochs");
        if ((kind == AVSVTI_COSINE || kind == AVSVTI_ONE_CYCLE) && !avsvti_trainer_steps(t))
            return avsvti_fail(err, AVSVT_E_ARG,
                "avsvt_trainer_step: the schedule needs to know how many steps there will "
                "be: give 'steps'");
    }
    return AVSVT_OK;
}

static avsvt_status step_on(avsvt_trainer *t, const avsvt_backend_tensor *tensors,
                            size_t count, avsvt_error *err)
{
    double value = 0, norm = 0;
    int skipped = 0;
    avsvt_status status = avsvti_engine_rates(t, err);
    if (status == AVSVT_OK)
        status = avsvti_engine_loss(t, tensors, count, 0, (uint64_t)t->now.step,
                                    1, &value, err);
    if (status == AVSVT_OK && isfinite(value))
        status = avsvti_engine_step(t, &norm, &skipped, err);
    if (status == AVSVT_OK && skipped) {
        t->now.loss = value;
        t->now.grad_norm = norm;
        return AVSVT_OK;
    }
    if (status != AVSVT_OK || !isfinite(value) || !isfinite(norm)) {
        t->table->forget(t->engine);
        return status != AVSVT_OK ? status : avsvti_fail(err, AVSVT_E_BACKEND,
            "the %s of this batch is not finite; nothing was changed",
            isfinite(value) ? "gradient" : "loss");
    }
    t->now.step++;
    t->now.loss = value;
    t->now.loss_sum += value;
    t->now.loss_count++;
    t->now.grad_norm = norm;
    return AVSVT_OK;
}

avsvt_status avsvt_trainer_step(avsvt_trainer *t, const char *const *names,
                                avsvt_tensor *const *tensors, size_t count,
                                avsvt_train_report *report, avsvt_error *err)
{
    avsvt_backend_tensor inputs[64];
    if (!t || (count && (!names || !tensors)) || count > 64)
        return avsvti_fail(err, AVSVT_E_ARG,
            "avsvt_trainer_step: %s", t ? "names or tensors are NULL, or more "
            "than 64" : "trainer is NULL");
    for (size_t i = 0; i < count; i++) {
        if (!names[i] || !tensors[i])
            return avsvti_fail(err, AVSVT_E_ARG,
                "avsvt_trainer_step: name or tensor %zu is NULL", i);
        inputs[i] = borrow(names[i], tensors[i]);
    }
    avsvt_status status = avsvti_busy_enter(&t->busy, "trainer", err);
    if (status != AVSVT_OK)
        return status;
    status = check_steps(t, err);
    if (status == AVSVT_OK)
        status = step_on(t, inputs, count, err);
    avsvti_busy_leave(&t->busy);
    return status == AVSVT_OK && report ? avsvt_trainer_describe(t, report, err)
                                        : status;
}
