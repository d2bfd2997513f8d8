/* SPDX-License-Identifier: MIT */
/* Whichever call to the system fails while sound is written: that is told, or the
 * file is whole. This program's write(), pwrite() and close() stand before the
 * system's. */
#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cmocka.h>

#include <avsvt/avsvt.h>

#include "support/scratch.h"

#define COUNT 20000
#define MOST_CALLS 100

static long writes, closes;                   /* so far */
static long failing_write = -1, failing_close = -1;

__attribute__((visibility("default")))
ssize_t write(int fd, const void *data, size_t size)
{
    if (fd > STDERR_FILENO && writes++ == failing_write) {
        errno = ENOSPC;
        return -1;
    }
    return syscall(SYS_write, fd, data, size);
}

__attribute__((visibility("default")))
ssize_t pwrite(int fd, const void *data, size_t size, off_t at)
{
    if (writes++ == failing_write) {
        errno = ENOSPC;
        return -1;
    }
    return syscall(SYS_pwrite64, fd, data, size, at);
}

__attribute__((visibility("default")))
int close(int fd)
{
    int fails = closes++ == failing_close;
    int result = (int)syscall(SYS_close, fd);
    if (fails)
        errno = EIO;
    return fails ? -1 : result;
}

static const float *ramp(void)
{
    static float x[COUNT];
    for (int i = 0; i < COUNT; i++)
        x[i] = (float)(i % 200 - 100) / 100.0f;
    return x;
}

/* Writes with failing_write and failing_close as they are: the same file as
 * otherwise, or a failure that leaves no file. */
static void check(const char *whole, size_t size, const char *reason)
{
    size_t n;
    const char *path = scratch_path("b.wav");
    avsvt_error err = AVSVT_ERROR_INIT;
    writes = closes = 0;
    avsvt_status status = avsvt_audio_write(path, ramp(), COUNT, 16000, &err);
    failing_write = failing_close = -1;
    if (status == AVSVT_OK) {
        char *made = scratch_read(path, &n);
        assert_int_equal(n, size);
        assert_memory_equal(made, whole, size);
        free(made);
        unlink(path);
    } else {
        assert_int_equal(status, AVSVT_E_IO);
        if (!strstr(err.message, reason) || !strstr(err.message, "b.wav"))
            fail_msg("%s", err.message);
    }
    assert_int_equal(scratch_count(), 1);
}

static void each_call_may_fail(void **state)
{
    size_t size;
    long i;
    (void)state;
    assert_int_equal(avsvt_audio_write(scratch_path("a.wav"), ramp(), COUNT, 16000, NULL),
                     AVSVT_OK);
    char *whole = scratch_read(scratch_path("a.wav"), &size);
    fflush(stdout);
    int out = dup(STDOUT_FILENO);
    assert_true(dup2(fileno(tmpfile()), STDOUT_FILENO) >= 0);
    for (i = 0; i < MOST_CALLS; i++) {
        failing_write = i;
        check(whole, size, strerror(ENOSPC));
        if (writes <= i)
            break;
    }
    assert_true(i > 2 && i < MOST_CALLS);
    for (i = 0; i < MOST_CALLS; i++) {
        failing_close = i;
        check(whole, size, strerror(EIO));
        if (closes <= i)
            break;
    }
    assert_true(i > 1 && i < MOST_CALLS);
    fflush(stdout); /* nothing of it is the host's */
    assert_int_equal(lseek(STDOUT_FILENO, 0, SEEK_END), 0);
    assert_true(dup2(out, STDOUT_FILENO) >= 0);
    close(out);
    free(whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_call_may_fail),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
