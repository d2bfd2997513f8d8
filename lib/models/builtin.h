/* SPDX-License-Identifier: MIT */
/* The models that the library carries inside. */
#ifndef AVSVTI_MODELS_BUILTIN_H
#define AVSVTI_MODELS_BUILTIN_H

#include <stddef.h>

/* The bytes of its file, which live as long as the library. */
const void *avsvti_builtin_model(size_t *size);
/* The same of the live model. */
const void *avsvti_builtin_live_model(size_t *size);

#endif
