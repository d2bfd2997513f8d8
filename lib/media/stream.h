/* SPDX-License-Identifier: MIT */
/* Bytes of a sound file: from a path, or through the host's functions. It
 * remembers that reading failed or came to the end, which decoders hide. */
#ifndef AVSVTI_MEDIA_STREAM_H
#define AVSVTI_MEDIA_STREAM_H

#include <avsvt/media.h>

#include "core/context.h"

typedef struct avsvti_stream {
    avsvt_context *context; /* counted */
    avsvt_io io;
    int   fd;        /* -1: io is the host's */
    char *name;      /* for messages */
    int   at_end;    /* reading came to the end of the bytes */
    int   io_failed;
} avsvti_stream;

/* io NULL: the file at name. The stream must stay where it is until closed. */
avsvt_status avsvti_stream_open(avsvti_stream *s, avsvt_context *context,
                                const char *name, const avsvt_io *io,
                                avsvt_error *err);
int64_t avsvti_stream_length(avsvti_stream *s);
int64_t avsvti_stream_seek(avsvti_stream *s, int64_t offset, int whence);
/* As many bytes as there are, at most so many. */
int64_t avsvti_stream_read(avsvti_stream *s, void *to, int64_t bytes);
/* The frames of sound that a file's head tells; -1 where no format packs so many into
 * so few bytes: the head is damaged, and nothing must be planned by it. */
int64_t avsvti_stream_frames(avsvti_stream *s, int64_t told);
void avsvti_stream_close(avsvti_stream *s);

/* A reader's state: size zeroed bytes that begin with an open stream. *state is
 * NULL on failure. */
avsvt_status avsvti_stream_new(void **state, size_t size, avsvt_context *context,
                               const char *name, const avsvt_io *io,
                               avsvt_error *err);
void avsvti_stream_delete(void *state);

#endif
