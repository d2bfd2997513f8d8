/* SPDX-License-Identifier: MIT */
/** @file features.h
 *  Extractors. Stage: mono samples, pictures of a mouth, or both -> [features]
 *  -> tensor [frames, width].
 *
 *  An extractor runs a model whose manifest says `role: extractor`: a wav2vec
 *  2.0 encoder of sound, an AV-HuBERT encoder of pictures. What goes in tells
 *  its `input.kind`: audio, video, or audio-video. */
#ifndef AVSVT_FEATURES_H
#define AVSVT_FEATURES_H

#include <avsvt/media.h>
#include <avsvt/model.h>
#include <avsvt/video.h>

AVSVT_BEGIN_DECLS

typedef struct avsvt_extractor avsvt_extractor; /**< One thread at a time. */
typedef struct avsvt_extraction avsvt_extraction; /**< One thread at a time. */

/** How sound, or pictures, are cut into network calls. */
#define AVSVT_CHUNKS_DEFAULT   0 /**< As the model or pipeline file says, else
                                      AVSVT_CHUNKS_OVERLAP. */
#define AVSVT_CHUNKS_OVERLAP   1 /**< Pieces with context on both sides that is
                                      thrown away; memory does not grow. */
#define AVSVT_CHUNKS_WHOLE     2 /**< One piece, whatever its length: the
                                      network sees all of it. Memory grows with
                                      the sound. */
#define AVSVT_CHUNKS_PUBLISHED 3 /**< AV_SVT's utterances: 5 s (or chunk_s) with
                                      hard borders, the last one 2.5 to 7.5 s,
                                      and frame i at i / 49.8 s. For pipeline
                                      files, models trained on them, extractors
                                      of sound or pictures alone. */

/** Make an extractor.
 *  @param out   [out, owned] free with avsvt_extractor_free(); NULL on failure.
 *  @param model [borrowed] of role `extractor`; kept by the extractor.
 *  @param err   [out] may be NULL.
 *  @return AVSVT_OK; AVSVT_E_ARG (another role); AVSVT_E_NOMEM; or what
 *          loading the network gives, see avsvt_model_run().
 *  @thread any  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_extractor_create(avsvt_extractor **out,
    avsvt_model *model, avsvt_error *err);

/** Features of one piece of sound, in one piece.
 *  @param out     [out, owned] float32 [frames, width]; NULL on failure.
 *  @param extractor one thread at a time; AVSVT_E_BUSY otherwise.
 *  @param samples [borrowed] @p count mono samples at the model's rate.
 *  @return AVSVT_OK; AVSVT_E_ARG (none, not a number, or a model that takes
 *          pictures); AVSVT_E_BUSY; AVSVT_E_BACKEND; AVSVT_E_NOMEM.
 *  @thread one at a time  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_extractor_run(avsvt_tensor **out,
    avsvt_extractor *extractor, const float *samples, size_t count,
    avsvt_error *err);

/** Features of pictures of a mouth, in one piece. The middle of each picture
 *  is cut out and normalised as the manifest says (`input.width`, `height`,
 *  `mean`, `deviation`).
 *  @param out     [out, owned] float32 [frames, width]; NULL on failure.
 *  @param extractor of a model with `input.kind: video`.
 *  @param crops   [borrowed] grey pictures [frames, height, width], uint8 or
 *                 float32 from 0 to 255, at the model's `input.frame_rate`, at
 *                 most twice as wide and high as the model's.
 *  @return AVSVT_OK; AVSVT_E_ARG (type, rank, size, a value, or a model that
 *          takes something else); AVSVT_E_BUSY; AVSVT_E_BACKEND; AVSVT_E_NOMEM.
 *  @thread one at a time  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_extractor_run_video(avsvt_tensor **out,
    avsvt_extractor *extractor, avsvt_tensor *crops, avsvt_error *err);

/** Features of sound and pictures together, for a model with `input.kind:
 *  audio-video`. Both begin at the same time; the pictures give the length.
 *  Otherwise as the two functions above.
 *  @thread one at a time  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_extractor_run_av(avsvt_tensor **out,
    avsvt_extractor *extractor, const float *samples, size_t count,
    avsvt_tensor *crops, avsvt_error *err);

/** How long sound or pictures go through an extractor; zero in a field selects
 *  its default. */
typedef struct avsvt_extract_options {
    uint32_t struct_size; /**< Set by AVSVT_EXTRACT_OPTIONS_INIT. */
    int32_t  chunks;      /**< An AVSVT_CHUNKS_* value; default: overlap. */
    double   chunk_s;     /**< Seconds of features per piece, 0.1..3600; default:
                               the model's `chunk.length_s`, else 20 (published:
                               5). */
    double   context_s;   /**< Overlap: seconds on either side that the network
                               sees too and that are thrown away, up to 600;
                               default: the model's `chunk.context_s`, else 5;
                               below 0: none. */
    int32_t  batch;       /**< Overlap: pieces in one network call, 1..64; default
                               1. The network must take batches. Only pieces of
                               equal length are put together (all but those at
                               the ends), so nothing is padded. Worth it on a
                               GPU, or for short pieces. */
    uint32_t reserved;    /**< Must be 0. */
} avsvt_extract_options;
#define AVSVT_EXTRACT_OPTIONS_INIT \
    { sizeof(avsvt_extract_options), 0, 0.0, 0.0, 0, 0u }

/** Begin to extract features of sound or pictures of any length, piece by
 *  piece. Unless AVSVT_CHUNKS_WHOLE is chosen memory does not grow with their
 *  length, as long as the caller keeps no pieces. Put one after the other the
 *  pieces are the features of the whole; an encoder that attends to all it is
 *  given hears less in a piece than in the whole, so they differ a little.
 *  @param out   [out, owned] free with avsvt_extraction_free(); NULL on failure.
 *  @param extractor [borrowed until freed] may run other things between pieces.
 *  @param audio [borrowed until freed] fresh: nothing read yet; its rate is set
 *               here. NULL for a model that takes pictures alone.
 *  @param crops [borrowed until freed] grey pictures of a mouth, opened at the
 *               model's `input.frame_rate`; NULL for a model of sound alone.
 *               With sound both begin at the same time, and the pictures give
 *               the length.
 *  @param opts  [borrowed] NULL for defaults.
 *  @param err   [out] may be NULL.
 *  @return AVSVT_OK; AVSVT_E_ARG (not what the model takes, an option out of
 *          range, crops too small or much too large, of colours or at another
 *          rate); AVSVT_E_FORMAT (the manifest lacks `input.sample_rate` or
 *          `input.hop`); AVSVT_E_NOMEM.
 *  @thread one at a time  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_extraction_open(avsvt_extraction **out,
    avsvt_extractor *extractor, avsvt_audio *audio, avsvt_video *crops,
    const avsvt_extract_options *opts, avsvt_error *err);

/** The next piece of features.
 *  @param out [out, owned] float32 [frames, width]; NULL at the end, and on
 *             failure.
 *  @return AVSVT_OK (also at the end); AVSVT_E_ARG; AVSVT_E_BUSY; AVSVT_E_FORMAT
 *          (there is no sound, or no picture, at all); AVSVT_E_BACKEND (also
 *          where the network gives another number of frames than its manifest
 *          promises); AVSVT_E_NOMEM; or what reading gives, see
 *          avsvt_audio_read() and avsvt_video_read().
 *  @thread one at a time  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_extraction_next(avsvt_tensor **out,
    avsvt_extraction *extraction, avsvt_error *err);

/** End it; NULL is allowed.  @thread any  @rt no  @since 0.1 */
AVSVT_API void avsvt_extraction_free(avsvt_extraction *extraction);

/** Release the extractor; NULL is allowed.  @thread any  @rt no  @since 0.1 */
AVSVT_API void avsvt_extractor_free(avsvt_extractor *extractor);

AVSVT_END_DECLS
#endif /* AVSVT_FEATURES_H */
