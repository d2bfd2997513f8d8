/* SPDX-License-Identifier: MIT */
/* Sound through the public interface: memory, host functions, writing. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include <avsvt/avsvt.h>

#include "support/failing_allocator.h"
#include "support/scratch.h"

#define COUNT 20000

static float *ramp(void)
{
    static float x[COUNT];
    for (int i = 0; i < COUNT; i++)
        x[i] = (float)(i % 200 - 100) / 100.0f;
    return x;
}

static void what_is_written_is_read_bit_by_bit(void **state)
{
    avsvt_audio *audio;
    float back[COUNT + 1], *x = ramp();
    size_t n, size, again;
    (void)state;
    x[5] = 7.5f; /* beyond full scale is kept */
    const char *path = scratch_path("a.wav");
    assert_int_equal(avsvt_audio_write(path, x, COUNT, 16000, NULL), AVSVT_OK);
    assert_int_equal(avsvt_audio_open(&audio, NULL, path, NULL), AVSVT_OK);
    assert_int_equal(avsvt_audio_read(audio, back, COUNT + 1, &n, NULL), AVSVT_OK);
    assert_int_equal(n, COUNT);
    assert_memory_equal(back, x, sizeof(float) * COUNT);
    avsvt_audio_free(audio);

    char *first = scratch_read(path, &size);
    assert_int_equal(avsvt_audio_write(path, x, COUNT, 16000, NULL), AVSVT_OK);
    char *second = scratch_read(path, &again);
    assert_int_equal(size, again);
    assert_memory_equal(first, second, size);
    free(first);
    free(second);
    assert_int_equal(scratch_count(), 1);
}

static void writing_refuses_what_no_file_can_hold(void **state)
{
    float bad[2] = { 0.0f, INFINITY };
    avsvt_error err = AVSVT_ERROR_INIT;
    const char *path = scratch_path("b.wav");
    (void)state;
    assert_int_equal(avsvt_audio_write(NULL, ramp(), 5, 16000, &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_audio_write("", ramp(), 5, 16000, &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_audio_write(scratch_path("b.Flac"), ramp(), 5, 16000, &err),
                     AVSVT_E_ARG);
    assert_non_null(strstr(err.message, "b.Flac: sound is written as WAV"));
    assert_int_equal(avsvt_audio_write(path, NULL, 5, 16000, &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_audio_write(path, ramp(), -1, 16000, &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_audio_write(path, ramp(), 5, 1, &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_audio_write(path, ramp(), 5, NAN, &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_audio_write(path, ramp(), 5, 16000.5, &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_audio_write(path, bad, 2, 16000, &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_audio_write(scratch_path("."), bad, 1, 16000, &err),
                     AVSVT_E_IO);
    assert_int_equal(avsvt_audio_write(scratch_path("no/b.wav"), bad, 1, 16000,
                                       &err), AVSVT_E_IO);
    assert_int_equal(avsvt_audio_write("/dev/full", bad, 1, 16000, &err),
                     AVSVT_E_IO);
    assert_int_not_equal(access(path, F_OK), 0);
}

/* Runs what() in a child, as nobody where we are root; its result. */
static int in_child(int (*what)(void))
{
    int result = -1;
    pid_t child = fork();
    if (child == 0)
        _exit(what());
    assert_int_equal(waitpid(child, &result, 0), child);
    return WIFEXITED(result) ? WEXITSTATUS(result) : -1;
}

static int write_as_nobody(void)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    if (geteuid() == 0 && setuid(65534))
        return 2;
    return avsvt_audio_write(scratch_path("c.wav"), ramp(), COUNT, 16000, &err) ==
           AVSVT_E_IO && strstr(err.message, "c.wav") ? 0 : 1;
}

static void a_read_only_folder_is_an_io_error(void **state)
{
    (void)state;
    assert_int_equal(chmod(scratch_path("."), 0555), 0);
    int result = in_child(write_as_nobody);
    assert_int_equal(chmod(scratch_path("."), 0755), 0);
    assert_int_equal(result, 0);
}

/* A limit on the size of files stands for a disk that is full. */
static int write_to_full_disk(void)
{
    static const rlim_t limits[] = { 0, 20, 50, 1000, COUNT * 4 - 1, COUNT * 4 + 20 };
    const char *path = scratch_path("full.wav");
    int before = scratch_count();
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        struct rlimit limit = { limits[i], RLIM_INFINITY };
        avsvt_error err = AVSVT_ERROR_INIT;
        if (setrlimit(RLIMIT_FSIZE, &limit))
            return 10;
        if (avsvt_audio_write(path, ramp(), COUNT, 16000, &err) != AVSVT_E_IO ||
            !strstr(err.message, "full.wav"))
            return 20 + (int)i;
        if (scratch_count() != before)
            return 30 + (int)i;
    }
    return 0;
}

static void a_full_disk_is_noticed_and_leaves_nothing(void **state)
{
    (void)state;
    assert_int_equal(in_child(write_to_full_disk), 0);
}

static void channels_are_averaged(void **state)
{
    const float x[6] = { 1.0f, 0.0f, 0.5f, -1.0f, -1.0f, -1.0f };
    avsvt_audio *audio;
    float y[4];
    size_t n;
    (void)state;
    assert_int_equal(avsvt_audio_open_samples(&audio, NULL, x, 2, 3, 8000, NULL),
                     AVSVT_OK);
    assert_int_equal(avsvt_audio_read(audio, y, 4, &n, NULL), AVSVT_OK);
    assert_int_equal(n, 2);
    assert_true(y[0] == 0.5f && y[1] == -1.0f);
    avsvt_audio_free(audio);
}

static void keep_warning(void *user, int32_t level, const char *line)
{
    char *text = user;
    assert_int_equal(level, AVSVT_LOG_WARNING);
    assert_int_equal(*text, 0); /* once */
    strncpy(text, line, 511);
}

/* Sound of opposite sign on two channels must not vanish. */
static void channels_that_cancel_each_other_are_heard_and_told(void **state)
{
    avsvt_context_options options = AVSVT_CONTEXT_OPTIONS_INIT;
    char warning[512] = "";
    avsvt_context *context;
    avsvt_audio *audio;
    float *x = ramp(), *two = malloc(2 * COUNT * sizeof(float)), y[COUNT];
    size_t n;
    (void)state;
    assert_non_null(two);
    for (int i = 0; i < COUNT; i++) {
        two[2 * i] = x[i];
        two[2 * i + 1] = -x[i];
    }
    options.log = keep_warning;
    options.log_user = warning;
    assert_int_equal(avsvt_context_create(&context, &options, NULL), AVSVT_OK);
    assert_int_equal(avsvt_audio_open_samples(&audio, context, two, COUNT, 2, 8000, NULL),
                     AVSVT_OK);
    assert_int_equal(avsvt_audio_read(audio, y, COUNT, &n, NULL), AVSVT_OK);
    assert_int_equal(n, COUNT);
    assert_memory_equal(y, x, sizeof(y));
    assert_non_null(strstr(warning, "from 0 s on its channels cancel each other"));
    assert_non_null(strstr(warning, "channel 1 is heard alone"));
    avsvt_audio_free(audio);
    avsvt_context_free(context);
    free(two);
}

static void what_is_logged_is_one_line(void **state)
{
    avsvt_context_options options = AVSVT_CONTEXT_OPTIONS_INIT;
    char warning[512] = "", name[] = "two\nlines.wav";
    avsvt_context *context;
    avsvt_audio *audio;
    float y[COUNT];
    size_t n, size;
    (void)state;
    assert_int_equal(avsvt_audio_write(scratch_path(name), ramp(), COUNT, 16000, NULL), AVSVT_OK);
    char *data = scratch_read(scratch_path(name), &size);
    scratch_write(name, data, size / 2);
    free(data);
    options.log = keep_warning;
    options.log_user = warning;
    assert_int_equal(avsvt_context_create(&context, &options, NULL), AVSVT_OK);
    assert_int_equal(avsvt_audio_open(&audio, context, scratch_path(name), NULL), AVSVT_OK);
    assert_int_equal(avsvt_audio_read(audio, y, COUNT, &n, NULL), AVSVT_OK);
    assert_non_null(strstr(warning, "two lines.wav"));
    avsvt_audio_free(audio);
    avsvt_context_free(context);
    unlink(scratch_path(name));
}

static void bad_arguments_are_refused(void **state)
{
    avsvt_audio *a = (avsvt_audio *)&a;
    avsvt_error err = AVSVT_ERROR_INIT;
    float *x = ramp(), y[10];
    size_t n = 5;
    (void)state;
    assert_int_equal(avsvt_audio_open(NULL, NULL, "x", &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_audio_open(&a, NULL, NULL, &err), AVSVT_E_ARG);
    assert_null(a);
    assert_int_equal(avsvt_audio_open(&a, NULL, "", &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_audio_open_samples(NULL, NULL, x, 1, 1, 8000, &err),
                     AVSVT_E_ARG);
    assert_int_equal(avsvt_audio_open_samples(&a, NULL, NULL, 1, 1, 8000, &err),
                     AVSVT_E_ARG);
    assert_int_equal(avsvt_audio_open_samples(&a, NULL, x, -1, 1, 8000, &err),
                     AVSVT_E_ARG);
    assert_int_equal(avsvt_audio_open_samples(&a, NULL, x, INT64_MAX, 2, 8000,
                                              &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_audio_open_samples(&a, NULL, x, 1, 0, 8000, &err),
                     AVSVT_E_ARG);
    assert_int_equal(avsvt_audio_open_samples(&a, NULL, x, 1, 257, 8000, &err),
                     AVSVT_E_ARG);
    assert_int_equal(avsvt_audio_open_samples(&a, NULL, x, 1, 1, 1, &err),
                     AVSVT_E_ARG);
    assert_int_equal(avsvt_audio_open_samples(&a, NULL, x, 1, 1, NAN, &err),
                     AVSVT_E_ARG);
    assert_null(a);

    assert_int_equal(avsvt_audio_open_samples(&a, NULL, x, 10, 1, 8000, NULL),
                     AVSVT_OK);
    assert_int_equal(avsvt_audio_set_rate(NULL, 8000, &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_audio_set_rate(a, 1, &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_audio_set_rate(a, NAN, &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_audio_set_rate(a, 1e6, &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_audio_describe(a, NULL, &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_audio_describe(NULL, NULL, &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_audio_read(a, NULL, 1, &n, &err), AVSVT_E_ARG);
    assert_int_equal(n, 0);
    assert_int_equal(avsvt_audio_read(a, y, 1, NULL, &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_audio_read(NULL, y, 1, &n, &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_audio_read(a, y, SIZE_MAX, &n, &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_audio_read(a, y, 4, &n, &err), AVSVT_OK);
    assert_int_equal(n, 4);
    assert_int_equal(avsvt_audio_set_rate(a, 16000, &err), AVSVT_E_ARG);
    avsvt_audio_free(a);
    avsvt_audio_free(NULL);
}

static void a_sample_that_is_no_number_fails_for_good(void **state)
{
    float x[100] = { 0 }, y[100];
    avsvt_audio *audio;
    size_t n;
    (void)state;
    x[50] = NAN;
    assert_int_equal(avsvt_audio_open_samples(&audio, NULL, x, 100, 1, 2000, NULL),
                     AVSVT_OK);
    for (int i = 0; i < 2; i++) {
        avsvt_error err = AVSVT_ERROR_INIT;
        assert_int_equal(avsvt_audio_read(audio, y, 100, &n, &err), AVSVT_E_FORMAT);
        assert_non_null(strstr(err.message, "0.025 s"));
        assert_int_equal(n, 0);
    }
    avsvt_audio_free(audio);
}

/* A host's stream over a block of memory; fails once `broken_at` is passed. */
typedef struct stream {
    const char *data;
    int64_t size, at, broken_at;
    int length_unknown, cannot_seek;
} stream;

static int64_t stream_length(void *user)
{
    return ((stream *)user)->length_unknown ? -1 : ((stream *)user)->size;
}

static int64_t stream_seek(void *user, int64_t offset, int whence)
{
    stream *s = user;
    int64_t to = offset + (whence == SEEK_SET ? 0 : whence == SEEK_CUR ? s->at
                                                                       : s->size);
    return to < 0 || s->cannot_seek ? -1 : (s->at = to);
}

/* At most 100 bytes at a time, as a slow line gives them. */
static int64_t stream_read(void *user, void *to, int64_t bytes)
{
    stream *s = user;
    int64_t n = s->size - s->at;
    if (s->broken_at && s->at > s->broken_at)
        return -1;
    if (n > 100)
        n = 100;
    if (n > bytes)
        n = bytes;
    if (n < 0)
        n = 0;
    memcpy(to, s->data + s->at, (size_t)n);
    s->at += n;
    return n;
}

static void the_hosts_functions_are_read(void **state)
{
    stream s = { 0 };
    avsvt_io io = AVSVT_IO_INIT;
    avsvt_audio *audio;
    float y[COUNT];
    size_t n, size;
    (void)state;
    assert_int_equal(avsvt_audio_write(scratch_path("io.wav"), ramp(), COUNT, 16000,
                                       NULL), AVSVT_OK);
    char *data = scratch_read(scratch_path("io.wav"), &size);
    s.data = data;
    s.size = (int64_t)size;
    io.user = &s;
    assert_int_equal(avsvt_audio_open_io(&audio, NULL, &io, NULL), AVSVT_E_ARG);
    io.length = stream_length;
    io.seek = stream_seek;
    io.read = stream_read;
    for (int i = 0; i < 2; i++) {
        s.at = 0;
        s.length_unknown = i;
        assert_int_equal(avsvt_audio_open_io(&audio, NULL, &io, NULL), AVSVT_OK);
        assert_int_equal(avsvt_audio_read(audio, y, COUNT, &n, NULL), AVSVT_OK);
        assert_int_equal(n, COUNT);
        assert_memory_equal(y, ramp(), sizeof(y));
        avsvt_audio_free(audio);
    }
    s.at = 0;
    s.broken_at = 30000;
    avsvt_error err = AVSVT_ERROR_INIT;
    assert_int_equal(avsvt_audio_open_io(&audio, NULL, &io, &err), AVSVT_OK);
    assert_int_equal(avsvt_audio_read(audio, y, COUNT, &n, &err), AVSVT_E_IO);
    avsvt_audio_free(audio);
    s.broken_at = 0;
    s.length_unknown = 0;
    s.cannot_seek = 1; /* a pipe; not to be taken for a damaged file */
    assert_int_equal(avsvt_audio_open_io(&audio, NULL, &io, &err), AVSVT_E_IO);
    assert_non_null(strstr(err.message, "seek"));
    assert_null(audio);
    s.cannot_seek = 0;
    s.at = s.size = 0;
    assert_int_equal(avsvt_audio_open_io(&audio, NULL, &io, &err), AVSVT_E_FORMAT);
    assert_null(audio);
    free(data);
}

static avsvt_status use_everything(const avsvt_allocator *a, void *user)
{
    avsvt_context_options options = AVSVT_CONTEXT_OPTIONS_INIT;
    avsvt_context *context;
    avsvt_audio *audio = NULL;
    float y[100];
    size_t n;
    options.allocator = a;
    avsvt_status status = avsvt_context_create(&context, &options, NULL);
    if (status != AVSVT_OK)
        return status;
    status = user ? avsvt_audio_open(&audio, context, user, NULL)
                  : avsvt_audio_open_samples(&audio, context, ramp(), COUNT / 4, 4,
                                             44100, NULL);
    avsvt_context_free(context);
    if (status == AVSVT_OK)
        status = avsvt_audio_set_rate(audio, 22050, NULL);
    if (status == AVSVT_OK)
        status = avsvt_audio_read(audio, y, 100, &n, NULL);
    avsvt_audio_free(audio);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    char path[1024];
    (void)state;
    snprintf(path, sizeof(path), "%s", scratch_path("m.wav"));
    assert_int_equal(avsvt_audio_write(path, ramp(), COUNT, 16000, NULL), AVSVT_OK);
    failing_allocator_each(use_everything, NULL);
    failing_allocator_each(use_everything, path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_bit_by_bit),
        cmocka_unit_test(writing_refuses_what_no_file_can_hold),
        cmocka_unit_test(a_read_only_folder_is_an_io_error),
        cmocka_unit_test(a_full_disk_is_noticed_and_leaves_nothing),
        cmocka_unit_test(channels_are_averaged),
        cmocka_unit_test(channels_that_cancel_each_other_are_heard_and_told),
        cmocka_unit_test(what_is_logged_is_one_line),
        cmocka_unit_test(bad_arguments_are_refused),
        cmocka_unit_test(a_sample_that_is_no_number_fails_for_good),
        cmocka_unit_test(the_hosts_functions_are_read),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
