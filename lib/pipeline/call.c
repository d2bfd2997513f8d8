/* SPDX-License-Identifier: MIT */
/* One piece of sound through the networks of a pipeline. */
#include <string.h>

#include "head/activations.h"
#include "pipeline/pipeline.h"

static avsvt_status call_one(avsvt_pipeline *p, const float *samples,
                             int64_t count, avsvti_frames *f, avsvt_error *err)
{
    avsvt_backend_tensor input = avsvti_stage_input(samples, 1, &count);
    avsvt_status status = avsvti_stage_run(p->network, &input, 1,
        AVSVT_NOTE_LOGITS, f->outputs, 4, &f->output_count, err);
    if (status != AVSVT_OK)
        return status;
    f->count = avsvti_output_rows(&f->outputs[0]);
    f->logits = f->outputs[0].data;
    if (!p->info.fine_bins)
        return AVSVT_OK;
    if (f->output_count < 2)
        return avsvti_fail(err, AVSVT_E_BACKEND,
            "%s: the manifest promises fine pitch, but the network gives one "
            "output", p->name);
    status = avsvti_output_check(p->network, &f->outputs[1], 1, f->count,
                                 p->info.fine_bins, err);
    f->fine = f->outputs[1].data;
    return status;
}

static avsvt_status call_stages(avsvt_pipeline *p, const float *samples,
                                int64_t count, avsvti_frames *f,
                                avsvt_error *err)
{
    avsvt_tensor *features = NULL;
    avsvt_status status = avsvt_extractor_run(&features, p->extractor, samples,
                                              (size_t)count, err);
    if (status == AVSVT_OK)
        status = avsvt_head_run(&f->activations, p->head, features,
                                p->info.frame_rate_hz, err);
    avsvt_tensor_free(features);
    if (status != AVSVT_OK)
        return status;
    f->count = f->activations->info.frames;
    f->logits = f->activations->logits;
    f->fine = f->activations->fine;
    if (p->info.fine_bins != f->activations->info.fine_bins)
        return avsvti_fail(err, AVSVT_E_BACKEND,
            "%s: the head gave %d fine bins where %d are promised", p->name,
            (int)f->activations->info.fine_bins, (int)p->info.fine_bins);
    return AVSVT_OK;
}

avsvt_status avsvti_pipeline_call(avsvt_pipeline *p, const float *samples,
                                  int64_t count, avsvti_frames *frames,
                                  avsvt_error *err)
{
    const avsvt_allocator *a = avsvti_allocator(p->context);
    float *padded = NULL;
    memset(frames, 0, sizeof(*frames));
    if (count < p->min_samples) {
        padded = avsvti_alloc_zero(a, (size_t)p->min_samples, sizeof(float));
        if (!padded)
            return avsvti_fail_memory(err);
        memcpy(padded, samples, (size_t)count * sizeof(float));
        samples = padded;
        count = p->min_samples;
    }
    avsvt_status status = p->network
        ? call_one(p, samples, count, frames, err)
        : call_stages(p, samples, count, frames, err);
    avsvti_release(a, padded);
    if (status != AVSVT_OK)
        avsvti_frames_release(frames);
    return status;
}

void avsvti_frames_release(avsvti_frames *frames)
{
    avsvti_stage_release(frames->outputs, frames->output_count);
    avsvt_activations_free(frames->activations);
    memset(frames, 0, sizeof(*frames));
}
