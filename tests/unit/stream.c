/* SPDX-License-Identifier: MIT */
/* What of a stream can't be seen from outside: the network's own answers,
 * threads in each other's way, hundreds of hours. */
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>

#include "native_small.h"
#include "stream/stream.h"
#include "support/failing_allocator.h"
#include "support/npz.h"
#include "support/test.h"

#define SECONDS 8

static avsvt_stream *stream_at(double rate)
{
    avsvt_stream *s = NULL;
    avsvt_stream_options o = AVSVT_STREAM_OPTIONS_INIT;
    avsvt_error err = AVSVT_ERROR_INIT;
    o.rate_hz = rate;
    if (avsvt_stream_open(&s, NULL, NULL, &o, &err) != AVSVT_OK)
        fail_msg("%s", err.message);
    return s;
}

static float *golden_floats(const npz_file *f, const char *name, npz_array *a)
{
    assert_true(npz_get(f, name, a));
    assert_int_equal(a->type, NPZ_F32);
    return a->data;
}

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

/* golden/native/live_default.npz is what PyTorch answers to the whole sound. */
static void frames_are_those_of_pytorch_at_once(void **state)
{
    static const size_t blocks[] = { 1, 64, 1000, 32000 };
    npz_file golden;
    npz_array logits_array, fine_array;
    float *x = native_sound(32000);
    (void)state;
    assert_true(npz_open(&golden, "golden/native/live_default.npz"));
    const float *logits = golden_floats(&golden, "logits", &logits_array);
    const float *fine = golden_floats(&golden, "fine", &fine_array);
    for (size_t b = 0; b < sizeof(blocks) / sizeof(blocks[0]); b++) {
        avsvt_stream *s = stream_at(16000);
        avsvt_stream_frame f = AVSVT_STREAM_FRAME_INIT;
        s->raise.target_db = NAN; /* the sound as PyTorch was given it */
        for (size_t i = 0; i < 32000; i += blocks[b])
            assert_int_equal(avsvt_stream_push(s, x + i, i + blocks[b] > 32000 ? 32000 - i
                                                                               : blocks[b]),
                             AVSVT_OK);
        assert_int_equal(avsvt_stream_finish(s), AVSVT_OK);
        for (size_t i = 0; i < 101; i++) {
            assert_int_equal(avsvt_stream_poll_frame(s, &f), AVSVT_OK);
            assert_true(fabs((double)f.onset - sigmoid((double)logits[20 * i])) < 1e-4);
            assert_true(fabs((double)f.voicing - sigmoid(-(double)logits[20 * i + 1])) <
                        1e-4);
            assert_true(fabs(f.pitch - avsvti_follower_pitch(&s->follower, fine + 150 * i)) <
                        1e-3);
        }
        /* The last frame's own answer. */
        for (size_t i = 0; i < 20; i++)
            assert_true(fabsf(s->logits[i] - logits[20 * 100 + i]) < 1e-4f);
        for (size_t i = 0; i < 150; i++)
            assert_true(fabsf(s->fine[i] - fine[150 * 100 + i]) < 1e-4f);
        assert_int_equal(avsvt_stream_poll_frame(s, &f), AVSVT_E_NOT_FOUND);
        avsvt_stream_free(s);
    }
    npz_array_free(&logits_array);
    npz_array_free(&fine_array);
    npz_close(&golden);
    free(x);
}

static void a_second_thread_is_refused(void **state)
{
    static const float x[100];
    avsvt_stream_event e = AVSVT_STREAM_EVENT_INIT;
    avsvt_stream_frame f = AVSVT_STREAM_FRAME_INIT;
    avsvt_stream_info info = AVSVT_STREAM_INFO_INIT;
    avsvt_stream *s = stream_at(48000);
    (void)state;
    assert_int_equal(avsvti_busy_enter(&s->pushing, "", NULL), AVSVT_OK);
    assert_int_equal(avsvt_stream_push(s, x, 100), AVSVT_E_BUSY);
    assert_int_equal(avsvt_stream_finish(s), AVSVT_E_BUSY);
    assert_int_equal(avsvt_stream_reset(s), AVSVT_E_BUSY);
    assert_int_equal(avsvt_stream_poll(s, &e), AVSVT_E_NOT_FOUND);
    avsvti_busy_leave(&s->pushing);
    assert_int_equal(avsvt_stream_describe(s, &info), AVSVT_OK);
    assert_int_equal(info.pushed, 0); /* nothing was taken */

    assert_int_equal(avsvti_busy_enter(&s->polling, "", NULL), AVSVT_OK);
    assert_int_equal(avsvt_stream_poll(s, &e), AVSVT_E_BUSY);
    assert_int_equal(avsvt_stream_poll_frame(s, &f), AVSVT_E_BUSY);
    assert_int_equal(avsvt_stream_reset(s), AVSVT_E_BUSY);
    assert_int_equal(avsvt_stream_push(s, x, 100), AVSVT_OK);
    avsvti_busy_leave(&s->polling);
    assert_int_equal(avsvt_stream_reset(s), AVSVT_OK);
    avsvt_stream_free(s);
}

typedef struct freer {
    avsvt_stream *stream;
    atomic_int done;
} freer;

static void *free_stream(void *argument)
{
    freer *f = argument;
    avsvt_stream_free(f->stream);
    atomic_store(&f->done, 1);
    return NULL;
}

/* The flags stand for a call that is under way; a stream that was freed under
 * it would have its memory touched here. */
static void freeing_waits_for_a_push_or_a_poll_under_way(void **state)
{
    (void)state;
    for (int polls = 0; polls < 2; polls++) {
        freer f = { stream_at(16000), 0 };
        pthread_t thread;
        avsvti_busy *call = polls ? &f.stream->polling : &f.stream->pushing;
        assert_int_equal(avsvti_busy_enter(call, "", NULL), AVSVT_OK);
        assert_int_equal(pthread_create(&thread, NULL, free_stream, &f), 0);
        for (int i = 0; i < 100; i++) {
            assert_false(atomic_load(&f.done));
            sched_yield();
        }
        avsvti_busy_leave(call);
        assert_int_equal(pthread_join(thread, NULL), 0);
        assert_true(atomic_load(&f.done));
    }
}

/* A saw tooth that rests and changes its pitch: the weights find notes in it. */
static float *tune(size_t count, double rate)
{
    float *x = malloc(count * sizeof(*x));
    double phase = 0;
    assert_non_null(x);
    for (size_t i = 0; i < count; i++) {
        double t = (double)i / rate, beat = floor(t * 2);
        phase += 220 * pow(2, fmod(beat * 5, 12) / 12) / rate;
        double in_beat = t * 2 - beat;
        double loud = in_beat < 0.7 ? fmin(in_beat * 20, 1) * fmin((0.7 - in_beat) * 20, 1) : 0;
        x[i] = (float)(0.4 * loud * (phase - floor(phase) - 0.5));
    }
    return x;
}

static size_t poll_all(avsvt_stream *s, avsvt_stream_event *to, size_t room)
{
    size_t n = 0;
    avsvt_stream_event e = AVSVT_STREAM_EVENT_INIT;
    while (avsvt_stream_poll(s, &e) == AVSVT_OK && n < room)
        to[n++] = e;
    return n;
}

/* As if the stream had run for so many seconds already. */
static void grow_old(avsvt_stream *s, int64_t seconds)
{
    int64_t shift = (int64_t)s->rate_hz * seconds;
    s->rate.first += shift;
    s->rate.place += shift;
    s->rows += 50 * seconds;
    s->follower.known = s->rows + 1 - s->lookahead; /* the next frame's number */
    s->follower.peak += 50 * seconds;
    atomic_fetch_add(&s->pushed, shift);
}

static void hundreds_of_hours_shift_nothing(void **state)
{
    static avsvt_stream_event young[1000], old[1000];
    static const double rates[] = { 16000, 44100, 48000 };
    const int64_t age = 400 * 3600;
    (void)state;
    for (size_t r = 0; r < 3; r++) {
        size_t count = (size_t)(rates[r] * SECONDS);
        float *x = tune(count, rates[r]);
        avsvt_stream *s = stream_at(rates[r]);
        assert_int_equal(avsvt_stream_push(s, x, count), AVSVT_OK);
        assert_int_equal(avsvt_stream_finish(s), AVSVT_OK);
        size_t n = poll_all(s, young, 1000);
        assert_int_equal(avsvt_stream_reset(s), AVSVT_OK);
        grow_old(s, age);
        assert_int_equal(avsvt_stream_push(s, x, count), AVSVT_OK);
        assert_int_equal(avsvt_stream_finish(s), AVSVT_OK);
        size_t m = poll_all(s, old, 1000);
        assert_true(n > 50);
        /* The first frames of an old stream are no frames before the sound. */
        size_t skip = 0;
        while (skip < m && old[skip].sample < age * (int64_t)rates[r])
            skip++;
        assert_int_equal(m - skip, n);
        for (size_t i = 0; i < n; i++) {
            assert_int_equal(old[skip + i].kind, young[i].kind);
            assert_true(llabs((long long)(old[skip + i].sample - young[i].sample) -
                              (long long)(age * (int64_t)rates[r])) <= 1);
            assert_int_equal(old[skip + i].found_at - young[i].found_at,
                             age * (int64_t)rates[r]);
            assert_true(fabs(old[skip + i].pitch - young[i].pitch) < 1e-6);
        }
        avsvt_stream_free(s);
        free(x);
    }
}

/* Weights as broken as that make numbers that are none. */
static void a_network_that_gives_no_number_is_told_and_not_heard(void **state)
{
    avsvt_model *model = NULL;
    avsvt_stream *s = NULL;
    avsvt_stream_options o = AVSVT_STREAM_OPTIONS_INIT;
    avsvt_stream_info info = AVSVT_STREAM_INFO_INIT;
    avsvt_stream_event event = AVSVT_STREAM_EVENT_INIT;
    avsvt_stream_frame frame = AVSVT_STREAM_FRAME_INIT;
    avsvt_error err = AVSVT_ERROR_INIT;
    (void)state;
    small_model *m = small_make_of(1);
    size_t size, heads = 0;
    while (strcmp(m->tensors[heads], "heads.weight"))
        heads++;
    float *weights = (float *)(uintptr_t)m->parts[heads].data;
    for (size_t i = 0; i < m->parts[heads].size / sizeof(float); i++)
        weights[i] = i % 2 ? 3e38f : -3e38f;
    small_text(m, "%s", &MODEL_FILE_NOTES[strlen("avsvt: 1\n")]);
    m->parts[m->count] = (model_file_part){ "test/extra/avsvt.yaml", m->manifest,
                                            strlen(m->manifest) };
    unsigned char *file = model_file_zip(m->parts, m->count + 1, &size);
    if (avsvt_model_open_memory(&model, NULL, file, size, NULL, &err) != AVSVT_OK)
        fail_msg("%s", err.message);
    o.rate_hz = 16000;
    if (avsvt_stream_create(&s, model, &o, &err) != AVSVT_OK)
        fail_msg("%s", err.message);
    float *x = native_sound(16000);
    for (int again = 0; again < 2; again++) {
        assert_int_equal(avsvt_stream_push(s, x, 16000), AVSVT_E_BACKEND);
        assert_int_equal(avsvt_stream_describe(s, &info), AVSVT_OK);
        assert_int_equal(info.status, AVSVT_E_BACKEND);
        assert_int_equal(info.pushed, 16000);
        assert_int_equal(avsvt_stream_finish(s), AVSVT_E_BACKEND);
        while (avsvt_stream_poll(s, &event) == AVSVT_OK)
            assert_true(isfinite(event.pitch) && isfinite(event.time_s));
        while (avsvt_stream_poll_frame(s, &frame) == AVSVT_OK)
            assert_true(isfinite(frame.pitch) && isfinite(frame.onset));
        assert_int_equal(avsvt_stream_reset(s), AVSVT_OK);
        assert_int_equal(avsvt_stream_describe(s, &info), AVSVT_OK);
        assert_int_equal(info.status, AVSVT_OK);
    }
    avsvt_stream_free(s);
    avsvt_model_free(model);
    small_free(m);
    free(file);
    free(x);
}

static void every_failed_allocation_is_told_and_leaks_nothing(void **state)
{
    failing_allocator f;
    avsvt_context *context = NULL;
    avsvt_model *model = NULL;
    avsvt_context_options c = AVSVT_CONTEXT_OPTIONS_INIT;
    avsvt_stream_options o = AVSVT_STREAM_OPTIONS_INIT;
    avsvt_status status = AVSVT_E_NOMEM;
    long failures = 0;
    (void)state;
    failing_allocator_init(&f, 0);
    c.allocator = &f.allocator;
    o.rate_hz = 44100;
    assert_int_equal(avsvt_context_create(&context, &c, NULL), AVSVT_OK);
    assert_int_equal(avsvti_model_open_live(&model, context, NULL), AVSVT_OK);
    avsvt_stream *s = NULL; /* loads the network: the rest is the stream's own */
    assert_int_equal(avsvt_stream_create(&s, model, &o, NULL), AVSVT_OK);
    avsvt_stream_free(s);
    long living = f.living;
    while (status != AVSVT_OK) {
        f.calls = 0;
        f.fail_at = failures + 1;
        status = avsvt_stream_create(&s, model, &o, NULL);
        assert_true(status == AVSVT_OK ? s != NULL
                                       : status == AVSVT_E_NOMEM && !s && f.living == living);
        failures += status != AVSVT_OK;
    }
    assert_true(failures > 20);
    f.fail_at = 0;
    f.calls = 0;
    static const float x[48000];
    assert_int_equal(avsvt_stream_push(s, x, 48000), AVSVT_OK);
    assert_int_equal(avsvt_stream_finish(s), AVSVT_OK);
    assert_int_equal(avsvt_stream_reset(s), AVSVT_OK);
    assert_int_equal(f.calls, 0);
    avsvt_stream_free(s);
    avsvt_model_free(model);
    avsvt_context_free(context);
    assert_int_equal(f.living, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_are_those_of_pytorch_at_once),
        cmocka_unit_test(a_second_thread_is_refused),
        cmocka_unit_test(freeing_waits_for_a_push_or_a_poll_under_way),
        cmocka_unit_test(hundreds_of_hours_shift_nothing),
        cmocka_unit_test(a_network_that_gives_no_number_is_told_and_not_heard),
        cmocka_unit_test(every_failed_allocation_is_told_and_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
