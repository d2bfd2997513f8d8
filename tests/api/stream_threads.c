/* SPDX-License-Identifier: MIT */
/* A thread that sings into a stream, and one that listens. */
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_thread_may_listen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
