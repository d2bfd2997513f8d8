/* SPDX-License-Identifier: MIT */
/* Cutting sound and sight into network calls and joining what they give. */
#ifndef AVSVTI_PIPELINE_CHUNKS_H
#define AVSVTI_PIPELINE_CHUNKS_H

#include "features/pieces.h"
#include "head/activations.h"
#include "media/window.h"
#include "pipeline/pipeline.h"
#include "pipeline/voice.h"
#include "video/reel.h"

/* Receives frames in order. */
typedef avsvt_status (*avsvti_frames_fn)(void *user, const avsvti_frame_rows *rows,
                                         int64_t count, avsvt_error *err);

/* What is transcribed: sound (or NULL), pictures (or NULL). */
typedef struct avsvti_media {
    avsvt_audio *audio;
    avsvt_video *video;       /* pictures that are read piece by piece, or NULL */
    avsvti_pictures pictures; /* neither crops nor video: there are none */
    double shift_s;           /* added to the times of what comes out */
    double end_s;             /* [out] of it, or INFINITY where that is not known */
} avsvti_media;

/* Runs all of it through the networks. Frames reach take in order, each once.
 * progress may be NULL. */
avsvt_status avsvti_chunks_run(avsvt_pipeline *p, avsvti_media *media,
                               avsvt_progress_fn progress, void *progress_user,
                               avsvti_frames_fn take, void *user,
                               avsvt_error *err);

/* The same with a cut of the caller's, for a pipeline whose chunks overlap;
 * others keep their own. */
avsvt_status avsvti_chunks_run_cut(avsvt_pipeline *p, avsvti_media *media,
                                   const avsvti_cut *cut,
                                   avsvt_progress_fn progress,
                                   void *progress_user, avsvti_frames_fn take,
                                   void *user, avsvt_error *err);

/* One run, for the files that do a part of it. */
typedef struct avsvti_run {
    avsvt_pipeline *p;
    avsvti_cut cut;
    int own_cut; /* the caller's, which is kept to */
    avsvti_window window;
    avsvti_reel reel;           /* of the video, where there is one */
    avsvt_tensor reel_view;
    avsvti_pictures shown;
    const avsvti_pictures *pictures; /* shown, or NULL */
    double total_s; /* -1: unknown */
    avsvt_progress_fn progress;
    void *progress_user;
    avsvti_frames_fn take;
    void *user;
    float *level, *pitch; /* of frames: loudness, and the voice's pitch */
    int64_t capacity;     /* of each */
    avsvti_voice voice;   /* where its pitch is handed on */
    /* Features of the sound of the pieces that come next. */
    avsvt_tensor *heard[AVSVTI_MOST_BATCH];
    size_t heard_first, heard_count;
} avsvti_run;

avsvt_status avsvti_run_tell(avsvti_run *r, int64_t samples, avsvt_error *err);
/* show.c: the pictures of a run. What a video shows is read up to where it is
 * needed, and forgotten. */
avsvt_status avsvti_run_open_pictures(avsvti_run *r, const avsvti_media *media,
                                      avsvt_error *err);
/* Has the pictures of the model's frames first..end-1 there, as far as the video
 * goes, and tells how many there are once it has ended. */
avsvt_status avsvti_run_show(avsvti_run *r, int64_t first, int64_t end,
                             avsvt_error *err);
/* The same for samples start..end-1. */
avsvt_status avsvti_run_show_samples(avsvti_run *r, int64_t start, int64_t end,
                                     avsvt_error *err);
/* As avsvti_window_fill(); without sound the pictures tell how long it is. */
avsvt_status avsvti_run_fill(avsvti_run *r, int64_t end, avsvt_error *err);
/* Reads the video to its end, so that its length is known. */
avsvt_status avsvti_run_see_out(avsvti_run *r, avsvt_error *err);
/* Room for that many frames in r->level and r->pitch. */
avsvt_status avsvti_run_room(avsvti_run *r, int64_t frames, avsvt_error *err);
/* The next frame of the sound, from..to, into slot i of these. */
void avsvti_run_listen(avsvti_run *r, int64_t i, int64_t from, int64_t to);
/* Frames first.. of those that begin at sample base, each step long, likewise. */
avsvt_status avsvti_run_listen_on(avsvti_run *r, int64_t base, double step, int64_t first,
                                  int64_t count, avsvt_error *err);
/* slices.c: the published way with fusion. Features of the whole song are made
 * utterance by utterance, cut anew by counting, fused and decided. */
avsvt_status avsvti_slices_run(avsvti_run *r, avsvt_error *err);
/* The second half of it on features that there are; either may be NULL. */
avsvt_status avsvti_slices_features(avsvt_pipeline *p, avsvt_tensor *audio,
                                    avsvt_tensor *video, avsvti_frames_fn take,
                                    void *user, avsvt_error *err);

/* flow.c: overlapping chunks where the network can take the sound as it comes. */
int avsvti_flow_fits(const avsvt_pipeline *p);
avsvt_status avsvti_flow_run(avsvti_run *r, avsvt_error *err);

#endif
