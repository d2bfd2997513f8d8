/* SPDX-License-Identifier: MIT */
/* avsvt info: what a model, a pipeline file, a recording, a video or a list of
 * notes is. */
#include "cli.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sound.h"

static const cli_option options[] = {
    { 0, "json", CLI_FLAG, NULL, NULL, 0, 0, CLI_FIELD(json), 0, "print JSON" },
    CLI_OPTIONS_END,
};

/* One fact after the other, as "name: value" lines or as members of JSON. */
static void text_fact(const cli_args *args, const char *name, const char *value)
{
    if (!args->json) {
        if (value) {
            printf("%-13s ", name);
            cli_put(stdout, value);
            putchar('\n');
        }
        return;
    }
    fputs(!strcmp(name, "kind") ? "{" : ",\n ", stdout);
    cli_json_string(stdout, name);
    fputs(": ", stdout);
    cli_json_string(stdout, value);
}

static void number_fact(const cli_args *args, const char *name, double value)
{
    if (!args->json) {
        if (value >= 0)
            printf("%-13s %.10g\n", name, value);
        return;
    }
    fputs(",\n ", stdout);
    cli_json_string(stdout, name);
    fputs(": ", stdout);
    cli_json_number(stdout, value >= 0 ? value : NAN);
}

/* 0: it has none. */
static void rate_fact(const cli_args *args, const char *name, double hz)
{
    number_fact(args, name, hz > 0 ? hz : -1);
}

static void end_facts(const cli_args *args)
{
    if (args->json)
        fputs("}\n", stdout);
}

static int has_ending(const char *path, const char *ending)
{
    size_t a = strlen(path), b = strlen(ending);
    return a >= b && !strcasecmp(path + a - b, ending);
}

/* What the model's makers say it was trained on; people read it in the manifest. */
static void origin_facts(const avsvt_model *model)
{
    char key[64];
    const char *name;
    fputs(",\n \"trained_on\": [", stdout);
    for (int i = 0;; i++) {
        snprintf(key, sizeof key, "trained_on.%d.name", i);
        if (!(name = avsvt_model_get(model, key)))
            break;
        fputs(i ? ", {\"name\": " : "{\"name\": ", stdout);
        cli_json_string(stdout, name);
        snprintf(key, sizeof key, "trained_on.%d.licence", i);
        fputs(", \"licence\": ", stdout);
        cli_json_string(stdout, avsvt_model_get(model, key));
        putchar('}');
    }
    putchar(']');
}

static int info_model(const cli_args *args, avsvt_context *context, const char *path)
{
    static const char *const keys[] = { "name", "role", "task", "licence" };
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_model *model = NULL;
    if (avsvt_model_open(&model, context, path, &err))
        return cli_error(&err);
    text_fact(args, "kind", "model");
    text_fact(args, "path", avsvt_model_path(model));
    for (size_t i = 0; i < 4; i++)
        text_fact(args, keys[i], avsvt_model_get(model, keys[i]));
    text_fact(args, "native", avsvt_model_get(model, "native.family"));
    if (args->json) {
        origin_facts(model);
        text_fact(args, "manifest", avsvt_model_manifest(model));
    } else { /* the list of weights is long and says nothing to people */
        const char *manifest = avsvt_model_manifest(model);
        const char *end = strstr(manifest, "\nnative:");
        printf("\n%.*s\n", end ? (int)(end - manifest) : (int)strlen(manifest), manifest);
    }
    end_facts(args);
    avsvt_model_free(model);
    return 0;
}

static int info_pipeline(const cli_args *args, avsvt_context *context, const char *path)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_pipeline *pipeline = NULL;
    if (avsvt_pipeline_open(&pipeline, context, path, NULL, &err))
        return cli_error(&err);
    char *text = NULL;
    size_t size = 0;
    FILE *file = fopen(path, "rb");
    int status = file ? cli_read_stream(file, path, &text, &size) : 0;
    if (file)
        fclose(file);
    if (!status) {
        char *whole = realloc(text, size + 1);
        text = whole ? whole : text;
        if (whole)
            whole[size] = 0;
        text_fact(args, "kind", "pipeline");
        text_fact(args, "path", path);
        text_fact(args, "backend", avsvt_pipeline_backend(pipeline));
        rate_fact(args, "sample_rate", avsvt_pipeline_rate_hz(pipeline));
        rate_fact(args, "frame_rate", avsvt_pipeline_picture_hz(pipeline));
        if (args->json)
            text_fact(args, "text", whole);
        else if (whole)
            printf("\n%s", whole);
        end_facts(args);
    }
    free(text);
    avsvt_pipeline_free(pipeline);
    return status;
}

static int info_notes(const cli_args *args, avsvt_context *context, const char *path)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_notes *notes = NULL;
    double low = INFINITY, high = -INFINITY, end = 0;
    char name[8], range[32];
    int cents;
    if (avsvt_notes_read(&notes, context, path, &err))
        return cli_error(&err);
    size_t count = avsvt_notes_count(notes);
    for (size_t i = 0; i < count; i++) {
        avsvt_note note = AVSVT_NOTE_INIT;
        if (avsvt_notes_get(notes, i, &note))
            continue;
        low = fmin(low, note.pitch);
        high = fmax(high, note.pitch);
        end = fmax(end, note.offset_s);
    }
    text_fact(args, "kind", "notes");
    text_fact(args, "path", path);
    number_fact(args, "notes", (double)count);
    if (count) {
        number_fact(args, "end_s", end);
        cli_note_name(name, low, &cents);
        int length = snprintf(range, sizeof range, "%s to ", name);
        cli_note_name(name, high, &cents);
        snprintf(range + length, sizeof range - (size_t)length, "%s", name);
        text_fact(args, "range", range);
    }
    end_facts(args);
    avsvt_notes_free(notes);
    return 0;
}

static void sound_facts(const cli_args *args, const avsvt_audio_info *info)
{
    text_fact(args, "format", info->format);
    number_fact(args, "sample_rate", info->rate_hz);
    number_fact(args, "channels", info->channels);
    number_fact(args, "frames", (double)info->frames);
    number_fact(args, "duration_s", info->duration_s);
}

static int info_sound(const cli_args *args, avsvt_context *context, const char *path)
{
    cli_sound sound;
    int status = cli_sound_open(&sound, context, path);
    if (status)
        return status;
    text_fact(args, "kind", "recording");
    text_fact(args, "path", path);
    sound_facts(args, &sound.info);
    end_facts(args);
    cli_sound_close(&sound);
    return 0;
}

/* The sound beside the pictures; one that can't be read is said, and no more. */
static void sound_of_video(const cli_args *args, avsvt_context *context, const char *path)
{
    avsvt_audio_info info = AVSVT_AUDIO_INFO_INIT;
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_audio *audio = NULL;
    if (avsvt_audio_open(&audio, context, path, &err)) {
        text_fact(args, "sound", err.message);
        return;
    }
    avsvt_audio_describe(audio, &info, NULL);
    text_fact(args, "sound", info.format);
    number_fact(args, "sample_rate", info.rate_hz);
    number_fact(args, "channels", info.channels);
    number_fact(args, "sound_s", info.duration_s);
    avsvt_audio_free(audio);
}

static int video_facts(const cli_args *args, avsvt_context *context, const char *path,
                       const avsvt_video_info *info)
{
    text_fact(args, "kind", "video");
    text_fact(args, "path", path);
    text_fact(args, "format", info->format);
    number_fact(args, "width", info->width);
    number_fact(args, "height", info->height);
    number_fact(args, "rotation", info->rotation ? info->rotation : -1);
    rate_fact(args, "frame_rate", info->rate_hz);
    if (info->varies)
        text_fact(args, "timing", "the frame rate varies");
    number_fact(args, "frames", (double)info->frames);
    number_fact(args, "duration_s", info->duration_s);
    if (info->has_sound)
        sound_of_video(args, context, path);
    end_facts(args);
    return 0;
}

/* A video, or else a recording: files of one kind hold either. */
static int info_media(const cli_args *args, avsvt_context *context, const char *path)
{
    avsvt_video_info info = AVSVT_VIDEO_INFO_INIT;
    avsvt_video *video = NULL;
    avsvt_error err = AVSVT_ERROR_INIT;
    int is_array = has_ending(path, ".npy") || has_ending(path, ".npz");
    if (avsvt_video_open(&video, context, path, NULL, &err))
        return is_array ? cli_error(&err) : info_sound(args, context, path);
    avsvt_video_describe(video, &info, NULL);
    avsvt_video_free(video);
    return video_facts(args, context, path, &info);
}

/* A zip archive can only be a model, unless it is called an array. */
static int looks_like_model(const char *path)
{
    char start[4] = { 0 };
    FILE *file = cli_is_folder(path) ? NULL : fopen(path, "rb");
    if (has_ending(path, ".npz")) { /* which is a zip archive too */
        if (file)
            fclose(file);
        return 0;
    }
    if (file) {
        size_t got = fread(start, 1, sizeof start, file);
        fclose(file);
        if (got == sizeof start && !memcmp(start, "PK\3\4", 4))
            return 1;
    }
    return has_ending(path, ".pt");
}

static int run(const cli_args *args)
{
    const char *path = args->input_count ? args->inputs[0] : NULL;
    avsvt_context *context = NULL;
    int status = cli_context(&context, args);
    if (status)
        return status;
    if (!path || looks_like_model(path))
        status = info_model(args, context, path);
    else if (has_ending(path, ".yaml") || has_ending(path, ".yml"))
        status = info_pipeline(args, context, path);
    else if (cli_notes_rank(path) >= 0)
        status = info_notes(args, context, path);
    else
        status = info_media(args, context, path);
    avsvt_context_free(context);
    return status;
}

const cli_command cli_info = {
    "info", "[FILE]", "what a model, pipeline, recording, video or note file is",
    "Tells what FILE is: a model (.pt), a pipeline (.yaml), a list of notes (.csv, .json, .jams, "
    ".txt, .mid), a video (or its array of frames, .npy, .npz) or a recording. Without FILE it "
    "describes the built-in model. No network is loaded.",
    "  avsvt info\n"
    "  avsvt info song.flac --json\n"
    "  avsvt info clip.mp4\n",
    NULL, 0, 1, options, run,
};
