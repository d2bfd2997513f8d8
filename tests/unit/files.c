/* SPDX-License-Identifier: MIT */
/* Files written beside, and folders that are made. */
#define _GNU_SOURCE /* symlink */
#include "support/test.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "platform/file.h"
#include "platform/folder.h"
#include "support/scratch.h"

static void a_temporary_file_lies_beside_and_ends_as_the_file_does(void **state)
{
    static const size_t lengths[] = { 5, 180, 181, 250 };
    const avsvt_allocator *a = avsvti_default_allocator();
    char name[256], path[1400], *temporary;
    (void)state;
    for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
        memset(name, 'n', lengths[i]);
        memcpy(name + lengths[i] - 4, ".wav", 5);
        snprintf(path, sizeof(path), "%s", scratch_path(name));
        avsvt_error err = AVSVT_ERROR_INIT;
        if (avsvti_file_begin(&temporary, a, path, &err))
            fail_msg("%s", err.message);
        size_t folder = (size_t)(strrchr(path, '/') - path) + 1, n = strlen(temporary);
        assert_memory_equal(temporary, path, folder);
        assert_null(strchr(temporary + folder, '/'));
        assert_string_equal(temporary + n - 4, ".wav");
        assert_int_equal(avsvti_file_commit(temporary, a, path, &err), AVSVT_OK);
        assert_true(avsvti_file_is(path));
    }
}

static void a_path_that_is_empty_is_told_as_such(void **state)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    (void)state;
    assert_int_equal(avsvti_file_check("", &err), AVSVT_E_NOT_FOUND);
    assert_string_equal(err.message, "(an empty path): can't open: No such file or directory");
}

static void a_folder_that_cannot_be_made_is_told_with_its_reason(void **state)
{
    const avsvt_allocator *a = avsvti_default_allocator();
    avsvt_error err = AVSVT_ERROR_INIT;
    char link[1400];
    (void)state;
    snprintf(link, sizeof(link), "%s", scratch_path("link"));
    assert_int_equal(symlink("there-is-none", link), 0);
    assert_int_equal(avsvti_folder_make(a, link, NULL, &err), AVSVT_E_IO);
    assert_says(err, "Not a directory");
    assert_int_equal(avsvti_folder_make(a, scratch_path("a/b/c"), NULL, &err), AVSVT_OK);
    assert_int_equal(avsvti_folder_make(a, scratch_path("a/b/c/"), NULL, &err), AVSVT_OK);
    assert_true(avsvti_folder_is(scratch_path("a/b/c")));
    unlink(link);
    rmdir(scratch_path("a/b/c"));
    rmdir(scratch_path("a/b"));
    rmdir(scratch_path("a"));
}

static void what_a_file_names_lies_beside_it_unless_it_says_where(void **state)
{
    static const struct { const char *file, *name, *path; } cases[] = {
        { "lists/train.csv", "a.wav", "lists/a.wav" },
        { "lists/train.csv", "../b/a.wav", "lists/../b/a.wav" },
        { "train.csv", "a.wav", "a.wav" },
        { "/train.csv", "a.wav", "/a.wav" },
        { "lists/train.csv", "/b/a.wav", "/b/a.wav" },
    };
    const avsvt_allocator *a = avsvti_default_allocator();
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *path = avsvti_path_beside(a, cases[i].file, cases[i].name);
        assert_string_equal(path, cases[i].path);
        avsvti_release(a, path);
    }
}

/* The pipe's path; a child writes size bytes into it and ends. */
static pid_t write_into_pipe(char path[32], int ends[2], size_t size)
{
    assert_int_equal(pipe(ends), 0);
    snprintf(path, 32, "/dev/fd/%d", ends[0]);
    pid_t child = fork();
    assert_true(child >= 0);
    if (!child) {
        close(ends[0]);
        for (size_t i = 0; i < size; i++)
            if (write(ends[1], &"0123456789"[i % 10], 1) != 1)
                _exit(1);
        _exit(0);
    }
    close(ends[1]);
    return child;
}

static void a_pipe_is_read_to_its_end(void **state)
{
    enum { SIZE = 150000 }; /* more than it holds, or than is first made room for */
    const avsvt_allocator *a = avsvti_default_allocator();
    avsvt_error err = AVSVT_ERROR_INIT;
    char path[32], *data;
    size_t size;
    int ends[2], ended;
    (void)state;
    pid_t child = write_into_pipe(path, ends, SIZE);
    if (avsvti_file_read(&data, &size, a, path, SIZE, &err))
        fail_msg("%s", err.message);
    assert_int_equal(size, SIZE);
    for (size_t i = 0; i < size; i++)
        if (data[i] != "0123456789"[i % 10])
            fail_msg("byte %zu is %d", i, data[i]);
    assert_int_equal(data[size], 0);
    avsvti_release(a, data);
    close(ends[0]);
    assert_int_equal(waitpid(child, &ended, 0), child);
    assert_int_equal(ended, 0);
}

static void pipes_with_nothing_or_too_much_are_told(void **state)
{
    const avsvt_allocator *a = avsvti_default_allocator();
    avsvt_error err = AVSVT_ERROR_INIT;
    char path[32], *data;
    size_t size;
    int ends[2];
    (void)state;
    pid_t child = write_into_pipe(path, ends, 0);
    assert_int_equal(avsvti_file_read(&data, &size, a, path, 10, &err), AVSVT_E_IO);
    assert_says(err, "nothing came through this pipe");
    assert_null(data);
    close(ends[0]);
    waitpid(child, NULL, 0);
    child = write_into_pipe(path, ends, 11);
    assert_int_equal(avsvti_file_read(&data, &size, a, path, 10, &err), AVSVT_E_UNSUPPORTED);
    assert_says(err, "more than 10 bytes");
    assert_null(data);
    close(ends[0]);
    waitpid(child, NULL, 0);
    assert_int_equal(avsvti_file_read(&data, &size, a, "/dev/null", 10, &err), AVSVT_E_IO);
    assert_says(err, "is not a regular file");
}

/* Whether this process waits for something. */
static int waits(pid_t process)
{
    char path[32], state = 0;
    snprintf(path, sizeof(path), "/proc/%d/stat", (int)process);
    FILE *stat = fopen(path, "r");
    int told = stat && fscanf(stat, "%*d (%*[^)]) %c", &state) == 1;
    if (stat)
        fclose(stat);
    return told && state == 'S';
}

/* One that has a name, and a reader before it has a writer. */
static void a_pipe_waits_for_who_writes_into_it_but_not_for_ever(void **state)
{
    const avsvt_allocator *a = avsvti_default_allocator();
    avsvt_error err = AVSVT_ERROR_INIT;
    const char *path = scratch_path("pipe");
    pid_t reader = getpid();
    char *data;
    size_t size;
    int ended;
    (void)state;
    assert_int_equal(mkfifo(path, 0600), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (!child) {
        int to = -1;
        while (!waits(reader) || (to = open(path, O_WRONLY | O_NONBLOCK)) < 0)
            sched_yield();
        _exit(write(to, "0,1,60\n", 7) != 7);
    }
    avsvt_status status = avsvti_file_read(&data, &size, a, path, 10, &err);
    if (status)
        kill(child, SIGKILL);
    assert_int_equal(waitpid(child, &ended, 0), child);
    if (status)
        fail_msg("%s", err.message);
    assert_int_equal(ended, 0);
    assert_string_equal(data, "0,1,60\n");
    avsvti_release(a, data);
    assert_int_equal(avsvti_file_read(&data, &size, a, path, 10, &err), AVSVT_E_IO);
    assert_says(err, "nobody wrote into this pipe");
}

static volatile sig_atomic_t signals;

static void count_signal(int signal)
{
    (void)signal;
    signals++;
}

/* Nothing of what the host has made of signals is used or changed. */
static void signals_of_writing_do_not_come_through(void **state)
{
    const avsvt_allocator *a = avsvti_default_allocator();
    avsvt_error err = AVSVT_ERROR_INIT;
    struct sigaction ours = { .sa_handler = count_signal }, pipe_before, size_before;
    struct rlimit before, small;
    sigset_t mask, waiting;
    char path[32];
    int ends[2];
    (void)state;
    sigaction(SIGPIPE, &ours, &pipe_before);
    sigaction(SIGXFSZ, &ours, &size_before);
    assert_int_equal(pipe(ends), 0);
    close(ends[0]);
    snprintf(path, sizeof(path), "/dev/fd/%d", ends[1]);
    assert_int_equal(avsvti_file_write(path, "notes", 5, a, &err), AVSVT_E_IO);
    assert_says(err, "Broken pipe");
    close(ends[1]);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 3;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    size_t at = 0;
    avsvt_status whole = avsvti_file_write(scratch_path("w"), "notes", 5, a, NULL);
    avsvt_status more = avsvti_file_append(scratch_path("m"), &at, "notes", 5, NULL);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(whole, AVSVT_E_IO);
    assert_int_equal(more, AVSVT_E_IO);
    sigpending(&waiting);
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    assert_int_equal(signals, 0);
    assert_false(sigismember(&waiting, SIGPIPE) || sigismember(&waiting, SIGXFSZ));
    assert_false(sigismember(&mask, SIGPIPE) || sigismember(&mask, SIGXFSZ));
    sigaction(SIGPIPE, &pipe_before, NULL);
    sigaction(SIGXFSZ, &size_before, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_temporary_file_lies_beside_and_ends_as_the_file_does),
        cmocka_unit_test(a_path_that_is_empty_is_told_as_such),
        cmocka_unit_test(a_folder_that_cannot_be_made_is_told_with_its_reason),
        cmocka_unit_test(what_a_file_names_lies_beside_it_unless_it_says_where),
        cmocka_unit_test(a_pipe_waits_for_who_writes_into_it_but_not_for_ever),
        cmocka_unit_test(signals_of_writing_do_not_come_through),
        cmocka_unit_test(a_pipe_is_read_to_its_end),
        cmocka_unit_test(pipes_with_nothing_or_too_much_are_told),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
