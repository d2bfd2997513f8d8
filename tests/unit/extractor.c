/* SPDX-License-Identifier: MIT */
/* Extractors on the null backend: pictures cut and normalised, bad input. */
#include "support/test.h"

#include <math.h>

#include "features/crops.h"
#include "support/failing_allocator.h"
#include "support/model_file.h"

#define LIPS \
    "avsvt: 1\nname: lips\nrole: extractor\n" \
    "input: {kind: video, width: 4, height: 2, mean: 0.5, deviation: 0.25}\n" \
    "null: {mode: shapes, outputs: [[1, F, 3]], fill: mean}\n"
#define BOTH \
    "avsvt: 1\nname: both\nrole: extractor\n" \
    "input: {kind: audio-video, sample_rate: 16000, hop: 640, width: 4, " \
    "height: 2}\nnull: {mode: shapes, outputs: [[1, 7, 3]]}\n"
#define SOUND \
    "avsvt: 1\nname: ssl\nrole: extractor\n" \
    "input: {sample_rate: 16000, hop: 320}\n" \
    "null: {mode: shapes, outputs: [[1, T, 3]]}\n"

static avsvt_extractor *make(avsvt_context *context, const char *manifest)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_extractor *e;
    avsvt_model *model = model_file_open(context, manifest);
    if (avsvt_extractor_create(&e, model, &err) != AVSVT_OK)
        fail_msg("%s", err.message);
    avsvt_model_free(model);
    return e;
}

static avsvt_tensor *pictures(int32_t dtype, int64_t frames, int64_t high,
                              int64_t wide)
{
    int64_t shape[3] = { frames, high, wide };
    size_t n = (size_t)(frames * high * wide);
    float *grey = malloc((n + 1) * sizeof(*grey));
    uint8_t *bytes = malloc(n + 1);
    avsvt_tensor *t;
    assert_non_null(grey);
    assert_non_null(bytes);
    for (size_t i = 0; i < n; i++) {
        bytes[i] = (uint8_t)(i * 7);
        grey[i] = bytes[i];
    }
    assert_int_equal(avsvt_tensor_create(&t, NULL, dtype, 3, shape,
        dtype == AVSVT_U8 ? (void *)bytes : (void *)grey, NULL, NULL, NULL),
        AVSVT_OK);
    free(grey);
    free(bytes);
    return t;
}

static void the_middle_is_cut_out_and_normalised(void **state)
{
    avsvti_crop_rule rule = { 4, 2, 0.5, 0.25 };
    (void)state;
    for (int32_t pass = 0; pass < 2; pass++) {
        /* 4 rows: one above and below; 7 columns: one more right. */
        avsvt_tensor *crops = pictures(pass ? AVSVT_F32 : AVSVT_U8, 3, 4, 7);
        float made[2 * 2 * 4];
        assert_int_equal(avsvti_crops_check(crops, &rule, NULL), AVSVT_OK);
        avsvti_pictures plain = avsvti_pictures_plain(crops);
        avsvti_crops_prepare(made, &plain, 1, 2, &rule);
        for (size_t t = 0; t < 2; t++)
            for (size_t y = 0; y < 2; y++)
                for (size_t x = 0; x < 4; x++) {
                    size_t from = ((t + 1) * 4 + 1 + y) * 7 + 1 + x;
                    float grey = (float)(uint8_t)(from * 7) / 255.0f;
                    float expected = (grey - 0.5f) / 0.25f;
                    assert_true(fabsf(made[(t * 2 + y) * 4 + x] - expected) < 1e-6f);
                }
        avsvt_tensor_free(crops);
    }
}

static void pictures_of_another_rate_are_taken_by_time(void **state)
{
    static const struct { double rate, start, model; int64_t first, end, at; }
    cases[] = {
        { 50, 0, 50, 0, 100, 7 },      { 25, 0, 50, 0, 200, 3 },
        { 50, 0, 25, 0, 50, 14 },      { 50, 0.04, 50, 2, 102, 5 },
        { 50, -0.04, 50, 0, 98, 9 },   { 29.97, 0, 50, 0, 167, 4 },
        { 50, 0.0075, 50, 0, 100, 7 }, { 50, -3, 50, 0, 0, 157 },
    };
    avsvt_tensor *crops = pictures(AVSVT_U8, 100, 2, 2);
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        avsvti_pictures p = { crops, cases[i].rate, cases[i].start, cases[i].model,
                              0, 100 };
        int64_t first, end;
        avsvti_pictures_span(&p, &first, &end);
        assert_int_equal(first, cases[i].first);
        assert_int_equal(end, cases[i].end);
        assert_int_equal(avsvti_pictures_at(&p, 7), cases[i].at);
        for (int64_t k = first; k < end; k++)
            assert_in_range(avsvti_pictures_at(&p, k), 0, 99);
        p.count = AVSVTI_GOES_ON;
        avsvti_pictures_span(&p, &first, &end);
        assert_int_equal(first, cases[i].first);
        assert_true(end == AVSVTI_GOES_ON);
    }
    avsvt_tensor_free(crops);
}

/* However a time that lies between two pictures is rounded, it is the earlier one's:
 * a video that begins half a picture late is still one picture a frame. */
static void on_a_border_the_earlier_picture_is_shown(void **state)
{
    static const struct { double rate, start, model; int64_t first, step; } cases[] = {
        { 25, 0.5, 25, -13, 1 }, { 25, 0.1, 25, -3, 1 }, { 50, 0.05, 50, -3, 1 },
        { 50, -0.01, 50, 0, 1 }, { 50, 0, 25, 0, 2 },    { 100, 0, 50, 0, 2 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        avsvti_pictures p = { NULL, cases[i].rate, cases[i].start, cases[i].model, 0,
                              AVSVTI_GOES_ON };
        for (int64_t k = 0; k < 200000; k++)
            assert_true(avsvti_pictures_at(&p, k) == cases[i].first + k * cases[i].step);
    }
}

/* Whether a video is opened at the model's rate or its pictures are taken for the
 * model's frames, they are the same. */
static void a_video_of_that_rate_shows_the_same_pictures(void **state)
{
    static const double rates[][2] = { { 50, 25 }, { 25, 50 }, { 30, 25 }, { 100, 25 },
        { 60, 25 }, { 29.97, 25 }, { 50, 50 }, { 24, 25 }, { 75, 50 }, { 12.5, 50 } };
    int64_t shape[3] = { 100, 1, 1 };
    uint8_t numbers[100], shown[800];
    avsvt_tensor *frames;
    (void)state;
    for (int i = 0; i < 100; i++)
        numbers[i] = (uint8_t)i;
    assert_int_equal(avsvt_tensor_create(&frames, NULL, AVSVT_U8, 3, shape, numbers, NULL, NULL,
                                         NULL), AVSVT_OK);
    for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
        avsvti_pictures p = { NULL, rates[i][0], 0, rates[i][1], 0, 100 };
        avsvt_video_options o = AVSVT_VIDEO_OPTIONS_INIT;
        avsvt_video *video;
        int64_t first, end;
        size_t got;
        o.array_rate_hz = rates[i][0];
        o.rate_hz = rates[i][1];
        assert_int_equal(avsvt_video_open_frames(&video, NULL, frames, &o, NULL), AVSVT_OK);
        assert_int_equal(avsvt_video_read(video, shown, sizeof(shown), &got, NULL), AVSVT_OK);
        avsvti_pictures_span(&p, &first, &end);
        assert_int_equal(first, 0);
        assert_in_range(got, end - 1, end + 1);
        for (size_t k = 0; k < got && k < (size_t)end; k++)
            assert_int_equal(avsvti_pictures_at(&p, (int64_t)k), shown[k]);
        avsvt_video_free(video);
    }
    avsvt_tensor_free(frames);
}

static void zeros_stand_where_no_picture_is(void **state)
{
    const avsvti_crop_rule rule = { 2, 2, 0.5, 0.25 };
    avsvt_tensor *crops = pictures(AVSVT_U8, 3, 2, 2);
    avsvti_pictures p = { crops, 50, 0, 50, 10, 13 }; /* pictures 10 to 12 are there */
    float made[4][4];
    (void)state;
    avsvti_crops_prepare(made[0], &p, 11, 4, &rule);
    for (size_t i = 0; i < 4; i++) {
        assert_true(made[0][i] != 0.0f && made[1][i] != 0.0f);
        assert_true(made[2][i] == 0.0f && made[3][i] == 0.0f);
    }
    p = avsvti_pictures_plain(NULL);
    avsvti_crops_prepare(made[0], &p, 0, 1, &rule);
    assert_true(made[0][0] == 0.0f && made[0][3] == 0.0f);
    avsvt_tensor_free(crops);
}

static void each_kind_takes_what_it_was_made_for(void **state)
{
    avsvt_context *context = model_file_null_context(NULL);
    avsvt_extractor *lips = make(context, LIPS), *both = make(context, BOTH),
                    *sound = make(context, SOUND);
    avsvt_tensor *crops = pictures(AVSVT_U8, 9, 2, 4), *out;
    float samples[700] = { 0 };
    avsvt_error err = AVSVT_ERROR_INIT;
    (void)state;
    assert_int_equal(avsvt_extractor_run_video(&out, lips, crops, &err), AVSVT_OK);
    assert_int_equal(avsvt_tensor_size(out, 0), 9);
    avsvt_tensor_free(out);
    assert_int_equal(avsvt_extractor_run_av(&out, both, samples, 700, crops, &err), AVSVT_OK);
    assert_int_equal(avsvt_tensor_size(out, 0), 7);
    avsvt_tensor_free(out);
    assert_int_equal(avsvt_extractor_run(&out, sound, samples, 700, &err), AVSVT_OK);
    assert_int_equal(avsvt_tensor_size(out, 0), 3);
    avsvt_tensor_free(out);

    assert_int_equal(avsvt_extractor_run(&out, lips, samples, 700, &err), AVSVT_E_ARG);
    assert_says(err, "takes pictures");
    assert_null(out);
    assert_int_equal(avsvt_extractor_run_video(&out, sound, crops, &err), AVSVT_E_ARG);
    assert_says(err, "takes sound");
    assert_int_equal(avsvt_extractor_run(&out, both, samples, 700, &err), AVSVT_E_ARG);
    assert_says(err, "takes sound and pictures");
    assert_int_equal(avsvt_extractor_run_video(&out, NULL, crops, &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_extractor_run_video(&out, lips, NULL, &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_extractor_run_av(&out, both, samples, 0, crops, &err), AVSVT_E_ARG);
    avsvt_tensor_free(crops);
    avsvt_extractor_free(lips);
    avsvt_extractor_free(both);
    avsvt_extractor_free(sound);
    avsvt_context_free(context);
}

static void refuse(avsvt_extractor *lips, avsvt_tensor *crops, const char *why)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_tensor *out;
    assert_int_equal(avsvt_extractor_run_video(&out, lips, crops, &err), AVSVT_E_ARG);
    assert_null(out);
    assert_says(err, why);
    avsvt_tensor_free(crops);
}

static void pictures_that_do_not_fit_are_refused(void **state)
{
    avsvt_context *context = model_file_null_context(NULL);
    avsvt_extractor *lips = make(context, LIPS);
    static const int64_t colour[4] = { 2, 4, 4, 3 }, grey[3] = { 1, 2, 4 };
    uint8_t bytes[96] = { 0 };
    float bright[8] = { 0, 1, 2, 3, 4, 5, 6, 256.0f }, none[8] = { 0 };
    double doubles[8] = { 0 };
    avsvt_tensor *t;
    (void)state;
    refuse(lips, pictures(AVSVT_U8, 3, 2, 3), "3 wide and 2 high");
    refuse(lips, pictures(AVSVT_U8, 3, 1, 4), "4 wide and 1 high");
    refuse(lips, pictures(AVSVT_U8, 0, 2, 4), "none in them");
    refuse(lips, pictures(AVSVT_U8, 2, 5, 8), "cut down to the mouth");
    assert_int_equal(avsvt_tensor_create(&t, NULL, AVSVT_U8, 4, colour, bytes,
                                         NULL, NULL, NULL), AVSVT_OK);
    refuse(lips, t, "4 axes");
    assert_int_equal(avsvt_tensor_create(&t, NULL, AVSVT_F64, 3, grey, doubles,
                                         NULL, NULL, NULL), AVSVT_OK);
    refuse(lips, t, "uint8, or float32");
    assert_int_equal(avsvt_tensor_create(&t, NULL, AVSVT_F32, 3, grey, bright,
                                         NULL, NULL, NULL), AVSVT_OK);
    refuse(lips, t, "has the value 256");
    none[3] = (float)NAN;
    assert_int_equal(avsvt_tensor_create(&t, NULL, AVSVT_F32, 3, grey, none,
                                         NULL, NULL, NULL), AVSVT_OK);
    refuse(lips, t, "has the value");
    for (int i = 0; i < 8; i++)
        bright[i] = (float)i / 7.0f;
    assert_int_equal(avsvt_tensor_create(&t, NULL, AVSVT_F32, 3, grey, bright,
                                         NULL, NULL, NULL), AVSVT_OK);
    refuse(lips, t, "multiply them by 255");
    avsvt_extractor_free(lips);
    avsvt_context_free(context);
}

static void a_manifest_that_cannot_be_is_refused(void **state)
{
    static const char *const wrong[][2] = {
        { "{kind: smell}", "input.kind" },
        { "{kind: video, width: 4}", "input.height" },
        { "{kind: video}", "input.width" },
        { "{kind: video, width: 4, height: 2, deviation: 0}", "input.deviation" },
        { "{kind: video, width: 4, height: 2, frame_rate: x}", "input.frame_rate" },
    };
    avsvt_context *context = model_file_null_context(NULL);
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        char text[200] = "avsvt: 1\nname: x\nrole: extractor\ninput: ";
        avsvt_error err = AVSVT_ERROR_INIT;
        avsvt_extractor *e;
        strcat(text, wrong[i][0]);
        strcat(text, "\n");
        avsvt_model *model = model_file_open(context, text);
        assert_int_equal(avsvt_extractor_create(&e, model, &err), AVSVT_E_FORMAT);
        assert_says(err, wrong[i][1]);
        assert_null(e);
        avsvt_model_free(model);
    }
    avsvt_context_free(context);
}

static avsvt_status without_memory(const avsvt_allocator *a, void *user)
{
    avsvt_extractor *e = NULL;
    avsvt_tensor *out = NULL, *crops = user;
    avsvt_context *context = NULL;
    avsvt_context_options o = AVSVT_CONTEXT_OPTIONS_INIT;
    avsvt_model *model = NULL;
    size_t size;
    unsigned char *data = model_file_make(LIPS, &size);
    o.backend = "null";
    o.allocator = a;
    avsvt_status status = avsvt_context_create(&context, &o, NULL);
    if (status == AVSVT_OK)
        status = avsvt_model_open_memory(&model, context, data, size, "m", NULL);
    if (status == AVSVT_OK)
        status = avsvt_extractor_create(&e, model, NULL);
    if (status == AVSVT_OK)
        status = avsvt_extractor_run_video(&out, e, crops, NULL);
    free(data);
    avsvt_tensor_free(out);
    avsvt_extractor_free(e);
    avsvt_model_free(model);
    avsvt_context_free(context);
    return status;
}

static void every_failed_allocation_is_told(void **state)
{
    avsvt_tensor *crops = pictures(AVSVT_U8, 3, 4, 6);
    (void)state;
    assert_true(failing_allocator_each(without_memory, crops) > 5);
    avsvt_tensor_free(crops);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_middle_is_cut_out_and_normalised),
        cmocka_unit_test(pictures_of_another_rate_are_taken_by_time),
        cmocka_unit_test(on_a_border_the_earlier_picture_is_shown),
        cmocka_unit_test(a_video_of_that_rate_shows_the_same_pictures),
        cmocka_unit_test(zeros_stand_where_no_picture_is),
        cmocka_unit_test(each_kind_takes_what_it_was_made_for),
        cmocka_unit_test(pictures_that_do_not_fit_are_refused),
        cmocka_unit_test(a_manifest_that_cannot_be_is_refused),
        cmocka_unit_test(every_failed_allocation_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
