/* SPDX-License-Identifier: MIT */
/* The module's table and its door. */
#include "source.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void fill_info(const media_source *s, avsvt_media_info *info)
{
    const AVStream *stream = media_stream(s);
    AVRational mean = stream->avg_frame_rate, base = stream->r_frame_rate;
    double duration = -1.0;
    if (stream->duration != AV_NOPTS_VALUE && stream->duration > 0)
        duration = (double)stream->duration * av_q2d(stream->time_base);
    else if (s->format->duration != AV_NOPTS_VALUE && s->format->duration > 0)
        duration = (double)s->format->duration / AV_TIME_BASE;
    info->has_sound = s->sound >= 0;
    info->has_pictures = s->pictures >= 0;
    info->duration_s = duration;
    info->count = -1;
    snprintf(info->codec, sizeof(info->codec), "%s",
             avcodec_get_name(stream->codecpar->codec_id));
    snprintf(info->container, sizeof(info->container), "%s",
             s->format->iformat->long_name ? s->format->iformat->long_name
                                           : s->format->iformat->name);
    if (s->want == AVSVT_MEDIA_SOUND) {
        info->channels = s->channels;
        info->rate_hz = s->rate_hz;
        return;
    }
    info->width = s->turned ? s->height : s->width;
    info->height = s->turned ? s->width : s->height;
    info->rotation = s->rotation;
    if (stream->nb_frames > 0)
        info->count = stream->nb_frames;
    if (mean.num > 0 && mean.den > 0)
        info->rate_hz = av_q2d(mean);
    else if (info->count > 0 && duration > 0)
        info->rate_hz = (double)info->count / duration;
    else if (s->decoder->framerate.num > 0 && s->decoder->framerate.den > 0)
        info->rate_hz = av_q2d(s->decoder->framerate);
    if (base.num > 0 && base.den > 0 && info->rate_hz > 0)
        info->varies = fabs(av_q2d(base) / info->rate_hz - 1.0) > 0.01;
}

static void media_close(void *media)
{
    media_source *s = media;
    if (!s)
        return;
    media_enter();
    media_pictures_end(s);
    media_input_close(s);
    av_free(s);
    media_leave();
}

static avsvt_status start(media_source *s, char *message, size_t size)
{
    avsvt_status status = media_input_open(s, message, size);
    if (status == AVSVT_OK)
        status = media_decoder_open(s, message, size);
    if (status != AVSVT_OK)
        return status;
    if (s->want == AVSVT_MEDIA_PICTURES)
        return media_pictures_begin(s, message, size);
    media_sound_begin(s);
    return AVSVT_OK;
}

static avsvt_status media_open(void **media, const avsvt_media_open *args)
{
    media_source *s = av_mallocz(sizeof(*s));
    *media = NULL;
    if (!s) {
        snprintf(args->message, args->message_size, "out of memory");
        return AVSVT_E_NOMEM;
    }
    s->io = *args->io;
    s->warn = args->warn;
    s->user = args->user;
    s->want = args->want;
    s->threads = args->threads;
    s->sound = s->pictures = -1;
    media_enter();
    avsvt_status status = start(s, args->message, args->message_size);
    media_leave();
    if (status != AVSVT_OK) {
        media_close(s);
        return status;
    }
    *media = s;
    return AVSVT_OK;
}

static avsvt_status media_describe(void *media, avsvt_media_info *info)
{
    avsvt_media_info full;
    uint32_t size = info->struct_size;
    memset(&full, 0, sizeof(full));
    fill_info(media, &full);
    full.struct_size = size;
    memcpy(info, &full, size < sizeof(full) ? size : sizeof(full));
    return AVSVT_OK;
}

static avsvt_status read_sound(void *media, float *to, int64_t frames, int64_t *got,
                               char *message, size_t size)
{
    media_enter();
    avsvt_status status = media_sound_read(media, to, frames, got, message, size);
    media_leave();
    return status;
}

static avsvt_status read_picture(void *media, avsvt_media_picture *picture,
                                 char *message, size_t size)
{
    media_enter();
    avsvt_status status = media_picture_read(media, picture, message, size);
    media_leave();
    return status;
}

__attribute__((visibility("default")))
const avsvt_media_table *avsvt_media_entry(uint32_t host_interface, avsvt_status *status,
                                           char *message, size_t message_size);

const avsvt_media_table *avsvt_media_entry(uint32_t host_interface, avsvt_status *status,
                                           char *message, size_t message_size)
{
    static const avsvt_media_table table = {
        (uint32_t)sizeof(avsvt_media_table), AVSVT_MEDIA_INTERFACE, "ffmpeg",
        LIBAVFORMAT_IDENT ", " LIBAVCODEC_IDENT, media_open, media_describe, read_sound,
        read_picture, media_close,
    };
    if (host_interface != AVSVT_MEDIA_INTERFACE) {
        *status = AVSVT_E_MODULE;
        snprintf(message, message_size, "the media module speaks interface %u, the library "
                 "%u; install both from the same release", (unsigned)AVSVT_MEDIA_INTERFACE,
                 (unsigned)host_interface);
        return NULL;
    }
    *status = AVSVT_OK;
    return &table;
}
