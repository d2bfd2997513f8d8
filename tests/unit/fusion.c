/* SPDX-License-Identifier: MIT */
/* Fusion on the null backend: alignment, a missing stream, bad input. */
#include "support/test.h"

#include <math.h>

#include "fusion/align.h"
#include "support/failing_allocator.h"
#include "support/model_file.h"

#define MANIFEST \
    "avsvt: 1\nname: f\nrole: fusion\n" \
    "input: {kind: features, audio_width: 2, video_width: 3, video_repeat: 2}\n" \
    "output: {width: 4}\nnull: {mode: shapes, outputs: [[1, F, 4]]}\n"

static avsvt_fusion *open_fusion(avsvt_context *context, const char *manifest)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_fusion *f;
    avsvt_model *model = model_file_open(context, manifest);
    if (avsvt_fusion_create(&f, model, &err) != AVSVT_OK)
        fail_msg("%s", err.message);
    avsvt_model_free(model);
    return f;
}

static avsvt_tensor *features(int64_t frames, int64_t width)
{
    int64_t shape[2] = { frames, width };
    avsvt_tensor *t;
    float *data = malloc((size_t)(frames * width + 1) * sizeof(*data));
    assert_non_null(data);
    for (int64_t i = 0; i < frames * width; i++)
        data[i] = (float)(i / width + 1);
    assert_int_equal(avsvt_tensor_create(&t, NULL, AVSVT_F32, 2, shape, data,
                                         NULL, NULL, NULL), AVSVT_OK);
    free(data);
    return t;
}

/* Rows (from 1, 0: zeros) that audio frames take from a video of 4 frames. */
static void assert_takes(avsvti_alignment by, int64_t frames, const char *rows,
                         int64_t missing, int64_t unused)
{
    avsvt_tensor *video = features(4, 2);
    avsvti_misfit misfit;
    const float *fitted;
    float *room;
    assert_int_equal(avsvti_align(&fitted, &room, &misfit,
        avsvti_default_allocator(), video, frames, &by, NULL), AVSVT_OK);
    for (int64_t i = 0; i < frames; i++) {
        assert_true(fitted[2 * i] == (float)(rows[i] - '0'));
        assert_true(fitted[2 * i + 1] == (float)(rows[i] - '0'));
    }
    assert_int_equal(misfit.missing, missing);
    assert_int_equal(misfit.unused, unused);
    avsvti_release(avsvti_default_allocator(), room);
    avsvt_tensor_free(video);
}

static void counted_frames_are_cut_repeated_or_filled_up(void **state)
{
    avsvti_alignment same = { 1, 0, 0, 0, 0 }, twice = { 2, 0, 0, 0, 0 };
    (void)state;
    assert_takes(same, 3, "123", 0, 1);
    assert_takes(same, 4, "1234", 0, 0);
    assert_takes(same, 6, "123400", 2, 0);
    assert_takes(twice, 5, "11223", 0, 3);
    assert_takes(twice, 9, "112233440", 1, 0);
}

static void by_time_the_picture_in_the_middle_is_taken(void **state)
{
    (void)state;
    assert_takes((avsvti_alignment){ 1, 50, 50, 0, 0 }, 5, "12340", 1, 0);
    assert_takes((avsvti_alignment){ 2, 50, 25, 0, 0 }, 8, "11223344", 0, 0);
    assert_takes((avsvti_alignment){ 1, 25, 50, 0, 0 }, 3, "240", 1, 0);
    assert_takes((avsvti_alignment){ 1, 50, 50, 0, 0.1 }, 7, "0000012", 5, 2);
    assert_takes((avsvti_alignment){ 1, 50, 50, 0.04, 0 }, 3, "340", 1, 0);
    /* 49.8 against 50 Hz: an hour on, the frames are still those of the time. */
    avsvti_alignment hour = { 1, 49.8, 50, 0, 0 };
    assert_int_equal(avsvti_align_frame(&hour, 179280, 1 << 20), 180000);
    assert_int_equal(avsvti_align_span(&hour, 180000), 179280);
}

static avsvt_status fuse(avsvt_fusion *f, avsvt_tensor *audio,
                         avsvt_tensor *video, int64_t frames, avsvt_error *err)
{
    avsvt_tensor *out;
    avsvt_status status = avsvt_fusion_run(&out, f, audio, video, err);
    assert_true(!out == (status != AVSVT_OK));
    if (out) {
        assert_int_equal(avsvt_tensor_size(out, 0), frames);
        assert_int_equal(avsvt_tensor_size(out, 1), 4);
    }
    avsvt_tensor_free(out);
    return status;
}

static void either_stream_may_be_missing(void **state)
{
    avsvt_context *context = model_file_null_context(NULL);
    avsvt_fusion *f = open_fusion(context, MANIFEST);
    avsvt_tensor *audio = features(9, 2), *video = features(5, 3);
    avsvt_error err = AVSVT_ERROR_INIT;
    (void)state;
    assert_int_equal(fuse(f, audio, video, 9, &err), AVSVT_OK);
    assert_int_equal(fuse(f, audio, NULL, 9, &err), AVSVT_OK);
    assert_int_equal(fuse(f, NULL, video, 10, &err), AVSVT_OK);
    assert_int_equal(fuse(f, NULL, NULL, 0, &err), AVSVT_E_ARG);
    avsvt_fusion_free(f);
    f = open_fusion(context, "avsvt: 1\nname: f\nrole: fusion\n"
                    "null: {mode: shapes, outputs: [[1, F, 4]]}\n");
    assert_int_equal(fuse(f, audio, NULL, 0, &err), AVSVT_E_ARG);
    assert_says(err, "input.video_width");
    avsvt_fusion_free(f);
    avsvt_tensor_free(audio);
    avsvt_tensor_free(video);
    avsvt_context_free(context);
}

static void what_does_not_fit_is_refused(void **state)
{
    avsvt_context *context = model_file_null_context(NULL);
    avsvt_fusion *f = open_fusion(context, MANIFEST);
    avsvt_tensor *audio = features(9, 2), *wide = features(9, 5), *out;
    avsvt_tensor *none = features(0, 3), *video = features(5, 3);
    avsvt_fusion_times times = AVSVT_FUSION_TIMES_INIT;
    avsvt_error err = AVSVT_ERROR_INIT;
    (void)state;
    assert_int_equal(fuse(f, audio, wide, 0, &err), AVSVT_E_ARG);
    assert_says(err, "video features have 5 values");
    assert_int_equal(fuse(f, audio, none, 0, &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_fusion_run(NULL, f, audio, video, NULL), AVSVT_E_ARG);
    times.audio_rate_hz = 50;
    assert_int_equal(avsvt_fusion_run_timed(&out, f, audio, video, &times, &err), AVSVT_E_ARG);
    times.video_rate_hz = 50;
    times.video_start_s = (double)NAN;
    assert_int_equal(avsvt_fusion_run_timed(&out, f, audio, video, &times, &err), AVSVT_E_ARG);
    times.video_start_s = 0;
    times.reserved = 1;
    assert_int_equal(avsvt_fusion_run_timed(&out, f, audio, video, &times, &err), AVSVT_E_ARG);
    times.reserved = 0;
    times.audio_start_s = 10; /* the video is over by then, and there is no sound */
    assert_int_equal(avsvt_fusion_run_timed(&out, f, NULL, video, &times, &err), AVSVT_E_ARG);
    assert_says(err, "ended before");
    assert_null(out);
    assert_int_equal(avsvt_fusion_run_timed(&out, f, audio, video, &times, &err), AVSVT_OK);
    avsvt_tensor_free(out);
    avsvt_tensor_free(audio);
    avsvt_tensor_free(wide);
    avsvt_tensor_free(none);
    avsvt_tensor_free(video);
    avsvt_fusion_free(f);
    avsvt_context_free(context);
}

static void a_manifest_that_cannot_be_is_refused(void **state)
{
    avsvt_context *context = model_file_null_context(NULL);
    avsvt_model *model = model_file_open(context,
        "avsvt: 1\nname: f\nrole: fusion\ninput: {video_repeat: 0}\n");
    avsvt_fusion *f;
    avsvt_error err = AVSVT_ERROR_INIT;
    (void)state;
    assert_int_equal(avsvt_fusion_create(&f, model, &err), AVSVT_E_FORMAT);
    assert_says(err, "input.video_repeat");
    assert_null(f);
    avsvt_model_free(model);
    avsvt_context_free(context);
}

static avsvt_status without_memory(const avsvt_allocator *a, void *user)
{
    avsvt_fusion *f = NULL;
    avsvt_tensor *out = NULL, *audio = features(9, 2), *video = features(3, 3);
    avsvt_context *failing = NULL;
    avsvt_context_options o = AVSVT_CONTEXT_OPTIONS_INIT;
    avsvt_model *model = NULL;
    size_t size;
    unsigned char *data = model_file_make(MANIFEST, &size);
    (void)user;
    o.backend = "null";
    o.allocator = a;
    avsvt_status status = avsvt_context_create(&failing, &o, NULL);
    if (status == AVSVT_OK)
        status = avsvt_model_open_memory(&model, failing, data, size, "m", NULL);
    if (status == AVSVT_OK)
        status = avsvt_fusion_create(&f, model, NULL);
    if (status == AVSVT_OK)
        status = avsvt_fusion_run(&out, f, audio, video, NULL);
    if (status == AVSVT_OK) {
        avsvt_tensor_free(out);
        status = avsvt_fusion_run(&out, f, NULL, video, NULL);
    }
    free(data);
    avsvt_tensor_free(out);
    avsvt_tensor_free(audio);
    avsvt_tensor_free(video);
    avsvt_fusion_free(f);
    avsvt_model_free(model);
    avsvt_context_free(failing);
    return status;
}

static void every_failed_allocation_is_told(void **state)
{
    (void)state;
    assert_true(failing_allocator_each(without_memory, NULL) > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counted_frames_are_cut_repeated_or_filled_up),
        cmocka_unit_test(by_time_the_picture_in_the_middle_is_taken),
        cmocka_unit_test(either_stream_may_be_missing),
        cmocka_unit_test(what_does_not_fit_is_refused),
        cmocka_unit_test(a_manifest_that_cannot_be_is_refused),
        cmocka_unit_test(every_failed_allocation_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
