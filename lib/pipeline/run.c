/* SPDX-License-Identifier: MIT */
/* The public ways to run a pipeline: to notes, or to activations. */
#include <string.h>

#include "core/options.h"
#include "decode/decoder.h"
#include "head/activations.h"
#include "pipeline/chunks.h"

/* Where frames go on the way to notes. */
typedef struct to_notes {
    avsvti_decoder *decoder;
    avsvti_note_list list;
} to_notes;

static avsvt_status take_for_notes(void *user, const float *logits,
                                   const float *fine, const float *level,
                                   int64_t count, avsvt_error *err)
{
    to_notes *t = user;
    return avsvti_decoder_push(t->decoder, logits, fine, level, count,
                               &t->list, err);
}

static avsvt_status run_notes(avsvt_notes **out, avsvt_pipeline *p,
                              avsvt_audio *audio, const avsvt_run_options *o,
                              avsvt_error *err)
{
    const avsvt_allocator *a = avsvti_allocator(p->context);
    to_notes t = { .decoder = NULL };
    avsvti_note_list_init(&t.list, a);
    avsvt_status status = avsvti_decoder_create(&t.decoder, a, &p->info,
                                                o->notes, &p->defaults, err);
    if (status == AVSVT_OK)
        status = avsvti_chunks_run(p, audio, o->progress, o->user,
                                   take_for_notes, &t, err);
    if (status == AVSVT_OK)
        status = avsvti_decoder_finish(t.decoder, &t.list, err);
    if (status == AVSVT_OK)
        status = avsvti_notes_from_list(out, p->context, &t.list, err);
    avsvti_decoder_free(t.decoder);
    avsvti_note_list_free(&t.list);
    return status;
}

/* Frames that grow into activations. */
typedef struct to_activations {
    const avsvt_allocator *allocator;
    int32_t fine_bins;
    int64_t count, capacity;
    float *logits, *fine, *level;
} to_activations;

static int grow(const avsvt_allocator *a, float **block, int64_t capacity,
                int32_t columns)
{
    float *bigger = avsvti_resize(a, *block, (size_t)capacity,
                                  (size_t)columns * sizeof(float));
    if (bigger)
        *block = bigger;
    return bigger != NULL;
}

static avsvt_status take_for_activations(void *user, const float *logits,
                                         const float *fine, const float *level,
                                         int64_t count, avsvt_error *err)
{
    to_activations *t = user;
    if (t->count + count > t->capacity) {
        int64_t capacity = t->count + count + t->capacity / 2;
        if (!grow(t->allocator, &t->logits, capacity, AVSVT_NOTE_LOGITS) ||
            (t->fine_bins &&
             !grow(t->allocator, &t->fine, capacity, t->fine_bins)) ||
            !grow(t->allocator, &t->level, capacity, 1))
            return avsvti_fail_memory(err);
        t->capacity = capacity;
    }
    memcpy(t->logits + t->count * AVSVT_NOTE_LOGITS, logits,
           (size_t)count * AVSVT_NOTE_LOGITS * sizeof(float));
    if (fine)
        memcpy(t->fine + t->count * t->fine_bins, fine,
               (size_t)count * (size_t)t->fine_bins * sizeof(float));
    memcpy(t->level + t->count, level, (size_t)count * sizeof(float));
    t->count += count;
    return AVSVT_OK;
}

static avsvt_status run_activations(avsvt_activations **out,
                                    avsvt_pipeline *p, avsvt_audio *audio,
                                    const avsvt_run_options *o,
                                    avsvt_error *err)
{
    to_activations t = { avsvti_allocator(p->context), p->info.fine_bins,
                         0, 0, NULL, NULL, NULL };
    avsvt_activations_info info = p->info;
    avsvt_status status = avsvti_chunks_run(p, audio, o->progress, o->user,
                                            take_for_activations, &t, err);
    info.frames = t.count;
    if (status == AVSVT_OK)
        status = avsvt_activations_create(out, p->context, &info, t.logits,
                                          t.fine, t.level, err);
    if (status == AVSVT_OK)
        (*out)->defaults = p->defaults;
    avsvti_release(t.allocator, t.logits);
    avsvti_release(t.allocator, t.fine);
    avsvti_release(t.allocator, t.level);
    return status;
}

/* What both public ways begin with: options read, the pipeline taken. */
static avsvt_status enter(avsvt_run_options *o, avsvt_pipeline *pipeline,
                          const avsvt_audio *audio,
                          const avsvt_run_options *given, avsvt_error *err)
{
    if (!pipeline || !audio)
        return avsvti_fail(err, AVSVT_E_ARG,
            "to run a pipeline, out, pipeline and audio are needed");
    avsvt_status status = avsvti_options_read(o, sizeof(*o), given,
                                              "avsvt_run_options", err);
    if (status == AVSVT_OK && o->reserved)
        status = avsvti_fail(err, AVSVT_E_ARG,
                             "avsvt_run_options.reserved must be 0");
    if (status == AVSVT_OK)
        status = avsvti_busy_enter(&pipeline->busy, "pipeline", err);
    return status;
}

avsvt_status avsvt_pipeline_notes_audio(avsvt_notes **out,
                                        avsvt_pipeline *pipeline,
                                        avsvt_audio *audio,
                                        const avsvt_run_options *opts,
                                        avsvt_error *err)
{
    avsvt_run_options o;
    if (out)
        *out = NULL;
    avsvt_status status = enter(&o, out ? pipeline : NULL, audio, opts, err);
    if (status != AVSVT_OK)
        return status;
    status = run_notes(out, pipeline, audio, &o, err);
    avsvti_busy_leave(&pipeline->busy);
    return status;
}

avsvt_status avsvt_pipeline_notes(avsvt_notes **out, avsvt_pipeline *pipeline,
                                  const char *path,
                                  const avsvt_run_options *opts,
                                  avsvt_error *err)
{
    avsvt_audio *audio;
    if (out)
        *out = NULL;
    if (!out || !pipeline || !path)
        return avsvti_fail(err, AVSVT_E_ARG,
            "avsvt_pipeline_notes: out, pipeline and path are needed");
    avsvt_status status = avsvt_audio_open(&audio, pipeline->context, path,
                                           err);
    if (status != AVSVT_OK)
        return status;
    status = avsvt_pipeline_notes_audio(out, pipeline, audio, opts, err);
    avsvt_audio_free(audio);
    return status;
}

avsvt_status avsvt_pipeline_activations(avsvt_activations **out,
                                        avsvt_pipeline *pipeline,
                                        avsvt_audio *audio,
                                        const avsvt_run_options *opts,
                                        avsvt_error *err)
{
    avsvt_run_options o;
    if (out)
        *out = NULL;
    avsvt_status status = enter(&o, out ? pipeline : NULL, audio, opts, err);
    if (status != AVSVT_OK)
        return status;
    status = run_activations(out, pipeline, audio, &o, err);
    avsvti_busy_leave(&pipeline->busy);
    return status;
}
