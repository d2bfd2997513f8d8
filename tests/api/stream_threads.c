/* SPDX-License-Identifier: MIT */
/* Threads that sing into a stream, and one that listens. */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include <avsvt/avsvt.h>

#include "support/test.h"

#define COUNT 48000 /* three seconds */
#define MOST 1000

typedef struct events {
    avsvt_stream_event list[MOST];
    size_t count;
} events;

typedef struct listener {
    avsvt_stream *stream;
    atomic_int ended;
    events got;
} listener;

static void *listen(void *argument)
{
    listener *l = argument;
    avsvt_stream_event e = AVSVT_STREAM_EVENT_INIT;
    for (;;) {
        int ended = atomic_load(&l->ended); /* before the queue was seen empty */
        avsvt_status status = avsvt_stream_poll(l->stream, &e);
        if (status == AVSVT_OK && l->got.count < MOST)
            l->got.list[l->got.count++] = e;
        else if (status != AVSVT_OK && ended)
            return NULL;
        else
            sched_yield();
    }
}

static void sing(avsvt_stream *s, const float *x)
{
    for (size_t done = 0; done < COUNT; done += 64)
        assert_int_equal(avsvt_stream_push(s, x + done, 64), AVSVT_OK);
    assert_int_equal(avsvt_stream_finish(s), AVSVT_OK);
}

static void another_thread_may_listen(void **state)
{
    static listener alone, beside;
    static float x[COUNT];
    avsvt_audio *audio = NULL;
    avsvt_stream_options o = AVSVT_STREAM_OPTIONS_INIT;
    pthread_t thread;
    size_t n = 0;
    (void)state;
    assert_int_equal(avsvt_audio_open(&audio, NULL, "../examples/data/melody.flac", NULL),
                     AVSVT_OK);
    assert_int_equal(avsvt_audio_set_rate(audio, 16000, NULL), AVSVT_OK);
    assert_int_equal(avsvt_audio_read(audio, x, COUNT, &n, NULL), AVSVT_OK);
    assert_int_equal(n, COUNT);
    avsvt_audio_free(audio);
    o.rate_hz = 16000;
    assert_int_equal(avsvt_stream_open(&alone.stream, NULL, NULL, &o, NULL), AVSVT_OK);
    beside.stream = alone.stream;
    sing(alone.stream, x);
    atomic_store(&alone.ended, 1);
    listen(&alone);
    assert_int_equal(avsvt_stream_reset(alone.stream), AVSVT_OK);

    assert_int_equal(pthread_create(&thread, NULL, listen, &beside), 0);
    sing(beside.stream, x);
    atomic_store(&beside.ended, 1);
    pthread_join(thread, NULL);
    assert_true(alone.got.count > 20);
    assert_int_equal(alone.got.count, beside.got.count);
    for (size_t i = 0; i < alone.got.count; i++) {
        const avsvt_stream_event *a = &alone.got.list[i], *b = &beside.got.list[i];
        assert_true(a->kind == b->kind && a->note == b->note && a->sample == b->sample &&
                    a->found_at == b->found_at && a->pitch == b->pitch);
    }
    avsvt_stream_free(alone.stream);
}

typedef struct pusher {
    avsvt_stream *stream;
    long taken, refused;
} pusher;

static void *push_noise(void *argument)
{
    static const float x[50] = { 0.1f, -0.2f };
    pusher *p = argument;
    for (int i = 0; i < 2000; i++) {
        avsvt_status status = avsvt_stream_push(p->stream, x, 50);
        p->taken += status == AVSVT_OK;
        p->refused += status == AVSVT_E_BUSY;
    }
    return NULL;
}

static void of_two_that_push_at_once_one_is_refused(void **state)
{
    avsvt_stream *s = NULL;
    avsvt_stream_info info = AVSVT_STREAM_INFO_INIT;
    avsvt_stream_options o = AVSVT_STREAM_OPTIONS_INIT;
    pusher pushers[2];
    pthread_t threads[2];
    (void)state;
    o.rate_hz = 16000;
    assert_int_equal(avsvt_stream_open(&s, NULL, NULL, &o, NULL), AVSVT_OK);
    for (int i = 0; i < 2; i++) {
        pushers[i] = (pusher){ s, 0, 0 };
        assert_int_equal(pthread_create(&threads[i], NULL, push_noise, &pushers[i]), 0);
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(pushers[i].taken + pushers[i].refused, 2000);
    }
    assert_int_equal(avsvt_stream_describe(s, &info), AVSVT_OK);
    assert_int_equal(info.pushed, 50 * (pushers[0].taken + pushers[1].taken));
    avsvt_stream_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_thread_may_listen),
        cmocka_unit_test(of_two_that_push_at_once_one_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
