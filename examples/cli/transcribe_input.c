/* SPDX-License-Identifier: MIT */
/* What avsvt transcribe takes in: sound, and the singer's mouth. */
#include "transcribe.h"

#include <string.h>
#include <unistd.h>

#define DEBIAN_FACES "/usr/share/dlib/shape_predictor_68_face_landmarks.dat" /* libdlib-data */

/* The mouth of the face that the video shows. */
static int open_face(cli_transcription *w, const char *path, const avsvt_video_info *info,
                     avsvt_video **out)
{
    cli_args args = *w->args;
    double rate = avsvt_pipeline_picture_hz(w->pipeline), delivered;
    if (!args.landmarks && !args.face_model) {
        if (access(DEBIAN_FACES, R_OK))
            return cli_fail("%s: shows more than a mouth (%d x %d pixels), and there is no model "
                            "to find it with: --face-model FILE names one (Debian: apt install "
                            "libdlib-data), --landmarks FILE brings landmarks", path,
                            (int)info->width, (int)info->height);
        args.face_model = DEBIAN_FACES;
        if (!args.quiet)
            cli_tell("%s: looking for the mouth with %s, which must not be used "
                     "commercially", path, DEBIAN_FACES);
    }
    /* A picture that comes twice would be searched twice. */
    if (!info->varies && info->rate_hz > 0 && info->rate_hz < rate)
        rate = info->rate_hz;
    return cli_mouth_open(out, &delivered, &args, w->context, path, rate);
}

int cli_transcribe_see(cli_transcription *w, const char *path)
{
    avsvt_video_options open = AVSVT_VIDEO_OPTIONS_INIT;
    avsvt_video_info info = AVSVT_VIDEO_INFO_INIT;
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_video *video = NULL;
    int most = 2 * avsvt_pipeline_picture_side(w->pipeline), status = 0;
    open.rate_hz = avsvt_pipeline_picture_hz(w->pipeline);
    open.array_rate_hz = w->args->video_rate;
    if (open.rate_hz == 0)
        return cli_fail("%s: the model takes no pictures; a pipeline file with video: does "
                        "(-m FILE.yaml)", path);
    if (avsvt_video_open(&video, w->context, path, &open, &err) ||
        avsvt_video_describe(video, &info, &err))
        status = cli_error(&err);
    if (!status && (w->args->landmarks || w->args->face_model || info.width > most ||
                    info.height > most)) {
        avsvt_video_free(video);
        video = NULL;
        status = open_face(w, path, &info, &video);
    }
    if (status)
        avsvt_video_free(video);
    else
        w->mouth = video;
    return status;
}

/* Whether there are pictures in it and no sound. */
static int is_silent(const cli_transcription *w, const char *input)
{
    avsvt_video_info info = AVSVT_VIDEO_INFO_INIT;
    avsvt_video *video = NULL;
    int silent = !avsvt_video_open(&video, w->context, input, NULL, NULL) &&
                 !avsvt_video_describe(video, &info, NULL) && !info.has_sound;
    avsvt_video_free(video);
    return silent;
}

/* IN is sound, and no video was named. */
static int without_sight(cli_transcription *w, const char *input, int sees)
{
    const cli_args *args = w->args;
    if (args->landmarks || args->face_model || args->mean_face || args->landmarks_rate != 0 ||
        args->video_rate != 0 || args->video_start != 0)
        return cli_usage("%s: options for a video are given, but no --video", input);
    if (sees && !w->told_of_sight && !args->quiet)
        cli_note("%s looks at the singer too; without --video zeros stand in place of pictures",
                 args->model);
    w->told_of_sight = 1;
    return 0;
}

int cli_transcribe_open(cli_transcription *w, cli_sound *sound, const char *input)
{
    const char *video = w->args->video;
    int hears = avsvt_pipeline_rate_hz(w->pipeline) > 0;
    int sees = avsvt_pipeline_picture_hz(w->pipeline) > 0, status = 0;
    int silent = hears && sees && (!video || cli_same_file(input, video)) &&
                 is_silent(w, input);
    if (!silent && (hears || video)) {
        status = cli_sound_open(sound, w->context, input);
        if (!status && !video)
            status = without_sight(w, input, sees);
        if (status)
            cli_sound_close(sound);
        return status;
    }
    if (silent && !w->args->quiet)
        cli_note("%s: has no sound; zeros stand in its place", input);
    memset(sound, 0, sizeof *sound);
    sound->name = input;
    sound->duration_s = -1;
    return video ? 0 : cli_transcribe_see(w, input);
}
