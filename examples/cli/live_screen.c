/* SPDX-License-Identifier: MIT */
/* The terminal while something live is drawn on it. What was on it before
 * comes back at the end. */
#include "live.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define FEWEST_COLUMNS 12 /* of which something can be seen */
#define FEWEST_ROWS 6

static const char take[] = "\033[?1049h\033[?25l\033[2J"; /* a screen of its own, no cursor */
static const char give_back[] = "\033[0m\033[?25h\033[?1049l";
static volatile sig_atomic_t taken;

/* Without stdio, which a signal may have found at work. */
static void put_now(const char *text)
{
    if (write(STDOUT_FILENO, text, strlen(text)) < 0)
        return; /* the terminal is gone */
}

static void stop(int number)
{
    sigset_t these;
    sigemptyset(&these);
    sigaddset(&these, number);
    signal(number, SIG_DFL);
    raise(number);
    sigprocmask(SIG_UNBLOCK, &these, NULL); /* until it is told to go on */
}

static void on_stop(int number);

/* With SA_RESTART, as a line that is being written must not be cut short. */
static void set_on_stop(int number)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_stop;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, NULL);
}

/* Ctrl-Z: the shell gets its terminal meanwhile. */
static void on_stop(int number)
{
    int before = errno;
    cli_screen_restore();
    stop(number);
    pid_t owner = tcgetpgrp(STDOUT_FILENO);
    if (owner > 0 && owner != getpgrp())
        stop(SIGTTOU); /* it goes on in the background, where nothing is drawn */
    set_on_stop(number);
    if (taken)
        put_now(take);
    errno = before;
}

static void catch_stop(void)
{
    struct sigaction old;
    if (!sigaction(SIGTSTP, NULL, &old) && old.sa_handler == SIG_DFL)
        set_on_stop(SIGTSTP);
}

void cli_screen_restore(void)
{
    if (taken)
        put_now(give_back);
}

int cli_screen_wanted(const cli_args *args)
{
    const char *terminal = getenv("TERM");
    return !args->json && !args->quiet && isatty(STDOUT_FILENO) && terminal && *terminal &&
           strcmp(terminal, "dumb");
}

void cli_screen_measure(cli_screen *s)
{
    struct winsize size;
    s->columns = 80;
    s->rows = 24;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_col || !size.ws_row)
        return;
    s->columns = size.ws_col > FEWEST_COLUMNS ? size.ws_col : FEWEST_COLUMNS;
    s->rows = size.ws_row > FEWEST_ROWS ? size.ws_row : FEWEST_ROWS;
}

void cli_screen_take(cli_screen *s)
{
    const char *plain = getenv("NO_COLOR");
    s->unicode = cli_unicode();
    s->colour = !plain || !*plain;
    s->taken = 1;
    cli_screen_measure(s);
    fputs(take, stdout);
    fflush(stdout);
    taken = 1;
    catch_stop();
    cli_hold_messages();
}

void cli_screen_give_back(cli_screen *s)
{
    if (!s->taken)
        return;
    fputs(give_back, stdout);
    fflush(stdout);
    s->taken = 0;
    taken = 0;
    cli_say_held();
}

void cli_screen_colour(const cli_screen *s, const char *code)
{
    if (s->colour)
        printf("\033[%sm", *code ? code : "0");
}

int cli_screen_room(const cli_screen *s)
{
    return s->columns - 1;
}

int cli_screen_text(const char *text, int most)
{
    int used = 0, columns;
    for (const char *next = text; *text; text = next) {
        long code = cli_character(&next, &columns);
        if (used + columns > most)
            break;
        used += columns;
        if (code < 0x20 || (code >= 0x7F && code < 0xA0)) /* they move cursors, and worse */
            putchar(' ');
        else
            fwrite(text, 1, (size_t)(next - text), stdout);
    }
    return used;
}

void cli_screen_head(const cli_screen *s, const char *title, const char *right)
{
    int room = cli_screen_room(s), place = room - (int)strlen(right);
    fputs("\033[H", stdout);
    int used = place > 1 ? cli_screen_text(title, place - 1) : 0;
    printf("%*s", place > used ? place - used : 0, "");
    cli_screen_text(right, room);
    fputs("\033[K\n", stdout);
}

void cli_screen_cents(const cli_screen *s, double cents, int width)
{
    int half = width / 2;
    int at = isnan(cents) ? -1 : half + (int)lround(fmin(fmax(cents, -50), 50) / 50 * half);
    fputs("flat ", stdout);
    for (int i = 0; i <= 2 * half; i++) {
        if (i == at) {
            cli_screen_colour(s, fabs(cents) <= 15 ? "1;32" : fabs(cents) <= 30 ? "1;33" : "1;31");
            fputs(s->unicode ? "\u25CF" : "O", stdout);
            cli_screen_colour(s, "");
        } else if (i == half) {
            fputs(s->unicode ? "\u253C" : "|", stdout);
        } else {
            fputs(s->unicode ? "\u2500" : "-", stdout);
        }
    }
    fputs(" sharp", stdout);
}

void cli_screen_level(const cli_screen *s, double level_db, int width)
{
    int full = (int)lround(fmin(fmax((level_db + 60) / 60, 0), 1) * width);
    for (int i = 0; i < width; i++)
        fputs(i < full ? s->unicode ? "\u25AE" : "#" : s->unicode ? "\u25AF" : ".", stdout);
}
