/* SPDX-License-Identifier: MIT */
/* The one thing that needs the system's locale functions. */
#ifndef AVSVTI_PLATFORM_LOCALE_H
#define AVSVTI_PLATFORM_LOCALE_H

#include <stdarg.h>
#include <stddef.h>

/* strtod() as in the "C" locale, whatever the host has set. */
double avsvti_strtod_c(const char *text);

/* vsnprintf() in the same way. Only this thread's locale is another meanwhile. */
void avsvti_vprint_c(char *to, size_t size, const char *format, va_list args);

#endif
