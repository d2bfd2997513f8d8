/* SPDX-License-Identifier: MIT */
/* The media module: compressed sound and video that no library here reads. */
#ifndef AVSVTI_MEDIA_MODULE_H
#define AVSVTI_MEDIA_MODULE_H

#include <avsvt/sys/media.h>

#include "media/stream.h"

avsvt_status avsvti_media_module(const avsvt_media_table **out,
                                 const avsvt_context *context, avsvt_error *err);

/* Opens what s holds. s must stay where it is until the module has closed. */
avsvt_status avsvti_media_module_open(const avsvt_media_table *table, void **media,
                                      avsvti_stream *s, int32_t want,
                                      avsvt_error *err);

/* "NAME: message", from a call to the module that failed. */
avsvt_status avsvti_media_failed(const avsvti_stream *s, avsvt_status status,
                                 const char *message, avsvt_error *err);
#define AVSVTI_MEDIA_MESSAGE 400

#endif
