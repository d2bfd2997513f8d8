/* SPDX-License-Identifier: MIT */
/* The backend's training table, with failures in our words. */
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "backend/registry.h"
#include "train/trainer.h"

#define MESSAGE_SIZE 400

static avsvt_status failed(const avsvt_trainer *t, avsvt_status status,
                           const char *doing, const char *message,
                           avsvt_error *err)
{
    if (status <= AVSVT_OK || status > AVSVT_E_INTERNAL)
        status = AVSVT_E_BACKEND;
    return avsvti_fail(err, status, "%s: can't %s with %s: %s",
        avsvt_model_path(t->model), doing, t->backend->name,
        message[0] ? message : "no reason given");
}

static avsvt_status choose(avsvt_trainer *t, avsvt_error *err)
{
    avsvt_status status = avsvti_backend_choose(&t->backend, t->context, NULL, err);
    if (status != AVSVT_OK)
        return status;
    if (t->backend->struct_size >= offsetof(avsvt_backend, training) + sizeof(void *))
        t->table = t->backend->training;
    if (!t->table || t->table->struct_size < offsetof(avsvt_backend_training, world))
        return avsvti_fail(err, AVSVT_E_UNSUPPORTED,
            "the backend '%s' can't train: use backend auto or torch",
            t->backend->name);
    return AVSVT_OK;
}

static avsvt_status load(avsvt_trainer *t, avsvt_error *err)
{
    const avsvti_archive *z = avsvti_model_archive(t->model);
    char message[MESSAGE_SIZE] = "";
    avsvt_backend_open open = {
        .struct_size = (uint32_t)sizeof(open), .threads = t->context->threads,
        .precision = AVSVT_PRECISION_FP32, .training = 1,
        .device = t->context->device, .path = avsvt_model_path(t->model),
        .manifest = avsvt_model_manifest(t->model), .archive = z->data,
        .archive_size = z->size, .allocator = avsvti_allocator(t->context),
        .local_rank = t->world.local_rank,
        .message = message, .message_size = sizeof(message),
    };
    avsvt_backend_train train = {
        .struct_size = (uint32_t)sizeof(train), .precision = t->recipe.precision,
        .seed = t->recipe.seed, .message = message,
        .message_size = sizeof(message),
    };
    avsvt_status status = avsvti_archive_verify(z, err);
    if (status != AVSVT_OK)
        return status;
    status = t->backend->open(&t->network, &open);
    if (status != AVSVT_OK)
        return failed(t, status, "load it", message, err);
    status = t->table->create(&t->engine, t->network, &train);
    return status == AVSVT_OK ? status : failed(t, status, "train it", message, err);
}

avsvt_status avsvti_engine_inputs(const avsvt_trainer *t, avsvti_loss_input *inputs,
                                  size_t *count, avsvt_error *err)
{
    avsvt_backend_item item;
    *count = 0;
    while (t->table->item(t->engine, AVSVT_ITEM_INPUT, *count, &item) == AVSVT_OK) {
        if (*count == AVSVTI_MAX_FIELDS)
            return avsvti_fail(err, AVSVT_E_UNSUPPORTED,
                "%s: its loss takes more than %d inputs", avsvt_model_path(t->model),
                AVSVTI_MAX_FIELDS);
        inputs[(*count)++] = (avsvti_loss_input){ item.name, item.optional };
    }
    return AVSVT_OK;
}

/* What the loss asks for of songs. They can't fill all models; those that they
 * can't are for arrays, of a recipe or of avsvt_trainer_step(). */
static avsvt_status ask_fields(avsvt_trainer *t, avsvt_error *err)
{
    avsvt_backend_item item;
    if (t->recipe.arrays)
        return AVSVT_OK;
    for (size_t i = 0; t->table->item(t->engine, AVSVT_ITEM_INPUT, i, &item) == AVSVT_OK; i++) {
        const avsvti_field *f = avsvti_field_find(item.name,
            avsvt_model_path(t->model), item.optional ? NULL : err);
        if (!f && item.optional)
            continue;
        if (!f && t->recipe.of_file)
            return AVSVT_E_UNSUPPORTED;
        if (!f || t->fields.count == AVSVTI_MAX_FIELDS) {
            t->fields.count = 0;
            return AVSVT_OK;
        }
        t->fields.list[t->fields.count++] = f;
    }
    return AVSVT_OK;
}

/* Entry i of the list of beginnings of names that group g takes; NULL behind
 * the last. */
static const char *beginning(const avsvti_recipe *r, size_t g, size_t i)
{
    char key[96];
    snprintf(key, sizeof(key), "%s.parameters.%zu", r->groups[g].key, i);
    return avsvti_yaml_get(r->yaml, key);
}

/* The first group one of whose beginnings the name has. */
static size_t group_for(const avsvti_recipe *r, const char *name)
{
    for (size_t g = 0; g < r->group_count; g++) {
        const char *start;
        if (!r->groups[g].key[0])
            return g;
        for (size_t i = 0; (start = beginning(r, g, i)); i++)
            if (!strncmp(name, start, strlen(start)))
                return g;
    }
    return r->group_count;
}

/* A misspelt one would leave frozen what was meant to train. */
static avsvt_status check_beginnings(const avsvt_trainer *t, size_t g, avsvt_error *err)
{
    const avsvti_recipe *r = &t->recipe;
    const char *start;
    for (size_t i = 0; r->groups[g].key[0] && (start = beginning(r, g, i)); i++) {
        avsvt_backend_item item = { 0 };
        size_t k = 0;
        while (k < t->parameters &&
               t->table->item(t->engine, AVSVT_ITEM_PARAMETER, k, &item) == AVSVT_OK &&
               strncmp(item.name, start, strlen(start)))
            k++;
        if (k == t->parameters)
            return avsvti_fail(err, AVSVT_E_FORMAT,
                "%s: '%s.parameters' names no parameter of %s with '%.60s'", r->path,
                r->groups[g].key, avsvt_model_path(t->model), start);
    }
    return AVSVT_OK;
}

static avsvt_status make_groups(avsvt_trainer *t, avsvt_error *err)
{
    const avsvti_recipe *r = &t->recipe;
    char message[MESSAGE_SIZE] = "";
    for (size_t g = 0; g < r->group_count; g++) {
        avsvt_backend_group numbers = r->groups[g].numbers;
        avsvt_status status = t->table->group(t->engine, g, &numbers, message,
                                              sizeof(message));
        if (status != AVSVT_OK)
            return failed(t, status, "set the optimizer", message, err);
        avsvti_schedule_begin(&r->groups[g].schedule, &t->schedules[g]);
    }
    return AVSVT_OK;
}

static avsvt_status assign_groups(avsvt_trainer *t, avsvt_error *err)
{
    const avsvti_recipe *r = &t->recipe;
    size_t used[AVSVTI_MAX_GROUPS] = { 0 };
    avsvt_backend_item item;
    while (t->table->item(t->engine, AVSVT_ITEM_PARAMETER, t->parameters, &item) == AVSVT_OK)
        t->parameters++;
    t->group_of = avsvti_alloc(avsvti_allocator(t->context), t->parameters,
                               sizeof(*t->group_of));
    if (!t->group_of)
        return avsvti_fail_memory(err);
    for (size_t i = 0; i < t->parameters; i++) {
        t->table->item(t->engine, AVSVT_ITEM_PARAMETER, i, &item);
        t->group_of[i] = group_for(r, item.name);
        if (t->group_of[i] < r->group_count)
            used[t->group_of[i]]++;
    }
    for (size_t g = 0; g < r->group_count; g++) {
        avsvt_status status = check_beginnings(t, g, err);
        if (status != AVSVT_OK)
            return status;
        if (!used[g])
            return avsvti_fail(err, AVSVT_E_FORMAT,
                "%s: '%s.parameters' names no parameter of %s that is not in "
                "an earlier group", r->path,
                r->groups[g].key[0] ? r->groups[g].key : "groups",
                avsvt_model_path(t->model));
    }
    return AVSVT_OK;
}

avsvt_status avsvti_engine_open(avsvt_trainer *t, avsvt_error *err)
{
    avsvt_status status = choose(t, err);
    if (status == AVSVT_OK)
        status = load(t, err);
    if (status == AVSVT_OK)
        status = ask_fields(t, err);
    if (status == AVSVT_OK)
        status = make_groups(t, err);
    if (status == AVSVT_OK)
        status = assign_groups(t, err);
    return status == AVSVT_OK ? avsvti_engine_thaw(t, err) : status;
}

void avsvti_engine_close(avsvt_trainer *t)
{
    if (t->engine)
        t->table->free(t->engine);
    if (t->network)
        t->backend->free(t->network);
    avsvti_release(avsvti_allocator(t->context), t->group_of);
}

avsvt_status avsvti_engine_thaw(avsvt_trainer *t, avsvt_error *err)
{
    const avsvti_recipe *r = &t->recipe;
    for (size_t i = 0; i < t->parameters; i++) {
        size_t g = t->group_of[i];
        if (g >= r->group_count)
            continue;
        int trains = t->now.epoch > (double)r->groups[g].frozen_epochs;
        avsvt_status status = t->table->assign(t->engine, i, g, trains);
        if (status != AVSVT_OK)
            return failed(t, status, "choose what trains", "", err);
    }
    return AVSVT_OK;
}

int64_t avsvti_trainer_steps(const avsvt_trainer *t)
{
    int64_t all = t->recipe.epochs * (int64_t)t->now.epoch_steps;
    if (t->recipe.steps && (!all || t->recipe.steps < all))
        all = t->recipe.steps;
    return all;
}

avsvt_status avsvti_engine_rates(avsvt_trainer *t, avsvt_error *err)
{
    char message[MESSAGE_SIZE] = "";
    for (size_t g = 0; g < t->recipe.group_count; g++) {
        avsvt_backend_group numbers = t->recipe.groups[g].numbers;
        const avsvti_schedule *s = &t->recipe.groups[g].schedule;
        double momentum = 0;
        avsvti_schedule_step(s, &t->schedules[g], (int64_t)t->now.step,
                             avsvti_trainer_steps(t), &momentum);
        numbers.lr = t->schedules[g].lr;
        if (momentum > 0)
            numbers.beta1 = numbers.momentum = momentum;
        avsvt_status status = t->table->group(t->engine, g, &numbers, message,
                                              sizeof(message));
        if (status != AVSVT_OK)
            return failed(t, status, "set the learning rate", message, err);
    }
    return AVSVT_OK;
}

avsvt_status avsvti_engine_loss(avsvt_trainer *t,
                                const avsvt_backend_tensor *tensors, size_t count,
                                uint32_t flags, uint64_t draw, double scale,
                                double *value, avsvt_error *err)
{
    char message[MESSAGE_SIZE] = "";
    avsvt_backend_loss args = {
        .struct_size = (uint32_t)sizeof(args), .flags = flags, .draw = draw,
        .scale = scale, .message = message, .message_size = sizeof(message),
        .share = t->share,
    };
    avsvt_status status = t->table->loss(t->engine, tensors, count, &args);
    *value = args.value;
    return status == AVSVT_OK ? status
        : failed(t, status, "compute the loss", message, err);
}

avsvt_status avsvti_engine_step(avsvt_trainer *t, double *norm, int *skipped,
                                avsvt_error *err)
{
    char message[MESSAGE_SIZE] = "";
    double n = t->now.step + 1, warm = (n + 1) / (n + 20);
    avsvt_backend_step args = {
        .struct_size = (uint32_t)sizeof(args), .clip_norm = t->recipe.clip_norm,
        .average = t->recipe.average > 0 ? fmin(t->recipe.average, warm) : 0,
        .message = message, .message_size = sizeof(message),
    };
    avsvt_status status = t->table->step(t->engine, &args);
    *norm = args.norm;
    *skipped = status == AVSVT_OK && args.skipped;
    return status == AVSVT_OK ? status
        : failed(t, status, "change the weights", message, err);
}

avsvt_status avsvti_engine_state(avsvt_trainer *t, int32_t kind,
                                 avsvt_backend_tensor **tensors, size_t *count,
                                 avsvt_error *err)
{
    const avsvt_allocator *a = avsvti_allocator(t->context);
    char message[MESSAGE_SIZE] = "";
    size_t capacity = 64, needed = 0;
    *tensors = NULL;
    *count = 0;
    for (;;) {
        avsvt_backend_tensor *list = avsvti_alloc_zero(a, capacity, sizeof(*list));
        if (!list)
            return avsvti_fail_memory(err);
        avsvt_status status = t->table->get_state(t->engine, kind, list, capacity,
                                                  &needed, message, sizeof(message));
        if (status == AVSVT_OK && needed <= capacity) {
            *tensors = list;
            *count = needed;
            return AVSVT_OK;
        }
        if (status == AVSVT_OK)
            avsvti_engine_release(t, list, capacity);
        else
            avsvti_release(a, list);
        if (status != AVSVT_OK)
            return failed(t, status, "copy the weights", message, err);
        capacity = needed;
    }
}

void avsvti_engine_release(avsvt_trainer *t, avsvt_backend_tensor *tensors,
                           size_t count)
{
    avsvti_outputs_release(tensors, count);
    avsvti_release(avsvti_allocator(t->context), tensors);
}

avsvt_status avsvti_engine_restore(avsvt_trainer *t,
                                   const avsvt_backend_tensor *tensors,
                                   size_t count, avsvt_error *err)
{
    char message[MESSAGE_SIZE] = "";
    avsvt_status status = t->table->set_state(t->engine, tensors, count, message,
                                              sizeof(message));
    return status == AVSVT_OK ? status
        : failed(t, status, "go on from the checkpoint", message, err);
}
