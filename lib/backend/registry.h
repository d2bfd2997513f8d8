/* SPDX-License-Identifier: MIT */
/* Which backend runs which model, and loading the modules that bring them. */
#ifndef AVSVTI_BACKEND_REGISTRY_H
#define AVSVTI_BACKEND_REGISTRY_H

#include <avsvt/sys/backend.h>

#include "core/context.h"

/* Compiled-in backends. */
extern const avsvt_backend avsvti_backend_null;
extern const avsvt_backend avsvti_backend_native;

/* The backend named by the context ("auto": native when the manifest says
 * native.family and native has it, else torch). A module is loaded on first
 * use, with local scope, checked for its interface version, and never
 * unloaded. native_family: the manifest's value or NULL. */
avsvt_status avsvti_backend_choose(const avsvt_backend **out,
                                   const avsvt_context *context,
                                   const char *native_family, avsvt_error *err);

/* Whether the native backend runs networks of this family. */
int avsvti_native_has_family(const char *family);
/* Whether it is the one whose networks run on sound as it comes. */
int avsvti_native_is_live(const char *family);

#endif
