/* SPDX-License-Identifier: MIT */
/** @file video.h
 *  Pictures in. Stage: file, array or frames -> [video] -> pictures at a rate
 *  -> mouth crop -> features.
 *
 *  An avsvt_video is a source that is read once, from front to back, in memory
 *  that does not grow with its length. Files are read by the media module
 *  (H.264, H.265, VP9, AV1, MPEG-4 and others, where FFmpeg's libraries are);
 *  arrays (.npy, .npz) need no module.
 *
 *  Time. Picture i of an array lies at i / its rate. In a file time 0 is the
 *  start of its sound or its pictures, whichever is earlier, so that times of
 *  sound and pictures are the same clock. Delivered at a rate r, picture n is
 *  the last one whose time, rounded to the nearest multiple of 1/r (halves up),
 *  is not after n/r: the rule of FFmpeg's `fps` filter. Nothing is blended.
 *  Before the first picture stands the first; the last stands for its length.
 *  Pipelines take the same ones of pictures at another rate than their model's: for
 *  each frame that which is shown in its middle, of two that meet there the
 *  earlier. Of 50 a second a model of 25 takes the first, the third, ...
 *  A damaged part of a file is left out, with a warning in the log; the picture
 *  before stands meanwhile. Times that fall, or jump by more than a minute, are
 *  taken to go on at the usual rate. */
#ifndef AVSVT_VIDEO_H
#define AVSVT_VIDEO_H

#include <avsvt/media.h>
#include <avsvt/tensor.h>

AVSVT_BEGIN_DECLS

typedef struct avsvt_video avsvt_video; /**< One thread at a time. */

#define AVSVT_VIDEO_GREY 0 /**< A byte per pixel; colours as OpenCV weighs them. */
#define AVSVT_VIDEO_RGB 1  /**< Three bytes per pixel: red, green, blue. */
#define AVSVT_VIDEO_MAX_SIDE 16384 /**< Most pixels along a side. */

/** How a video is opened; zero or NULL in a field selects its default. */
typedef struct avsvt_video_options {
    uint32_t struct_size;  /**< Set by AVSVT_VIDEO_OPTIONS_INIT. */
    int32_t  pixels;       /**< AVSVT_VIDEO_GREY (default) or _RGB. */
    double   rate_hz;      /**< Pictures a second that are delivered, 0.001..1000;
                                default: each one of the source, once. */
    double   array_rate_hz;/**< Of an array, 0.001..1000; default 50, wherever a
                                file of one is read and nothing else is said. */
    const char *array;     /**< [copied] the array's name in an .npz; default:
                                the only one. */
} avsvt_video_options;
#define AVSVT_VIDEO_OPTIONS_INIT \
    { sizeof(avsvt_video_options), 0, 0.0, 0.0, NULL }

/** What a video is. */
typedef struct avsvt_video_info {
    uint32_t struct_size; /**< Set by AVSVT_VIDEO_INFO_INIT. */
    int32_t  width;       /**< Pixels, upright. */
    int32_t  height;      /**< Pixels, upright. */
    int32_t  channels;    /**< Delivered: 1 grey, 3 RGB. */
    int32_t  rotation;    /**< Degrees clockwise it was turned to stand upright. */
    int32_t  varies;      /**< 1: the source has no fixed rate. */
    int32_t  has_sound;   /**< 1: the file has sound too. */
    uint32_t reserved;    /**< 0. */
    double   rate_hz;     /**< Pictures a second of the source (a mean where it
                               varies); 0 unknown. */
    double   duration_s;  /**< Of the source, by its own words; -1 unknown. */
    int64_t  frames;      /**< Pictures of the source; -1 unknown. */
    char     format[64];  /**< For people, such as "h264 in Matroska / WebM". */
} avsvt_video_info;
#define AVSVT_VIDEO_INFO_INIT \
    { sizeof(avsvt_video_info), 0, 0, 0, 0, 0, 0, 0u, 0.0, 0.0, 0, { 0 } }

/** Open a video file, or an array [frames, height, width] or [frames, height,
 *  width, 3] (red, green, blue) of values 0..255 in an .npy or .npz file.
 *  Values that are not whole are rounded; floats whose first picture lies between
 *  0 and 1 are refused when they are read.
 *  @param out  [out, owned] free with avsvt_video_free(); NULL on failure.
 *  @param context [borrowed] NULL for the default.
 *  @param path [borrowed] UTF-8.
 *  @param opts [borrowed] NULL for defaults.
 *  @param err  [out] may be NULL.
 *  @return AVSVT_OK; AVSVT_E_ARG; AVSVT_E_NOT_FOUND; AVSVT_E_IO;
 *          AVSVT_E_FORMAT (no pictures in it, or an array of another shape);
 *          AVSVT_E_UNSUPPORTED (an element type or order, a size);
 *          AVSVT_E_MODULE (needs the media module, which is missing);
 *          AVSVT_E_NOMEM.
 *  @thread any  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_video_open(avsvt_video **out,
    avsvt_context *context, const char *path, const avsvt_video_options *opts,
    avsvt_error *err);

/** Open video (or an .npy array) behind the host's own functions; as
 *  avsvt_video_open().
 *  @param io [copied] its functions are called until the video is freed.
 *  @thread any  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_video_open_io(avsvt_video **out,
    avsvt_context *context, const avsvt_io *io, const avsvt_video_options *opts,
    avsvt_error *err);

/** Open pictures that lie in memory, at opts->array_rate_hz.
 *  @param frames [counted] uint8 [frames, height,
 *                width] or [frames, height, width, 3] (red, green, blue).
 *  @return as avsvt_video_open().
 *  @thread any  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_video_open_frames(avsvt_video **out,
    avsvt_context *context, avsvt_tensor *frames,
    const avsvt_video_options *opts, avsvt_error *err);

/** Tell what the video is. Copies at most info->struct_size bytes.
 *  @return AVSVT_OK; AVSVT_E_ARG.
 *  @thread one at a time  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_video_describe(const avsvt_video *video,
    avsvt_video_info *info, avsvt_error *err);

/** Read the next pictures.
 *  @param to    [out] room for @p count pictures: height x width x channels
 *               bytes each, no padding.
 *  @param count at most this many.
 *  @param got   [out] pictures written; less than @p count only at the end.
 *  @return AVSVT_OK (also at the end, with *got 0); AVSVT_E_ARG; AVSVT_E_IO;
 *          AVSVT_E_FORMAT (damaged midway, or a value outside 0..255);
 *          AVSVT_E_UNSUPPORTED; AVSVT_E_NOMEM.
 *  @thread one at a time  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_video_read(avsvt_video *video, uint8_t *to,
    size_t count, size_t *got, avsvt_error *err);

/** Read all that is left as one tensor, uint8 [frames, height, width] (grey) or
 *  [frames, height, width, 3] (RGB).
 *  @param progress told every few pictures, and may cancel; or NULL.
 *  @param user  handed to @p progress.
 *  @return as avsvt_video_read(); AVSVT_E_CANCELLED.
 *  @thread one at a time  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_video_read_all(avsvt_tensor **out,
    avsvt_video *video, avsvt_progress_fn progress, void *user,
    avsvt_error *err);

/** Close the video; NULL is allowed.  @thread any  @rt no  @since 0.1 */
AVSVT_API void avsvt_video_free(avsvt_video *video);

AVSVT_END_DECLS
#endif /* AVSVT_VIDEO_H */
