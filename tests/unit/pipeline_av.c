/* SPDX-License-Identifier: MIT */
/* Pipelines of sound and sight on the null backend: lengths, missing streams,
 * jobs, and every failed allocation. */
#include "support/test.h"

#include <stdio.h>

#include <avsvt/avsvt.h>

#include "support/failing_allocator.h"
#include "support/model_file.h"
#include "support/scratch.h"

#define RATE 16000
#define SHAPES(outputs) "null: {mode: shapes, outputs: [[1, " outputs "]]}\n"

static void put_model(const char *name, const char *manifest)
{
    size_t size;
    unsigned char *data = model_file_make(manifest, &size);
    scratch_write(name, data, size);
    free(data);
}

/* A pipeline file of these parts, and the model files. */
static const char *put_pipeline(const char *parts)
{
    char text[300];
    put_model("ear.pt", "avsvt: 1\nname: ear\nrole: extractor\n"
        "input: {kind: audio, sample_rate: 16000, hop: 320}\n" SHAPES("T, 4"));
    put_model("eye.pt", "avsvt: 1\nname: eye\nrole: extractor\n"
        "input: {kind: video, width: 2, height: 2, frame_rate: 50}\n" SHAPES("F, 4"));
    put_model("joint.pt", "avsvt: 1\nname: joint\nrole: extractor\n"
        "input: {kind: audio-video, sample_rate: 16000, hop: 320, width: 2, height: 2, "
        "frame_rate: 50}\n" SHAPES("T, 4"));
    put_model("both.pt", "avsvt: 1\nname: both\nrole: fusion\n"
        "input: {audio_width: 4, video_width: 4}\n" SHAPES("F, 4"));
    put_model("head.pt", "avsvt: 1\nname: head\nrole: head\ntask: notes\n"
        "output: {layout: notes20}\n" SHAPES("F, 20"));
    snprintf(text, sizeof(text), "avsvt: 1\ntask: notes\n%s\nhead: head.pt\n", parts);
    return scratch_write("p.yaml", text, strlen(text));
}

#define JOINT "audio-video: joint.pt\n"
#define ALL "audio: ear.pt\nvideo: eye.pt\nfusion: both.pt\n"

static avsvt_pipeline *open_pipeline(const char *parts)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_context *context = model_file_null_context(NULL);
    avsvt_pipeline *p;
    if (avsvt_pipeline_open(&p, context, put_pipeline(parts), NULL, &err))
        fail_msg("%s", err.message);
    avsvt_context_free(context);
    return p;
}

static avsvt_tensor *pictures(int64_t frames)
{
    int64_t shape[3] = { frames, 3, 3 };
    uint8_t *data = calloc((size_t)frames, 9);
    avsvt_tensor *t;
    assert_non_null(data);
    assert_int_equal(avsvt_tensor_create(&t, NULL, AVSVT_U8, 3, shape, data,
                                         NULL, NULL, NULL), AVSVT_OK);
    free(data);
    return t;
}

static avsvt_audio *silence(double seconds)
{
    static const float zeros[100 * RATE];
    avsvt_audio *audio;
    assert_int_equal(avsvt_audio_open_samples(&audio, NULL, zeros,
        (int64_t)(seconds * RATE), 1, RATE, NULL), AVSVT_OK);
    return audio;
}

static avsvt_video *film_of(avsvt_context *context, int64_t frames, int32_t pixels)
{
    avsvt_video_options opts = AVSVT_VIDEO_OPTIONS_INIT;
    avsvt_tensor *t = pictures(frames);
    avsvt_video *video = NULL;
    opts.pixels = pixels;
    avsvt_video_open_frames(&video, context, t, &opts, NULL);
    avsvt_tensor_free(t);
    return video; /* NULL: no memory */
}

/* Frames of a run; seconds 0: no sound, frames 0: no pictures. Pictures are
 * given at once, or as a video: the same must come out. */
static int64_t run_as(avsvt_pipeline *p, double seconds, int64_t frames, int as_video)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_run_options o = AVSVT_RUN_OPTIONS_INIT;
    avsvt_activations_info info = AVSVT_ACTIVATIONS_INFO_INIT;
    avsvt_audio *audio = seconds > 0 ? silence(seconds) : NULL;
    avsvt_activations *acts;
    o.crops = frames && !as_video ? pictures(frames) : NULL;
    o.video = frames && as_video ? film_of(NULL, frames, AVSVT_VIDEO_GREY) : NULL;
    if (avsvt_pipeline_activations(&acts, p, audio, &o, &err))
        fail_msg("%s", err.message);
    assert_int_equal(avsvt_activations_describe(acts, &info), AVSVT_OK);
    assert_true(!avsvt_activations_level(acts) == !audio);
    assert_true(audio || !avsvt_activations_voice(acts));
    avsvt_activations_free(acts);
    avsvt_audio_free(audio);
    avsvt_tensor_free(o.crops);
    avsvt_video_free(o.video);
    return info.frames;
}

static int64_t run(avsvt_pipeline *p, double seconds, int64_t frames)
{
    int64_t count = run_as(p, seconds, frames, 0);
    assert_int_equal(run_as(p, seconds, frames, 1), count);
    return count;
}

static void the_sound_gives_the_length_else_the_pictures(void **state)
{
    static const char *const modes[] = { "overlap", "whole", "published" };
    char parts[200];
    (void)state;
    for (int i = 0; i < 3; i++) {
        snprintf(parts, sizeof(parts), ALL "chunk: {mode: %s}", modes[i]);
        avsvt_pipeline *p = open_pipeline(parts);
        /* The null extractor gives samples / hop + 1 frames of each piece. */
        int64_t sound = i == 2 ? 14 * 251 + 351 : 3851;
        assert_int_equal(run(p, 77, 100), sound);
        assert_int_equal(run(p, 77, 5000), sound);
        assert_int_equal(run(p, 77, 0), sound);
        assert_int_equal(run(p, 0, 1234), i == 2 ? 1229 : 1234);
        assert_true(avsvt_pipeline_rate_hz(p) == RATE);
        assert_true(avsvt_pipeline_picture_hz(p) == 50);
        avsvt_pipeline_free(p);
    }
}

static void pictures_alone_give_a_frame_each(void **state)
{
    static const char *const modes[] = { "overlap", "whole", "published" };
    char parts[200];
    (void)state;
    for (int i = 0; i < 3; i++) {
        snprintf(parts, sizeof(parts), "video: eye.pt\nchunk: {mode: %s}", modes[i]);
        avsvt_pipeline *p = open_pipeline(parts);
        assert_int_equal(run(p, 0, 1), 1);
        assert_int_equal(run(p, 0, 1000), 1000);
        assert_int_equal(run(p, 0, 4321), 4321);
        assert_true(avsvt_pipeline_rate_hz(p) == 0);
        avsvt_pipeline_free(p);
    }
}

#define SEES "avsvt: 1\nname: lips\nrole: pipeline\ntask: notes\n" \
    "input: {kind: video, width: 2, height: 2, frame_rate: 50}\n"
#define NOTES "output: {layout: notes20, frame_rate: 50}\n"

static void a_model_that_only_sees_is_a_pipeline(void **state)
{
    static const char *const modes[] = { "overlap", "whole", "published" };
    avsvt_context *context = model_file_null_context(NULL);
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_pipeline_options o = AVSVT_PIPELINE_OPTIONS_INIT;
    avsvt_run_options r = AVSVT_RUN_OPTIONS_INIT;
    avsvt_activations *acts;
    avsvt_pipeline *p;
    char text[400];
    (void)state;
    for (int i = 0; i < 3; i++) {
        snprintf(text, sizeof(text), SEES NOTES "chunk: {mode: %s, length_s: 5}\n"
                 SHAPES("F, 20"), modes[i]);
        put_model("lips.pt", text);
        assert_int_equal(avsvt_pipeline_open(&p, context, scratch_path("lips.pt"), NULL, &err),
                         AVSVT_OK);
        assert_int_equal(run(p, 0, 1), 1);
        assert_int_equal(run(p, 0, 4321), 4321);
        assert_true(avsvt_pipeline_rate_hz(p) == 0 && avsvt_pipeline_picture_hz(p) == 50);
        assert_int_equal(avsvt_pipeline_picture_side(p), 2);
        assert_string_equal(avsvt_pipeline_backend(p), "null");
        avsvt_audio *audio = silence(1);
        assert_int_equal(avsvt_pipeline_activations(&acts, p, audio, &r, &err), AVSVT_E_ARG);
        assert_says(err, "takes pictures");
        avsvt_audio_free(audio);
        r.crops = pictures(3);
        assert_int_equal(avsvt_pipeline_features(&acts, p, NULL, r.crops, &err), AVSVT_E_ARG);
        assert_says(err, "is one network");
        avsvt_tensor_free(r.crops);
        r.crops = NULL;
        avsvt_pipeline_free(p);
    }
    o.chunks = AVSVT_CHUNKS_PUBLISHED;
    put_model("lips.pt", SEES NOTES SHAPES("F, 20"));
    assert_int_equal(avsvt_pipeline_open(&p, context, scratch_path("lips.pt"), &o, &err),
                     AVSVT_E_ARG);
    assert_says(err, "for models trained on them");
    avsvt_context_free(context);
}

static void a_model_that_only_sees_must_keep_its_promise(void **state)
{
    avsvt_context *context = model_file_null_context(NULL);
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_run_options r = AVSVT_RUN_OPTIONS_INIT;
    avsvt_activations *acts;
    avsvt_pipeline *p;
    (void)state;
    put_model("lips.pt", SEES NOTES SHAPES("F, 7"));
    assert_int_equal(avsvt_pipeline_open(&p, context, scratch_path("lips.pt"), NULL, &err),
                     AVSVT_OK);
    r.crops = pictures(30);
    assert_int_equal(avsvt_pipeline_activations(&acts, p, NULL, &r, &err), AVSVT_E_BACKEND);
    assert_says(err, "gave 7 values for a frame");
    avsvt_tensor_free(r.crops);
    avsvt_pipeline_free(p);
    static const struct { const char *manifest, *told; } wrong[] = {
        { SEES "output: {layout: notes20, frame_rate: 50, fine: {bins: 9}}\n", "output.fine" },
        { "avsvt: 1\nname: lips\nrole: pipeline\ntask: notes\ninput: {kind: video, "
          "width: 2, height: 2}\n" NOTES, "frame_rate" },
        { "avsvt: 1\nname: lips\nrole: pipeline\ntask: notes\ninput: {kind: video, "
          "width: 2, frame_rate: 50}\n" NOTES, "input.height" } };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        put_model("lips.pt", wrong[i].manifest);
        assert_int_equal(avsvt_pipeline_open(&p, context, scratch_path("lips.pt"), NULL, &err),
                         AVSVT_E_FORMAT);
        assert_null(p);
        assert_says(err, wrong[i].told);
    }
    avsvt_context_free(context);
}

static void a_feed_needs_a_pipeline_that_hears(void **state)
{
    static const char *const deaf[] = { "video: eye.pt\n", "fusion: both.pt\n" };
    avsvt_feed_options o = AVSVT_FEED_OPTIONS_INIT;
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_feed *feed;
    (void)state;
    o.rate_hz = RATE;
    for (int i = 0; i < 2; i++) {
        avsvt_pipeline *p = open_pipeline(deaf[i]);
        assert_int_equal(avsvt_feed_open(&feed, p, &o, &err), AVSVT_E_ARG);
        assert_null(feed);
        assert_says(err, "hears no sound");
        avsvt_pipeline_free(p);
    }
}

static void one_encoder_of_both_gives_the_length_of_the_sound(void **state)
{
    static const char *const modes[] = { "overlap", "whole" };
    avsvt_error err = AVSVT_ERROR_INIT;
    char parts[200];
    avsvt_pipeline *p;
    (void)state;
    for (int i = 0; i < 2; i++) {
        snprintf(parts, sizeof(parts), JOINT "chunk: {mode: %s}", modes[i]);
        p = open_pipeline(parts);
        assert_int_equal(run(p, 77, 100), 3851);
        assert_int_equal(run(p, 77, 5000), 3851);
        assert_int_equal(run(p, 77, 0), 3851);
        assert_int_equal(run(p, 0.001, 1), 1);
        assert_int_equal(run(p, 0, 1234), 1235);
        assert_true(avsvt_pipeline_rate_hz(p) == RATE);
        assert_true(avsvt_pipeline_picture_hz(p) == 50);
        avsvt_pipeline_free(p);
    }
    avsvt_context *context = model_file_null_context(NULL);
    static const struct { const char *parts, *told; } wrong[] = {
        { JOINT "audio: ear.pt", "don't go with it" },
        { JOINT ALL, "don't go with it" },
        { "audio-video: eye.pt", "extractor of sound and pictures" },
        { "video: joint.pt", "'audio-video:'" },
        { JOINT "chunk: {mode: published}", "no published utterances" },
        { ALL "chunk: {lenght_s: 3}", "'chunk.lenght_s' is not a key" },
        { ALL "chunk: whole", "'chunk: {mode: ...}'), not the value 'whole'" },
        { ALL "decode: {onset_treshold: 0.2}", "'decode.onset_treshold' is not a key" },
        { ALL "decode: [0.2]", "'decode' must be a mapping of keys, not a list" } };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_not_equal(avsvt_pipeline_open(&p, context, put_pipeline(wrong[i].parts),
                                                 NULL, &err), AVSVT_OK);
        assert_null(p);
        assert_says(err, wrong[i].told);
    }
    avsvt_context_free(context);
}

static void a_video_must_be_one_that_can_be_taken(void **state)
{
    avsvt_pipeline *p = open_pipeline(ALL), *deaf = open_pipeline("audio: ear.pt");
    avsvt_run_options o = AVSVT_RUN_OPTIONS_INIT;
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_notes *notes;
    uint8_t room[9];
    size_t got;
    (void)state;
    o.video = film_of(NULL, 50, AVSVT_VIDEO_GREY);
    o.crops = pictures(50);
    assert_int_equal(avsvt_pipeline_notes_audio(&notes, p, NULL, &o, &err), AVSVT_E_ARG);
    assert_says(err, "beside a video");
    avsvt_tensor_free(o.crops);
    o.crops = NULL;
    o.crops_rate_hz = 25;
    assert_int_equal(avsvt_pipeline_notes_audio(&notes, p, NULL, &o, &err), AVSVT_E_ARG);
    o.crops_rate_hz = 0;
    assert_int_equal(avsvt_video_read(o.video, room, 1, &got, NULL), AVSVT_OK);
    assert_int_equal(avsvt_pipeline_notes_audio(&notes, p, NULL, &o, &err), AVSVT_E_ARG);
    assert_says(err, "anew for each run");
    avsvt_audio *audio = silence(1);
    assert_int_equal(avsvt_pipeline_notes_audio(&notes, deaf, audio, &o, &err), AVSVT_E_ARG);
    assert_says(err, "takes no pictures");
    avsvt_audio_free(audio);
    avsvt_video_free(o.video);
    o.video = film_of(NULL, 50, AVSVT_VIDEO_RGB);
    assert_int_equal(avsvt_pipeline_notes_audio(&notes, p, NULL, &o, &err), AVSVT_E_ARG);
    assert_says(err, "AVSVT_VIDEO_GREY");
    assert_null(notes);
    avsvt_video_free(o.video);
    avsvt_pipeline_free(p);
    avsvt_pipeline_free(deaf);
}

static void a_job_keeps_its_pictures(void **state)
{
    avsvt_pipeline *p = open_pipeline(ALL);
    avsvt_run_options o = AVSVT_RUN_OPTIONS_INIT;
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_job *job;
    avsvt_notes *notes;
    float samples[RATE] = { 0 };
    (void)state;
    assert_int_equal(avsvt_audio_write(scratch_path("x.wav"), samples, RATE, RATE, &err), AVSVT_OK);
    o.crops = pictures(50);
    assert_int_equal(avsvt_job_start(&job, p, scratch_path("x.wav"), &o, &err), AVSVT_OK);
    avsvt_tensor_free(o.crops); /* the job has counted it */
    if (avsvt_job_take_notes(&notes, job, &err))
        fail_msg("%s", err.message);
    avsvt_notes_free(notes);
    avsvt_job_free(job);
    avsvt_pipeline_free(p);
}

static int32_t stop(void *user, double done_s, double total_s)
{
    (void)total_s;
    return done_s >= *(double *)user;
}

static void cancelling_is_heard_without_sound_too(void **state)
{
    static const char *const parts[] = { ALL, ALL "chunk: {mode: published}",
                                         "video: eye.pt" };
    (void)state;
    for (int i = 0; i < 3; i++) {
        avsvt_pipeline *p = open_pipeline(parts[i]);
        avsvt_run_options o = AVSVT_RUN_OPTIONS_INIT;
        avsvt_notes *notes;
        double at = 4;
        o.crops = pictures(3000);
        o.progress = stop;
        o.user = &at;
        assert_int_equal(avsvt_pipeline_notes_audio(&notes, p, NULL, &o, NULL),
                         AVSVT_E_CANCELLED);
        assert_null(notes);
        avsvt_tensor_free(o.crops);
        avsvt_pipeline_free(p);
    }
}

static void features_are_checked(void **state)
{
    static const int64_t shape[2] = { 9, 4 }, wide[2] = { 9, 5 };
    static const float zeros[45];
    avsvt_pipeline *p = open_pipeline("fusion: both.pt\nframe_rate: 50\n");
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_activations *acts;
    avsvt_tensor *t, *w;
    (void)state;
    assert_int_equal(avsvt_tensor_create(&t, NULL, AVSVT_F32, 2, shape, zeros, NULL, NULL, NULL), AVSVT_OK);
    assert_int_equal(avsvt_tensor_create(&w, NULL, AVSVT_F32, 2, wide, zeros, NULL, NULL, NULL), AVSVT_OK);
    assert_int_equal(avsvt_pipeline_features(&acts, p, t, NULL, &err), AVSVT_OK);
    avsvt_activations_free(acts);
    assert_int_equal(avsvt_pipeline_features(&acts, p, t, w, &err), AVSVT_E_ARG);
    assert_null(acts);
    assert_int_equal(avsvt_pipeline_features(&acts, p, NULL, NULL, &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_pipeline_features(NULL, p, t, NULL, &err), AVSVT_E_ARG);
    avsvt_pipeline_free(p);
    assert_int_equal(avsvt_pipeline_open(&p, NULL, NULL, NULL, NULL), AVSVT_OK);
    assert_int_equal(avsvt_pipeline_features(&acts, p, t, NULL, &err), AVSVT_E_ARG);
    assert_true(avsvt_pipeline_picture_hz(p) == 0 && avsvt_pipeline_picture_hz(NULL) == 0);
    avsvt_pipeline_free(p);
    avsvt_tensor_free(t);
    avsvt_tensor_free(w);
}

static avsvt_status without_memory(const avsvt_allocator *a, void *user)
{
    avsvt_context_options o = AVSVT_CONTEXT_OPTIONS_INIT;
    avsvt_run_options r = AVSVT_RUN_OPTIONS_INIT;
    avsvt_context *context = NULL;
    avsvt_pipeline *p = NULL;
    avsvt_audio *audio = silence(0.3);
    avsvt_notes *notes = NULL;
    o.backend = "null";
    o.allocator = a;
    avsvt_status status = avsvt_context_create(&context, &o, NULL);
    if (status == AVSVT_OK && !(r.video = film_of(context, 9, AVSVT_VIDEO_GREY)))
        status = AVSVT_E_NOMEM;
    if (status == AVSVT_OK)
        status = avsvt_pipeline_open(&p, context, user, NULL, NULL);
    if (status == AVSVT_OK)
        status = avsvt_pipeline_notes_audio(&notes, p, audio, &r, NULL);
    avsvt_notes_free(notes);
    avsvt_pipeline_free(p);
    avsvt_video_free(r.video);
    avsvt_audio_free(audio);
    avsvt_context_free(context);
    return status;
}

static avsvt_status seen_without_memory(const avsvt_allocator *a, void *user)
{
    avsvt_context_options o = AVSVT_CONTEXT_OPTIONS_INIT;
    avsvt_run_options r = AVSVT_RUN_OPTIONS_INIT;
    avsvt_context *context = NULL;
    avsvt_pipeline *p = NULL;
    avsvt_notes *notes = NULL;
    o.backend = "null";
    o.allocator = a;
    r.crops = pictures(9);
    avsvt_status status = avsvt_context_create(&context, &o, NULL);
    if (status == AVSVT_OK)
        status = avsvt_pipeline_open(&p, context, user, NULL, NULL);
    if (status == AVSVT_OK)
        status = avsvt_pipeline_notes_audio(&notes, p, NULL, &r, NULL);
    avsvt_notes_free(notes);
    avsvt_pipeline_free(p);
    avsvt_tensor_free(r.crops);
    avsvt_context_free(context);
    return status;
}

static void every_failed_allocation_is_told(void **state)
{
    static const char *const parts[] = { ALL, ALL "chunk: {mode: published}", JOINT };
    char path[4096];
    (void)state;
    for (int i = 0; i < 3; i++) {
        strcpy(path, put_pipeline(parts[i]));
        assert_true(failing_allocator_each(without_memory, path) > 20);
    }
    put_model("lips.pt", SEES NOTES SHAPES("F, 20"));
    strcpy(path, scratch_path("lips.pt"));
    assert_true(failing_allocator_each(seen_without_memory, path) > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sound_gives_the_length_else_the_pictures),
        cmocka_unit_test(pictures_alone_give_a_frame_each),
        cmocka_unit_test(a_model_that_only_sees_is_a_pipeline),
        cmocka_unit_test(a_model_that_only_sees_must_keep_its_promise),
        cmocka_unit_test(a_feed_needs_a_pipeline_that_hears),
        cmocka_unit_test(one_encoder_of_both_gives_the_length_of_the_sound),
        cmocka_unit_test(a_video_must_be_one_that_can_be_taken),
        cmocka_unit_test(a_job_keeps_its_pictures),
        cmocka_unit_test(cancelling_is_heard_without_sound_too),
        cmocka_unit_test(features_are_checked),
        cmocka_unit_test(every_failed_allocation_is_told),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
