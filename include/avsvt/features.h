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

#include <avsvt/model.h>

AVSVT_BEGIN_DECLS

typedef struct avsvt_extractor avsvt_extractor; /**< One thread at a time. */

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

/** Release the extractor; NULL is allowed.  @thread any  @rt no  @since 0.1 */
AVSVT_API void avsvt_extractor_free(avsvt_extractor *extractor);

AVSVT_END_DECLS
#endif /* AVSVT_FEATURES_H */
