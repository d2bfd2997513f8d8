/* SPDX-License-Identifier: MIT */
/* What audio threads call of streams, feeds and scorers neither allocates nor
 * locks (every such call of a thread of this program comes here first and is
 * counted) nor calls the system (the kernel would end the process: seccomp's
 * strict mode). */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <avsvt/avsvt.h>

#include "support/test.h"

#define MELODY "../examples/data/melody"

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

#define BLOCK 64
#define SECONDS 12

static _Thread_local long calls;

#if !INSTRUMENTED
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void __libc_free(void *block);

void *malloc(size_t size)
{
    calls++;
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    calls++;
    return __libc_calloc(count, size);
}

void *realloc(void *block, size_t size)
{
    calls++;
    return __libc_realloc(block, size);
}

void free(void *block)
{
    calls++;
    __libc_free(block);
}

/* The system's own function of this name. */
static int (*real(const char *name))(void *)
{
    int (*call)(void *) = NULL;
    void *found = dlsym(RTLD_NEXT, name);
    memcpy(&call, &found, sizeof(call));
    return call;
}

int pthread_mutex_lock(pthread_mutex_t *m)
{
    static int (*call)(void *);
    calls++;
    if (!call)
        call = real("pthread_mutex_lock");
    return call(m);
}

int pthread_cond_signal(pthread_cond_t *c)
{
    calls++;
    return real("pthread_cond_signal")(c);
}

int pthread_cond_broadcast(pthread_cond_t *c)
{
    calls++;
    return real("pthread_cond_broadcast")(c);
}
#endif

typedef struct scene {
    avsvt_stream *stream;
    avsvt_pipeline *pipelines[2];
    avsvt_feed *ended, *busy; /* with all its results; still to be fed, runs full */
    avsvt_scorer *scorer;
    double pitch[50 * SECONDS];
    float *x;
    size_t count;
} scene;

static void open_feed(avsvt_feed **to, avsvt_pipeline **pipeline, double rate, double buffer_s)
{
    avsvt_feed_options o = AVSVT_FEED_OPTIONS_INIT;
    o.rate_hz = rate;
    o.buffer_s = buffer_s;
    assert_int_equal(avsvt_pipeline_open(pipeline, NULL, NULL, NULL, NULL), AVSVT_OK);
    assert_int_equal(avsvt_feed_open(to, *pipeline, &o, NULL), AVSVT_OK);
}

static void open_scorer(scene *s)
{
    avsvt_chart *chart = NULL;
    avsvt_chart_note n = AVSVT_CHART_NOTE_INIT;
    assert_int_equal(avsvt_chart_open(&chart, NULL, MELODY ".csv", NULL, NULL), AVSVT_OK);
    assert_int_equal(avsvt_scorer_create(&s->scorer, chart, NULL, NULL), AVSVT_OK);
    for (size_t i = 0; i < 50 * SECONDS; i++)
        s->pitch[i] = (double)NAN;
    for (size_t i = 0; avsvt_chart_get(chart, i, &n) == AVSVT_OK; i++)
        for (size_t k = (size_t)(n.onset_s * 50); k < (size_t)(n.offset_s * 50); k++)
            s->pitch[k] = n.pitch;
    avsvt_chart_free(chart);
}

static scene open_scene(double rate)
{
    scene s = { .x = malloc((size_t)(rate * SECONDS) * sizeof(float)) };
    avsvt_audio *audio = NULL;
    avsvt_stream_options o = AVSVT_STREAM_OPTIONS_INIT;
    size_t n = 1;
    o.rate_hz = rate;
    o.queue = 64; /* runs full too */
    assert_int_equal(avsvt_stream_open(&s.stream, NULL, NULL, &o, NULL), AVSVT_OK);
    assert_int_equal(avsvt_audio_open(&audio, NULL, MELODY ".flac", NULL), AVSVT_OK);
    assert_int_equal(avsvt_audio_set_rate(audio, rate, NULL), AVSVT_OK);
    while (n) {
        assert_int_equal(avsvt_audio_read(audio, s.x + s.count, 4096, &n, NULL), AVSVT_OK);
        s.count += n;
    }
    avsvt_audio_free(audio);
    open_feed(&s.ended, &s.pipelines[0], rate, SECONDS);
    open_feed(&s.busy, &s.pipelines[1], rate, 1);
    assert_int_equal(avsvt_feed_push(s.ended, s.x, s.count), AVSVT_OK);
    avsvt_feed_finish(s.ended);
    assert_int_equal(avsvt_feed_wait(s.ended, NULL), AVSVT_OK);
    open_scorer(&s);
    return s;
}

static void close_scene(scene *s)
{
    avsvt_stream_free(s->stream);
    avsvt_feed_free(s->ended);
    avsvt_feed_free(s->busy);
    avsvt_pipeline_free(s->pipelines[0]);
    avsvt_pipeline_free(s->pipelines[1]);
    avsvt_scorer_free(s->scorer);
    free(s->x);
}

/* What is marked @rt yes in stream.h; how many calls went as they should. */
static long play_stream(scene *s)
{
    avsvt_stream_event e = AVSVT_STREAM_EVENT_INIT;
    avsvt_stream_frame f = AVSVT_STREAM_FRAME_INIT;
    avsvt_stream_info info = AVSVT_STREAM_INFO_INIT;
    long good = 0;
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i + BLOCK <= s->count; i += BLOCK) {
            good += avsvt_stream_push(s->stream, s->x + i, BLOCK) == AVSVT_OK;
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
    return good > 2 * (long)(s->count / BLOCK);
}

/* The same of feed.h: one runs full, the other has its results waiting. */
static long play_feeds(scene *s)
{
    avsvt_feed_info info = AVSVT_FEED_INFO_INIT;
    avsvt_feed_frame f = AVSVT_FEED_FRAME_INIT;
    avsvt_note n = AVSVT_NOTE_INIT;
    size_t pushes = 0, notes = 0, frames = 0;
    for (size_t i = 0; i + BLOCK <= s->count; i += BLOCK) {
        avsvt_status status = avsvt_feed_push(s->busy, s->x + i, BLOCK);
        pushes += status == AVSVT_OK || status == AVSVT_E_RANGE;
        avsvt_feed_poll(s->busy, &n);
        avsvt_feed_poll_frame(s->busy, &f);
    }
    long good = avsvt_feed_push(s->busy, NULL, 1) == AVSVT_E_ARG;
    good += avsvt_feed_describe(s->busy, &info) == AVSVT_OK && info.pushed > 0;
    avsvt_feed_finish(s->busy);
    good += avsvt_feed_push(s->busy, s->x, 1) == AVSVT_E_ARG;
    avsvt_feed_cancel(s->busy);
    while (avsvt_feed_poll(s->ended, &n) == AVSVT_OK)
        notes++;
    while (avsvt_feed_poll_frame(s->ended, &f) == AVSVT_OK)
        frames++;
    return good == 3 && pushes == s->count / BLOCK && notes > 15 && frames > 400;
}

/* And of score.h. */
static long play_scorer(scene *s)
{
    avsvt_note_points n = AVSVT_NOTE_POINTS_INIT;
    avsvt_line_points p = AVSVT_LINE_POINTS_INIT;
    long good = 0;
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 50 * SECONDS; i++) {
            good += avsvt_scorer_push(s->scorer, i * 0.02, (i + 1) * 0.02, s->pitch[i]) == AVSVT_OK;
            good += avsvt_scorer_note(s->scorer, (size_t)i % 19, &n) == AVSVT_OK;
            good += avsvt_scorer_line(s->scorer, 0, &p) == AVSVT_OK;
        }
        good += avsvt_scorer_push(s->scorer, (double)NAN, 99, 60) == AVSVT_E_ARG;
        good += avsvt_scorer_push(s->scorer, 0, 1, 60) == AVSVT_E_ARG;
        good += avsvt_scorer_total(s->scorer, &p) == AVSVT_OK && p.points > 9000;
        avsvt_scorer_reset(s->scorer);
    }
    return good == 2 * (3 * 50 * SECONDS + 3);
}

static long play(scene *s)
{
    return play_stream(s) + 2 * play_feeds(s) + 4 * play_scorer(s);
}

static void nothing_is_allocated_or_locked(void **state)
{
    (void)state;
    if (INSTRUMENTED) {
        print_message("left out: a sanitizer has the allocator\n");
        skip();
    }
    scene s = open_scene(44100);
    long before = calls;
    assert_true(before > 0);
    long good = play(&s);
    assert_int_equal(calls, before);
    assert_int_equal(good, 7);
    close_scene(&s);
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
        if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT))
            _exit(77);
        syscall(SYS_exit, play(&s)); /* with no other thread */
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    close_scene(&s);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
        print_message("left out: no seccomp here\n");
        skip();
    }
    if (WIFSIGNALED(status))
        fail_msg("the kernel ended it with signal %d: it called the system",
                 WTERMSIG(status));
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_allocated_or_locked),
        cmocka_unit_test(the_system_is_not_called),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
