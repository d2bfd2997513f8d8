/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "platform/write.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

static int write_bytes(int fd, const char *data, size_t size, int64_t at)
{
    for (size_t done = 0; done < size;) {
        ssize_t n = at < 0 ? write(fd, data + done, size - done)
                           : pwrite(fd, data + done, size - done, (off_t)at + (off_t)done);
        if (n > 0)
            done += (size_t)n;
        else if (n == 0 || errno != EINTR)
            return n ? errno : ENOSPC;
    }
    return 0;
}

/* Takes the signal that writing has raised in this thread, if it was not there before. */
static void take_back(int signal, const sigset_t *before)
{
    static const struct timespec at_once = { 0, 0 };
    sigset_t one;
    if (sigismember(before, signal))
        return;
    sigemptyset(&one);
    sigaddset(&one, signal);
    while (sigtimedwait(&one, NULL, &at_once) < 0 && errno == EINTR)
        continue;
}

int avsvti_write_all(int fd, const void *data, size_t size, int64_t at)
{
    sigset_t held, usual, before;
    sigemptyset(&held);
    sigaddset(&held, SIGPIPE);
    sigaddset(&held, SIGXFSZ);
    pthread_sigmask(SIG_BLOCK, &held, &usual);
    sigpending(&before);
    int code = write_bytes(fd, data, size, at);
    if (code == EPIPE)
        take_back(SIGPIPE, &before);
    if (code == EFBIG)
        take_back(SIGXFSZ, &before);
    pthread_sigmask(SIG_SETMASK, &usual, NULL);
    return code;
}
