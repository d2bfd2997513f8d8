/* SPDX-License-Identifier: MIT */
/* Pictures of an .npy file, or of an array in an .npz file, one at a time, so that
 * memory does not grow; what is packed, or in a small .npz, lies in memory whole. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/memory.h"
#include "core/npz.h"
#include "media/stream.h"
#include "platform/file.h"
#include "video/array.h"

typedef struct npy_state {
    avsvti_stream stream; /* first */
    avsvti_array array;
    void *raw; /* a picture's values as the file has them */
} npy_state;

static void close_npy(void *state)
{
    npy_state *s = state;
    avsvti_array_end(&s->array);
    avsvti_release(avsvti_allocator(s->stream.context), s->raw);
    avsvti_stream_delete(s);
}

/* The array goes on for no more than `whole` pictures, whatever its header says. */
static avsvt_status cut_short(npy_state *s, int64_t whole, avsvt_error *err)
{
    if (whole == 0)
        return avsvti_fail(err, AVSVT_E_FORMAT,
            "%s: was cut short: not one whole picture is there", s->stream.name);
    avsvti_log(s->stream.context, AVSVT_LOG_WARNING,
        "%s: has %lld of %lld pictures: it was cut short", s->stream.name,
        (long long)whole, (long long)s->array.npy.shape[0]);
    s->array.npy.shape[0] = whole;
    return AVSVT_OK;
}

static avsvt_status read_npy(void *state, avsvti_picture *picture, avsvt_error *err)
{
    npy_state *s = state;
    int64_t bytes = s->array.pixels * (int64_t)s->array.npy.item;
    if (s->array.next == s->array.npy.shape[0])
        return AVSVT_OK;
    int64_t got = avsvti_stream_read(&s->stream, s->raw, bytes);
    if (s->stream.io_failed)
        return avsvti_fail(err, AVSVT_E_IO, "%s: reading failed", s->stream.name);
    if (got < bytes)
        return cut_short(s, s->array.next, err);
    return avsvti_array_picture(&s->array, s->raw, picture, err);
}

/* The header into s->array.npy, the stream at the first value after it. */
static avsvt_status read_header(npy_state *s, avsvt_error *err)
{
    const avsvt_allocator *a = avsvti_allocator(s->stream.context);
    unsigned char *head = avsvti_alloc(a, AVSVTI_NPY_HEADER_MAX, 1);
    if (!head)
        return avsvti_fail_memory(err);
    int64_t got = avsvti_stream_read(&s->stream, head, AVSVTI_NPY_HEADER_MAX);
    avsvt_status status = s->stream.io_failed
        ? avsvti_fail(err, AVSVT_E_IO, "%s: reading failed", s->stream.name)
        : avsvti_npy_parse(&s->array.npy, head, (size_t)got, s->stream.name, err);
    avsvti_release(a, head);
    if (status == AVSVT_OK &&
        avsvti_stream_seek(&s->stream, (int64_t)s->array.npy.start, SEEK_SET) < 0)
        status = avsvti_fail(err, AVSVT_E_IO, "%s: reading failed", s->stream.name);
    return status;
}

/* A header may promise more than a file that was cut short holds. */
static avsvt_status count_what_is_there(npy_state *s, avsvt_video_info *info, avsvt_error *err)
{
    int64_t picture = s->array.pixels * (int64_t)s->array.npy.item;
    int64_t length = s->stream.io.length(s->stream.io.user); /* below 0: not known */
    int64_t bytes = length - (int64_t)s->array.npy.start;
    if (length < 0 || bytes < 0 || bytes / picture >= info->frames)
        return AVSVT_OK;
    info->frames = bytes / picture;
    info->duration_s = (double)info->frames / info->rate_hz;
    return cut_short(s, info->frames, err);
}

static avsvt_status start_npy(npy_state *s, const avsvt_video_options *opts,
                              avsvt_video_info *info, avsvti_pixels *layout,
                              avsvt_error *err)
{
    avsvt_status status = read_header(s, err);
    if (status == AVSVT_OK)
        status = avsvti_array_start(&s->array, opts, info, layout, err);
    if (status == AVSVT_OK)
        status = count_what_is_there(s, info, err);
    if (status != AVSVT_OK)
        return status;
    s->raw = avsvti_alloc(s->array.allocator, (size_t)s->array.pixels, s->array.npy.item);
    return s->raw ? AVSVT_OK : avsvti_fail_memory(err);
}

avsvt_status avsvti_video_npy(avsvt_video **out, avsvt_context *context,
                              const char *name, const avsvt_io *io,
                              const avsvt_video_options *opts, avsvt_error *err)
{
    static const avsvti_video_source source = { read_npy, close_npy };
    avsvt_video_info info = AVSVT_VIDEO_INFO_INIT;
    avsvti_pixels layout = AVSVTI_GREY;
    void *state;
    avsvt_status status = avsvti_stream_new(&state, sizeof(npy_state), context, name, io,
                                            err);
    if (status != AVSVT_OK)
        return status;
    npy_state *s = state;
    s->array.allocator = avsvti_allocator(context);
    s->array.name = s->stream.name;
    status = start_npy(s, opts, &info, &layout, err);
    if (status != AVSVT_OK) {
        close_npy(s);
        return status;
    }
    return avsvti_video_create(out, context, name, &source, s, &info, layout, opts, err);
}

typedef struct npz_state {
    avsvt_context *context; /* counted */
    char *path;
    avsvti_npz npz;
    avsvti_array array;
    const unsigned char *data; /* NULL: the file is read, */
    int fd;
    uint64_t at;               /* from this byte on */
    void *raw;                 /* a picture's values as the file has them */
} npz_state;

static void close_npz(void *state)
{
    npz_state *s = state;
    avsvt_context *context = s->context;
    const avsvt_allocator *a = avsvti_allocator(context);
    avsvti_array_end(&s->array);
    if (s->npz.path)
        avsvti_npz_close(&s->npz);
    if (s->fd >= 0)
        close(s->fd);
    avsvti_release(a, s->raw);
    avsvti_release(a, s->path);
    avsvti_release(a, s);
    avsvt_context_free(context);
}

static avsvt_status read_npz(void *state, avsvti_picture *picture, avsvt_error *err)
{
    npz_state *s = state;
    if (s->array.next == s->array.npy.shape[0])
        return AVSVT_OK;
    size_t bytes = (size_t)s->array.pixels * s->array.npy.item;
    size_t from = (size_t)s->array.next * bytes;
    avsvt_status status = s->data ? AVSVT_OK
        : avsvti_file_read_at(s->fd, s->at + from, s->raw, bytes, s->path, err);
    return status != AVSVT_OK ? status
        : avsvti_array_picture(&s->array, s->data ? s->data + from : s->raw, picture, err);
}

/* A mapped file that is written to while a video is read would end the process:
 * from here on it is read. */
static avsvt_status let_go_of_map(npz_state *s, avsvt_error *err)
{
    if (s->npz.unpacked || s->npz.map.block)
        return AVSVT_OK;
    s->at = (uint64_t)(s->data - (const unsigned char *)s->npz.map.data);
    s->data = NULL;
    avsvti_npz_close(&s->npz);
    s->npz.path = NULL;
    s->raw = avsvti_alloc(s->array.allocator, (size_t)s->array.pixels, s->array.npy.item);
    return s->raw ? AVSVT_OK : avsvti_fail_memory(err);
}

static avsvt_status start_npz(npz_state *s, const avsvt_video_options *opts,
                              avsvt_video_info *info, avsvti_pixels *layout,
                              avsvt_error *err)
{
    const void *data = NULL;
    avsvt_status status = avsvti_file_open(&s->fd, s->path, err);
    if (status == AVSVT_OK)
        status = avsvti_npz_open(&s->npz, s->array.allocator, s->path, err);
    if (status == AVSVT_OK)
        status = avsvti_npz_array(&s->npz, opts->array, SIZE_MAX / 4, &s->array.npy, &data,
                                  err);
    if (status != AVSVT_OK)
        return status;
    s->data = data;
    status = avsvti_array_start(&s->array, opts, info, layout, err);
    return status == AVSVT_OK ? let_go_of_map(s, err) : status;
}

avsvt_status avsvti_video_npz(avsvt_video **out, avsvt_context *context,
                              const char *path, const avsvt_video_options *opts,
                              avsvt_error *err)
{
    static const avsvti_video_source source = { read_npz, close_npz };
    avsvt_video_info info = AVSVT_VIDEO_INFO_INIT;
    avsvti_pixels layout = AVSVTI_GREY;
    const avsvt_allocator *a = avsvti_allocator(context);
    npz_state *s = avsvti_alloc_zero(a, 1, sizeof(*s));
    if (!s)
        return avsvti_fail_memory(err);
    s->context = avsvt_context_ref(context);
    s->path = avsvti_strdup(a, path);
    s->array.allocator = a;
    s->array.name = s->path;
    s->fd = -1;
    avsvt_status status = s->path ? start_npz(s, opts, &info, &layout, err)
                                  : avsvti_fail_memory(err);
    if (status != AVSVT_OK) {
        close_npz(s);
        return status;
    }
    return avsvti_video_create(out, context, path, &source, s, &info, layout, opts, err);
}
