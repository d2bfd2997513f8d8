/* SPDX-License-Identifier: MIT */
/* One piece of sound and sight through the networks of a pipeline. */
#include <math.h>
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

avsvt_status avsvti_pipeline_decide(avsvt_pipeline *p, avsvt_tensor *features,
                                    avsvti_frames *f, avsvt_error *err)
{
    avsvt_status status = avsvt_head_run(&f->activations, p->head, features,
                                         p->info.frame_rate_hz, err);
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

/* What one network makes of pictures: its features are the logits. */
static avsvt_status take_logits(avsvt_pipeline *p, avsvt_tensor *features,
                                avsvti_frames *f, avsvt_error *err)
{
    if (features->shape[1] != AVSVT_NOTE_LOGITS)
        return avsvti_fail(err, AVSVT_E_BACKEND, "%s: the network gave %lld values for a "
                           "frame; the manifest promises %d", p->name,
                           (long long)features->shape[1], AVSVT_NOTE_LOGITS);
    f->tensor = avsvt_tensor_ref(features);
    f->count = features->shape[0];
    f->logits = features->data;
    return AVSVT_OK;
}

avsvt_status avsvti_pipeline_zeros(avsvt_tensor **out, avsvt_pipeline *p,
                                   int64_t frames, int64_t width,
                                   avsvt_error *err)
{
    int64_t shape[2] = { frames, width };
    const avsvt_allocator *a = avsvti_allocator(p->context);
    float *zeros = avsvti_alloc_zero(a, (size_t)frames,
                                     (size_t)width * sizeof(float));
    if (!zeros)
        return avsvti_fail_memory(err);
    avsvt_status status = avsvt_tensor_create(out, p->context, AVSVT_F32, 2,
                                              shape, zeros, NULL, NULL, err);
    avsvti_release(a, zeros);
    return status;
}

/* Features of the pictures that are shown during the piece, and when the
 * first of them is; none is no failure. */
static avsvt_status see(avsvt_tensor **out, double *start_s, avsvt_pipeline *p,
                        const avsvti_call_input *piece, avsvt_error *err)
{
    int64_t first, end;
    double begin_s = (double)piece->start / p->rate_hz;
    double end_s = (double)(piece->start + piece->count) / p->rate_hz;
    avsvti_pictures_span(piece->pictures, &first, &end);
    if (first < (int64_t)floor(begin_s * p->picture_hz + 0.5))
        first = (int64_t)floor(begin_s * p->picture_hz + 0.5);
    if (end > (int64_t)floor(end_s * p->picture_hz + 0.5))
        end = (int64_t)floor(end_s * p->picture_hz + 0.5);
    *start_s = (double)first / p->picture_hz;
    if (end <= first)
        return AVSVT_OK;
    return avsvti_extractor_call(out, p->video, NULL, 0, piece->pictures, first,
                                 end - first, err);
}

static avsvt_status fuse(avsvt_tensor **out, avsvt_pipeline *p,
                         const avsvti_call_input *piece, avsvt_tensor *audio,
                         avsvt_tensor *video, double video_start_s,
                         avsvt_error *err)
{
    double hz = p->rate_hz / (double)p->hop;
    avsvti_misfit ignored; /* the run tells of it, once */
    avsvti_alignment by = { 1, hz, p->video_hz, 0.0, video_start_s };
    avsvt_tensor *zeros = NULL;
    avsvt_status status = AVSVT_OK;
    by.audio_start_s = (double)piece->start / p->rate_hz + p->audio_middle_s -
                       0.5 / hz;
    if (!audio) {
        int64_t frames = (piece->count + p->hop - 1) / p->hop;
        status = avsvti_pipeline_zeros(&zeros, p, frames,
            avsvti_fusion_width(p->fusion, 0), err);
        audio = zeros;
    }
    if (status == AVSVT_OK)
        status = avsvti_fusion_call(out, p->fusion, audio, video, &by, &ignored,
                                    err);
    avsvt_tensor_free(zeros);
    return status;
}

/* Features of a piece that one encoder hears and sees: zeros stand for the
 * sound, or for pictures, where there is none. */
static avsvt_status take_both(avsvt_tensor **out, avsvt_pipeline *p,
                              const avsvti_call_input *piece, avsvt_error *err)
{
    const avsvt_allocator *a = avsvti_allocator(p->context);
    avsvti_pictures none = avsvti_pictures_plain(NULL);
    int64_t frames = (piece->count + p->hop - 1) / p->hop;
    float *silence = NULL;
    if (!piece->samples &&
        !(silence = avsvti_alloc_zero(a, (size_t)piece->count, sizeof(float))))
        return avsvti_fail_memory(err);
    avsvt_status status = avsvti_extractor_call(out, p->video,
        silence ? silence : piece->samples, piece->count,
        piece->pictures ? piece->pictures : &none, piece->start / p->hop, frames,
        err);
    avsvti_release(a, silence);
    return status;
}

static avsvt_status call_stages(avsvt_pipeline *p, const avsvti_call_input *piece,
                                avsvti_frames *f, avsvt_error *err)
{
    avsvt_tensor *audio = NULL, *video = NULL, *fused = NULL;
    double video_start_s = 0.0;
    avsvt_status status = AVSVT_OK;
    if (p->joint)
        status = take_both(&video, p, piece, err);
    else if (piece->heard)
        audio = avsvt_tensor_ref(piece->heard);
    else if (p->extractor && piece->samples)
        status = avsvt_extractor_run(&audio, p->extractor, piece->samples,
                                     (size_t)piece->count, err);
    if (status == AVSVT_OK && p->video && !p->joint && piece->pictures)
        status = see(&video, &video_start_s, p, piece, err);
    if (status == AVSVT_OK && p->fusion)
        status = fuse(&fused, p, piece, audio, video, video_start_s, err);
    if (status == AVSVT_OK) {
        avsvt_tensor *features = fused ? fused : p->extractor ? audio : video;
        status = features ? p->head ? avsvti_pipeline_decide(p, features, f, err)
                                    : take_logits(p, features, f, err)
                          : avsvti_fail(err, AVSVT_E_ARG,
                                "%s: there are no pictures for a part of the "
                                "time", p->name);
    }
    avsvt_tensor_free(audio);
    avsvt_tensor_free(video);
    avsvt_tensor_free(fused);
    return status;
}

avsvt_status avsvti_pipeline_call(avsvt_pipeline *p, const avsvti_call_input *piece,
                                  avsvti_frames *frames, avsvt_error *err)
{
    const avsvt_allocator *a = avsvti_allocator(p->context);
    avsvti_call_input given = *piece;
    float *padded = NULL;
    memset(frames, 0, sizeof(*frames));
    if (given.samples && given.count < p->min_samples) {
        padded = avsvti_alloc_zero(a, (size_t)p->min_samples, sizeof(float));
        if (!padded)
            return avsvti_fail_memory(err);
        memcpy(padded, given.samples, (size_t)given.count * sizeof(float));
        given.samples = padded;
        given.count = p->min_samples;
    }
    avsvt_status status = p->network
        ? call_one(p, given.samples, given.count, frames, err)
        : call_stages(p, &given, frames, err);
    avsvti_release(a, padded);
    if (status != AVSVT_OK)
        avsvti_frames_release(frames);
    return status;
}

void avsvti_frames_release(avsvti_frames *frames)
{
    avsvti_outputs_release(frames->outputs, frames->output_count);
    avsvt_activations_free(frames->activations);
    avsvt_tensor_free(frames->tensor);
    memset(frames, 0, sizeof(*frames));
}
