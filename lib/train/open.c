/* SPDX-License-Identifier: MIT */
/* Making trainers, and what can be asked of them. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/options.h"
#include "model/sections.h"
#include "platform/file.h"
#include "platform/folder.h"
#include "train/sight.h"
#include "train/trainer.h"

char *avsvti_trainer_file(const avsvt_trainer *t, const char *name)
{
    return avsvti_path_join(avsvti_allocator(t->context), t->output, name);
}

static avsvt_trainer *trainer_new(avsvt_context *context, avsvt_error *err)
{
    avsvt_trainer *t = avsvti_alloc_zero(avsvti_allocator(context), 1, sizeof(*t));
    if (!t) {
        avsvti_fail_memory(err);
        return NULL;
    }
    avsvti_busy_init(&t->busy);
    t->lock = -1;
    t->context = avsvt_context_ref(avsvti_context_or_default(context));
    avsvti_buffer_init(&t->unwritten, avsvti_allocator(t->context));
    t->now.epoch = t->share = 1;
    t->now.valid_step = t->now.valid_loss = t->now.conpoff = t->now.conp = -1;
    t->now.con = t->now.coff = -1;
    t->now.best = NAN;
    return t;
}

void avsvt_trainer_free(avsvt_trainer *t)
{
    if (!t)
        return;
    avsvt_context *context = t->context;
    const avsvt_allocator *a = avsvti_allocator(context);
    avsvti_engine_close(t);
    avsvti_examples_free(&t->train);
    avsvti_examples_free(&t->valid);
    avsvt_augment_free(t->augment);
    avsvti_plan_free(&t->plan);
    avsvti_recipe_free(&t->recipe);
    avsvt_model_free(t->model);
    avsvti_release(a, t->name);
    avsvti_release(a, t->output);
    avsvti_release(a, t->folder);
    avsvti_buffer_free(&t->unwritten);
    avsvti_file_unlock(t->lock);
    avsvti_release(a, t);
    avsvt_context_free(context);
}

/* How the model's frames lie on its samples. Where it only sees, a frame is a
 * picture. */
static avsvt_status read_geometry(avsvt_trainer *t, avsvt_error *err)
{
    avsvti_geometry *g = &t->fields.geometry;
    double picture_hz = 0;
    g->rate_hz = 16000;
    g->hop = 320;
    if (avsvti_model_is(t->model, "input.kind", "video")) {
        avsvt_status seen = avsvti_model_number(t->model, "input.frame_rate", 0.1, 1000,
                                                &picture_hz, err);
        if (seen == AVSVT_OK && picture_hz > 0)
            seen = avsvti_model_picture(&g->hop, t->model, g->rate_hz, picture_hz, err);
        if (seen != AVSVT_OK)
            return seen;
    }
    avsvt_status status = avsvti_model_number(t->model, "input.sample_rate",
                                              AVSVTI_SAMPLE_RATES, &g->rate_hz, err);
    if (status == AVSVT_OK)
        status = avsvti_model_integer(t->model, "input.hop", AVSVTI_HOPS, &g->hop, err);
    g->frame_rate_hz = g->rate_hz / (double)g->hop;
    return status == AVSVT_OK
        ? avsvti_model_number(t->model, "output.frame_rate", AVSVTI_FRAME_RATES,
                              &g->frame_rate_hz, err) : status;
}

/* One network of both senses is run by no pipeline; by sound alone it is another. */
static int has_both_senses(const avsvt_trainer *t)
{
    return avsvti_model_is(t->model, "input.kind", "audio-video");
}

static void choose_measure(avsvt_trainer *t)
{
    t->measures = t->valid.songs.count && avsvti_model_is(t->model, "role", "pipeline") &&
                  avsvti_model_is(t->model, "task", "notes") && !has_both_senses(t);
    if (!t->measures && !t->recipe.measure_given)
        t->recipe.measure = AVSVTI_MEASURE_LOSS;
}

static avsvt_status check_measures(const avsvt_trainer *t, avsvt_error *err)
{
    const avsvti_recipe *r = &t->recipe;
    int wanted = r->measure_given && r->measure != AVSVTI_MEASURE_LOSS;
    int scheduled = 0;
    for (size_t g = 0; g < r->group_count; g++) {
        const avsvti_schedule *s = &r->groups[g].schedule;
        int waits = (s->kind == AVSVTI_NEWBOB || s->kind == AVSVTI_PLATEAU) &&
                    s->on != AVSVTI_MEASURE_TRAIN_LOSS;
        scheduled |= waits;
        wanted |= waits && s->on != AVSVTI_MEASURE_LOSS;
    }
    if ((wanted || scheduled) && !avsvti_examples_count(&t->valid))
        return avsvti_fail(err, AVSVT_E_FORMAT,
            "%s: the measure or schedule looks at a validation, and %s", r->path,
            r->of_file ? "'data.valid' names none" : "a trainer in memory has none");
    if (wanted && r->arrays)
        return avsvti_fail(err, AVSVT_E_FORMAT,
            "%s: of arrays no notes are known: 'loss' is the only measure", r->path);
    if (wanted && !t->measures)
        return avsvti_fail(err, AVSVT_E_FORMAT,
            "%s: %s %s: 'loss' is the only measure", r->path, avsvt_model_path(t->model),
            has_both_senses(t) ? "hears and sees in one network, whose notes can't be measured"
                               : "writes no notes by itself");
    return AVSVT_OK;
}

/* What would fail only at the first validation. */
static avsvt_status check_measured(const avsvt_trainer *t, avsvt_error *err)
{
    for (size_t i = 0; t->measures && i < t->valid.songs.count; i++) {
        const avsvti_song *song = &t->valid.songs.songs[i];
        for (size_t k = 0; k < song->note_count; k++)
            if (!(song->notes[k].offset_s > song->notes[k].onset_s))
                return avsvti_fail(err, AVSVT_E_FORMAT,
                    "%s: the note at %.3f s ends where it begins, which can't be measured: "
                    "take it out, or leave the song out of data.valid", song->notes_path,
                    song->notes[k].onset_s + song->begin_s);
    }
    return AVSVT_OK;
}

/* Which pictures it takes, and what is drawn about those that it is trained on. */
static avsvt_status read_sight(avsvt_trainer *t, avsvt_error *err)
{
    const avsvti_recipe *r = &t->recipe;
    if (!avsvti_fields_see(&t->fields))
        return !avsvti_yaml_count(r->yaml, "pictures") ? AVSVT_OK
            : avsvti_fail(err, AVSVT_E_FORMAT, "%s: 'pictures' is for models that look, "
                          "and %s takes no video", r->path, avsvt_model_path(t->model));
    if (!r->of_file) {
        t->fields.count = 0; /* what is added in memory is sound alone */
        return AVSVT_OK;
    }
    avsvt_status status = avsvti_sight_read(&t->fields.geometry.sight, t->model, err);
    t->train.songs.sight = t->valid.songs.sight = t->fields.geometry.sight;
    t->train.songs.sight.roams = r->roams;
    t->train.songs.sight.mirror = r->mirror;
    return status;
}

/* Where nothing is heard, a chain must do something to the pictures. */
static avsvt_status check_seen(const avsvt_trainer *t, avsvt_error *err)
{
    const avsvti_songs *s = &t->train.songs;
    for (size_t i = 0; s->sight.alone && i <= s->chain_count; i++) {
        const char *step = avsvti_augment_unseen(i ? s->chains[i - 1].augment : t->augment);
        if (step)
            return avsvti_fail(err, AVSVT_E_FORMAT,
                "%s: '%s': the step %s only changes the sound, and %s only sees: take it out "
                "(speed, stretch and resample take the pictures along)", t->recipe.path,
                i ? s->chains[i - 1].key : "augment", step, avsvt_model_path(t->model));
    }
    return AVSVT_OK;
}

/* What both ways of making one share, once recipe and model are there. */
static avsvt_status begin(avsvt_trainer *t, avsvt_error *err)
{
    avsvt_status status = avsvti_trainer_unpack(t, err);
    if (status == AVSVT_OK)
        status = read_geometry(t, err);
    double rate_hz = t->fields.geometry.rate_hz;
    t->budget = (size_t)(t->recipe.memory_mb * 1048576.0);
    if (status == AVSVT_OK)
        status = avsvti_augment_parse(&t->augment, t->context, t->recipe.yaml,
            "augment", t->recipe.path, t->recipe.folder, err);
    avsvti_examples_init(&t->train, t->context, rate_hz, t->augment, &t->budget);
    avsvti_examples_init(&t->valid, t->context, rate_hz, NULL, &t->budget);
    if (status == AVSVT_OK)
        status = avsvti_engine_open(t, err);
    return status == AVSVT_OK ? read_sight(t, err) : status;
}

static avsvt_status open_model(avsvt_trainer *t, avsvt_error *err)
{
    const char *name = avsvti_yaml_get(t->recipe.yaml, "model");
    if (!name)
        return avsvti_fail(err, AVSVT_E_FORMAT,
            "%s: 'model' is missing: a model file, or built-in", t->recipe.path);
    if (!strcmp(name, "built-in"))
        return avsvt_model_open(&t->model, t->context, NULL, err);
    char *path = avsvti_recipe_path(&t->recipe, name);
    if (!path)
        return avsvti_fail_memory(err);
    avsvt_status status = avsvt_model_open(&t->model, t->context, path, err);
    avsvti_release(avsvti_allocator(t->context), path);
    if (status != AVSVT_OK)
        avsvti_fail_prefix(err, avsvti_fail_prefix(err, status, "'model'"),
                           t->recipe.path);
    return status;
}

/* The written model's name, and where everything is written. */
static avsvt_status choose_output(avsvt_trainer *t, avsvt_error *err)
{
    const avsvt_allocator *a = avsvti_allocator(t->context);
    const char *name = avsvti_yaml_get(t->recipe.yaml, "name");
    const char *output = avsvti_yaml_get(t->recipe.yaml, "output");
    if (!output || !*output)
        return avsvti_fail(err, AVSVT_E_FORMAT,
            "%s: 'output' is missing: the folder to write to", t->recipe.path);
    if ((name && !*name) || (!name && avsvti_yaml_count(t->recipe.yaml, "name")))
        return avsvti_fail(err, AVSVT_E_FORMAT, "%s: 'name' is %s", t->recipe.path,
                           name ? "empty" : "a list or mapping: give a text");
    const char *base = strrchr(t->recipe.path, '/');
    base = base ? base + 1 : t->recipe.path;
    t->name = avsvti_strdup(a, name ? name : base);
    t->output = avsvti_recipe_path(&t->recipe, output);
    if (!t->name || !t->output)
        return avsvti_fail_memory(err);
    char *dot = strrchr(t->name, '.');
    if (!name && dot && dot != t->name)
        *dot = '\0';
    return AVSVT_OK;
}

static avsvt_status read_examples(avsvt_trainer *t, avsvt_error *err)
{
    avsvti_rows *train = &t->train.rows, *valid = &t->valid.rows;
    avsvt_status status = AVSVT_OK;
    if (t->recipe.arrays)
        status = avsvti_engine_inputs(t, train->inputs, &train->input_count, err);
    memcpy(valid->inputs, train->inputs, sizeof(valid->inputs));
    valid->input_count = train->input_count;
    return status == AVSVT_OK ? avsvti_examples_read(&t->train, &t->valid, &t->recipe, err)
                              : status;
}

/* What a training that is killed while it writes leaves halves of. */
static const char *const written[] = { "last.state", "last.pt", "best.pt",
                                       "curve.svg", NULL };

static avsvt_status open_recipe(avsvt_trainer *t, const char *path, avsvt_error *err)
{
    const avsvt_allocator *a = avsvti_allocator(t->context);
    avsvt_status status = avsvti_recipe_read(&t->recipe, a, path, NULL, err);
    if (status == AVSVT_OK)
        status = avsvti_examples_choose(&t->recipe, err);
    if (status == AVSVT_OK)
        status = choose_output(t, err);
    if (status == AVSVT_OK)
        status = open_model(t, err);
    if (status == AVSVT_OK)
        status = avsvti_share_find(t, err);
    if (status == AVSVT_OK)
        status = begin(t, err);
    if (status == AVSVT_OK)
        status = avsvti_result_check(t, err);
    if (status == AVSVT_OK)
        status = avsvti_share_join(t, err);
    if (status == AVSVT_OK)
        status = read_examples(t, err);
    if (status == AVSVT_OK)
        status = check_seen(t, err);
    if (status != AVSVT_OK)
        return status;
    choose_measure(t);
    status = check_measures(t, err);
    if (status == AVSVT_OK)
        status = check_measured(t, err);
    if (status == AVSVT_OK)
        status = avsvti_folder_make(a, t->output, NULL, err);
    avsvti_state_fingerprint(t);
    if (status == AVSVT_OK && t->world.rank == 0)
        status = avsvti_log_lock(t, err);
    if (status == AVSVT_OK && t->world.rank == 0) {
        avsvti_file_sweep(t->output, written);
        avsvti_heir_begin(t);
    }
    if (status == AVSVT_OK)
        status = avsvti_state_load(t, err);
    if (status == AVSVT_OK)
        status = avsvti_share_check(t, err);
    if (t->world.rank > 0) { /* rank 0 alone writes, as long as it is there */
        t->folder = t->output;
        t->output = NULL;
    }
    return status;
}

avsvt_status avsvt_trainer_open(avsvt_trainer **out, avsvt_context *context,
                                const char *path, avsvt_error *err)
{
    if (out)
        *out = NULL;
    if (!out || !path)
        return avsvti_fail(err, AVSVT_E_ARG, "avsvt_trainer_open: %s is NULL",
                           out ? "path" : "out");
    avsvt_trainer *t = trainer_new(context, err);
    avsvt_error own = AVSVT_ERROR_INIT; /* other processes are told even so */
    if (!t)
        return AVSVT_E_NOMEM;
    err = err ? err : &own;
    avsvt_status status = open_recipe(t, path, err);
    if (status == AVSVT_OK) {
        *out = t;
    } else {
        avsvti_share_leave(t, err);
        avsvt_trainer_free(t);
    }
    return status;
}

avsvt_status avsvt_trainer_create(avsvt_trainer **out, avsvt_model *model,
                                  const char *settings, avsvt_error *err)
{
    if (out)
        *out = NULL;
    if (!out || !model || !settings)
        return avsvti_fail(err, AVSVT_E_ARG, "avsvt_trainer_create: %s is NULL",
            !out ? "out" : model ? "settings" : "model");
    avsvt_trainer *t = trainer_new(avsvti_model_context(model), err);
    if (!t)
        return AVSVT_E_NOMEM;
    t->model = avsvt_model_ref(model);
    avsvt_status status = avsvti_recipe_read(&t->recipe,
        avsvti_allocator(t->context), NULL, settings, err);
    if (status == AVSVT_OK)
        status = begin(t, err);
    choose_measure(t);
    if (status == AVSVT_OK)
        status = check_measures(t, err);
    if (status == AVSVT_OK)
        *out = t;
    else
        avsvt_trainer_free(t);
    return status;
}

avsvt_status avsvt_trainer_add(avsvt_trainer *t, const float *samples,
                               int64_t count, double rate_hz,
                               const avsvt_notes *notes, avsvt_error *err)
{
    if (!t || !samples || !notes || count < 1)
        return avsvti_fail(err, AVSVT_E_ARG, "avsvt_trainer_add: %s",
            !t ? "trainer is NULL" : !samples ? "samples is NULL"
               : !notes ? "notes is NULL" : "count is less than 1");
    avsvt_status status = avsvti_busy_enter(&t->busy, "trainer", err);
    if (status != AVSVT_OK)
        return status;
    if (t->recipe.of_file || t->planned || t->now.epoch > 1)
        status = avsvti_fail(err, AVSVT_E_ARG,
            "avsvt_trainer_add: songs are added to a trainer from "
            "avsvt_trainer_create(), before it runs");
    else if (!t->fields.count)
        status = avsvti_fail(err, AVSVT_E_UNSUPPORTED,
            "%s: its loss wants more than songs and notes: use "
            "avsvt_trainer_step()", avsvt_model_path(t->model));
    else
        status = avsvti_songs_add(&t->train.songs, samples, count, rate_hz, notes, err);
    avsvti_busy_leave(&t->busy);
    return status;
}

/* The epoch that the last step was of; the one in hand may not have begun. */
static double epoch_told(const avsvti_progress *n)
{
    return n->batch < 1 && n->epoch > 1 ? n->epoch - 1 : n->epoch;
}

void avsvti_trainer_report(const avsvt_trainer *t, int32_t event,
                           avsvt_train_report *report)
{
    const avsvti_progress *n = &t->now;
    const double epoch = epoch_told(n);
    size_t group = 0;
    while (group + 1 < t->recipe.group_count &&
           epoch <= (double)t->recipe.groups[group].frozen_epochs)
        group++;
    *report = (avsvt_train_report){
        .struct_size = (uint32_t)sizeof(*report), .event = event,
        .epoch = event == AVSVT_TRAIN_VALID && avsvti_at_start(n) ? 0 : (int64_t)epoch,
        .epochs = t->recipe.epochs,
        .step = (int64_t)n->step, .steps = avsvti_trainer_steps(t),
        .loss = n->loss, .lr = t->schedules[group].lr,
        .mean_loss = n->loss_count > 0 ? n->loss_sum / n->loss_count : n->loss,
        .grad_norm = n->grad_norm, .sound_s = t->recipe.arrays ? 0 : n->amount,
        .valid_loss = n->valid_loss, .conpoff = n->conpoff, .conp = n->conp,
        .con = n->con, .coff = n->coff, .best = isnan(n->best) ? -1
            : t->recipe.measure == AVSVTI_MEASURE_LOSS ? n->best : 1 - n->best,
        .improved = t->improved, .resumed = t->resumed,
        .items = t->recipe.arrays ? (int64_t)n->amount : 0,
        .rank = t->world.rank, .processes = t->others ? t->world.size : 1,
    };
}

avsvt_status avsvt_trainer_describe(avsvt_trainer *t, avsvt_train_report *report,
                                    avsvt_error *err)
{
    avsvt_train_report full;
    if (!t || !report)
        return avsvti_fail(err, AVSVT_E_ARG, "avsvt_trainer_describe: %s is NULL",
                           t ? "report" : "trainer");
    avsvt_status status = avsvti_busy_enter(&t->busy, "trainer", err);
    if (status != AVSVT_OK)
        return status;
    avsvti_trainer_report(t, 0, &full);
    avsvti_busy_leave(&t->busy);
    return avsvti_record_write(report, &full, sizeof(full), "avsvt_train_report", err);
}

avsvt_status avsvt_trainer_model(avsvt_model **out, avsvt_trainer *t,
                                 avsvt_error *err)
{
    avsvti_archive_writer w;
    if (out)
        *out = NULL;
    if (!out || !t)
        return avsvti_fail(err, AVSVT_E_ARG, "avsvt_trainer_model: %s is NULL",
                           out ? "trainer" : "out");
    avsvt_status status = avsvti_busy_enter(&t->busy, "trainer", err);
    if (status != AVSVT_OK)
        return status;
    status = avsvti_result_bytes(t, &w, err);
    if (status == AVSVT_OK) {
        status = avsvt_model_open_memory(out, t->context, w.bytes.data,
                                         w.bytes.size, "(trained)", err);
        avsvti_archive_write_free(&w);
    }
    avsvti_busy_leave(&t->busy);
    return status;
}

avsvt_status avsvt_trainer_write(avsvt_trainer *t, const char *path,
                                 avsvt_error *err)
{
    if (!t || !path)
        return avsvti_fail(err, AVSVT_E_ARG, "avsvt_trainer_write: %s is NULL",
                           t ? "path" : "trainer");
    avsvt_status status = avsvti_busy_enter(&t->busy, "trainer", err);
    if (status != AVSVT_OK)
        return status;
    status = avsvti_result_write(t, path, err);
    avsvti_busy_leave(&t->busy);
    return status;
}
