/* SPDX-License-Identifier: MIT */
/* Messages and the small parts of JSON. The program never calls setlocale(),
 * so printf() writes numbers with a point. */
#include "cli.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What waits to be said; NULL: nothing waits. Under the lock of stderr, as the
 * library's threads warn too. */
static FILE *waiting;
static char *waiting_text;
static size_t waiting_size;

void cli_put(FILE *to, const char *text)
{
    for (; *text; text++)
        fputc((unsigned char)*text < 0x20 || *text == 0x7F ? ' ' : *text, to);
}

static void say(const char *before, const char *format, va_list list)
{
    char line[5000]; /* the longest path, and words */
    vsnprintf(line, sizeof line, format, list);
    flockfile(stderr);
    FILE *to = waiting ? waiting : stderr;
    fputs(before, to);
    cli_put(to, line);
    fputc('\n', to);
    funlockfile(stderr);
}

void cli_hold_messages(void)
{
    flockfile(stderr);
    if (!waiting && isatty(STDERR_FILENO))
        waiting = open_memstream(&waiting_text, &waiting_size);
    funlockfile(stderr);
}

void cli_say_held(void)
{
    flockfile(stderr);
    if (waiting && !fclose(waiting))
        fwrite(waiting_text, 1, waiting_size, stderr);
    if (waiting)
        free(waiting_text);
    waiting = NULL;
    funlockfile(stderr);
}

int cli_fail(const char *format, ...)
{
    va_list list;
    va_start(list, format);
    say("avsvt: ", format, list);
    va_end(list);
    return CLI_FAILED;
}

int cli_usage(const char *format, ...)
{
    va_list list;
    va_start(list, format);
    say("avsvt: ", format, list);
    va_end(list);
    return CLI_USAGE;
}

void cli_note(const char *format, ...)
{
    va_list list;
    va_start(list, format);
    say("avsvt: note: ", format, list);
    va_end(list);
}

void cli_tell(const char *format, ...)
{
    va_list list;
    va_start(list, format);
    say("", format, list);
    va_end(list);
}

int cli_error(const avsvt_error *err)
{
    if (err->status == AVSVT_E_CANCELLED && cli_interrupted())
        return cli_fail("stopped; nothing was written");
    if (err->message[0])
        return cli_fail("%s", err->message);
    return cli_fail("it failed with %s", avsvt_status_name(err->status));
}

int cli_close_stdout(void)
{
    errno = 0;
    if (fflush(stdout) || ferror(stdout))
        return cli_fail("cannot write to standard output: %s",
                        errno ? strerror(errno) : "an earlier write failed");
    return CLI_DONE;
}

int cli_utf8_length(const unsigned char *c)
{
    int n = *c < 0x80 ? 1 : *c < 0xc2 ? 0 : *c < 0xe0 ? 2 : *c < 0xf0 ? 3 : *c < 0xf5 ? 4 : 0;
    for (int i = 1; i < n; i++)
        if ((c[i] & 0xc0) != 0x80)
            return 0;
    int is_wrong = (*c == 0xe0 && c[1] < 0xa0) || (*c == 0xed && c[1] > 0x9f) ||
                   (*c == 0xf0 && c[1] < 0x90) || (*c == 0xf4 && c[1] > 0x8f);
    return is_wrong ? 0 : n;
}

/* Names of files may be any bytes, JSON may not. */
void cli_json_string(FILE *to, const char *text)
{
    if (!text) {
        fputs("null", to);
        return;
    }
    fputc('"', to);
    int n;
    for (const unsigned char *c = (const unsigned char *)text; *c; c += n ? n : 1) {
        n = cli_utf8_length(c);
        if (!n)
            fputs("\\ufffd", to);
        else if (*c == '"' || *c == '\\')
            fprintf(to, "\\%c", *c);
        else if (*c == '\n')
            fputs("\\n", to);
        else if (*c < 0x20)
            fprintf(to, "\\u%04x", *c);
        else
            fwrite(c, 1, (size_t)n, to);
    }
    fputc('"', to);
}

void cli_json_number(FILE *to, double value)
{
    if (isfinite(value))
        fprintf(to, "%.12g", value);
    else
        fputs("null", to);
}
