/* SPDX-License-Identifier: MIT */
/* Songs or arrays kept apart: the loss, and, for a pipeline of notes, the notes that
 * the model would now write, by the library's own decoding and measures. The
 * model is made in memory and run like any other, by the backend that would
 * run it. */
#include <math.h>
#include <string.h>

#include <avsvt/pipeline.h>

#include "decode/notes.h"
#include "train/sight.h"
#include "train/trainer.h"

static avsvt_status loss_of(avsvt_trainer *t, const avsvti_plan *plan, size_t b,
                            double *value, avsvt_error *err)
{
    avsvti_batch batch;
    avsvt_status status = avsvti_examples_make(&batch, &t->fields, &t->valid, plan, b, err);
    if (status != AVSVT_OK)
        return status;
    status = avsvti_engine_loss(t, batch.tensors, batch.count, AVSVT_LOSS_EVALUATE, b, 1,
                                value, err);
    avsvti_batch_free(&batch);
    return status;
}

/* The mean over pieces or items. */
static avsvt_status validate_loss(avsvt_trainer *t, avsvt_error *err)
{
    avsvti_plan plan;
    double sum = 0, *values = NULL;
    avsvt_status status = avsvti_examples_plan_whole(&plan, &t->valid, &t->recipe, err);
    if (status != AVSVT_OK)
        return status;
    values = avsvti_alloc_zero(avsvti_allocator(t->context), plan.batch_count, sizeof(*values));
    if (!values) {
        avsvti_plan_free(&plan);
        return avsvti_fail_memory(err);
    }
    for (size_t b = 0; b < plan.batch_count && status == AVSVT_OK; b++) {
        if (!avsvti_share_mine(t, b))
            continue;
        status = loss_of(t, &plan, b, &values[b], err);
        if (status == AVSVT_OK)
            status = avsvti_trainer_look(t, err);
    }
    status = avsvti_share_values(t, values, plan.batch_count, 1, status, err);
    for (size_t b = 0; b < plan.batch_count; b++)
        sum += values[b] * (double)(plan.ends[b] - (b ? plan.ends[b - 1] : 0));
    if (status == AVSVT_OK)
        t->now.valid_loss = sum / (double)plan.cut_count;
    avsvti_release(avsvti_allocator(t->context), values);
    avsvti_plan_free(&plan);
    return status;
}

/* By a model that only sees. */
static avsvt_status estimate_seen(avsvt_notes **out, avsvt_trainer *t,
                                  avsvt_pipeline *pipeline, size_t i, avsvt_error *err)
{
    avsvt_run_options opts = AVSVT_RUN_OPTIONS_INIT;
    *out = NULL;
    avsvt_status status = avsvti_songs_pictures(&opts.crops, &t->valid.songs, i, err);
    if (status == AVSVT_OK)
        status = avsvt_pipeline_notes_audio(out, pipeline, NULL, &opts, err);
    avsvt_tensor_free(opts.crops);
    return status;
}

static avsvt_status estimate(avsvt_notes **out, avsvt_trainer *t,
                             avsvt_pipeline *pipeline, size_t i, avsvt_error *err)
{
    if (t->valid.songs.sight.alone)
        return estimate_seen(out, t, pipeline, i, err);
    const avsvt_allocator *a = avsvti_allocator(t->context);
    int64_t length = t->valid.songs.songs[i].length;
    float *samples = avsvti_alloc(a, (size_t)length, sizeof(*samples));
    avsvt_audio *audio = NULL;
    *out = NULL;
    avsvt_status status = samples ? AVSVT_OK : avsvti_fail_memory(err);
    if (status == AVSVT_OK)
        status = avsvti_songs_cut(&t->valid.songs, i, 0, length, samples, err);
    if (status == AVSVT_OK)
        status = avsvt_audio_open_samples(&audio, t->context, samples, length, 1,
                                          t->valid.songs.rate_hz, err);
    if (status == AVSVT_OK)
        status = avsvt_pipeline_notes_audio(out, pipeline, audio, NULL, err);
    avsvt_audio_free(audio);
    avsvti_release(a, samples);
    return status;
}

/* The song's notes; of a part what sounds in it. */
static avsvt_status make_reference(avsvt_notes **out, const avsvt_trainer *t,
                                   const avsvti_song *song, avsvt_error *err)
{
    double length_s = (double)song->length / t->valid.songs.rate_hz;
    avsvti_note_list list;
    avsvt_status status = AVSVT_OK;
    avsvti_note_list_init(&list, avsvti_allocator(t->context));
    for (size_t i = 0; i < song->note_count && status == AVSVT_OK; i++) {
        avsvt_note n = song->notes[i];
        if (song->end_s >= 0) {
            n.onset_s = fmax(n.onset_s, 0);
            n.offset_s = fmin(n.offset_s, length_s);
        }
        status = avsvti_note_list_append(&list, &n, err);
    }
    if (status == AVSVT_OK)
        status = avsvti_notes_from_list(out, t->context, &list, err);
    avsvti_note_list_free(&list);
    return status;
}

static avsvt_status measure_song(avsvt_trainer *t, avsvt_pipeline *pipeline,
                                 size_t i, double values[4], avsvt_error *err)
{
    const avsvti_song *song = &t->valid.songs.songs[i];
    avsvt_notes_scores scores = AVSVT_NOTES_SCORES_INIT;
    avsvt_notes *reference = NULL, *notes = NULL;
    avsvt_status status = make_reference(&reference, t, song, err);
    if (status == AVSVT_OK)
        status = estimate(&notes, t, pipeline, i, err);
    if (status == AVSVT_OK)
        status = avsvt_metrics_notes(&scores, reference, notes, NULL, err);
    avsvt_notes_free(reference);
    avsvt_notes_free(notes);
    if (status != AVSVT_OK)
        return avsvti_fail_prefix(err, status, avsvti_song_name(song));
    values[0] = scores.conpoff.f1;
    values[1] = scores.conp.f1;
    values[2] = scores.con.f1;
    values[3] = scores.coff.f1;
    return AVSVT_OK;
}

static avsvt_status measure(avsvt_trainer *t, avsvt_error *err)
{
    avsvti_archive_writer w;
    avsvt_model *model = NULL;
    avsvt_pipeline *pipeline = NULL;
    double sums[4] = { 0 }, count = (double)t->valid.songs.count, *values;
    avsvt_status status = avsvti_result_bytes(t, &w, err);
    if (status != AVSVT_OK)
        return status;
    values = avsvti_alloc_zero(avsvti_allocator(t->context), t->valid.songs.count, sizeof(sums));
    status = values
        ? avsvt_model_open_memory(&model, t->context, w.bytes.data, w.bytes.size,
                                  "the trained model", err)
        : avsvti_fail_memory(err);
    avsvti_archive_write_free(&w);
    if (status == AVSVT_OK)
        avsvti_model_set_local_rank(model, t->world.local_rank);
    if (status == AVSVT_OK)
        status = avsvt_pipeline_create(&pipeline, model, NULL, err);
    for (size_t i = 0; i < t->valid.songs.count && status == AVSVT_OK; i++) {
        if (!avsvti_share_mine(t, i))
            continue;
        status = measure_song(t, pipeline, i, &values[4 * i], err);
        if (status == AVSVT_OK)
            status = avsvti_trainer_look(t, err);
    }
    avsvt_pipeline_free(pipeline);
    avsvt_model_free(model);
    if (values)
        status = avsvti_share_values(t, values, t->valid.songs.count, 4, status, err);
    for (size_t i = 0; values && i < 4 * t->valid.songs.count; i++)
        sums[i % 4] += values[i];
    avsvti_release(avsvti_allocator(t->context), values);
    if (status != AVSVT_OK)
        return status;
    t->now.conpoff = sums[0] / count;
    t->now.conp = sums[1] / count;
    t->now.con = sums[2] / count;
    t->now.coff = sums[3] / count;
    return AVSVT_OK;
}

/* The number to make small that a measure stands for. */
static double metric_of(const avsvt_trainer *t, avsvti_measure m)
{
    switch (m) {
    case AVSVTI_MEASURE_CONPOFF: return 1 - t->now.conpoff;
    case AVSVTI_MEASURE_CONP: return 1 - t->now.conp;
    case AVSVTI_MEASURE_CON: return 1 - t->now.con;
    case AVSVTI_MEASURE_COFF: return 1 - t->now.coff;
    default: return t->now.valid_loss;
    }
}

avsvt_status avsvti_validate(avsvt_trainer *t, avsvt_error *err)
{
    avsvt_status status = validate_loss(t, err);
    if (status == AVSVT_OK && t->measures)
        status = measure(t, err);
    if (status != AVSVT_OK)
        return status;
    double metric = metric_of(t, t->recipe.measure);
    t->now.valid_step = t->now.step;
    t->improved = isnan(t->now.best) || metric < t->now.best;
    if (t->improved)
        t->now.best = metric;
    if (avsvti_at_start(&t->now))
        return AVSVT_OK; /* schedules look at what epochs have brought */
    for (size_t g = 0; g < t->recipe.group_count; g++) {
        const avsvti_schedule *s = &t->recipe.groups[g].schedule;
        if (s->on != AVSVTI_MEASURE_TRAIN_LOSS)
            avsvti_schedule_metric(s, &t->schedules[g], metric_of(t, s->on));
    }
    return AVSVT_OK;
}
