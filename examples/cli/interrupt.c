/* SPDX-License-Identifier: MIT */
/* Ctrl-C and TERM: the first asks the work to stop, so that no half file
 * stays; a second ends the process at once, with the terminal as it was. A
 * command that stopped dies of the signal in the end, as a shell stops its loop
 * only for a program that does. */
#include "live.h"

#include <signal.h>
#include <string.h>

static volatile sig_atomic_t interrupted;

void cli_interrupt(int number)
{
    interrupted = number;
}

static void end_now(int number)
{
    cli_screen_restore();
    signal(number, SIG_DFL);
    raise(number);
}

static void on_signal(int number)
{
    cli_interrupt(number);
    signal(number, end_now);
}

static const int caught[] = { SIGINT, SIGTERM, SIGHUP };
#define CAUGHT (sizeof caught / sizeof *caught)
static struct sigaction before[CAUGHT];

void cli_catch(void (*handler)(int number))
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = handler; /* and without SA_RESTART: what waits is to end */
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < CAUGHT; i++)
        /* What the caller told us to ignore (nohup, background) stays so. */
        if (!sigaction(caught[i], NULL, &before[i]) && before[i].sa_handler != SIG_IGN)
            sigaction(caught[i], &action, NULL);
}

void cli_catch_as_before(void)
{
    for (size_t i = 0; i < CAUGHT; i++)
        sigaction(caught[i], &before[i], NULL);
}

void cli_catch_interrupts(void)
{
    cli_catch(on_signal);
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
