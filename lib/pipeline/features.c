/* SPDX-License-Identifier: MIT */
/* A pipeline's second half, on features that somebody has kept. */
#include "core/tensor.h"
#include "pipeline/collect.h"

static avsvt_status check(const avsvt_pipeline *p, const avsvt_tensor *t,
                          int which, avsvt_error *err)
{
    static const char *const names[2] = { "audio", "video" };
    if (p->fusion)
        return avsvti_fusion_check(p->fusion, t, which, err);
    if (t && (t->dtype != AVSVT_F32 || t->ndim != 2 || t->shape[0] < 1))
        return avsvti_fail(err, AVSVT_E_ARG,
            "%s features: float32 of [frames, width] is needed", names[which]);
    return AVSVT_OK;
}

/* All in one piece. */
static avsvt_status run_whole(avsvti_collector *c, avsvt_pipeline *p,
                              avsvt_tensor *audio, avsvt_tensor *video,
                              avsvt_error *err)
{
    static const avsvti_alignment counted = { 1, 0.0, 0.0, 0.0, 0.0 };
    avsvt_tensor *fused = NULL;
    avsvti_misfit ignored;
    avsvti_frames f = { .count = 0 };
    avsvt_status status = AVSVT_OK;
    if (p->fusion)
        status = avsvti_fusion_call(&fused, p->fusion, audio, video, &counted,
                                    &ignored, err);
    if (status == AVSVT_OK)
        status = avsvti_pipeline_decide(p, fused ? fused : audio ? audio : video,
                                        &f, err);
    const avsvti_frame_rows rows = { f.logits, f.fine, NULL, NULL };
    if (status == AVSVT_OK)
        status = avsvti_collect(c, &rows, f.count, err);
    avsvti_frames_release(&f);
    avsvt_tensor_free(fused);
    return status;
}

static avsvt_status run(avsvt_activations **out, avsvt_pipeline *p,
                        avsvt_tensor *audio, avsvt_tensor *video,
                        avsvt_error *err)
{
    avsvti_collector c;
    avsvti_collector_init(&c, p);
    avsvt_status status = p->fusion && p->chunks == AVSVT_CHUNKS_PUBLISHED
        ? avsvti_slices_features(p, audio, video, avsvti_collect, &c, err)
        : run_whole(&c, p, audio, video, err);
    if (status == AVSVT_OK)
        status = avsvti_collector_finish(out, &c, p, NULL, err);
    avsvti_collector_free(&c);
    return status;
}

avsvt_status avsvt_pipeline_features(avsvt_activations **out,
                                     avsvt_pipeline *pipeline,
                                     avsvt_tensor *audio, avsvt_tensor *video,
                                     avsvt_error *err)
{
    if (out)
        *out = NULL;
    if (!out || !pipeline || (!audio && !video))
        return avsvti_fail(err, AVSVT_E_ARG, "avsvt_pipeline_features: out, "
            "pipeline and features of sound or pictures are needed");
    if (!pipeline->head)
        return avsvti_fail(err, AVSVT_E_ARG,
            "%s: is one network; features go into a pipeline file's parts",
            pipeline->name);
    if (!pipeline->fusion && (pipeline->extractor ? !audio || video
                              : pipeline->video ? !video || audio
                                                : audio && video))
        return avsvti_fail(err, AVSVT_E_ARG,
            "%s: has no fusion: it takes features of %s", pipeline->name,
            pipeline->extractor ? "sound"
            : pipeline->video ? "pictures" : "one of both");
    avsvt_status status = check(pipeline, audio, 0, err);
    if (status == AVSVT_OK)
        status = check(pipeline, video, 1, err);
    if (status == AVSVT_OK)
        status = avsvti_busy_enter(&pipeline->busy, "pipeline", err);
    if (status != AVSVT_OK)
        return status;
    status = run(out, pipeline, audio, video, err);
    avsvti_busy_leave(&pipeline->busy);
    return status;
}
