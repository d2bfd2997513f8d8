/* SPDX-License-Identifier: MIT */
/* The mouth of a face in a video, as --landmarks, --face-model and the other
 * options of `avsvt crop` say. */
#include "cli.h"

#include <string.h>

/* Landmarks from the file, or of a first way through the video. */
static avsvt_status read_landmarks(avsvt_tensor **out, const cli_args *args,
                                   avsvt_context *context, const char *path,
                                   const avsvt_video_options *vopts, avsvt_error *err)
{
    avsvt_video *video = NULL;
    cli_progress progress;
    if (args->landmarks)
        return avsvt_landmarks_read(out, context, args->landmarks, err);
    avsvt_status status = avsvt_video_open(&video, context, path, vopts, err);
    if (status)
        return status;
    cli_progress_begin(&progress, "looking for a face", args->quiet);
    status = avsvt_landmarks_find(out, video, args->face_model, cli_progress_tell, &progress,
                                  err);
    cli_progress_end(&progress);
    avsvt_video_free(video);
    return status;
}

int cli_mouth_open(avsvt_video **out, double *rate, const cli_args *args,
                   avsvt_context *context, const char *path, double rate_hz)
{
    avsvt_video_options vopts = AVSVT_VIDEO_OPTIONS_INIT;
    avsvt_mouth_options opts = AVSVT_MOUTH_OPTIONS_INIT;
    avsvt_video_info info = AVSVT_VIDEO_INFO_INIT;
    avsvt_video *video = NULL;
    avsvt_tensor *landmarks = NULL, *face = NULL;
    avsvt_error err = AVSVT_ERROR_INIT;
    vopts.pixels = AVSVT_VIDEO_RGB; /* see avsvt_mouth_open() */
    vopts.rate_hz = rate_hz;
    vopts.array_rate_hz = args->video_rate;
    opts.size = (int32_t)args->size;
    opts.window = (int32_t)args->window;
    opts.whole_picture = args->whole_picture;
    opts.landmarks_rate_hz = args->landmarks_rate;
    if (args->smoothing && !strcmp(args->smoothing, "centred"))
        opts.smoothing = AVSVT_SMOOTH_CENTRED;
    int bad = (args->mean_face && avsvt_tensor_read(&face, context, args->mean_face, NULL, &err)) ||
              read_landmarks(&landmarks, args, context, path, &vopts, &err) ||
              avsvt_video_open(&video, context, path, &vopts, &err);
    opts.mean_face = face;
    if (!bad)
        bad = avsvt_mouth_open(out, video, landmarks, &opts, &err) != AVSVT_OK;
    if (bad)
        avsvt_video_free(video);
    else
        avsvt_video_describe(*out, &info, NULL);
    *rate = info.rate_hz;
    avsvt_tensor_free(landmarks);
    avsvt_tensor_free(face);
    if (bad && err.status == AVSVT_E_CANCELLED)
        return cli_fail("stopped; nothing was written");
    return bad ? cli_error(&err) : 0;
}
