/* SPDX-License-Identifier: MIT */
/** @file mouth.h
 *  The mouth of a face in a video. Stage: pictures + landmarks -> [mouth] ->
 *  crops for a video model.
 *
 *  The crop is that of AV-HuBERT: a similarity (turn, scale, shift) takes five
 *  landmarks that hardly move when one speaks (nose base, corners of the eyes),
 *  averaged over a window of pictures, to those of a mean face of 256 x 256
 *  pixels; there the 96 x 96 pixels around the mean of the 20 landmarks of the
 *  mouth are cut out. Landmarks are the 68 of the iBUG scheme, x then y in
 *  pixels, in that order.
 *
 *  - A picture without a face takes landmarks between those of the nearest
 *    pictures with one, along a straight line; before the first and after the
 *    last, the nearest ones. How many there were is told in the log.
 *  - Smoothing as published looks ahead, over cuts too: up to window - 1
 *    pictures before a cut are turned by a mean of both shots. Centred smoothing
 *    ends at cuts (a jump of the landmarks by more than a third of the distance
 *    between the eyes' outer corners).
 *  - A frozen picture gives a frozen crop: nothing is done about it. */
#ifndef AVSVT_MOUTH_H
#define AVSVT_MOUTH_H

#include <avsvt/video.h>

AVSVT_BEGIN_DECLS

#define AVSVT_LANDMARKS 68 /**< Points of a face. */

#define AVSVT_SMOOTH_PUBLISHED 0 /**< Over this picture and those after it. */
#define AVSVT_SMOOTH_CENTRED 1   /**< Over those before and after it, up to cuts. */

/** How the mouth is cut out; zero or NULL in a field selects its default. */
typedef struct avsvt_mouth_options {
    uint32_t struct_size; /**< Set by AVSVT_MOUTH_OPTIONS_INIT. */
    int32_t  pixels;      /**< AVSVT_VIDEO_GREY (default) or _RGB. */
    int32_t  size;        /**< Pixels along a side, 8..96; default 96. Less is the
                               centre of the 96. */
    int32_t  smoothing;   /**< An AVSVT_SMOOTH_* value. */
    int32_t  window;      /**< Sets of landmarks to average over, 1..1000;
                               default 12; 1 does not smooth. */
    int32_t  whole_picture; /**< 1: where no picture has a face, every picture is
                               scaled to 96 x 96, as published. Default 0: that
                               fails. */
    double   landmarks_rate_hz; /**< Sets of landmarks a second, up to 1000;
                               default: one for each picture. */
    avsvt_tensor *mean_face; /**< [borrowed for the call] float32 or float64
                               [68, 2] in 256 x 256 pixels. Default: one of ours;
                               for the very crops that a model was trained on,
                               give the mean face it was trained with. */
} avsvt_mouth_options;
#define AVSVT_MOUTH_OPTIONS_INIT \
    { sizeof(avsvt_mouth_options), 0, 0, 0, 0, 0, 0.0, NULL }

/** Read landmarks from a file: .npy or .npz [frames, 68, 2] (a picture with NaN
 *  among its numbers has no face); .json, a list with a list of 68 [x, y] or
 *  null for each picture; or .csv with columns x_0 ... x_67 and y_0 ... y_67, a
 *  line for each picture, and no face where `success` is 0 (as OpenFace writes).
 *  @param out  [out, owned] float64 [frames, 68, 2], NaN where there is no face;
 *              free with avsvt_tensor_free(). NULL on failure.
 *  @param context [borrowed] NULL for the default.
 *  @param path [borrowed] UTF-8; its ending tells the format.
 *  @param err  [out] may be NULL.
 *  @return AVSVT_OK; AVSVT_E_ARG; AVSVT_E_NOT_FOUND; AVSVT_E_IO;
 *          AVSVT_E_FORMAT (another shape, a damaged file);
 *          AVSVT_E_UNSUPPORTED; AVSVT_E_NOMEM.
 *  @thread any  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_landmarks_read(avsvt_tensor **out,
    avsvt_context *context, const char *path, avsvt_error *err);

/** Find the landmarks of a face in each picture that is left of a video: dlib's
 *  detector and a model of the caller's, through the face module. Of several
 *  faces it takes the one that goes on from the picture before (it moved by less
 *  than half of its width), else the largest; in how many pictures there were
 *  several is told in the log.
 *
 *  No model comes with the library. dlib's shape_predictor_68_face_landmarks.dat
 *  was trained on iBUG 300-W, whose licence excludes commercial use. A model is
 *  read by dlib: take files from makers you trust.
 *  @param out   [out, owned] as of avsvt_landmarks_read(), a set for each
 *               picture; NULL on failure. No face anywhere is not a failure
 *               (there is a warning in the log).
 *  @param video [borrowed] opened with AVSVT_VIDEO_RGB; read to its end.
 *  @param model_path [borrowed] a dlib shape_predictor of 68 landmarks.
 *  @param progress told of every picture, and may cancel; or NULL.
 *  @param user  handed to @p progress.
 *  @param err   [out] may be NULL.
 *  @return as avsvt_video_read(); AVSVT_E_NOT_FOUND (no such model);
 *          AVSVT_E_FORMAT (it is no model of 68 landmarks); AVSVT_E_MODULE (the
 *          face module is missing); AVSVT_E_CANCELLED.
 *  @thread one at a time  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_landmarks_find(avsvt_tensor **out,
    avsvt_video *video, const char *model_path, avsvt_progress_fn progress,
    void *user, avsvt_error *err);

/** Cut the mouth out of a video, as a video of the crops. One set of landmarks
 *  belongs to each picture that @p video delivers (see landmarks_rate_hz); five
 *  pictures more take the last set, more than that is an error when they are
 *  read. Pictures should be opened as RGB: grey crops are made of colours after
 *  the geometry, as published; from grey pictures they may differ by 1.
 *  @param out   [out, owned] free with avsvt_video_free(); NULL on failure.
 *  @param video [taken over on success] freed with @p out; at the beginning.
 *  @param landmarks [borrowed] float32 or float64 [frames, 68, 2]; NaN: no face.
 *  @param opts  [borrowed] NULL for defaults.
 *  @param err   [out] may be NULL.
 *  @return AVSVT_OK; AVSVT_E_ARG; AVSVT_E_FORMAT (landmarks of another shape, no
 *          face in any picture, points that all lie in one place or far out);
 *          AVSVT_E_NOMEM; AVSVT_E_BUSY.
 *  @thread one at a time  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_mouth_open(avsvt_video **out, avsvt_video *video,
    const avsvt_tensor *landmarks, const avsvt_mouth_options *opts,
    avsvt_error *err);

AVSVT_END_DECLS
#endif /* AVSVT_MOUTH_H */
