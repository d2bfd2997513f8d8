/* SPDX-License-Identifier: MIT */
#include <avsvt/features.h>

#include <math.h>
#include <string.h>

#include "model/stage.h"

#define MAX_OUTPUTS 4

struct avsvt_extractor {
    avsvti_stage stage;  /* first */
    int64_t min_samples; /* shorter input is padded with zeros */
};

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
    status = avsvti_model_integer(model, "input.min_samples", 0, 1 << 24,
                                  &e->min_samples, err);
    if (status != AVSVT_OK) {
        avsvt_extractor_free(e);
        return status;
    }
    *out = e;
    return AVSVT_OK;
}

static avsvt_status run(avsvt_tensor **out, avsvt_extractor *e,
                        const float *samples, int64_t count, avsvt_error *err)
{
    const avsvt_allocator *a = avsvti_stage_allocator(&e->stage);
    avsvt_backend_tensor outputs[MAX_OUTPUTS];
    float *padded = NULL;
    size_t given = 0;

    if (count < e->min_samples) {
        padded = avsvti_alloc_zero(a, (size_t)e->min_samples, sizeof(float));
        if (!padded)
            return avsvti_fail_memory(err);
        memcpy(padded, samples, (size_t)count * sizeof(float));
        samples = padded;
        count = e->min_samples;
    }
    avsvt_backend_tensor input = avsvti_stage_input(samples, 1, &count);
    avsvt_status status = avsvti_stage_run(&e->stage, &input, 1, 0, outputs,
                                           MAX_OUTPUTS, &given, err);
    if (status == AVSVT_OK)
        status = avsvti_stage_tensor(out, &e->stage, &outputs[0], err);
    avsvti_stage_release(outputs, given);
    avsvti_release(a, padded);
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
    for (size_t i = 0; i < count; i++)
        if (!isfinite(samples[i]))
            return avsvti_fail(err, AVSVT_E_ARG,
                               "sample %zu is not a number", i);
    avsvt_status status = avsvti_busy_enter(&extractor->stage.busy,
                                            "extractor", err);
    if (status != AVSVT_OK)
        return status;
    status = run(out, extractor, samples, (int64_t)count, err);
    avsvti_busy_leave(&extractor->stage.busy);
    return status;
}

void avsvt_extractor_free(avsvt_extractor *extractor)
{
    avsvti_stage_free(extractor);
}
