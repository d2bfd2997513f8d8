/* SPDX-License-Identifier: MIT */
#include "fusion/fusion.h"

#include <math.h>
#include <string.h>

#include "core/options.h"
#include "model/stage.h"

#define MAX_OUTPUTS 4
#define MAX_WIDTH 65536
/* Frames of difference that the published system stays silent about. */
#define SILENT_MISFIT 15

struct avsvt_fusion {
    avsvti_stage stage; /* first */
    int64_t repeat;     /* audio frames for one video frame, when published */
    int64_t width[2];   /* of audio and video; 0: the manifest does not tell */
};

static const char *const names[2] = { "audio", "video" };

avsvt_status avsvt_fusion_create(avsvt_fusion **out, avsvt_model *model,
                                 avsvt_error *err)
{
    void *handle;
    if (!out)
        return avsvti_fail(err, AVSVT_E_ARG,
                           "avsvt_fusion_create: out is NULL");
    *out = NULL;
    avsvt_status status = avsvti_stage_create(&handle, sizeof(**out), model,
                                              "fusion", err);
    if (status != AVSVT_OK)
        return status;
    avsvt_fusion *f = handle;
    f->repeat = 1;
    status = avsvti_model_integer(model, "input.video_repeat", 1, 64,
                                  &f->repeat, err);
    if (status == AVSVT_OK)
        status = avsvti_model_integer(model, "input.audio_width", 1, MAX_WIDTH,
                                      &f->width[0], err);
    if (status == AVSVT_OK)
        status = avsvti_model_integer(model, "input.video_width", 1, MAX_WIDTH,
                                      &f->width[1], err);
    if (status != AVSVT_OK) {
        avsvt_fusion_free(f);
        return status;
    }
    *out = f;
    return AVSVT_OK;
}

int64_t avsvti_fusion_repeat(const avsvt_fusion *f)
{
    return f->repeat;
}

int64_t avsvti_fusion_width(const avsvt_fusion *f, int which)
{
    return f->width[which];
}

avsvt_status avsvti_fusion_check(const avsvt_fusion *f, const avsvt_tensor *t,
                                 int which, avsvt_error *err)
{
    if (!t) {
        if (!f->width[which])
            return avsvti_fail(err, AVSVT_E_ARG,
                "%s: without %s, its manifest must tell input.%s_width",
                avsvt_model_path(f->stage.network.model), names[which],
                names[which]);
        return AVSVT_OK;
    }
    if (t->dtype != AVSVT_F32 || t->ndim != 2 || t->shape[0] < 1 ||
        t->shape[1] < 1)
        return avsvti_fail(err, AVSVT_E_ARG,
            "%s features: float32 of [frames, width] is needed", names[which]);
    if (f->width[which] && t->shape[1] != f->width[which])
        return avsvti_fail(err, AVSVT_E_ARG,
            "%s features have %lld values a frame; %s takes %lld",
            names[which], (long long)t->shape[1],
            avsvt_model_path(f->stage.network.model),
            (long long)f->width[which]);
    return AVSVT_OK;
}

avsvt_status avsvti_fusion_call(avsvt_tensor **out, avsvt_fusion *f,
                                const avsvt_tensor *audio,
                                const avsvt_tensor *video,
                                const avsvti_alignment *by,
                                avsvti_misfit *misfit, avsvt_error *err)
{
    const avsvt_allocator *a = avsvti_stage_allocator(&f->stage);
    avsvt_backend_tensor inputs[2], outputs[MAX_OUTPUTS];
    avsvti_alignment align = *by;
    float *rooms[2] = { NULL, NULL };
    const float *data[2] = { NULL, NULL };
    size_t given = 0;

    align.repeat = f->repeat;
    memset(misfit, 0, sizeof(*misfit));
    int64_t frames = audio ? audio->shape[0]
                           : avsvti_align_span(&align, video->shape[0]);
    avsvt_status status = AVSVT_OK;
    if (frames < 1)
        status = avsvti_fail(err, AVSVT_E_ARG,
            "the video has ended before the first audio frame");
    if (status == AVSVT_OK && video)
        status = avsvti_align(&data[1], &rooms[1], misfit, a, video, frames,
                              &align, err);
    if (audio)
        data[0] = audio->data;
    for (int i = 0; i < 2 && status == AVSVT_OK; i++) {
        const avsvt_tensor *t = i ? video : audio;
        int64_t shape[2] = { frames, t ? t->shape[1] : f->width[i] };
        if (!t && !(rooms[i] = avsvti_alloc_zero(a, (size_t)frames,
                                   (size_t)shape[1] * sizeof(float))))
            status = avsvti_fail_memory(err);
        inputs[i] = avsvti_stage_input(t ? data[i] : rooms[i], 2, shape);
    }
    if (status == AVSVT_OK)
        status = avsvti_stage_run(&f->stage, inputs, 2, 0, outputs, MAX_OUTPUTS,
                                  &given, err);
    if (status == AVSVT_OK)
        status = avsvti_stage_tensor(out, &f->stage, &outputs[0], err);
    avsvti_outputs_release(outputs, given);
    avsvti_release(a, rooms[0]);
    avsvti_release(a, rooms[1]);
    return status;
}

static void warn(const avsvt_fusion *f, const avsvti_misfit *misfit)
{
    const avsvt_context *c = avsvti_model_context(f->stage.network.model);
    if (misfit->missing > SILENT_MISFIT)
        avsvti_log(c, AVSVT_LOG_WARNING, "%lld audio frames have no picture: "
                   "zeros stand in its place", (long long)misfit->missing);
    if (misfit->unused > SILENT_MISFIT)
        avsvti_log(c, AVSVT_LOG_WARNING, "the video goes on for %lld frames "
                   "after the sound: they are left out",
                   (long long)misfit->unused);
}

static avsvt_status run(avsvt_tensor **out, avsvt_fusion *fusion,
                        const avsvt_tensor *audio, const avsvt_tensor *video,
                        const avsvti_alignment *by, avsvt_error *err)
{
    avsvti_misfit misfit;
    avsvt_status status = avsvti_fusion_check(fusion, audio, 0, err);
    if (status == AVSVT_OK)
        status = avsvti_fusion_check(fusion, video, 1, err);
    if (status == AVSVT_OK)
        status = avsvti_busy_enter(&fusion->stage.busy, "fusion", err);
    if (status != AVSVT_OK)
        return status;
    status = avsvti_fusion_call(out, fusion, audio, video, by, &misfit, err);
    avsvti_busy_leave(&fusion->stage.busy);
    if (status == AVSVT_OK)
        warn(fusion, &misfit);
    return status;
}

avsvt_status avsvt_fusion_run(avsvt_tensor **out, avsvt_fusion *fusion,
                              avsvt_tensor *audio, avsvt_tensor *video,
                              avsvt_error *err)
{
    avsvti_alignment published = { 1, 0.0, 0.0, 0.0, 0.0 };
    if (out)
        *out = NULL;
    if (!out || !fusion || (!audio && !video))
        return avsvti_fail(err, AVSVT_E_ARG,
            "avsvt_fusion_run: out, fusion and audio or video are needed");
    return run(out, fusion, audio, video, &published, err);
}

static int is_rate(double hz)
{
    return isfinite(hz) && hz >= 0.1 && hz <= 100000.0;
}

avsvt_status avsvt_fusion_run_timed(avsvt_tensor **out, avsvt_fusion *fusion,
                                    avsvt_tensor *audio, avsvt_tensor *video,
                                    const avsvt_fusion_times *times,
                                    avsvt_error *err)
{
    avsvt_fusion_times t;
    if (out)
        *out = NULL;
    if (!out || !fusion || (!audio && !video) || !times)
        return avsvti_fail(err, AVSVT_E_ARG, "avsvt_fusion_run_timed: out, "
            "fusion, audio or video, and times are needed");
    avsvt_status status = avsvti_options_read(&t, sizeof(t), times,
                                              "avsvt_fusion_times", err);
    if (status != AVSVT_OK)
        return status;
    if (t.reserved || !is_rate(t.audio_rate_hz) || !is_rate(t.video_rate_hz))
        return avsvti_fail(err, AVSVT_E_ARG,
            "avsvt_fusion_times: rates are 0.1 to 100000 Hz, reserved is 0");
    if (!(fabs(t.audio_start_s) <= 1e6) || !(fabs(t.video_start_s) <= 1e6))
        return avsvti_fail(err, AVSVT_E_ARG,
            "avsvt_fusion_times: a start must be within a million seconds");
    avsvti_alignment by = { 1, t.audio_rate_hz, t.video_rate_hz,
                            t.audio_start_s, t.video_start_s };
    return run(out, fusion, audio, video, &by, err);
}

void avsvt_fusion_free(avsvt_fusion *fusion)
{
    avsvti_stage_free(fusion);
}
