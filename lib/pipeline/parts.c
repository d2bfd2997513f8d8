/* SPDX-License-Identifier: MIT */
/* The parts that a pipeline file joins: encoders of sound and of pictures, a
 * fusion, a head. */
#include <math.h>
#include <string.h>

#include "core/yaml.h"
#include "head/head.h"
#include "model/sections.h"
#include "pipeline/pipeline.h"
#include "platform/folder.h"

/* Without sound there are no samples, but the chunks count in them: as many
 * for a frame as a speech encoder has. */
#define SAMPLES_PER_FRAME 320
#define FRAMES_PER_SECOND 50.0

static avsvt_status open_part(avsvt_model **model, avsvt_pipeline *p,
                              const avsvti_yaml *yaml, const char *key,
                              int optional, avsvt_error *err)
{
    const avsvt_allocator *a = avsvti_allocator(p->context);
    const char *relative = avsvti_yaml_get(yaml, key);
    *model = NULL;
    if (!relative && optional)
        return AVSVT_OK;
    if (!relative || !*relative)
        return avsvti_fail(err, AVSVT_E_FORMAT,
            "%s: '%s: FILE.pt' is missing", p->name, key);
    char *path = avsvti_path_beside(a, p->name, relative);
    if (!path)
        return avsvti_fail_memory(err);
    avsvt_status status = avsvt_model_open(model, p->context, path, err);
    avsvti_release(a, path);
    if (status != AVSVT_OK)
        avsvti_fail_prefix(err, status, p->name);
    return status;
}

static avsvt_status open_audio(avsvt_pipeline *p, avsvt_model *m,
                               double *chunk_s, double *context_s,
                               double *start_s, avsvt_error *err)
{
    avsvt_status status = avsvt_extractor_create(&p->extractor, m, err);
    if (status != AVSVT_OK)
        return status;
    if (!p->extractor->sound || p->extractor->sight)
        return avsvti_fail(err, AVSVT_E_FORMAT,
            "%s: 'audio:' must be an extractor of sound alone; %s is none",
            p->name, avsvt_model_path(m));
    status = avsvti_pipeline_geometry(p, m, chunk_s, context_s, err);
    if (status == AVSVT_OK)
        status = avsvti_model_number(m, "output.start_s", -10.0, 10.0, start_s,
                                     err);
    if (status != AVSVT_OK)
        return status;
    p->audio_middle_s = avsvt_model_get(m, "output.start_s") ? *start_s
        : 0.5 * (double)p->hop / p->rate_hz;
    return AVSVT_OK;
}

avsvt_status avsvti_pipeline_open_video(avsvt_pipeline *p, avsvt_model *m,
                                        const char *role, double *chunk_s,
                                        double *context_s, double *start_s,
                                        avsvt_error *err)
{
    avsvt_status status = avsvti_extractor_of_role(&p->video, m, role, err);
    if (status != AVSVT_OK)
        return status;
    if (p->video->sound)
        return avsvti_fail(err, AVSVT_E_FORMAT,
            "%s: 'video:' must be an extractor of pictures alone; %s is none "
            "(one of both goes under 'audio-video:')", p->name, avsvt_model_path(m));
    p->picture_hz = p->video->picture_hz;
    if (p->picture_hz == 0.0)
        return avsvti_model_lacks(m, "frame_rate", err);
    p->video_hz = p->picture_hz;
    status = avsvti_model_number(m, "output.frame_rate", 0.1, 1000.0,
                                 &p->video_hz, err);
    if (status != AVSVT_OK || p->extractor)
        return status;
    if (p->fusion) {
        p->rate_hz = FRAMES_PER_SECOND * SAMPLES_PER_FRAME;
        p->audio_middle_s = 0.5 / FRAMES_PER_SECOND;
    } else {
        p->rate_hz = p->video_hz * SAMPLES_PER_FRAME;
        *start_s = 0.5 / p->video_hz; /* the middle of what frame 0 shows */
    }
    p->hop = SAMPLES_PER_FRAME;
    return avsvti_model_chunk(m, chunk_s, context_s, err);
}

/* One encoder that takes both: a frame for each picture. */
static avsvt_status open_joint(avsvt_pipeline *p, avsvt_model *m,
                               double *chunk_s, double *context_s,
                               double *start_s, avsvt_error *err)
{
    avsvti_input in;
    if (p->extractor || p->video || p->fusion)
        return avsvti_fail(err, AVSVT_E_FORMAT, "%s: 'audio-video:' takes sound and "
            "pictures alone; audio:, video: and fusion: don't go with it", p->name);
    avsvt_status status = avsvt_extractor_create(&p->video, m, err);
    if (status != AVSVT_OK)
        return status;
    p->joint = 1;
    p->picture_hz = p->video->picture_hz;
    if (!p->video->sound || !p->video->sight)
        return avsvti_fail(err, AVSVT_E_FORMAT, "%s: 'audio-video:' must be an "
            "extractor of sound and pictures; %s is none", p->name,
            avsvt_model_path(m));
    status = avsvti_model_input(&in, m, err);
    if (status == AVSVT_OK && (in.rate_hz == 0.0 || p->picture_hz == 0.0))
        status = avsvti_model_lacks(m, in.rate_hz != 0.0 ? "frame_rate" : "sample_rate",
                                    err);
    if (status != AVSVT_OK)
        return status;
    p->rate_hz = in.rate_hz;
    p->video_hz = p->picture_hz;
    *start_s = 0.5 / p->picture_hz;
    status = avsvti_model_picture(&p->hop, m, p->rate_hz, p->picture_hz, err);
    if (status == AVSVT_OK)
        status = avsvti_model_number(m, "output.frame_rate", 0.1, 1000.0,
                                     &p->video_hz, err);
    if (status == AVSVT_OK && fabs(p->video_hz / p->picture_hz - 1.0) > 1e-6)
        status = avsvti_fail(err, AVSVT_E_FORMAT, "%s: gives %g features for %g "
            "pictures a second; one for each is needed", avsvt_model_path(m),
            p->video_hz, p->picture_hz);
    if (status == AVSVT_OK)
        status = avsvti_model_chunk(m, chunk_s, context_s, err);
    return status;
}

static avsvt_status check_parts(const avsvt_pipeline *p, avsvt_error *err)
{
    if (p->fusion && (!avsvti_fusion_width(p->fusion, 0) ||
                      !avsvti_fusion_width(p->fusion, 1)))
        return avsvti_fail(err, AVSVT_E_FORMAT,
            "%s: the fusion's manifest lacks input.audio_width or "
            "input.video_width", p->name);
    if (p->extractor && p->video && !p->fusion)
        return avsvti_fail(err, AVSVT_E_FORMAT,
            "%s: 'audio:' and 'video:' need 'fusion: FILE.pt'", p->name);
    if (!p->extractor && !p->video && !p->fusion)
        return avsvti_fail(err, AVSVT_E_FORMAT,
            "%s: 'audio: FILE.pt' is missing (or video:, audio-video: or fusion:)",
            p->name);
    return AVSVT_OK;
}

static const avsvt_backend *backend_of(const avsvt_pipeline *p)
{
    const void *first = p->extractor ? (const void *)p->extractor
        : p->video ? (const void *)p->video : (const void *)p->fusion;
    return ((const avsvti_stage *)first)->network.backend;
}

avsvt_status avsvti_pipeline_parts(avsvt_pipeline *p,
                                   const avsvti_yaml *yaml,
                                   double *chunk_s, double *context_s,
                                   double *start_s, avsvt_error *err)
{
    enum { AUDIO, VIDEO, FUSION, HEAD, JOINT, PARTS };
    static const char *const keys[PARTS] = { "audio", "video", "fusion", "head",
                                             "audio-video" };
    avsvt_model *m[PARTS] = { NULL };
    avsvt_status status = AVSVT_OK;
    for (int i = 0; i < PARTS && status == AVSVT_OK; i++)
        status = open_part(&m[i], p, yaml, keys[i], i != HEAD, err);
    p->rate_hz = FRAMES_PER_SECOND * SAMPLES_PER_FRAME;
    p->hop = SAMPLES_PER_FRAME;
    if (status == AVSVT_OK && m[FUSION])
        status = avsvt_fusion_create(&p->fusion, m[FUSION], err);
    if (status == AVSVT_OK && m[AUDIO])
        status = open_audio(p, m[AUDIO], chunk_s, context_s, start_s, err);
    if (status == AVSVT_OK && m[VIDEO])
        status = avsvti_pipeline_open_video(p, m[VIDEO], "extractor", chunk_s,
                                            context_s, start_s, err);
    if (status == AVSVT_OK && m[JOINT])
        status = open_joint(p, m[JOINT], chunk_s, context_s, start_s, err);
    if (status == AVSVT_OK)
        status = check_parts(p, err);
    if (status == AVSVT_OK)
        status = avsvti_head_layout(&p->info, m[HEAD], err);
    if (status == AVSVT_OK)
        status = avsvti_head_defaults(&p->defaults, m[HEAD], err);
    if (status == AVSVT_OK)
        status = avsvt_head_create(&p->head, m[HEAD], err);
    if (status == AVSVT_OK)
        p->backend = backend_of(p);
    for (int i = 0; i < PARTS; i++)
        avsvt_model_free(m[i]);
    return status;
}
