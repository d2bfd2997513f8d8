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

/** Fuse by counting frames, as published: audio frame i takes video frame i
 *  (i / n where the manifest's `input.video_repeat` is n); the video is cut,
 *  or padded with zeros at its end, to the length of the audio. More than 15
 *  frames of difference are told in the log.
 *  @param out    [out, owned] float32 [audio frames, width]; NULL on failure.
 *  @param fusion one thread at a time; AVSVT_E_BUSY otherwise.
 *  @param audio  [borrowed] float32 [frames, width]; NULL: there is no sound,
 *                zeros stand in its place.
 *  @param video  [borrowed] float32 [frames, width]; NULL: there is no
 *                picture, zeros stand in its place. Not both NULL.
 *  @return AVSVT_OK; AVSVT_E_ARG (type or shape, or one is missing and the
 *          manifest lacks `input.audio_width` or `input.video_width`);
 *          AVSVT_E_BUSY; AVSVT_E_BACKEND; AVSVT_E_NOMEM.
 *  @thread one at a time  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_fusion_run(avsvt_tensor **out,
    avsvt_fusion *fusion, avsvt_tensor *audio, avsvt_tensor *video,
    avsvt_error *err);

/** Where the frames of both streams lie in time: frame i spans
 *  start + i / rate to start + (i + 1) / rate. */
typedef struct avsvt_fusion_times {
    uint32_t struct_size; /**< Set by AVSVT_FUSION_TIMES_INIT. */
    uint32_t reserved;    /**< Must be 0. */
    double audio_rate_hz; /**< Audio frames a second, 0.1..100000. */
    double video_rate_hz; /**< Video frames a second, 0.1..100000. */
    double audio_start_s; /**< Start of audio frame 0. */
    double video_start_s; /**< Start of video frame 0. */
} avsvt_fusion_times;
#define AVSVT_FUSION_TIMES_INIT \
    { sizeof(avsvt_fusion_times), 0u, 0.0, 0.0, 0.0, 0.0 }

/** Fuse by time: an audio frame takes the picture that is shown in its middle,
 *  zeros where there is none. Otherwise as avsvt_fusion_run(). Without sound
 *  the result has audio frames from times->audio_start_s to the video's end.
 *  @param times [borrowed]
 *  @return as avsvt_fusion_run(); AVSVT_E_ARG also for a time out of range.
 *  @thread one at a time  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_fusion_run_timed(avsvt_tensor **out,
    avsvt_fusion *fusion, avsvt_tensor *audio, avsvt_tensor *video,
    const avsvt_fusion_times *times, avsvt_error *err);

/** Release the fusion; NULL is allowed.  @thread any  @rt no  @since 0.1 */
AVSVT_API void avsvt_fusion_free(avsvt_fusion *fusion);

AVSVT_END_DECLS
#endif /* AVSVT_FUSION_H */
