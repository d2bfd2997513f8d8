/* SPDX-License-Identifier: MIT */
/** @file pipeline.h
 *  The whole way in one call: sound, pictures of a mouth, or both -> notes.
 *
 *  A pipeline is opened from one self-describing model file, from a YAML file
 *  that joins an extractor and a head, or from nothing: the compiled-in model.
 *  With `audio:`, `video:`, `fusion:` and `head:` in the YAML file it takes
 *  sound and pictures, and either may be missing: the result has the length of
 *  the sound, each of its frames takes the picture that is shown in its middle,
 *  and zeros stand where there is none (more than 0.3 s of that, or of pictures
 *  after the sound, are told in the log). With `video:` and `head:`, and from a
 *  model file whose input.kind is video, it takes pictures alone and their length;
 *  with `fusion:` and `head:` features. With `audio-video:` and `head:` one encoder
 *  takes both (AV-HuBERT with both streams) and gives a frame for each picture's
 *  time; zeros stand for the sound, or for the pictures, that are missing. A model
 *  file of its own whose input.kind is audio-video is run by its sound alone, which
 *  is told in the log.
 *  Where a model's manifest names a level (`input.raise_to_db`, as the compiled-in
 *  models' do), sound that stays below it for some seconds is made as loud first,
 *  by 40 dB at most; what is louder is not changed. The levels of notes are those
 *  of the sound.
 *  Long sound runs in overlapping chunks, in memory that does not grow with
 *  its length, unless AVSVT_CHUNKS_WHOLE (features.h) is chosen; the native
 *  backend goes over it once and remembers all that came before. A pipeline is
 *  used by one thread at a time (a second one gets AVSVT_E_BUSY); several
 *  pipelines may share one model. */
#ifndef AVSVT_PIPELINE_H
#define AVSVT_PIPELINE_H

#include <avsvt/features.h>
#include <avsvt/head.h>
#include <avsvt/media.h>
#include <avsvt/notes.h>

AVSVT_BEGIN_DECLS

typedef struct avsvt_pipeline avsvt_pipeline; /**< One thread at a time. */

/** Settings of a pipeline; zero in a field selects its default. */
typedef struct avsvt_pipeline_options {
    uint32_t struct_size; /**< Set by AVSVT_PIPELINE_OPTIONS_INIT. */
    int32_t  chunks;      /**< An AVSVT_CHUNKS_* value. */
    double   chunk_s;     /**< Seconds of result per network call, 1..600;
                               default: the model's. Natively less where that
                               changes nothing. */
    int32_t  batch;       /**< Chunks of sound that a pipeline file's encoder
                               takes in one call where they overlap, 1..64;
                               default 1. Worth it on a GPU; results stay the
                               same but for rounding. */
    uint32_t reserved;    /**< Must be 0. */
} avsvt_pipeline_options;
#define AVSVT_PIPELINE_OPTIONS_INIT \
    { sizeof(avsvt_pipeline_options), 0, 0.0, 0, 0u }

/** Settings of one run; zero or NULL in a field selects its default. */
typedef struct avsvt_run_options {
    uint32_t struct_size;       /**< Set by AVSVT_RUN_OPTIONS_INIT. */
    uint32_t reserved;          /**< Must be 0. */
    avsvt_progress_fn progress; /**< Default none. */
    void *user;                 /**< [borrowed] handed to @p progress. */
    const avsvt_notes_options *notes; /**< [borrowed] decoding; default: the
                                     pipeline's. */
    avsvt_tensor *crops;  /**< [borrowed; counted by a job] grey pictures of the
                               mouth as for avsvt_extractor_run_video(), for a
                               pipeline file with `video:`. */
    double crops_rate_hz; /**< Pictures a second, 0.1..1000; default: as many as
                               the model takes. Others are taken by time, as
                               video.h has it. */
    double crops_start_s; /**< When picture 0 is shown, on the clock of the
                               sound; below 0: before the sound begins. */
    avsvt_video *video;   /**< [borrowed until the run or job has ended] in place
                               of crops: the same pictures, read piece by piece,
                               so that memory does not grow with their number.
                               Fresh: nothing read yet. Its rate is its own;
                               where it varies, open it with a rate_hz. */
} avsvt_run_options;
#define AVSVT_RUN_OPTIONS_INIT \
    { sizeof(avsvt_run_options), 0u, NULL, NULL, NULL, NULL, 0.0, 0.0, NULL }

/** Open a pipeline.
 *  @param out  [out, owned] free with avsvt_pipeline_free(); NULL on failure.
 *  @param context [borrowed] NULL for the default; kept by the pipeline.
 *  @param path [borrowed] a model (.pt) or pipeline (.yaml) file; NULL: the
 *              compiled-in model.
 *  @param opts [borrowed] NULL for defaults.
 *  @param err  [out] may be NULL.
 *  @return as avsvt_model_open(); AVSVT_E_ARG also when the model's role or
 *          task is not one that a pipeline can be made of.
 *  @thread any  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_pipeline_open(avsvt_pipeline **out,
    avsvt_context *context, const char *path,
    const avsvt_pipeline_options *opts, avsvt_error *err);

/** Make a pipeline of a model that is already open; it shares the model.
 *  @thread any  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_pipeline_create(avsvt_pipeline **out,
    avsvt_model *model, const avsvt_pipeline_options *opts, avsvt_error *err);

/** Notes of a sound file.
 *  @param out  [out, owned] free with avsvt_notes_free(); NULL on failure.
 *  @param path [borrowed] UTF-8.
 *  @param opts [borrowed] NULL for defaults.
 *  @return as avsvt_audio_open(), avsvt_audio_read() and avsvt_model_run();
 *          AVSVT_E_CANCELLED; AVSVT_E_BUSY.
 *  @thread one at a time  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_pipeline_notes(avsvt_notes **out,
    avsvt_pipeline *pipeline, const char *path, const avsvt_run_options *opts,
    avsvt_error *err);

/** Notes of a source of sound, which is read to its end.
 *  @param audio [borrowed] fresh: nothing read yet. Its rate is set here. NULL
 *               where there is none and opts->crops or opts->video are given.
 *  @thread one at a time  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_pipeline_notes_audio(avsvt_notes **out,
    avsvt_pipeline *pipeline, avsvt_audio *audio,
    const avsvt_run_options *opts, avsvt_error *err);

/** Activations of a source of sound, to be decoded later; they grow with the
 *  length of the sound (about 34 kB a second with fine pitch).
 *  @param out [out, owned] free with avsvt_activations_free().
 *  @thread one at a time  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_pipeline_activations(avsvt_activations **out,
    avsvt_pipeline *pipeline, avsvt_audio *audio,
    const avsvt_run_options *opts, avsvt_error *err);

/** Activations of features that were kept, with a pipeline file's fusion and
 *  head (or its head alone), counting frames as published. With
 *  AVSVT_CHUNKS_PUBLISHED they are cut into utterances of 249 frames of sound
 *  and 250 of pictures first.
 *  @param out   [out, owned] free with avsvt_activations_free().
 *  @param audio [borrowed] float32 [frames, width]; NULL: no sound.
 *  @param video [borrowed] float32 [frames, width]; NULL: no pictures.
 *  @return AVSVT_OK; AVSVT_E_ARG; AVSVT_E_BUSY; AVSVT_E_BACKEND;
 *          AVSVT_E_NOMEM.
 *  @thread one at a time  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_pipeline_features(avsvt_activations **out,
    avsvt_pipeline *pipeline, avsvt_tensor *audio, avsvt_tensor *video,
    avsvt_error *err);

/** Sample rate of the network, Hz; 0 for NULL, or where it hears nothing.
 *  @thread any  @rt yes  @since 0.1 */
AVSVT_API double avsvt_pipeline_rate_hz(const avsvt_pipeline *pipeline);

/** Pictures a second that the network takes; 0 for NULL, or where it sees
 *  nothing.  @thread any  @rt yes  @since 0.1 */
AVSVT_API double avsvt_pipeline_picture_hz(const avsvt_pipeline *pipeline);

/** Pixels along the longer side of the pictures that the network takes; 0 for
 *  NULL, or where it sees nothing. Pictures more than twice as wide or high show
 *  more than a mouth, see avsvt_mouth_open().  @thread any  @rt yes  @since 0.1 */
AVSVT_API int32_t avsvt_pipeline_picture_side(const avsvt_pipeline *pipeline);

/** Which backend runs the network: "native", "torch", ...
 *  @return [borrowed] a static string; NULL for NULL.
 *  @thread any  @rt yes  @since 0.1 */
AVSVT_API const char *avsvt_pipeline_backend(const avsvt_pipeline *pipeline);

/** Release the pipeline; NULL is allowed.  @thread any  @rt no  @since 0.1 */
AVSVT_API void avsvt_pipeline_free(avsvt_pipeline *pipeline);

AVSVT_END_DECLS
#endif /* AVSVT_PIPELINE_H */
