/* SPDX-License-Identifier: MIT */
/* A sound that comes bit by bit is answered like one that is there at once, and
 * no part of it is kept for longer than it is waited for. */
#include "support/test.h"

#include <math.h>

#include "native/native.h"
#include "native_small.h"

#define BACKEND (&avsvti_backend_native)
#define SAMPLES 70000
#define FRAMES (SAMPLES / HOP + 1)

static avsvti_native_instance *open_small(void **model, int live, int layers)
{
    char message[400] = "";
    void *instance = NULL;
    size_t size;
    small_model *s = small_make_deep(live, layers);
    unsigned char *file = small_file(s, &size);
    const avsvt_backend_open args = {
        .struct_size = (uint32_t)sizeof(args), .threads = 1, .device = "auto",
        .path = "test.pt", .manifest = s->manifest, .archive = file, .archive_size = size,
        .message = message, .message_size = sizeof(message),
    };
    if (BACKEND->open(model, &args) != AVSVT_OK)
        fail_msg("%s", message);
    assert_int_equal(BACKEND->instance_create(&instance, *model, message, sizeof(message)),
                     AVSVT_OK);
    free(file);
    small_free(s);
    return instance;
}

static avsvti_native_outputs make_outputs(void)
{
    avsvti_native_outputs o = { calloc(FRAMES * LOGITS, sizeof(float)),
                                calloc(FRAMES * FINE, sizeof(float)),
                                calloc(FRAMES, sizeof(float)) };
    assert_true(o.logits && o.fine && o.offset);
    return o;
}

static void free_outputs(avsvti_native_outputs *o)
{
    free(o->logits);
    free(o->fine);
    free(o->offset);
}

/* The sound as far as its samples were needed yet, and no more of its past. */
static avsvti_native_sound looked_at(const float *x, size_t next)
{
    size_t from = next * HOP, end = (next + TILE) * HOP + AVSVTI_NATIVE_AHEAD;
    avsvti_native_sound s = { NULL, 0, 0, AVSVTI_NATIVE_ENDLESS };
    s.first = from > AVSVTI_NATIVE_AHEAD ? from - AVSVTI_NATIVE_AHEAD : 0;
    if (end >= SAMPLES) {
        end = SAMPLES;
        s.frames = FRAMES;
    }
    s.first = s.first > end ? end : s.first;
    s.samples = x + s.first;
    s.count = end - s.first;
    return s;
}

/* Hands over chunk frames at a time, as soon as right more are known. */
static void run_flow(avsvti_native_instance *n, const float *x, size_t chunk, size_t right,
                     const avsvti_native_outputs *out)
{
    avsvti_native_sound s = { .frames = AVSVTI_NATIVE_ENDLESS };
    const avsvti_native_rows *r = &n->rows;
    avsvti_native_flow_begin(n);
    while (!avsvti_native_flow_over(n, &s) || avsvti_native_flow_known(n, &s)) {
        size_t known = avsvti_native_flow_known(n, &s);
        if (known < chunk + right && !avsvti_native_flow_over(n, &s)) {
            s = looked_at(x, n->next);
            assert_true(avsvti_native_flow_room(n, 100));
            assert_true(r->room <= 2 * (chunk + right) + 3 * TILE);
            avsvti_native_flow_tile(n, &s);
            continue;
        }
        size_t core = known < chunk ? known : chunk;
        avsvti_native_flow_answer(n, core, known);
        memcpy(out->logits + r->first * LOGITS, r->logits, core * LOGITS * sizeof(float));
        memcpy(out->fine + r->first * FINE, r->fine, core * FINE * sizeof(float));
        memcpy(out->offset + r->first, r->offset, core * sizeof(float));
        avsvti_native_flow_drop(n, core);
    }
    assert_int_equal(r->first, FRAMES);
    avsvti_native_flow_end(n);
}

static void check_near(const float *a, const float *b, size_t count, double most)
{
    for (size_t i = 0; i < count; i++)
        if (!(fabs((double)a[i] - b[i]) <= most))
            fail_msg("number %zu is %.7g, not %.7g", i, (double)a[i], (double)b[i]);
}

static void check_flow(int live, int layers, size_t chunk, size_t right)
{
    void *model;
    avsvti_native_instance *n = open_small(&model, live, layers);
    avsvti_native_outputs once = make_outputs(), flow = make_outputs();
    float *x = native_sound(SAMPLES);
    run_flow(n, x, 50, 50, &flow); /* which leaves no trace */
    run_flow(n, x, chunk, right, &flow);
    assert_true(avsvti_native_run(n, x, SAMPLES, FRAMES, &once));
    assert_memory_equal(once.fine, flow.fine, FRAMES * FINE * sizeof(float));
    check_near(flow.logits, once.logits, FRAMES * LOGITS, 1e-5);
    check_near(flow.offset, once.offset, FRAMES, 1e-5);
    free(x);
    free_outputs(&once);
    free_outputs(&flow);
    BACKEND->instance_free(n);
    BACKEND->free(model);
}

static void bit_by_bit_is_answered_as_at_once(void **state)
{
    (void)state;
    for (int layers = 1; layers <= 4; layers++) {
        check_flow(0, layers, 1, FRAMES);
        check_flow(0, layers, 37, FRAMES);
        check_flow(0, layers, FRAMES, 0);
    }
}

static void live_networks_wait_for_nothing(void **state)
{
    (void)state;
    check_flow(1, 2, 10, 0);
    check_flow(1, 2, 64, 0);
    check_flow(1, 2, 200, 3);
}

static avsvt_activations *activations(int32_t chunks, double chunk_s, float *x, int64_t n)
{
    avsvt_pipeline_options o = AVSVT_PIPELINE_OPTIONS_INIT;
    avsvt_pipeline *p;
    avsvt_audio *audio;
    avsvt_activations *a;
    avsvt_error err = AVSVT_ERROR_INIT;
    o.chunks = chunks;
    o.chunk_s = chunk_s;
    if (avsvt_pipeline_open(&p, NULL, NULL, &o, &err) != AVSVT_OK)
        fail_msg("%s", err.message);
    assert_string_equal(avsvt_pipeline_backend(p), "native");
    assert_int_equal(avsvt_audio_open_samples(&audio, NULL, x, n, 1, 16000, &err), AVSVT_OK);
    if (avsvt_pipeline_activations(&a, p, audio, NULL, &err) != AVSVT_OK)
        fail_msg("%s", err.message);
    avsvt_audio_free(audio);
    avsvt_pipeline_free(p);
    return a;
}

static void check_levels(const float *level, const float *x, size_t n, size_t frames)
{
    for (size_t i = 0; i < frames; i++) {
        size_t end = (i + 1) * HOP < n ? (i + 1) * HOP : n;
        double sum = 0, want = -120;
        for (size_t j = i * HOP; j < end; j++)
            sum += (double)x[j] * x[j];
        if (end > i * HOP)
            want = 10 * log10(sum / (double)(end - i * HOP) + 1e-12);
        assert_true(fabs(level[i] - want) < 1e-3);
    }
}

/* The compiled-in model's way back forgets: what lies far ahead is hardly heard. */
static void chunks_are_what_one_piece_is(void **state)
{
    static const double lengths[] = { 0, 5 };
    int64_t n = 100 * 16000 + 123;
    float *x = native_sound((size_t)n);
    avsvt_activations *whole = activations(AVSVT_CHUNKS_WHOLE, 0, x, n);
    avsvt_activations_info info = AVSVT_ACTIVATIONS_INFO_INIT;
    (void)state;
    assert_int_equal(avsvt_activations_describe(whole, &info), AVSVT_OK);
    assert_int_equal(info.frames, n / 320 + 1);
    size_t frames = (size_t)info.frames;
    for (size_t i = 0; i < 2; i++) {
        avsvt_activations *a = activations(AVSVT_CHUNKS_OVERLAP, lengths[i], x, n);
        assert_int_equal(avsvt_activations_describe(a, &info), AVSVT_OK);
        assert_int_equal(info.frames, frames);
        check_near(avsvt_activations_logits(a), avsvt_activations_logits(whole), frames * 20,
                   1e-2);
        assert_memory_equal(avsvt_activations_fine(a), avsvt_activations_fine(whole),
                            frames * 150 * sizeof(float));
        check_levels(avsvt_activations_level(a), x, (size_t)n, frames);
        avsvt_activations_free(a);
    }
    avsvt_activations_free(whole);
    free(x);
}

static void what_is_no_sound_is_refused_wherever_it_lies(void **state)
{
    avsvt_pipeline *p;
    avsvt_audio *audio;
    avsvt_notes *notes;
    avsvt_error err = AVSVT_ERROR_INIT;
    int64_t n = 80 * 16000;
    float *x = calloc((size_t)n, sizeof(*x));
    (void)state;
    assert_non_null(x);
    assert_int_equal(avsvt_pipeline_open(&p, NULL, NULL, NULL, &err), AVSVT_OK);
    x[n - 5] = 2e9f;
    assert_int_equal(avsvt_audio_open_samples(&audio, NULL, x, n, 1, 16000, &err), AVSVT_OK);
    assert_int_equal(avsvt_pipeline_notes_audio(&notes, p, audio, NULL, &err), AVSVT_E_ARG);
    assert_non_null(strstr(err.message, "sample 1279995 is louder"));
    assert_null(notes);
    avsvt_audio_free(audio);
    x[n - 5] = 0; /* and the pipeline is as good as before */
    assert_int_equal(avsvt_audio_open_samples(&audio, NULL, x, n, 1, 16000, &err), AVSVT_OK);
    assert_int_equal(avsvt_pipeline_notes_audio(&notes, p, audio, NULL, &err), AVSVT_OK);
    assert_int_equal(avsvt_notes_count(notes), 0);
    avsvt_notes_free(notes);
    avsvt_audio_free(audio);
    avsvt_pipeline_free(p);
    free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bit_by_bit_is_answered_as_at_once),
        cmocka_unit_test(live_networks_wait_for_nothing),
        cmocka_unit_test(chunks_are_what_one_piece_is),
        cmocka_unit_test(what_is_no_sound_is_refused_wherever_it_lies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
