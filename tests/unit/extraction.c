/* SPDX-License-Identifier: MIT */
/* Features piece by piece on the null backend: how many frames come, in which
 * pieces, and what is refused. */
#include "support/test.h"

#include <avsvt/avsvt.h>

#include "features/pieces.h"
#include "support/failing_allocator.h"
#include "support/model_file.h"

#define SOUND \
    "avsvt: 1\nname: ssl\nrole: extractor\n" \
    "input: {sample_rate: 16000, hop: 320}\nchunk: {length_s: 2, context_s: 1}\n" \
    "null: {mode: shapes, outputs: [[B, T, 3]]}\n"
#define ALONE \
    "avsvt: 1\nname: one\nrole: extractor\n" \
    "input: {sample_rate: 16000, hop: 320}\nchunk: {length_s: 2, context_s: 1}\n" \
    "null: {mode: shapes, outputs: [[1, T, 3]]}\n"
#define LIPS \
    "avsvt: 1\nname: lips\nrole: extractor\n" \
    "input: {kind: video, width: 2, height: 2, frame_rate: 50}\n" \
    "chunk: {length_s: 1, context_s: 0.5}\n" \
    "null: {mode: shapes, outputs: [[B, F, 3]]}\n"

static avsvt_extractor *make(const char *manifest)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_context *context = model_file_null_context(NULL);
    avsvt_model *model = model_file_open(context, manifest);
    avsvt_extractor *e;
    if (avsvt_extractor_create(&e, model, &err) != AVSVT_OK)
        fail_msg("%s", err.message);
    avsvt_model_free(model);
    avsvt_context_free(context);
    return e;
}

static avsvt_audio *silence(int64_t samples)
{
    static const float zeros[1600000];
    avsvt_audio *audio;
    assert_int_equal(avsvt_audio_open_samples(&audio, NULL, zeros, samples, 1,
                                              16000, NULL), AVSVT_OK);
    return audio;
}

static avsvt_video *pictures(int64_t frames, double hz)
{
    avsvt_video_options o = AVSVT_VIDEO_OPTIONS_INIT;
    int64_t shape[3] = { frames, 3, 3 };
    uint8_t *data = calloc((size_t)frames, 9);
    avsvt_tensor *t;
    avsvt_video *video;
    o.array_rate_hz = hz;
    assert_int_equal(avsvt_tensor_create(&t, NULL, AVSVT_U8, 3, shape, data,
                                         NULL, NULL, NULL), AVSVT_OK);
    free(data);
    assert_int_equal(avsvt_video_open_frames(&video, NULL, t, &o, NULL), AVSVT_OK);
    avsvt_tensor_free(t);
    return video;
}

/* Frames of all pieces; *pieces: how many those were. */
static int64_t count(avsvt_extractor *e, avsvt_audio *audio, avsvt_video *video,
                     const avsvt_extract_options *o, int *pieces)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_extraction *x;
    avsvt_tensor *t = NULL;
    int64_t frames = 0;
    if (avsvt_extraction_open(&x, e, audio, video, o, &err))
        fail_msg("%s", err.message);
    for (*pieces = 0;; ++*pieces) {
        if (avsvt_extraction_next(&t, x, &err))
            fail_msg("%s", err.message);
        if (!t)
            break;
        assert_int_equal(avsvt_tensor_size(t, 1), 3);
        frames += avsvt_tensor_size(t, 0);
        avsvt_tensor_free(t);
    }
    assert_int_equal(avsvt_extraction_next(&t, x, &err), AVSVT_OK);
    assert_null(t); /* the end stays the end */
    avsvt_extraction_free(x);
    avsvt_audio_free(audio);
    avsvt_video_free(video);
    return frames;
}

static void every_frame_of_sound_comes_once(void **state)
{
    /* The null extractor gives samples / hop + 1 frames of each piece. */
    static const int64_t lengths[] = { 1, 320, 16000, 31999, 32000, 48000, 64000,
                                       80000, 320000, 319999, 320001, 1599999 };
    avsvt_extractor *e = make(SOUND);
    (void)state;
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
        for (int32_t batch = 0; batch < 5; batch += 2) {
            avsvt_extract_options o = AVSVT_EXTRACT_OPTIONS_INIT;
            int64_t n = lengths[i];
            int pieces;
            o.batch = batch;
            assert_int_equal(count(e, silence(n), NULL, &o, &pieces), n / 320 + 1);
            assert_int_equal(pieces, (n / 320 + 100) / 100);
            o.context_s = -1;
            o.chunk_s = 7;
            assert_int_equal(count(e, silence(n), NULL, &o, &pieces), n / 320 + 1);
            o.context_s = 20; /* more than a chunk */
            assert_int_equal(count(e, silence(n), NULL, &o, &pieces), n / 320 + 1);
            o.chunks = AVSVT_CHUNKS_WHOLE;
            assert_int_equal(count(e, silence(n), NULL, &o, &pieces), n / 320 + 1);
            assert_int_equal(pieces, 1);
        }
    avsvt_extractor_free(e);
}

static void utterances_are_those_of_the_published_rule(void **state)
{
    static const struct { double seconds; int pieces; } cases[] = {
        { 1, 1 }, { 7.5, 2 }, { 12.4, 2 }, { 12.5, 2 }, { 12.6, 3 }, { 17.5, 4 },
        { 60, 12 },
    };
    avsvt_extract_options o = AVSVT_EXTRACT_OPTIONS_INIT;
    avsvt_extractor *e = make(SOUND);
    (void)state;
    o.chunks = AVSVT_CHUNKS_PUBLISHED;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int pieces;
        count(e, silence((int64_t)(cases[i].seconds * 16000)), NULL, &o, &pieces);
        assert_int_equal(pieces, cases[i].pieces);
    }
    avsvt_extractor_free(e);
}

static void every_picture_comes_once(void **state)
{
    static const int64_t lengths[] = { 1, 49, 50, 51, 75, 100, 125, 1000 };
    avsvt_extractor *e = make(LIPS);
    (void)state;
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
        for (int32_t chunks = 0; chunks <= AVSVT_CHUNKS_PUBLISHED; chunks++) {
            avsvt_extract_options o = AVSVT_EXTRACT_OPTIONS_INIT;
            int pieces;
            o.chunks = chunks;
            o.batch = chunks == AVSVT_CHUNKS_OVERLAP ? 3 : 0;
            assert_int_equal(count(e, NULL, pictures(lengths[i], 50), &o, &pieces),
                             lengths[i]);
        }
    avsvt_extractor_free(e);
}

static void refuse(avsvt_extractor *e, avsvt_audio *audio, avsvt_video *video,
                   const avsvt_extract_options *o, avsvt_status status,
                   const char *why)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_extraction *x;
    avsvt_status got = avsvt_extraction_open(&x, e, audio, video, o, &err);
    avsvt_tensor *t = NULL;
    if (got == AVSVT_OK)
        do {
            avsvt_tensor_free(t);
            got = avsvt_extraction_next(&t, x, &err);
        } while (got == AVSVT_OK && t);
    else
        assert_null(x);
    assert_int_equal(got, status);
    assert_null(t);
    assert_says(err, why);
    if (x)
        avsvt_extraction_free(x);
    avsvt_audio_free(audio);
    avsvt_video_free(video);
}

static void what_does_not_fit_is_refused(void **state)
{
    avsvt_extract_options o = AVSVT_EXTRACT_OPTIONS_INIT;
    avsvt_extractor *e = make(SOUND), *lips = make(LIPS), *one = make(ALONE);
    (void)state;
    refuse(e, NULL, NULL, NULL, AVSVT_E_ARG, "takes sound alone");
    refuse(e, silence(9), pictures(3, 50), NULL, AVSVT_E_ARG, "takes sound alone");
    refuse(lips, silence(9), NULL, NULL, AVSVT_E_ARG, "takes pictures alone");
    refuse(lips, NULL, pictures(3, 25), NULL, AVSVT_E_ARG, "come at 25 Hz");
    refuse(e, silence(0), NULL, NULL, AVSVT_E_FORMAT, "no sound");
    o.chunks = 4;
    refuse(e, silence(9), NULL, &o, AVSVT_E_ARG, "AVSVT_CHUNKS_");
    o.chunks = 0;
    o.chunk_s = 4000;
    refuse(e, silence(9), NULL, &o, AVSVT_E_ARG, "chunk_s");
    o.chunk_s = 0;
    o.context_s = 601;
    refuse(e, silence(9), NULL, &o, AVSVT_E_ARG, "context_s");
    o.context_s = 0;
    o.batch = 65;
    refuse(e, silence(9), NULL, &o, AVSVT_E_ARG, "batch is 1 to 64");
    o.batch = 2;
    refuse(one, silence(320000), NULL, &o, AVSVT_E_BACKEND, "several pieces at once");
    avsvt_extractor_free(e);
    avsvt_extractor_free(lips);
    avsvt_extractor_free(one);
}

static void a_network_that_gives_too_little_is_told(void **state)
{
    avsvt_extractor *e = make("avsvt: 1\nname: x\nrole: extractor\n"
        "input: {sample_rate: 16000, hop: 320}\nchunk: {length_s: 2, context_s: 1}\n"
        "null: {mode: shapes, outputs: [[1, 5, 3]]}\n");
    (void)state;
    refuse(e, silence(320000), NULL, NULL, AVSVT_E_BACKEND, "input.hop");
    avsvt_extractor_free(e);
}

static avsvt_status without_memory(const avsvt_allocator *a, void *user)
{
    avsvt_context_options o = AVSVT_CONTEXT_OPTIONS_INIT;
    avsvt_extract_options x_options = AVSVT_EXTRACT_OPTIONS_INIT;
    avsvt_context *context = NULL;
    avsvt_model *model = NULL;
    avsvt_extractor *e = NULL;
    avsvt_extraction *x = NULL;
    avsvt_tensor *t = NULL;
    size_t size;
    int sight = user != NULL;
    unsigned char *data = model_file_make(sight ? LIPS : SOUND, &size);
    avsvt_audio *audio = sight ? NULL : silence(200000);
    avsvt_video *video = sight ? pictures(400, 50) : NULL;
    o.backend = "null";
    o.allocator = a;
    x_options.batch = 2;
    avsvt_status status = avsvt_context_create(&context, &o, NULL);
    if (status == AVSVT_OK)
        status = avsvt_model_open_memory(&model, context, data, size, "m", NULL);
    if (status == AVSVT_OK)
        status = avsvt_extractor_create(&e, model, NULL);
    if (status == AVSVT_OK)
        status = avsvt_extraction_open(&x, e, audio, video, &x_options, NULL);
    while (status == AVSVT_OK) {
        status = avsvt_extraction_next(&t, x, NULL);
        if (!t)
            break;
        avsvt_tensor_free(t);
    }
    free(data);
    avsvt_extraction_free(x);
    avsvt_extractor_free(e);
    avsvt_model_free(model);
    avsvt_context_free(context);
    avsvt_audio_free(audio);
    avsvt_video_free(video);
    return status;
}

static void every_failed_allocation_is_told(void **state)
{
    (void)state;
    assert_true(failing_allocator_each(without_memory, NULL) > 10);
    assert_true(failing_allocator_each(without_memory, "sight") > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_frame_of_sound_comes_once),
        cmocka_unit_test(utterances_are_those_of_the_published_rule),
        cmocka_unit_test(every_picture_comes_once),
        cmocka_unit_test(what_does_not_fit_is_refused),
        cmocka_unit_test(a_network_that_gives_too_little_is_told),
        cmocka_unit_test(every_failed_allocation_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
