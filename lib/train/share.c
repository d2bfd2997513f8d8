/* SPDX-License-Identifier: MIT */
/* One training shared out among processes. Each makes the plan of the whole
 * epoch and takes its rows of each batch; rank 0 alone writes files. Everything
 * that decides what happens next is gathered from all, so that all decide
 * alike. */
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/context.h"
#include "train/trainer.h"

#define MESSAGE_SIZE 400

static const char *from_environment(void *user, const char *name)
{
    (void)user;
    return getenv(name);
}

static avsvt_status failed(avsvt_status status, const char *message, avsvt_error *err)
{
    if (status <= AVSVT_OK || status > AVSVT_E_INTERNAL)
        status = AVSVT_E_BACKEND;
    return avsvti_fail(err, status, "%s", message[0] ? message : "no reason given");
}

avsvt_status avsvti_share_find(avsvt_trainer *t, avsvt_error *err)
{
    static const char *const starters[] = { "auto", "none", NULL };
    static const char *const backends[] = { "auto", "gloo", NULL };
    int starter = 0, backend = 0;
    avsvt_status status = avsvti_recipe_word(&t->recipe, "distributed.launcher",
                                             starters, &starter, err);
    if (status == AVSVT_OK)
        status = avsvti_recipe_word(&t->recipe, "distributed.backend", backends,
                                    &backend, err);
    t->world.size = 1;
    if (status == AVSVT_OK && !starter)
        status = avsvti_world_parse(&t->world, from_environment, NULL, err);
    t->world.gloo = backend;
    return status;
}

avsvt_status avsvti_share_join(avsvt_trainer *t, avsvt_error *err)
{
    const avsvti_world *w = &t->world;
    char message[MESSAGE_SIZE] = "";
    if (w->size < 2)
        return AVSVT_OK;
    const avsvt_backend_world *others = NULL;
    if (t->table->struct_size >= offsetof(avsvt_backend_training, world) + sizeof(void *))
        others = t->table->world;
    if (!others)
        return avsvti_fail(err, AVSVT_E_UNSUPPORTED,
            "%s started this as rank %d of %d processes, but the backend '%s' "
            "(%s) trains in one process only: a libtorch with c10d and Gloo is "
            "needed", w->started, (int)w->rank, (int)w->size, t->backend->name,
            t->backend->description);
    avsvt_backend_join join = {
        .struct_size = (uint32_t)sizeof(join), .rank = w->rank, .size = w->size,
        .flags = (w->client ? AVSVT_WORLD_CLIENT : 0) | (w->gloo ? AVSVT_WORLD_GLOO : 0),
        .port = w->port,
        .host = *w->host ? w->host : NULL, .file = *w->file ? w->file : NULL,
        .prefix = w->prefix, .timeout_s = t->recipe.timeout_s,
        .message = message, .message_size = sizeof(message),
    };
    avsvt_status status = others->join(t->engine, &join);
    if (status != AVSVT_OK)
        return failed(status, message, err);
    if (*message && w->rank == 0)
        avsvti_log(t->context, AVSVT_LOG_WARNING, "%s: %s", t->recipe.path, message);
    t->others = others;
    return AVSVT_OK;
}

static avsvt_status gather(avsvt_trainer *t, const double *mine, size_t count,
                           double **all, avsvt_error *err)
{
    char message[MESSAGE_SIZE] = "";
    *all = avsvti_alloc(avsvti_allocator(t->context), count,
                        (size_t)t->world.size * sizeof(double));
    if (!*all)
        return avsvti_fail_memory(err);
    avsvt_status status = t->others->gather(t->engine, mine, count, *all, message,
                                            sizeof(message));
    if (status == AVSVT_OK)
        return status;
    avsvti_release(avsvti_allocator(t->context), *all);
    *all = NULL;
    return failed(status, message, err);
}

static int same(const double *a, const double *b, size_t count)
{
    return !memcmp(a, b, count * sizeof(double));
}

avsvt_status avsvti_share_check(avsvt_trainer *t, avsvt_error *err)
{
    enum { RECIPE = 9, CHECKPOINT = 4 };
    const avsvti_recipe *r = &t->recipe;
    double mine[RECIPE + CHECKPOINT] = { t->fingerprint[0], t->fingerprint[1],
        (double)r->epochs, (double)r->steps, r->clip_norm, r->average,
        (double)r->valid_epochs, (double)avsvti_examples_count(&t->valid), 0,
        t->resumed, t->now.step, t->now.epoch, t->now.batch };
    double *all;
    if (!t->others)
        return AVSVT_OK;
    for (size_t g = 0; g < r->group_count; g++)
        mine[RECIPE - 1] += (double)(g + 1) * r->groups[g].numbers.lr;
    avsvt_status status = gather(t, mine, RECIPE + CHECKPOINT, &all, err);
    for (int32_t q = 1; status == AVSVT_OK && q < t->world.size; q++) {
        const double *theirs = all + (size_t)q * (RECIPE + CHECKPOINT);
        if (!same(theirs, all, RECIPE))
            status = avsvti_fail(err, AVSVT_E_FORMAT,
                "%s: rank %d reads another recipe, model or songs (or arrays) than rank 0",
                r->path, (int)q);
        else if (!same(theirs + RECIPE, all + RECIPE, CHECKPOINT))
            status = avsvti_fail(err, AVSVT_E_FORMAT,
                "%s: rank %d finds another checkpoint than rank 0: the output "
                "folder must be one that all processes see", t->output, (int)q);
    }
    avsvti_release(avsvti_allocator(t->context), all);
    return status;
}

/* What is told to the caller where one of them was asked to stop. */
static avsvt_status stopped(avsvt_trainer *t, avsvt_error *err)
{
    t->stop_wanted = 0;
    return avsvti_fail(err, AVSVT_E_CANCELLED,
        "stopped after step %.0f; run it again to go on", t->now.step);
}

avsvt_status avsvti_share_batch(avsvt_trainer *t, size_t b, avsvti_batch *batch,
                                avsvt_error *err)
{
    enum { SAMPLES, NOTES, AMOUNT, STOP, COLUMNS };
    size_t n = t->plan.ends[b] - (b ? t->plan.ends[b - 1] : 0), from;
    size_t own = avsvti_world_rows(t->world.rank, t->world.size, n, &from);
    const double mine[COLUMNS] = { (double)batch->samples, (double)batch->notes,
        own ? batch->amount : 0, t->stop_wanted };
    double *all, stop = 0;
    avsvt_status status = gather(t, mine, COLUMNS, &all, err);
    if (status != AVSVT_OK)
        return status;
    t->unwritten.size = 0; /* rank 0 has come here too */
    t->share = (double)own / (double)n;
    batch->amount = 0;
    for (int32_t q = 0; q < t->world.size; q++) {
        const double *row = all + (size_t)q * COLUMNS;
        batch->samples = (int64_t)fmax((double)batch->samples, row[SAMPLES]);
        batch->notes = (int64_t)fmax((double)batch->notes, row[NOTES]);
        batch->amount += row[AMOUNT];
        stop += row[STOP];
    }
    avsvti_release(avsvti_allocator(t->context), all);
    return stop > 0 ? stopped(t, err) : avsvti_batch_finish(batch, &t->fields, err);
}

avsvt_status avsvti_share_gradients(avsvt_trainer *t, avsvt_error *err)
{
    char message[MESSAGE_SIZE] = "";
    if (!t->others)
        return AVSVT_OK;
    avsvt_status status = t->others->gradients(t->engine, message, sizeof(message));
    return status == AVSVT_OK ? status : failed(status, message, err);
}

int avsvti_share_mine(const avsvt_trainer *t, size_t i)
{
    return !t->others || i % (size_t)t->world.size == (size_t)t->world.rank;
}

avsvt_status avsvti_share_values(avsvt_trainer *t, double *values, size_t rows,
                                 size_t columns, avsvt_status status,
                                 avsvt_error *err)
{
    const avsvt_allocator *a = avsvti_allocator(t->context);
    size_t count = rows * columns;
    double stop = 0, *all;
    if (!t->others || (status != AVSVT_OK && status != AVSVT_E_CANCELLED))
        return status;
    double *mine = avsvti_alloc(a, count + 1, sizeof(*mine));
    if (!mine)
        return avsvti_fail_memory(err);
    memcpy(mine, values, count * sizeof(*mine));
    mine[count] = status == AVSVT_E_CANCELLED || t->stop_wanted;
    status = gather(t, mine, count + 1, &all, err);
    avsvti_release(a, mine);
    if (status != AVSVT_OK)
        return status;
    for (size_t q = 0; q < (size_t)t->world.size; q++)
        stop += all[q * (count + 1) + count];
    for (size_t i = 0; i < rows; i++)
        memcpy(values + i * columns,
               all + (i % (size_t)t->world.size) * (count + 1) + i * columns,
               columns * sizeof(*values));
    avsvti_release(a, all);
    return stop > 0 ? stopped(t, err) : AVSVT_OK;
}

void avsvti_share_part(avsvt_trainer *t)
{
    const double here = 1;
    double *all;
    if (t->others && gather(t, &here, 1, &all, NULL) == AVSVT_OK)
        avsvti_release(avsvti_allocator(t->context), all);
}

int avsvti_share_leave(avsvt_trainer *t, const avsvt_error *err)
{
    return t->others ? t->others->leave(t->engine, err->message) : 0;
}
