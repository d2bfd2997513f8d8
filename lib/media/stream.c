/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "media/stream.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/memory.h"
#include "platform/file.h"

/* The densest is FLAC of silence: 65535 frames in 12 bytes. */
#define MOST_PER_BYTE 8192

static int64_t fd_length(void *user)
{
    int fd = *(int *)user;
    off_t here = lseek(fd, 0, SEEK_CUR);
    off_t end = lseek(fd, 0, SEEK_END);
    lseek(fd, here, SEEK_SET);
    return end;
}

static int64_t fd_seek(void *user, int64_t offset, int whence)
{
    return lseek(*(int *)user, offset, whence);
}

static int64_t fd_read(void *user, void *to, int64_t bytes)
{
    ssize_t n;
    do
        n = read(*(int *)user, to, (size_t)bytes);
    while (n < 0 && errno == EINTR);
    return n;
}

avsvt_status avsvti_stream_open(avsvti_stream *s, avsvt_context *context,
                                const char *name, const avsvt_io *io,
                                avsvt_error *err)
{
    avsvt_status status = AVSVT_OK;
    memset(s, 0, sizeof(*s));
    s->fd = -1;
    s->context = avsvt_context_ref(context);
    if (io) {
        s->io = *io;
    } else {
        s->io = (avsvt_io)AVSVT_IO_INIT;
        s->io.length = fd_length;
        s->io.seek = fd_seek;
        s->io.read = fd_read;
        s->io.user = &s->fd;
        status = avsvti_file_open(&s->fd, name, err);
    }
    s->name = avsvti_strdup(avsvti_allocator(context), name);
    if (status == AVSVT_OK && !s->name)
        status = avsvti_fail_memory(err);
    int64_t length = status == AVSVT_OK ? avsvti_stream_length(s) : 1;
    if (s->io_failed)
        status = avsvti_fail(err, AVSVT_E_IO, "%s: its length can't be told",
                             s->name);
    else if (length == 0)
        status = avsvti_fail(err, AVSVT_E_FORMAT, "%s: is empty", s->name);
    else if (io && status == AVSVT_OK && avsvti_stream_seek(s, 0, SEEK_SET) != 0)
        status = avsvti_fail(err, AVSVT_E_IO,
            "%s: can't be set back to its beginning: its seek must be able to",
            s->name); /* a host may have read in it */
    if (status != AVSVT_OK)
        avsvti_stream_close(s);
    return status;
}

int64_t avsvti_stream_length(avsvti_stream *s)
{
    int64_t length = s->io.length(s->io.user);
    if (length >= 0)
        return length;
    int64_t here = s->io.seek(s->io.user, 0, SEEK_CUR);
    length = s->io.seek(s->io.user, 0, SEEK_END);
    if (here < 0 || length < 0 || s->io.seek(s->io.user, here, SEEK_SET) < 0) {
        s->io_failed = 1;
        return 0;
    }
    return length;
}

int64_t avsvti_stream_seek(avsvti_stream *s, int64_t offset, int whence)
{
    return s->io.seek(s->io.user, offset, whence);
}

int64_t avsvti_stream_read(avsvti_stream *s, void *to, int64_t bytes)
{
    int64_t done = 0;
    while (done < bytes) {
        int64_t n = s->io.read(s->io.user, (char *)to + done, bytes - done);
        if (n < 0 || n > bytes - done) {
            s->io_failed = 1;
            break;
        }
        if (n == 0) {
            s->at_end = 1;
            break;
        }
        done += n;
    }
    return done;
}

int64_t avsvti_stream_frames(avsvti_stream *s, int64_t told)
{
    return told / MOST_PER_BYTE > avsvti_stream_length(s) ? -1 : told;
}

void avsvti_stream_close(avsvti_stream *s)
{
    avsvt_context *context = s->context;
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
    avsvti_release(avsvti_allocator(context), s->name);
    s->name = NULL;
    s->context = NULL;
    avsvt_context_free(context);
}

avsvt_status avsvti_stream_new(void **state, size_t size, avsvt_context *context,
                               const char *name, const avsvt_io *io,
                               avsvt_error *err)
{
    const avsvt_allocator *a = avsvti_allocator(context);
    avsvti_stream *s = avsvti_alloc_zero(a, 1, size);
    *state = NULL;
    if (!s)
        return avsvti_fail_memory(err);
    avsvt_status status = avsvti_stream_open(s, context, name, io, err);
    if (status != AVSVT_OK) {
        avsvti_release(a, s);
        return status;
    }
    *state = s;
    return AVSVT_OK;
}

void avsvti_stream_delete(void *state)
{
    avsvti_stream *s = state;
    avsvt_context *context = avsvt_context_ref(s->context);
    avsvti_stream_close(s);
    avsvti_release(avsvti_allocator(context), s);
    avsvt_context_free(context);
}
