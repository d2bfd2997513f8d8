/* SPDX-License-Identifier: MIT */
/* Making a pipeline of a model that does everything. */
#include <math.h>
#include <string.h>

#include "core/options.h"
#include "features/pieces.h"
#include "head/head.h"
#include "model/sections.h"
#include "pipeline/pipeline.h"

/* Input and chunk sections of a model's manifest. */
avsvt_status avsvti_pipeline_geometry(avsvt_pipeline *p, const avsvt_model *m,
                                  double *chunk_s, double *context_s,
                                  avsvt_error *err)
{
    avsvti_input in;
    avsvt_status status = avsvti_model_input(&in, m, err);
    if (status == AVSVT_OK)
        status = avsvti_model_chunk(m, chunk_s, context_s, err);
    if (status != AVSVT_OK)
        return status;
    if (in.rate_hz == 0.0 || in.hop == 0)
        return avsvti_model_lacks(m, in.hop ? "sample_rate" : "hop", err);
    p->rate_hz = in.rate_hz;
    p->hop = in.hop;
    p->edge = in.edge;
    p->min_samples = in.min_samples;
    return AVSVT_OK;
}

void avsvti_pipeline_set_chunks(avsvt_pipeline *p, double chunk_s, double context_s)
{
    double rate = p->rate_hz / (double)p->hop;
    p->chunk_frames = (int64_t)ceil(chunk_s * rate);
    p->context_frames = (int64_t)ceil(context_s * rate);
    if (p->chunk_frames < 1)
        p->chunk_frames = 1;
}

static avsvt_status read_options(avsvt_pipeline_options *o,
                                 const avsvt_pipeline_options *opts,
                                 avsvt_error *err)
{
    avsvt_status status = avsvti_options_read(o, sizeof(*o), opts,
                                              "avsvt_pipeline_options", err);
    if (status != AVSVT_OK)
        return status;
    if (o->chunks < AVSVT_CHUNKS_DEFAULT || o->chunks > AVSVT_CHUNKS_PUBLISHED)
        return avsvti_fail(err, AVSVT_E_ARG,
            "avsvt_pipeline_options.chunks is %d: use an AVSVT_CHUNKS_ value",
            (int)o->chunks);
    if (o->chunk_s != 0.0 && !(o->chunk_s >= 1.0 && o->chunk_s <= 600.0))
        return avsvti_fail(err, AVSVT_E_ARG,
                           "chunk_s: use 1 to 600 seconds, or 0");
    if (o->batch < 0 || o->batch > AVSVTI_MOST_BATCH || o->reserved)
        return avsvti_fail(err, AVSVT_E_ARG,
            "avsvt_pipeline_options: batch is 1 to %d, or 0; reserved is 0",
            AVSVTI_MOST_BATCH);
    return AVSVT_OK;
}

avsvt_pipeline *avsvti_pipeline_new(avsvt_context *context, const char *name,
                                    avsvt_error *err)
{
    const avsvt_allocator *a = avsvti_allocator(context);
    avsvt_pipeline *p = avsvti_alloc_zero(a, 1, sizeof(*p));
    char *copy = p ? avsvti_strdup(a, name) : NULL;
    if (!copy) {
        avsvti_release(a, p);
        avsvti_fail_memory(err);
        return NULL;
    }
    p->name = copy;
    p->context = avsvt_context_ref(context);
    p->batch = 1;
    p->raise_to_db = NAN;
    avsvti_busy_init(&p->busy);
    return p;
}

avsvt_status avsvti_pipeline_mode(int32_t *chunks, const char *name,
                                  const char *mode, avsvt_error *err)
{
    static const char *const names[] = { "overlap", "whole", "published" };
    *chunks = AVSVT_CHUNKS_OVERLAP;
    for (int32_t i = 0; mode && i < 3; i++)
        if (!strcmp(mode, names[i])) {
            *chunks = AVSVT_CHUNKS_OVERLAP + i;
            return AVSVT_OK;
        }
    return !mode ? AVSVT_OK : avsvti_fail(err, AVSVT_E_FORMAT,
        "%s: chunk.mode is '%s': overlap, whole or published is known", name,
        mode);
}

/* How sound is cut: as the model says, or as the caller has chosen. A model
 * trained on AV_SVT's utterances counts its frames from the beginning of each,
 * a little slower than they come; where chunks overlap, they lie where they
 * are. */
static avsvt_status choose_chunks(avsvt_pipeline *p, const avsvt_model *model,
                                  int32_t chosen, avsvt_error *err)
{
    int32_t own;
    avsvt_status status = avsvti_pipeline_mode(&own, p->name,
        avsvt_model_get(model, "chunk.mode"), err);
    if (status != AVSVT_OK)
        return status;
    if (chosen == AVSVT_CHUNKS_PUBLISHED && own != AVSVT_CHUNKS_PUBLISHED)
        return avsvti_fail(err, AVSVT_E_ARG,
            "%s: AV_SVT's utterances are for pipeline files that join an "
            "extractor and a head, and for models trained on them", p->name);
    p->chunks = chosen ? chosen : own;
    if (own == AVSVT_CHUNKS_PUBLISHED && p->chunks != own) {
        p->info.frame_rate_hz = 0.0;
        p->info.start_s += 0.5 * (double)(p->hop + p->edge) / p->rate_hz;
    }
    if (p->info.frame_rate_hz == 0.0)
        p->info.frame_rate_hz = p->rate_hz / (double)p->hop;
    return AVSVT_OK;
}

/* The network of a model that hears. */
static avsvt_status open_network(avsvt_pipeline *p, avsvt_model *model, avsvt_error *err)
{
    void *network;
    avsvt_status status = avsvti_stage_create(&network, sizeof(avsvti_stage), model,
                                              "pipeline", err);
    if (status != AVSVT_OK)
        return status;
    p->network = network;
    p->backend = p->network->network.backend;
    if (avsvti_model_is(model, "input.kind", "audio-video"))
        avsvti_log(p->context, AVSVT_LOG_WARNING, "%s: would also see, but is run by sound "
                   "alone: a pipeline file joins parts that see too", p->name);
    return AVSVT_OK;
}

/* One that only sees is run as an extractor is. */
static avsvt_status open_sight(avsvt_pipeline *p, avsvt_model *model, double *chunk_s,
                               double *context_s, avsvt_error *err)
{
    double start_s = 0; /* its manifest's is told elsewhere */
    avsvt_status status = avsvti_pipeline_open_video(p, model, "pipeline", chunk_s,
                                                     context_s, &start_s, err);
    if (status == AVSVT_OK)
        p->backend = p->video->stage.network.backend;
    return status;
}

static avsvt_status from_model(avsvt_pipeline *p, avsvt_model *model,
                               const avsvt_pipeline_options *chosen,
                               avsvt_error *err)
{
    double chunk_s = 30.0, context_s = 4.0;
    int sees = avsvti_model_is(model, "input.kind", "video");
    if (!avsvti_model_is(model, "task", "notes")) {
        const char *task = avsvt_model_get(model, "task");
        return avsvti_fail(err, AVSVT_E_ARG,
            "%s: its task is '%s'; a pipeline of notes is needed here",
            p->name, task ? task : "");
    }
    avsvt_status status = sees
        ? open_sight(p, model, &chunk_s, &context_s, err)
        : avsvti_pipeline_geometry(p, model, &chunk_s, &context_s, err);
    if (status == AVSVT_OK)
        status = avsvti_model_raise(&p->raise_to_db, model, err);
    if (status == AVSVT_OK)
        status = avsvti_head_layout(&p->info, model, err);
    if (status == AVSVT_OK)
        status = avsvti_head_defaults(&p->defaults, model, err);
    if (status == AVSVT_OK)
        status = choose_chunks(p, model, chosen->chunks, err);
    if (status == AVSVT_OK && sees && p->info.fine_bins)
        status = avsvti_fail(err, AVSVT_E_FORMAT, "%s: output.fine is not for models of "
                             "pictures alone", p->name);
    if (status == AVSVT_OK && !sees)
        status = open_network(p, model, err);
    if (status != AVSVT_OK)
        return status;
    avsvti_pipeline_set_chunks(p, chosen->chunk_s != 0.0 ? chosen->chunk_s
                                                         : chunk_s, context_s);
    return AVSVT_OK;
}

avsvt_status avsvt_pipeline_create(avsvt_pipeline **out, avsvt_model *model,
                                   const avsvt_pipeline_options *opts,
                                   avsvt_error *err)
{
    avsvt_pipeline_options o;
    if (out)
        *out = NULL;
    if (!out || !model)
        return avsvti_fail(err, AVSVT_E_ARG,
            "avsvt_pipeline_create: %s is NULL", out ? "model" : "out");
    avsvt_status status = read_options(&o, opts, err);
    if (status != AVSVT_OK)
        return status;
    avsvt_pipeline *p = avsvti_pipeline_new(avsvti_model_context(model),
                                     avsvt_model_path(model), err);
    if (!p)
        return AVSVT_E_NOMEM;
    status = from_model(p, model, &o, err);
    if (status != AVSVT_OK) {
        avsvt_pipeline_free(p);
        return status;
    }
    *out = p;
    return AVSVT_OK;
}

static int is_yaml(const char *path)
{
    size_t n = strlen(path);
    return (n > 5 && !strcmp(path + n - 5, ".yaml")) ||
           (n > 4 && !strcmp(path + n - 4, ".yml"));
}

avsvt_status avsvt_pipeline_open(avsvt_pipeline **out, avsvt_context *context,
                                 const char *path,
                                 const avsvt_pipeline_options *opts,
                                 avsvt_error *err)
{
    avsvt_model *model;
    avsvt_pipeline_options o;
    if (!out)
        return avsvti_fail(err, AVSVT_E_ARG, "avsvt_pipeline_open: out is NULL");
    *out = NULL;
    avsvt_status status = read_options(&o, opts, err);
    if (status != AVSVT_OK)
        return status;
    context = avsvti_context_or_default(context);
    if (path && is_yaml(path))
        return avsvti_pipeline_open_yaml(out, context, path, &o, err);
    status = avsvt_model_open(&model, context, path, err);
    if (status != AVSVT_OK)
        return status;
    status = avsvt_pipeline_create(out, model, opts, err);
    avsvt_model_free(model);
    return status;
}

double avsvt_pipeline_rate_hz(const avsvt_pipeline *pipeline)
{
    return pipeline && (pipeline->network || pipeline->extractor || pipeline->joint)
        ? pipeline->rate_hz : 0.0;
}

double avsvt_pipeline_picture_hz(const avsvt_pipeline *pipeline)
{
    return pipeline ? pipeline->picture_hz : 0.0;
}

int32_t avsvt_pipeline_picture_side(const avsvt_pipeline *pipeline)
{
    if (!pipeline || !pipeline->video)
        return 0;
    const avsvti_crop_rule *r = &pipeline->video->crop;
    return (int32_t)(r->width > r->height ? r->width : r->height);
}

const char *avsvt_pipeline_backend(const avsvt_pipeline *pipeline)
{
    return pipeline && pipeline->backend ? pipeline->backend->name : NULL;
}

void avsvt_pipeline_free(avsvt_pipeline *pipeline)
{
    if (!pipeline)
        return;
    avsvt_context *context = pipeline->context;
    avsvti_stage_free(pipeline->network);
    avsvt_extractor_free(pipeline->extractor);
    avsvt_extractor_free(pipeline->video);
    avsvt_fusion_free(pipeline->fusion);
    avsvt_head_free(pipeline->head);
    avsvti_release(avsvti_allocator(context), pipeline->name);
    avsvti_release(avsvti_allocator(context), pipeline);
    avsvt_context_free(context);
}
