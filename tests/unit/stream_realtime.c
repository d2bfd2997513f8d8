/* SPDX-License-Identifier: MIT */
/* What the audio thread calls neither allocates nor locks (every such call of
 * this program comes here first) nor calls the system (the kernel would end the
 * process: seccomp's strict mode). */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <avsvt/avsvt.h>

#include "support/test.h"

#define SECCOMP_STRICT 1
#define MELODY "../examples/data/melody.flac"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#  define INSTRUMENTED 1
#elif defined(__has_feature)
#  if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#    define INSTRUMENTED 1
#  endif
#endif
#ifndef INSTRUMENTED
#  define INSTRUMENTED 0
#endif

static atomic_long calls;

#if !INSTRUMENTED
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void __libc_free(void *block);

void *malloc(size_t size)
{
    atomic_fetch_add(&calls, 1);
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    atomic_fetch_add(&calls, 1);
    return __libc_calloc(count, size);
}

void *realloc(void *block, size_t size)
{
    atomic_fetch_add(&calls, 1);
    return __libc_realloc(block, size);
}

void free(void *block)
{
    atomic_fetch_add(&calls, 1);
    __libc_free(block);
}

/* With one thread these two can't fail to be right. */
int pthread_mutex_lock(pthread_mutex_t *m)
{
    (void)m;
    atomic_fetch_add(&calls, 1);
    return 0;
}

int pthread_mutex_unlock(pthread_mutex_t *m)
{
    (void)m;
    return 0;
}
#endif

typedef struct scene {
    avsvt_stream *stream;
    float *x;
    size_t count;
} scene;

static scene open_scene(double rate)
{
    scene s = { NULL, malloc((size_t)(rate * 12) * sizeof(float)), 0 };
    avsvt_audio *audio = NULL;
    avsvt_stream_options o = AVSVT_STREAM_OPTIONS_INIT;
    size_t n = 1;
    o.rate_hz = rate;
    o.queue = 64; /* runs full too */
    assert_int_equal(avsvt_stream_open(&s.stream, NULL, NULL, &o, NULL), AVSVT_OK);
    assert_int_equal(avsvt_audio_open(&audio, NULL, MELODY, NULL), AVSVT_OK);
    assert_int_equal(avsvt_audio_set_rate(audio, rate, NULL), AVSVT_OK);
    while (n) {
        assert_int_equal(avsvt_audio_read(audio, s.x + s.count, 4096, &n, NULL), AVSVT_OK);
        s.count += n;
    }
    avsvt_audio_free(audio);
    return s;
}

/* Everything that is marked @rt yes; how many calls went as they should. */
static long play(scene *s)
{
    avsvt_stream_event e = AVSVT_STREAM_EVENT_INIT;
    avsvt_stream_frame f = AVSVT_STREAM_FRAME_INIT;
    avsvt_stream_info info = AVSVT_STREAM_INFO_INIT;
    long good = 0;
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i + 64 <= s->count; i += 64) {
            good += avsvt_stream_push(s->stream, s->x + i, 64) == AVSVT_OK;
            if (i % 9600 == 0 && round)
                while (avsvt_stream_poll(s->stream, &e) == AVSVT_OK ||
                       avsvt_stream_poll_frame(s->stream, &f) == AVSVT_OK)
                    good++;
        }
        good += avsvt_stream_describe(s->stream, &info) == AVSVT_OK;
        good += avsvt_stream_finish(s->stream) == AVSVT_OK;
        good += avsvt_stream_push(s->stream, s->x, 1) == AVSVT_E_ARG;
        good += avsvt_stream_push(s->stream, NULL, 1) == AVSVT_E_ARG;
        good += avsvt_stream_reset(s->stream) == AVSVT_OK;
    }
    return good;
}

static void nothing_is_allocated_or_locked(void **state)
{
    (void)state;
    if (INSTRUMENTED) {
        print_message("left out: a sanitizer has the allocator\n");
        skip();
    }
    scene s = open_scene(44100);
    long before = atomic_load(&calls);
    assert_true(before > 0);
    long good = play(&s);
    assert_int_equal(atomic_load(&calls), before);
    assert_true(good > 2 * (long)(s.count / 64));
    avsvt_stream_free(s.stream);
    free(s.x);
}

static void the_system_is_not_called(void **state)
{
    (void)state;
    if (INSTRUMENTED) {
        print_message("left out: sanitizers call the system\n");
        skip();
    }
    scene s = open_scene(48000);
    int status = 0;
    pid_t child = fork();
    assert_true(child >= 0);
    if (!child) {
        if (prctl(PR_SET_SECCOMP, SECCOMP_STRICT))
            _exit(77);
        long good = play(&s);
        syscall(SYS_exit, good > 2 * (long)(s.count / 64) ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    avsvt_stream_free(s.stream);
    free(s.x);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
        print_message("left out: no seccomp here\n");
        skip();
    }
    if (WIFSIGNALED(status))
        fail_msg("the kernel ended it with signal %d: it called the system",
                 WTERMSIG(status));
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_allocated_or_locked),
        cmocka_unit_test(the_system_is_not_called),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
