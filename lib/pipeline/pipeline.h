/* SPDX-License-Identifier: MIT */
/* What a pipeline holds. */
#ifndef AVSVTI_PIPELINE_PIPELINE_H
#define AVSVTI_PIPELINE_PIPELINE_H

#include <avsvt/features.h>
#include <avsvt/pipeline.h>

#include "core/busy.h"
#include "model/stage.h"

/* How long sound is cut into network calls. */
typedef enum avsvti_chunking {
    AVSVTI_CHUNK_OVERLAP,   /* context on both sides, thrown away */
    AVSVTI_CHUNK_WHOLE,     /* one piece */
    AVSVTI_CHUNK_PUBLISHED, /* AV_SVT's utterances: no overlap, hard borders */
} avsvti_chunking;

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
    avsvti_chunking chunking;
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
/* The input and chunk sections of a model's manifest. */
avsvt_status avsvti_pipeline_geometry(avsvt_pipeline *p, const avsvt_model *m,
                                      double *chunk_s, double *context_s,
                                      avsvt_error *err);
void avsvti_pipeline_set_chunks(avsvt_pipeline *p, double chunk_s,
                                double context_s);
/* chunk_s: what the caller chose, 0: the file's. */
avsvt_status avsvti_pipeline_open_yaml(avsvt_pipeline **out,
                                       avsvt_context *context,
                                       const char *path, double chunk_s,
                                       avsvt_error *err);

#endif
