/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "platform/locale.h"

#include <locale.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static locale_t c_locale;

static void make_locale(void)
{
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

double avsvti_strtod_c(const char *text)
{
    pthread_once(&once, make_locale);
    return c_locale ? strtod_l(text, NULL, c_locale) : strtod(text, NULL);
}

void avsvti_vprint_c(char *to, size_t size, const char *format, va_list args)
{
    pthread_once(&once, make_locale);
    locale_t before = c_locale ? uselocale(c_locale) : (locale_t)0;
    vsnprintf(to, size, format, args);
    if (before)
        uselocale(before);
}
