/* SPDX-License-Identifier: MIT */
/* The media module: compressed sound and video that no library here reads. */
#ifndef AVSVTI_MEDIA_MODULE_H
#define AVSVTI_MEDIA_MODULE_H

#include <avsvt/sys/media.h>

#include "media/stream.h"

#define AVSVTI_MEDIA_MESSAGE 400

/* A file that the module reads. */
typedef struct avsvti_media_file {
    avsvti_stream stream; /* first; the module reads through it */
    const avsvt_media_table *module;
    void *media;          /* the module's */
} avsvti_media_file;

/* io NULL: the file at name. want: AVSVT_MEDIA_SOUND or _PICTURES. */
avsvt_status avsvti_media_file_open(avsvti_media_file **out, avsvt_media_info *info,
                                    avsvt_context *context, const char *name,
                                    const avsvt_io *io, int32_t want,
                                    avsvt_error *err);
/* file: an avsvti_media_file; NULL is allowed. */
void avsvti_media_file_close(void *file);

/* "NAME: message", from a call to the module that failed. */
avsvt_status avsvti_media_failed(const avsvti_media_file *f, avsvt_status status,
                                 const char *message, avsvt_error *err);

#endif
