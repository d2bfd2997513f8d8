/* SPDX-License-Identifier: MIT */
/* Messages and the small parts of JSON. The program never calls setlocale(),
 * so printf() writes numbers with a point. */
#include "cli.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>

/* One line, whatever is in the words. */
static void say(const char *format, va_list list)
{
    char line[1400];
    vsnprintf(line, sizeof line, format, list);
    for (char *c = line; *c; c++)
        if (*c == '\n' || *c == '\r' || *c == '\033')
            *c = ' ';
    fprintf(stderr, "avsvt: %s\n", line);
}

int cli_fail(const char *format, ...)
{
    va_list list;
    va_start(list, format);
    say(format, list);
    va_end(list);
    return CLI_FAILED;
}

int cli_usage(const char *format, ...)
{
    va_list list;
    va_start(list, format);
    say(format, list);
    va_end(list);
    return CLI_USAGE;
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

void cli_json_string(FILE *to, const char *text)
{
    if (!text) {
        fputs("null", to);
        return;
    }
    fputc('"', to);
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        if (*c == '"' || *c == '\\')
            fprintf(to, "\\%c", *c);
        else if (*c == '\n')
            fputs("\\n", to);
        else if (*c < 0x20)
            fprintf(to, "\\u%04x", *c);
        else
            fputc(*c, to);
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
