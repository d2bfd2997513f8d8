/* SPDX-License-Identifier: MIT */
#include "head/head.h"

#include <math.h>
#include <string.h>

#include "core/tensor.h"
#include "head/activations.h"
#include "model/sections.h"

#define MAX_OUTPUTS 4

struct avsvt_head {
    avsvti_stage stage; /* first */
    avsvt_activations_info info;
    avsvt_notes_options defaults;
};

avsvt_status avsvti_head_defaults(avsvt_notes_options *defaults,
                                  const avsvt_model *m, avsvt_error *err)
{
    memset(defaults, 0, sizeof(*defaults));
    defaults->struct_size = (uint32_t)sizeof(*defaults);
    return avsvti_decode_settings(defaults, avsvti_model_tree(m),
                                avsvt_model_path(m), err);
}

avsvt_status avsvti_head_layout(avsvt_activations_info *info,
                                const avsvt_model *m, avsvt_error *err)
{
    int64_t bins = 0;
    memset(info, 0, sizeof(*info));
    info->struct_size = (uint32_t)sizeof(*info);
    info->fine_step = 1.0;
    if (!avsvti_model_is(m, "output.layout", "notes20")) {
        const char *is = avsvt_model_get(m, "output.layout");
        return avsvti_fail(err, AVSVT_E_ARG,
            "%s: output.layout is '%s'; notes need notes20",
            avsvt_model_path(m), is ? is : "");
    }
    avsvt_status status = avsvti_model_number(m, "output.frame_rate",
        AVSVTI_FRAME_RATES, &info->frame_rate_hz, err);
    if (status == AVSVT_OK)
        status = avsvti_model_number(m, "output.start_s", -10.0, 10.0,
                                     &info->start_s, err);
    if (status == AVSVT_OK)
        status = avsvti_model_integer(m, "output.fine.bins", AVSVTI_FINE_BINS,
                                      &bins, err);
    if (status == AVSVT_OK)
        status = avsvti_model_number(m, "output.fine.lowest", AVSVTI_FINE_LOWEST,
                                     &info->fine_lowest, err);
    if (status == AVSVT_OK)
        status = avsvti_model_number(m, "output.fine.step", AVSVTI_FINE_STEPS,
                                     &info->fine_step, err);
    info->fine_bins = (int32_t)bins;
    return status;
}

avsvt_status avsvt_head_create(avsvt_head **out, avsvt_model *model,
                               avsvt_error *err)
{
    void *handle;
    if (!out)
        return avsvti_fail(err, AVSVT_E_ARG, "avsvt_head_create: out is NULL");
    *out = NULL;
    avsvt_status status = avsvti_stage_create(&handle, sizeof(**out), model,
                                              "head", err);
    if (status != AVSVT_OK)
        return status;
    avsvt_head *h = handle;
    status = avsvti_head_layout(&h->info, model, err);
    if (status == AVSVT_OK)
        status = avsvti_head_defaults(&h->defaults, model, err);
    if (status != AVSVT_OK) {
        avsvt_head_free(h);
        return status;
    }
    *out = h;
    return AVSVT_OK;
}

static avsvt_status run(avsvt_activations **out, avsvt_head *h,
                        const avsvt_tensor *features,
                        avsvt_activations_info *info, avsvt_error *err)
{
    avsvt_backend_tensor outputs[MAX_OUTPUTS];
    size_t given = 0;
    const float *fine = NULL;
    avsvt_backend_tensor input = avsvti_stage_input(features->data, 2,
                                                    features->shape);
    avsvt_status status = avsvti_stage_run(&h->stage, &input, 1,
        AVSVT_NOTE_LOGITS, outputs, MAX_OUTPUTS, &given, err);
    if (status != AVSVT_OK)
        return status;
    info->frames = avsvti_output_rows(&outputs[0]);
    if (info->fine_bins && given > 1) {
        status = avsvti_output_check(&h->stage, &outputs[1], 1, info->frames,
                                     info->fine_bins, err);
        fine = outputs[1].data;
    } else {
        info->fine_bins = 0;
    }
    if (status == AVSVT_OK)
        status = avsvt_activations_create(out,
            avsvti_model_context(h->stage.network.model), info,
            outputs[0].data, fine, NULL, err);
    if (status == AVSVT_OK)
        (*out)->defaults = h->defaults;
    avsvti_outputs_release(outputs, given);
    return status;
}

avsvt_status avsvt_head_run(avsvt_activations **out, avsvt_head *head,
                            avsvt_tensor *features, double frame_rate_hz,
                            avsvt_error *err)
{
    if (out)
        *out = NULL;
    if (!out || !head || !features)
        return avsvti_fail(err, AVSVT_E_ARG,
            "avsvt_head_run: out, head and features are needed");
    if (features->dtype != AVSVT_F32 || features->ndim != 2)
        return avsvti_fail(err, AVSVT_E_ARG,
            "features: float32 of [frames, width] is needed");
    avsvt_activations_info info = head->info;
    if (frame_rate_hz != 0.0)
        info.frame_rate_hz = frame_rate_hz;
    if (!isfinite(info.frame_rate_hz) || !(info.frame_rate_hz > 0.0))
        return avsvti_fail(err, AVSVT_E_ARG,
            "the frame rate is not known: give one above 0, or a head whose "
            "manifest has output.frame_rate");
    avsvt_status status = avsvti_busy_enter(&head->stage.busy, "head", err);
    if (status != AVSVT_OK)
        return status;
    status = run(out, head, features, &info, err);
    avsvti_busy_leave(&head->stage.busy);
    return status;
}

void avsvt_head_free(avsvt_head *head)
{
    avsvti_stage_free(head);
}
