/* SPDX-License-Identifier: MIT */
/* The one thing that needs the system's locale functions. */
#ifndef AVSVTI_PLATFORM_LOCALE_H
#define AVSVTI_PLATFORM_LOCALE_H

/* strtod() as in the "C" locale, whatever the host has set. */
double avsvti_strtod_c(const char *text);

#endif
