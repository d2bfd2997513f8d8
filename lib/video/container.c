/* SPDX-License-Identifier: MIT */
/* The pictures of video files, through the media module. */
#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "media/module.h"
#include "video/video.h"

typedef struct container_state {
    avsvti_stream stream; /* first */
    const avsvt_media_table *module;
    void *media;
} container_state;

static void close_container(void *state)
{
    container_state *s = state;
    avsvt_context *context = avsvt_context_ref(s->stream.context);
    if (s->media)
        s->module->close(s->media);
    avsvti_stream_close(&s->stream);
    avsvti_release(avsvti_allocator(context), s);
    avsvt_context_free(context);
}

static avsvt_status read_container(void *state, avsvti_picture *to, avsvt_error *err)
{
    container_state *s = state;
    char message[AVSVTI_MEDIA_MESSAGE] = "";
    avsvt_media_picture picture;
    memset(&picture, 0, sizeof(picture));
    picture.struct_size = (uint32_t)sizeof(picture);
    avsvt_status status = s->module->read_picture(s->media, &picture, message,
                                                  sizeof(message));
    if (status != AVSVT_OK)
        return avsvti_media_failed(&s->stream, status, message, err);
    to->data = picture.bgr;
    to->time_s = picture.time_s;
    to->length_s = picture.length_s;
    return AVSVT_OK;
}

static avsvt_status start(container_state *s, avsvt_video_info *to, avsvt_error *err)
{
    avsvt_media_info info;
    memset(&info, 0, sizeof(info));
    info.struct_size = (uint32_t)sizeof(info);
    avsvt_status status = avsvti_media_module_open(s->module, &s->media, &s->stream,
                                                   AVSVT_MEDIA_PICTURES, err);
    if (status == AVSVT_OK) {
        s->module->describe(s->media, &info);
        status = avsvti_video_check_size(s->stream.name, info.width, info.height, err);
    }
    if (status != AVSVT_OK)
        return status;
    to->width = info.width;
    to->height = info.height;
    to->rotation = info.rotation;
    to->varies = info.varies;
    to->has_sound = info.has_sound;
    to->rate_hz = info.rate_hz;
    to->duration_s = info.duration_s;
    to->frames = info.count;
    snprintf(to->format, sizeof(to->format), "%.24s in %.32s", info.codec,
             info.container);
    return AVSVT_OK;
}

avsvt_status avsvti_video_container(avsvt_video **out, avsvt_context *context,
                                    const char *name, const avsvt_io *io,
                                    const avsvt_video_options *opts, avsvt_error *err)
{
    static const avsvti_video_source source = { read_container, close_container };
    avsvt_video_info info = AVSVT_VIDEO_INFO_INIT;
    const avsvt_media_table *module;
    const avsvt_allocator *a = avsvti_allocator(context);
    avsvt_status status = avsvti_media_module(&module, context, err);
    if (status != AVSVT_OK)
        return avsvti_fail_prefix(err, status, name);
    container_state *s = avsvti_alloc_zero(a, 1, sizeof(*s));
    if (!s)
        return avsvti_fail_memory(err);
    s->module = module;
    status = avsvti_stream_open(&s->stream, context, name, io, err);
    if (status != AVSVT_OK) {
        avsvti_release(a, s);
        return status;
    }
    status = start(s, &info, err);
    if (status != AVSVT_OK) {
        close_container(s);
        return status;
    }
    return avsvti_video_create(out, context, name, &source, s, &info, AVSVTI_BGR, opts,
                               err);
}
