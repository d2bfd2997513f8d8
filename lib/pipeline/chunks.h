/* SPDX-License-Identifier: MIT */
/* Cutting sound into network calls and joining what they give. */
#ifndef AVSVTI_PIPELINE_CHUNKS_H
#define AVSVTI_PIPELINE_CHUNKS_H

#include "pipeline/pipeline.h"

/* Receives frames in order: logits, fine (or NULL), level, count. */
typedef avsvt_status (*avsvti_frames_fn)(void *user, const float *logits,
                                         const float *fine, const float *level,
                                         int64_t count, avsvt_error *err);

/* How sound is cut where it overlaps: frames kept of each call, and those
 * given beside them on the left and right, which are thrown away. */
typedef struct avsvti_cut {
    int64_t chunk, left, right;
} avsvti_cut;

/* Runs the whole source through the networks. Frames reach take in order,
 * each once. progress may be NULL. */
avsvt_status avsvti_chunks_run(avsvt_pipeline *p, avsvt_audio *audio,
                               avsvt_progress_fn progress, void *progress_user,
                               avsvti_frames_fn take, void *user,
                               avsvt_error *err);

/* The same with a cut of the caller's, for a pipeline whose chunks overlap;
 * others keep their own. */
avsvt_status avsvti_chunks_run_cut(avsvt_pipeline *p, avsvt_audio *audio,
                                   const avsvti_cut *cut,
                                   avsvt_progress_fn progress,
                                   void *progress_user, avsvti_frames_fn take,
                                   void *user, avsvt_error *err);

#endif
