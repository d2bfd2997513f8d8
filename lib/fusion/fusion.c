/* SPDX-License-Identifier: MIT */
#include <avsvt/fusion.h>

#include <string.h>

#include "core/tensor.h"
#include "model/stage.h"

#define MAX_OUTPUTS 4

struct avsvt_fusion {
    avsvti_stage stage; /* first */
};

avsvt_status avsvt_fusion_create(avsvt_fusion **out, avsvt_model *model,
                                 avsvt_error *err)
{
    void *handle;
    if (!out)
        return avsvti_fail(err, AVSVT_E_ARG,
                           "avsvt_fusion_create: out is NULL");
    avsvt_status status = avsvti_stage_create(&handle, sizeof(**out), model,
                                              "fusion", err);
    *out = handle;
    return status;
}

static avsvt_status check(const avsvt_tensor *t, const char *name,
                          avsvt_error *err)
{
    if (t->dtype != AVSVT_F32 || t->ndim != 2 || t->shape[0] < 1 ||
        t->shape[1] < 1)
        return avsvti_fail(err, AVSVT_E_ARG,
            "%s features: float32 of [frames, width] is needed", name);
    return AVSVT_OK;
}

/* The video cut or padded with zeros to the length of the audio; *room is what
 * to release afterwards. */
static avsvt_status fit(const float **fitted, float **room,
                        const avsvt_allocator *a, const avsvt_tensor *video,
                        int64_t frames, avsvt_error *err)
{
    size_t width = (size_t)video->shape[1];
    *room = NULL;
    *fitted = video->data;
    if (video->shape[0] >= frames)
        return AVSVT_OK;
    if (!(*room = avsvti_alloc_zero(a, (size_t)frames, width * sizeof(float))))
        return avsvti_fail_memory(err);
    memcpy(*room, video->data, (size_t)video->shape[0] * width * sizeof(float));
    *fitted = *room;
    return AVSVT_OK;
}

static avsvt_status run(avsvt_tensor **out, avsvt_fusion *f,
                        const avsvt_tensor *audio, const avsvt_tensor *video,
                        avsvt_error *err)
{
    const avsvt_allocator *a = avsvti_stage_allocator(&f->stage);
    avsvt_backend_tensor inputs[2], outputs[MAX_OUTPUTS];
    int64_t video_shape[2] = { audio->shape[0], video->shape[1] };
    const float *fitted;
    float *room;
    size_t given = 0;

    avsvt_status status = fit(&fitted, &room, a, video, audio->shape[0], err);
    if (status != AVSVT_OK)
        return status;
    inputs[0] = avsvti_stage_input(audio->data, 2, audio->shape);
    inputs[1] = avsvti_stage_input(fitted, 2, video_shape);
    status = avsvti_stage_run(&f->stage, inputs, 2, 0, outputs, MAX_OUTPUTS,
                              &given, err);
    if (status == AVSVT_OK)
        status = avsvti_stage_tensor(out, &f->stage, &outputs[0], err);
    avsvti_stage_release(outputs, given);
    avsvti_release(a, room);
    return status;
}

avsvt_status avsvt_fusion_run(avsvt_tensor **out, avsvt_fusion *fusion,
                              avsvt_tensor *audio, avsvt_tensor *video,
                              avsvt_error *err)
{
    if (out)
        *out = NULL;
    if (!out || !fusion || !audio || !video)
        return avsvti_fail(err, AVSVT_E_ARG,
            "avsvt_fusion_run: out, fusion, audio and video are needed");
    avsvt_status status = check(audio, "audio", err);
    if (status == AVSVT_OK)
        status = check(video, "video", err);
    if (status == AVSVT_OK)
        status = avsvti_busy_enter(&fusion->stage.busy, "fusion", err);
    if (status != AVSVT_OK)
        return status;
    status = run(out, fusion, audio, video, err);
    avsvti_busy_leave(&fusion->stage.busy);
    return status;
}

void avsvt_fusion_free(avsvt_fusion *fusion)
{
    avsvti_stage_free(fusion);
}
