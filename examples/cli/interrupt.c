/* SPDX-License-Identifier: MIT */
/* Ctrl-C and TERM: the first asks the work to stop, so that no half file
 * stays; the handler is then gone and a second ends the process at once. A
 * command that stopped dies of the signal in the end, as a shell stops its loop
 * only for a program that does. */
#include "cli.h"

#include <signal.h>
#include <string.h>

static volatile sig_atomic_t interrupted;

void cli_interrupt(int number)
{
    interrupted = number;
}

void cli_catch_interrupts(void)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = cli_interrupt;
    sigemptyset(&action.sa_mask);
    action.sa_flags = (int)SA_RESETHAND;
    const int caught[] = { SIGINT, SIGTERM, SIGHUP };
    for (size_t i = 0; i < sizeof caught / sizeof *caught; i++) {
        struct sigaction old;
        /* What the caller told us to ignore (nohup, background) stays so. */
        if (!sigaction(caught[i], NULL, &old) && old.sa_handler != SIG_IGN)
            sigaction(caught[i], &action, NULL);
    }
}

int cli_interrupted(void)
{
    return interrupted;
}

int cli_end(int status)
{
    int number = interrupted;
    if (status == CLI_FAILED && number) {
        signal(number, SIG_DFL);
        raise(number);
    }
    return status;
}
