/* SPDX-License-Identifier: MIT */
/* What a pipeline holds. */
#ifndef AVSVTI_PIPELINE_PIPELINE_H
#define AVSVTI_PIPELINE_PIPELINE_H

#include <avsvt/features.h>
#include <avsvt/pipeline.h>

#include "core/busy.h"
#include "model/stage.h"

struct avsvt_pipeline {
    avsvti_busy busy;
    avsvt_context *context;   /* counted */
    avsvti_stage *network;    /* a model of role pipeline, or these two: */
    avsvt_extractor *extractor;
    avsvt_head *head;
    const avsvt_backend *backend;
    char *name;               /* for messages */

    double rate_hz;           /* samples per second of the network */
    int64_t hop;              /* samples per frame */
    int64_t min_samples;      /* shorter pieces are padded with zeros */
    int64_t edge;             /* samples that a frame needs behind its hop */
    int32_t chunks;           /* AVSVT_CHUNKS_*, never the default */
    int64_t chunk_frames;     /* kept of each call */
    int64_t context_frames;   /* given on each side beside them */
    avsvt_activations_info info;
    avsvt_notes_options defaults;
};

/* Frames of one network call. */
typedef struct avsvti_frames {
    int64_t count;
    const float *logits, *fine;            /* fine may be NULL */
    avsvt_backend_tensor outputs[4];       /* what holds them, or */
    size_t output_count;
    avsvt_activations *activations;        /* this */
} avsvti_frames;

avsvt_status avsvti_pipeline_call(avsvt_pipeline *p, const float *samples,
                                  int64_t count, avsvti_frames *frames,
                                  avsvt_error *err);
void avsvti_frames_release(avsvti_frames *frames);

/* An empty pipeline with its context and name; NULL when out of memory. */
avsvt_pipeline *avsvti_pipeline_new(avsvt_context *context, const char *name,
                                    avsvt_error *err);
/* What the input and chunk sections of a model's manifest say. */
avsvt_status avsvti_pipeline_geometry(avsvt_pipeline *p, const avsvt_model *m,
                                      double *chunk_s, double *context_s,
                                      avsvt_error *err);
void avsvti_pipeline_set_chunks(avsvt_pipeline *p, double chunk_s,
                                double context_s);
avsvt_status avsvti_pipeline_open_yaml(avsvt_pipeline **out,
                                       avsvt_context *context,
                                       const char *path,
                                       const avsvt_pipeline_options *chosen,
                                       avsvt_error *err);

#endif
