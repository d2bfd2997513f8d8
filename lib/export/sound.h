/* SPDX-License-Identifier: MIT */
/* A recording, small enough to be carried inside a page. */
#ifndef AVSVTI_EXPORT_SOUND_H
#define AVSVTI_EXPORT_SOUND_H

#include "core/buffer.h"

/* The sound at path in mono, as MP3, else Ogg Vorbis, else 16-bit WAV,
 * whichever libsndfile has. *type is its media type, *duration_s its length. */
avsvt_status avsvti_sound_encode(avsvti_buffer *to, const char **type,
                                 double *duration_s, avsvt_context *context,
                                 const char *path, avsvt_error *err);

void avsvti_base64(avsvti_buffer *to, const void *data, size_t size);

#endif
