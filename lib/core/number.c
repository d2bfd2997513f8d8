/* SPDX-License-Identifier: MIT */
#include "core/number.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "platform/locale.h"

/* The decimal point of the locale may be any bytes: whatever is neither digit
 * nor sign becomes one '.'. */
static void restore_point(char *text)
{
    char *from = text, *to = text;
    int in_point = 0;
    for (; *from; from++) {
        int plain = (*from >= '0' && *from <= '9') || *from == '-';
        if (plain)
            *to++ = *from;
        else if (!in_point)
            *to++ = '.';
        in_point = !plain;
    }
    *to = '\0';
}

void avsvti_number_print(char *to, size_t size, double value, int decimals)
{
    if (!isfinite(value)) {
        snprintf(to, size, "%s", isnan(value) ? "nan" : value < 0 ? "-inf" : "inf");
        return;
    }
    snprintf(to, size, "%.*f", decimals, value);
    restore_point(to);
    if (strchr(to, '.')) {
        char *end = to + strlen(to);
        while (end[-1] == '0')
            *--end = '\0';
        if (end[-1] == '.')
            *--end = '\0';
    }
    if (!strcmp(to, "-0"))
        snprintf(to, size, "0");
}

static const char *skip_digits(const char *p, int *any)
{
    while (*p >= '0' && *p <= '9') {
        *any = 1;
        p++;
    }
    return p;
}

const char *avsvti_number_parse(const char *text, double *value)
{
    const char *p = text;
    int any = 0, exponent = 0;
    if (*p == '+' || *p == '-')
        p++;
    p = skip_digits(p, &any);
    if (*p == '.')
        p = skip_digits(p + 1, &any);
    if (!any)
        return NULL;
    if (*p == 'e' || *p == 'E') {
        const char *q = p + 1;
        if (*q == '+' || *q == '-')
            q++;
        q = skip_digits(q, &exponent);
        if (exponent)
            p = q;
    }
    *value = avsvti_strtod_c(text);
    return isfinite(*value) ? p : NULL;
}
