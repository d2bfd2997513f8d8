/* SPDX-License-Identifier: MIT */
/* What a pipeline holds. */
#ifndef AVSVTI_PIPELINE_PIPELINE_H
#define AVSVTI_PIPELINE_PIPELINE_H

#include <avsvt/pipeline.h>

#include "core/busy.h"
#include "core/yaml.h"
#include "features/extractor.h"
#include "fusion/fusion.h"

struct avsvt_pipeline {
    avsvti_busy busy;
    avsvt_context *context;   /* counted */
    avsvti_stage *network;    /* a model of role pipeline, or these: */
    avsvt_extractor *extractor; /* of sound, or NULL */
    avsvt_extractor *video;   /* of pictures, or NULL; without a head it is a
                                 model of role pipeline and gives logits */
    int joint;                /* video is of sound and pictures together */
    avsvt_fusion *fusion;     /* of both, or NULL */
    avsvt_head *head;
    const avsvt_backend *backend;
    char *name;               /* for messages */

    double rate_hz;           /* samples per second of the network */
    int64_t hop;              /* samples per frame */
    double raise_to_db;       /* quieter sound is made as loud; NAN: stays so */
    int64_t min_samples;      /* shorter pieces are padded with zeros */
    int64_t edge;             /* samples that a frame needs behind its hop */
    int32_t chunks;           /* AVSVT_CHUNKS_*, never the default */
    int64_t chunk_frames;     /* kept of each call */
    int64_t context_frames;   /* given on each side beside them */
    size_t batch;             /* chunks that the encoder of sound takes at once */
    double audio_middle_s;    /* what frame 0 of the sound's features sees */
    double picture_hz;        /* pictures a second that the encoder takes */
    double video_hz;          /* its features a second */
    avsvt_activations_info info;
    avsvt_notes_options defaults;
};

/* Frames of one network call. */
typedef struct avsvti_frames {
    int64_t count;
    const float *logits, *fine;            /* fine may be NULL */
    avsvt_backend_tensor outputs[4];       /* what holds them, or */
    size_t output_count;
    avsvt_activations *activations;        /* this, or */
    avsvt_tensor *tensor;                  /* this */
} avsvti_frames;

/* One piece of what is transcribed. */
typedef struct avsvti_call_input {
    const float *samples; /* NULL: there is no sound */
    int64_t count, start; /* in samples: length, and where it begins */
    avsvt_tensor *heard;  /* features of its sound; NULL: not made yet */
    const avsvti_pictures *pictures; /* all of them; NULL: there are none */
} avsvti_call_input;

/* What avsvt_pipeline_notes() would refuse of the options before it opens a file. */
avsvt_status avsvti_pipeline_check_options(const avsvt_pipeline *p,
                                           const avsvt_run_options *opts,
                                           avsvt_error *err);
/* As avsvt_pipeline_notes(), by one who has entered p->busy. */
avsvt_status avsvti_pipeline_notes_of(avsvt_notes **out, avsvt_pipeline *p,
                                      const char *path,
                                      const avsvt_run_options *opts,
                                      avsvt_error *err);

/* The AVSVT_CHUNKS_* that chunk.mode names; overlap where it is NULL. */
avsvt_status avsvti_pipeline_mode(int32_t *chunks, const char *name,
                                  const char *mode, avsvt_error *err);
avsvt_status avsvti_pipeline_call(avsvt_pipeline *p, const avsvti_call_input *piece,
                                  avsvti_frames *frames, avsvt_error *err);
/* Features of one of the streams through the head. */
avsvt_status avsvti_pipeline_decide(avsvt_pipeline *p, avsvt_tensor *features,
                                    avsvti_frames *f, avsvt_error *err);
/* Float32 zeros [frames, width]. */
avsvt_status avsvti_pipeline_zeros(avsvt_tensor **out, avsvt_pipeline *p,
                                   int64_t frames, int64_t width,
                                   avsvt_error *err);
void avsvti_frames_release(avsvti_frames *frames);

/* An empty pipeline with its context and name; NULL when out of memory. */
avsvt_pipeline *avsvti_pipeline_new(avsvt_context *context, const char *name,
                                    avsvt_error *err);
/* What the input and chunk sections of a model's manifest say. */
avsvt_status avsvti_pipeline_geometry(avsvt_pipeline *p, const avsvt_model *m,
                                      double *chunk_s, double *context_s,
                                      avsvt_error *err);
/* Opens what looks at pictures: an extractor, or a model of role pipeline. */
avsvt_status avsvti_pipeline_open_video(avsvt_pipeline *p, avsvt_model *m,
                                        const char *role, double *chunk_s,
                                        double *context_s, double *start_s,
                                        avsvt_error *err);
/* Opens the parts that a pipeline file names. */
avsvt_status avsvti_pipeline_parts(avsvt_pipeline *p,
                                   const avsvti_yaml *yaml,
                                   double *chunk_s, double *context_s,
                                   double *start_s, avsvt_error *err);
void avsvti_pipeline_set_chunks(avsvt_pipeline *p, double chunk_s,
                                double context_s);
avsvt_status avsvti_pipeline_open_yaml(avsvt_pipeline **out,
                                       avsvt_context *context,
                                       const char *path,
                                       const avsvt_pipeline_options *chosen,
                                       avsvt_error *err);

#endif
