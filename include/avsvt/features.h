/* SPDX-License-Identifier: MIT */
/** @file features.h
 *  Extractors. Stage: mono samples -> [features] -> tensor [frames, width].
 *
 *  An extractor runs a model whose manifest says `role: extractor`, such as a
 *  wav2vec 2.0 encoder. */
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
 *  @return AVSVT_OK; AVSVT_E_ARG (none, or not a number); AVSVT_E_BUSY;
 *          AVSVT_E_BACKEND; AVSVT_E_NOMEM.
 *  @thread one at a time  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_extractor_run(avsvt_tensor **out,
    avsvt_extractor *extractor, const float *samples, size_t count,
    avsvt_error *err);

/** Release the extractor; NULL is allowed.  @thread any  @rt no  @since 0.1 */
AVSVT_API void avsvt_extractor_free(avsvt_extractor *extractor);

AVSVT_END_DECLS
#endif /* AVSVT_FEATURES_H */
