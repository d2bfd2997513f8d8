/* SPDX-License-Identifier: MIT */
/* The terminal while something live is drawn on it. What was on it before
 * comes back at the end. */
#include "live.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

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
    s->columns = size.ws_col > 30 ? size.ws_col : 30;
    s->rows = size.ws_row > 10 ? size.ws_row : 10;
}

void cli_screen_take(cli_screen *s)
{
    const char *plain = getenv("NO_COLOR");
    s->unicode = cli_unicode();
    s->colour = !plain || !*plain;
    s->taken = 1;
    cli_screen_measure(s);
    fputs("\033[?1049h\033[?25l\033[2J", stdout); /* a screen of its own, no cursor */
    fflush(stdout);
}

void cli_screen_give_back(cli_screen *s)
{
    if (!s->taken)
        return;
    fputs("\033[0m\033[?25h\033[?1049l", stdout);
    fflush(stdout);
    s->taken = 0;
}

void cli_screen_colour(const cli_screen *s, const char *code)
{
    if (s->colour)
        printf("\033[%sm", *code ? code : "0");
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
