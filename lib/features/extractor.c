/* SPDX-License-Identifier: MIT */
#include "features/extractor.h"

#include <math.h>
#include <string.h>

#define MAX_OUTPUTS 4

static avsvt_status read_kind(avsvt_extractor *e, const avsvt_model *m,
                              avsvt_error *err)
{
    const char *kind = avsvt_model_get(m, "input.kind");
    e->sound = !kind || !strcmp(kind, "audio") || !strcmp(kind, "audio-video");
    e->sight = kind && (!strcmp(kind, "video") || !strcmp(kind, "audio-video"));
    if (e->sound || e->sight)
        return AVSVT_OK;
    return avsvti_fail(err, AVSVT_E_FORMAT,
        "%s: the manifest's 'input.kind' is '%.40s': it must be one of audio, "
        "video, audio-video", avsvt_model_path(m), kind);
}

avsvt_status avsvti_pictures_read(avsvti_crop_rule *r, double *hz,
                                  const avsvt_model *m, avsvt_error *err)
{
    memset(r, 0, sizeof(*r));
    r->deviation = 1.0;
    avsvt_status status = avsvti_model_integer(m, "input.width", 1, 4096,
                                               &r->width, err);
    if (status == AVSVT_OK)
        status = avsvti_model_integer(m, "input.height", 1, 4096, &r->height,
                                      err);
    if (status == AVSVT_OK)
        status = avsvti_model_number(m, "input.mean", -100, 100, &r->mean, err);
    if (status == AVSVT_OK)
        status = avsvti_model_number(m, "input.deviation", 1e-6, 100,
                                     &r->deviation, err);
    if (status == AVSVT_OK)
        status = avsvti_model_number(m, "input.frame_rate", 0.1, 1000, hz, err);
    return status;
}

static avsvt_status read_pictures(avsvt_extractor *e, const avsvt_model *m,
                                  avsvt_error *err)
{
    const avsvti_crop_rule *r = &e->crop;
    avsvt_status status = avsvti_pictures_read(&e->crop, &e->picture_hz, m, err);
    if (status == AVSVT_OK && e->sight && (!r->width || !r->height))
        status = avsvti_fail(err, AVSVT_E_FORMAT,
            "%s: its manifest lacks input.%s", avsvt_model_path(m),
            r->width ? "height" : "width");
    return status;
}

avsvt_status avsvt_extractor_create(avsvt_extractor **out, avsvt_model *model,
                                    avsvt_error *err)
{
    void *handle;
    if (!out)
        return avsvti_fail(err, AVSVT_E_ARG,
                           "avsvt_extractor_create: out is NULL");
    *out = NULL;
    avsvt_status status = avsvti_stage_create(&handle, sizeof(**out), model,
                                              "extractor", err);
    if (status != AVSVT_OK)
        return status;
    avsvt_extractor *e = handle;
    status = read_kind(e, model, err);
    if (status == AVSVT_OK)
        status = avsvti_model_integer(model, "input.min_samples", 0, 1 << 24,
                                      &e->min_samples, err);
    if (status == AVSVT_OK)
        status = read_pictures(e, model, err);
    if (status != AVSVT_OK) {
        avsvt_extractor_free(e);
        return status;
    }
    *out = e;
    return AVSVT_OK;
}

avsvt_status avsvti_extractor_call(avsvt_tensor **out, avsvt_extractor *e,
                                   const float *samples, int64_t count,
                                   const avsvti_pictures *pictures,
                                   int64_t first, int64_t frames,
                                   avsvt_error *err)
{
    const avsvt_allocator *a = avsvti_stage_allocator(&e->stage);
    avsvt_backend_tensor inputs[2], outputs[MAX_OUTPUTS];
    float *padded = NULL, *cut = NULL;
    size_t input_count = 0, given = 0;
    avsvt_status status = AVSVT_OK;

    if (samples && count < e->min_samples) {
        padded = avsvti_alloc_zero(a, (size_t)e->min_samples, sizeof(float));
        if (!padded)
            return avsvti_fail_memory(err);
        memcpy(padded, samples, (size_t)count * sizeof(float));
        samples = padded;
        count = e->min_samples;
    }
    if (samples)
        inputs[input_count++] = avsvti_stage_input(samples, 1, &count);
    if (pictures) {
        int64_t shape[3] = { frames, e->crop.height, e->crop.width };
        status = avsvti_crops_prepare(&cut, a, pictures, first, frames,
                                      &e->crop, err);
        inputs[input_count++] = avsvti_stage_input(cut, 3, shape);
    }
    if (status == AVSVT_OK)
        status = avsvti_stage_run(&e->stage, inputs, input_count, 0, outputs,
                                  MAX_OUTPUTS, &given, err);
    if (status == AVSVT_OK)
        status = avsvti_stage_tensor(out, &e->stage, &outputs[0], err);
    avsvti_stage_release(outputs, given);
    avsvti_release(a, cut);
    avsvti_release(a, padded);
    return status;
}

/* Checks of all three ways in, then the run. */
static avsvt_status run(avsvt_tensor **out, avsvt_extractor *e,
                        const float *samples, size_t count,
                        const avsvt_tensor *crops, avsvt_error *err)
{
    avsvt_status status = AVSVT_OK;
    if (!samples != !e->sound || !crops != !e->sight)
        return avsvti_fail(err, AVSVT_E_ARG, "%s: takes %s",
            avsvt_model_path(e->stage.network.model),
            e->sound && e->sight ? "sound and pictures: avsvt_extractor_run_av()"
            : e->sight ? "pictures: avsvt_extractor_run_video()"
                       : "sound: avsvt_extractor_run()");
    for (size_t i = 0; samples && i < count; i++)
        if (!isfinite(samples[i]))
            return avsvti_fail(err, AVSVT_E_ARG,
                               "sample %zu is not a number", i);
    if (crops)
        status = avsvti_crops_check(crops, &e->crop, err);
    if (status == AVSVT_OK)
        status = avsvti_busy_enter(&e->stage.busy, "extractor", err);
    if (status != AVSVT_OK)
        return status;
    avsvti_pictures plain = avsvti_pictures_plain(crops);
    status = avsvti_extractor_call(out, e, samples, (int64_t)count,
                                   crops ? &plain : NULL, 0,
                                   crops ? crops->shape[0] : 0, err);
    avsvti_busy_leave(&e->stage.busy);
    return status;
}

avsvt_status avsvt_extractor_run(avsvt_tensor **out,
                                 avsvt_extractor *extractor,
                                 const float *samples, size_t count,
                                 avsvt_error *err)
{
    if (out)
        *out = NULL;
    if (!out || !extractor || !samples || !count || count > INT64_MAX / 8)
        return avsvti_fail(err, AVSVT_E_ARG,
            "avsvt_extractor_run: out, extractor and at least one sample are "
            "needed");
    return run(out, extractor, samples, count, NULL, err);
}

avsvt_status avsvt_extractor_run_video(avsvt_tensor **out,
                                       avsvt_extractor *extractor,
                                       avsvt_tensor *crops, avsvt_error *err)
{
    if (out)
        *out = NULL;
    if (!out || !extractor || !crops)
        return avsvti_fail(err, AVSVT_E_ARG,
            "avsvt_extractor_run_video: out, extractor and crops are needed");
    return run(out, extractor, NULL, 0, crops, err);
}

avsvt_status avsvt_extractor_run_av(avsvt_tensor **out,
                                    avsvt_extractor *extractor,
                                    const float *samples, size_t count,
                                    avsvt_tensor *crops, avsvt_error *err)
{
    if (out)
        *out = NULL;
    if (!out || !extractor || !samples || !count || count > INT64_MAX / 8 ||
        !crops)
        return avsvti_fail(err, AVSVT_E_ARG,
            "avsvt_extractor_run_av: out, extractor, at least one sample and "
            "crops are needed");
    return run(out, extractor, samples, count, crops, err);
}

void avsvt_extractor_free(avsvt_extractor *extractor)
{
    avsvti_stage_free(extractor);
}
