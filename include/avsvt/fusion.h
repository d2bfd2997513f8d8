/* SPDX-License-Identifier: MIT */
/** @file fusion.h
 *  Fusion of sound and sight. Stage: two feature tensors -> [fusion] -> one.
 *
 *  A fusion runs a model whose manifest says `role: fusion`, such as the
 *  residual cross attention of AV_SVT. */
#ifndef AVSVT_FUSION_H
#define AVSVT_FUSION_H

#include <avsvt/model.h>

AVSVT_BEGIN_DECLS

typedef struct avsvt_fusion avsvt_fusion; /**< One thread at a time. */

/** Make a fusion.
 *  @param out   [out, owned] free with avsvt_fusion_free(); NULL on failure.
 *  @param model [borrowed] of role `fusion`; kept by the fusion.
 *  @param err   [out] may be NULL.
 *  @return AVSVT_OK; AVSVT_E_ARG (another role); AVSVT_E_NOMEM; or what
 *          loading the network gives, see avsvt_model_run().
 *  @thread any  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_fusion_create(avsvt_fusion **out,
    avsvt_model *model, avsvt_error *err);

/** Fuse. The video is cut, or padded with zeros at its end, to the length of
 *  the audio, as published.
 *  @param out    [out, owned] float32 [audio frames, width]; NULL on failure.
 *  @param fusion one thread at a time; AVSVT_E_BUSY otherwise.
 *  @param audio  [borrowed] float32 [frames, width].
 *  @param video  [borrowed] float32 [frames, width].
 *  @return AVSVT_OK; AVSVT_E_ARG (type or shape); AVSVT_E_BUSY;
 *          AVSVT_E_BACKEND; AVSVT_E_NOMEM.
 *  @thread one at a time  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_fusion_run(avsvt_tensor **out,
    avsvt_fusion *fusion, avsvt_tensor *audio, avsvt_tensor *video,
    avsvt_error *err);

/** Release the fusion; NULL is allowed.  @thread any  @rt no  @since 0.1 */
AVSVT_API void avsvt_fusion_free(avsvt_fusion *fusion);

AVSVT_END_DECLS
#endif /* AVSVT_FUSION_H */
