/* SPDX-License-Identifier: MIT */
/* Making a pipeline of a YAML file that joins extractors, fusion and head. */
#include <string.h>

#include "core/yaml.h"
#include "features/pieces.h"
#include "model/sections.h"
#include "pipeline/pipeline.h"
#include "platform/file.h"

#define MAX_YAML (1 << 20)

/* start_s: time of the encoder's frame 0, the middle of what it sees. The
 * published rule knows none: its frame i is at i / 49.8 s. */
static avsvt_status yaml_chunks(avsvt_pipeline *p, const avsvti_yaml *yaml,
                                double chunk_s, double context_s,
                                double start_s,
                                const avsvt_pipeline_options *chosen,
                                avsvt_error *err)
{
    int32_t mode;
    avsvt_status status = avsvti_pipeline_mode(&mode, p->name,
        avsvti_yaml_get(yaml, "chunk.mode"), err);
    if (status != AVSVT_OK)
        return status;
    p->chunks = chosen->chunks ? chosen->chunks : mode;
    if (p->joint && p->chunks == AVSVT_CHUNKS_PUBLISHED)
        return avsvti_fail(err, AVSVT_E_ARG, "%s: takes sound and pictures together, "
            "which have no published utterances in common: use overlapping chunks, "
            "or the whole", p->name);
    if (chosen->batch)
        p->batch = (size_t)chosen->batch;
    if (p->chunks == AVSVT_CHUNKS_PUBLISHED) {
        /* Of pictures frame i is at i / 50 s. */
        p->info.frame_rate_hz = p->video && !p->fusion ? p->video_hz
                                                       : AVSVTI_PUBLISHED_SOUND_HZ;
        chunk_s = AVSVTI_PUBLISHED_S;
    } else {
        p->info.start_s += start_s;
    }
    status = avsvti_yaml_number(yaml, p->name, "chunk.length_s", 1, 3600, 0,
                                &chunk_s, err);
    if (status == AVSVT_OK)
        status = avsvti_yaml_number(yaml, p->name, "chunk.context_s",
                                    AVSVTI_CONTEXTS_S, 0, &context_s, err);
    if (status == AVSVT_OK)
        status = avsvti_yaml_number(yaml, p->name, "frame_rate", 1, 100000, 0,
                                    &p->info.frame_rate_hz, err);
    if (status != AVSVT_OK)
        return status;
    if (p->info.frame_rate_hz == 0.0)
        p->info.frame_rate_hz = p->rate_hz / (double)p->hop;
    avsvti_pipeline_set_chunks(p, chosen->chunk_s != 0.0 ? chosen->chunk_s
                                                         : chunk_s, context_s);
    return AVSVT_OK;
}

static avsvt_status check_yaml(const avsvt_pipeline *p,
                               const avsvti_yaml *yaml, avsvt_error *err)
{
    static const char *const keys[] = { "avsvt", "task", "audio", "video",
        "audio-video", "fusion", "head", "decode", "chunk", "frame_rate", NULL };
    static const char *const chunk[] = { "mode", "length_s", "context_s", NULL };
    const char *version = avsvti_yaml_get(yaml, "avsvt");
    const char *task = avsvti_yaml_get(yaml, "task");
    avsvt_status status = avsvti_yaml_keys(yaml, p->name, "", keys, err);
    if (status == AVSVT_OK)
        status = avsvti_yaml_keys(yaml, p->name, "chunk", chunk, err);
    if (status == AVSVT_OK)
        status = avsvti_decode_keys(yaml, p->name, err);
    if (status != AVSVT_OK)
        return status;
    if (!version)
        return avsvti_fail(err, AVSVT_E_FORMAT,
            "%s: not a pipeline file: it lacks 'avsvt: 1'", p->name);
    if (strcmp(version, "1"))
        return avsvti_fail(err, AVSVT_E_UNSUPPORTED,
            "%s: pipeline format %s; this library (%s) reads format 1",
            p->name, version, avsvt_version_string());
    if (!task || strcmp(task, "notes"))
        return avsvti_fail(err, AVSVT_E_UNSUPPORTED,
            "%s: task is '%s'; this version does notes", p->name,
            task ? task : "");
    return AVSVT_OK;
}

static avsvt_status from_parts(avsvt_pipeline *p, const avsvti_yaml *yaml,
                               const avsvt_pipeline_options *chosen,
                               avsvt_error *err)
{
    double chunk_s = AVSVTI_USUAL_CHUNK_S, context_s = AVSVTI_USUAL_CONTEXT_S;
    double start_s = 0.0;
    avsvt_status status = check_yaml(p, yaml, err);
    if (status == AVSVT_OK)
        status = avsvti_pipeline_parts(p, yaml, &chunk_s, &context_s, &start_s,
                                       err);
    if (status == AVSVT_OK)
        status = avsvti_decode_settings(&p->defaults, yaml, p->name, err);
    if (status == AVSVT_OK)
        status = yaml_chunks(p, yaml, chunk_s, context_s, start_s, chosen,
                             err);
    return status;
}

avsvt_status avsvti_pipeline_open_yaml(avsvt_pipeline **out,
                                       avsvt_context *context,
                                       const char *path,
                                       const avsvt_pipeline_options *chosen,
                                       avsvt_error *err)
{
    const avsvt_allocator *a = avsvti_allocator(context);
    avsvti_yaml *yaml = NULL;
    char *text = NULL;
    size_t size;
    avsvt_status status = avsvti_file_read(&text, &size, a, path, MAX_YAML, err);
    if (status == AVSVT_OK)
        status = avsvti_yaml_parse(&yaml, a, text, size, path, err);
    avsvti_release(a, text);
    if (status != AVSVT_OK)
        return status;
    avsvt_pipeline *p = avsvti_pipeline_new(context, path, err);
    status = p ? from_parts(p, yaml, chosen, err) : AVSVT_E_NOMEM;
    avsvti_yaml_free(yaml);
    if (status != AVSVT_OK) {
        avsvt_pipeline_free(p);
        return status;
    }
    *out = p;
    return AVSVT_OK;
}
