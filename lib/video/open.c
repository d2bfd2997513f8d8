/* SPDX-License-Identifier: MIT */
/* The public ways to open a video, and pictures that lie in memory. */
#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "core/npy.h"
#include "core/number.h"
#include "core/options.h"
#include "core/tensor.h"
#include "media/stream.h"
#include "video/array.h"

#define MIN_RATE_HZ 0.001 /* so that times and numbers of pictures can be counted */
#define MAX_RATE_HZ 1000.0

static avsvt_status check_rate(double rate_hz, const char *name, avsvt_error *err)
{
    if (rate_hz == 0.0 || (rate_hz >= MIN_RATE_HZ && rate_hz <= MAX_RATE_HZ))
        return AVSVT_OK;
    char text[AVSVTI_NUMBER_SIZE];
    avsvti_number_print(text, sizeof(text), rate_hz, 6);
    return avsvti_fail(err, AVSVT_E_ARG, "%s is %s: use 0.001 to 1000", name, text);
}

static avsvt_status read_options(avsvt_video_options *full,
                                 const avsvt_video_options *opts, avsvt_error *err)
{
    avsvt_status status = avsvti_options_read(full, sizeof(*full), opts,
                                              "avsvt_video_options", err);
    if (status == AVSVT_OK && full->pixels != AVSVT_VIDEO_GREY &&
        full->pixels != AVSVT_VIDEO_RGB)
        status = avsvti_fail(err, AVSVT_E_ARG,
            "pixels is %d: use AVSVT_VIDEO_GREY or AVSVT_VIDEO_RGB", (int)full->pixels);
    if (status == AVSVT_OK)
        status = check_rate(full->rate_hz, "rate_hz", err);
    if (status == AVSVT_OK)
        status = check_rate(full->array_rate_hz, "array_rate_hz", err);
    return status;
}

static avsvt_status open_any(avsvt_video **out, avsvt_context *context,
                             const char *name, const avsvt_io *io,
                             const avsvt_video_options *opts, avsvt_error *err)
{
    unsigned char start[8] = { 0 };
    avsvti_stream look;
    context = avsvti_context_or_default(context);
    avsvt_status status = avsvti_stream_open(&look, context, name, io, err);
    if (status != AVSVT_OK)
        return status;
    avsvti_stream_read(&look, start, sizeof(start));
    avsvti_stream_seek(&look, 0, SEEK_SET);
    avsvti_stream_close(&look);
    if (avsvti_npy_is(start, sizeof(start)))
        return avsvti_video_npy(out, context, name, io, opts, err);
    if (!memcmp(start, "PK\3\4", 4) || !memcmp(start, "PK\5\6", 4))
        return io ? avsvti_fail(err, AVSVT_E_UNSUPPORTED,
                        "an .npz file can only be read by its path")
                  : avsvti_video_npz(out, context, name, opts, err);
    return avsvti_video_container(out, context, name, io, opts, err);
}

avsvt_status avsvt_video_open(avsvt_video **out, avsvt_context *context,
                              const char *path, const avsvt_video_options *opts,
                              avsvt_error *err)
{
    avsvt_video_options full;
    if (out)
        *out = NULL;
    if (!out || !path || !*path)
        return avsvti_fail(err, AVSVT_E_ARG, "avsvt_video_open: %s",
            !out ? "out is NULL" : !path ? "path is NULL" : "the path is empty");
    avsvt_status status = read_options(&full, opts, err);
    return status ? status : open_any(out, context, path, NULL, &full, err);
}

avsvt_status avsvt_video_open_io(avsvt_video **out, avsvt_context *context,
                                 const avsvt_io *io, const avsvt_video_options *opts,
                                 avsvt_error *err)
{
    avsvt_video_options full;
    avsvt_io io_full;
    if (out)
        *out = NULL;
    if (!out || !io)
        return avsvti_fail(err, AVSVT_E_ARG, "avsvt_video_open_io: %s is NULL",
                           out ? "io" : "out");
    avsvt_status status = avsvti_options_read(&io_full, sizeof(io_full), io, "avsvt_io", err);
    if (status == AVSVT_OK && io_full.reserved)
        status = avsvti_fail(err, AVSVT_E_ARG, "avsvt_io.reserved must be 0");
    if (status == AVSVT_OK && (!io_full.length || !io_full.seek || !io_full.read))
        status = avsvti_fail(err, AVSVT_E_ARG, "avsvt_io needs length, seek and read");
    if (status == AVSVT_OK)
        status = read_options(&full, opts, err);
    return status ? status
                  : open_any(out, context, "the host's stream", &io_full, &full, err);
}

typedef struct frames_state {
    avsvt_tensor *frames; /* counted */
    avsvti_array array;
} frames_state;

static void close_frames(void *state)
{
    frames_state *s = state;
    avsvt_context *context = avsvt_context_ref(s->frames->context);
    const avsvt_allocator *a = s->array.allocator;
    avsvti_array_end(&s->array);
    avsvt_tensor_free(s->frames);
    avsvti_release(a, s);
    avsvt_context_free(context);
}

static avsvt_status read_frames(void *state, avsvti_picture *picture, avsvt_error *err)
{
    frames_state *s = state;
    if (s->array.next == s->array.npy.shape[0])
        return AVSVT_OK;
    return avsvti_array_picture(&s->array, (const uint8_t *)s->frames->data +
                                (size_t)s->array.next * (size_t)s->array.pixels,
                                picture, err);
}

static avsvt_status open_frames(avsvt_video **out, avsvt_context *context,
                                avsvt_tensor *frames, const avsvt_video_options *opts,
                                avsvt_error *err)
{
    static const avsvti_video_source source = { read_frames, close_frames };
    avsvt_video_info info = AVSVT_VIDEO_INFO_INIT;
    avsvti_pixels layout = AVSVTI_GREY;
    const avsvt_allocator *a = avsvti_allocator(context);
    frames_state *s = avsvti_alloc_zero(a, 1, sizeof(*s));
    if (!s)
        return avsvti_fail_memory(err);
    s->frames = avsvt_tensor_ref(frames);
    s->array.allocator = a;
    s->array.name = "the frames";
    s->array.npy.kind = 'u';
    s->array.npy.item = 1;
    s->array.npy.ndim = frames->ndim;
    s->array.npy.count = avsvti_tensor_bytes(AVSVT_U8, frames->ndim, frames->shape);
    memcpy(s->array.npy.shape, frames->shape, sizeof(frames->shape));
    avsvt_status status = avsvti_array_start(&s->array, opts, &info, &layout, err);
    if (status != AVSVT_OK) {
        close_frames(s);
        return status;
    }
    return avsvti_video_create(out, context, "the frames", &source, s, &info, layout, opts,
                               err);
}

avsvt_status avsvt_video_open_frames(avsvt_video **out, avsvt_context *context,
                                     avsvt_tensor *frames,
                                     const avsvt_video_options *opts, avsvt_error *err)
{
    avsvt_video_options full;
    if (out)
        *out = NULL;
    if (!out || !frames)
        return avsvti_fail(err, AVSVT_E_ARG, "avsvt_video_open_frames: %s is NULL",
                           out ? "frames" : "out");
    if (frames->dtype != AVSVT_U8)
        return avsvti_fail(err, AVSVT_E_ARG,
            "avsvt_video_open_frames: the frames must be uint8");
    avsvt_status status = read_options(&full, opts, err);
    return status ? status
        : open_frames(out, avsvti_context_or_default(context), frames, &full, err);
}
