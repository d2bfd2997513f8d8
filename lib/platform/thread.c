/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "platform/thread.h"

#include <signal.h>

int avsvti_thread_start(avsvti_thread *t, void *(*run)(void *), void *argument)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(t, NULL, run, argument);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return !failed;
}
