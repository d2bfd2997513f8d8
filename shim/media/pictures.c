/* SPDX-License-Identifier: MIT */
/* Frames of any kind to upright blue, green, red. The arithmetic is that of
 * OpenCV's reader of video: libswscale, bicubic, BT.601 whatever the file says,
 * so that grey made of it is the file's own luma. A frame of another size than
 * the first is scaled to the first's. Pixels that are not square stay so. */
#include "source.h"

#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define STEP 16 /* pixels; its own are 8 */

/* The old names of formats with the full range of values. */
static enum AVPixelFormat plain_format(enum AVPixelFormat format, int *full)
{
    static const enum AVPixelFormat names[][2] = {
        { AV_PIX_FMT_YUVJ420P, AV_PIX_FMT_YUV420P }, { AV_PIX_FMT_YUVJ422P, AV_PIX_FMT_YUV422P },
        { AV_PIX_FMT_YUVJ444P, AV_PIX_FMT_YUV444P }, { AV_PIX_FMT_YUVJ440P, AV_PIX_FMT_YUV440P },
        { AV_PIX_FMT_YUVJ411P, AV_PIX_FMT_YUV411P },
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (format == names[i][0]) {
            *full = 1;
            return names[i][1];
        }
    return format;
}

static int make_scaler(media_source *s, enum AVPixelFormat format, int full)
{
    const int *table = sws_getCoefficients(SWS_CS_DEFAULT);
    sws_freeContext(s->scaler);
    s->scaler = sws_alloc_context();
    if (!s->scaler)
        return 0;
    media_quiet_scaler(s->scaler, av_pix_fmt_desc_get(format)->log2_chroma_w);
    av_opt_set_int(s->scaler, "srcw", s->frame->width, 0);
    av_opt_set_int(s->scaler, "srch", s->frame->height, 0);
    av_opt_set_int(s->scaler, "src_format", format, 0);
    av_opt_set_int(s->scaler, "dstw", s->width, 0);
    av_opt_set_int(s->scaler, "dsth", s->height, 0);
    av_opt_set_int(s->scaler, "dst_format", AV_PIX_FMT_BGR24, 0);
    av_opt_set_int(s->scaler, "sws_flags", SWS_BICUBIC, 0);
    av_opt_set_int(s->scaler, "src_range", full, 0);
    av_opt_set_int(s->scaler, "dst_range", 1, 0);
    sws_setColorspaceDetails(s->scaler, table, full, table, 1, 0, 1 << 16, 1 << 16);
    if (sws_init_context(s->scaler, NULL, NULL) < 0) {
        sws_freeContext(s->scaler);
        s->scaler = NULL;
        return 0;
    }
    s->scaler_format = s->frame->format;
    s->scaler_width = s->frame->width;
    s->scaler_height = s->frame->height;
    s->scaler_full = s->frame->color_range == AVCOL_RANGE_JPEG;
    return 1;
}

static int scaler_fits(const media_source *s)
{
    return s->scaler && s->scaler_format == s->frame->format &&
           s->scaler_width == s->frame->width && s->scaler_height == s->frame->height &&
           s->scaler_full == (s->frame->color_range == AVCOL_RANGE_JPEG);
}

/* The frame in hand into s->bgr. */
static avsvt_status convert(media_source *s, char *message, size_t size)
{
    int full = s->frame->color_range == AVCOL_RANGE_JPEG;
    enum AVPixelFormat format = plain_format(s->frame->format, &full);
    uint8_t *planes[4] = { s->bgr, NULL, NULL, NULL };
    int strides[4] = { (int)s->line, 0, 0, 0 };
    if (!sws_isSupportedInput(format) ||
        (!scaler_fits(s) && !make_scaler(s, format, full))) {
        const char *name = av_get_pix_fmt_name(format);
        snprintf(message, size, "its pictures are of a kind that can't be converted (%s)",
                 name ? name : "unknown");
        return AVSVT_E_UNSUPPORTED;
    }
    sws_scale(s->scaler, (const uint8_t *const *)s->frame->data, s->frame->linesize, 0,
              s->frame->height, planes, strides);
    return AVSVT_OK;
}

/* How the pictures are to be turned before they are shown. */
static void read_orientation(media_source *s)
{
    size_t size = 0;
    const int32_t *m = (const int32_t *)(const void *)av_stream_get_side_data(
        media_stream(s), AV_PKT_DATA_DISPLAYMATRIX, &size);
    if (!m || size < 9 * sizeof(*m))
        return;
    /* x' = m0 x + m3 y, y' = m1 x + m4 y */
    double along = fabs((double)m[0]) + fabs((double)m[4]);
    double across = fabs((double)m[1]) + fabs((double)m[3]);
    s->turned = across > along;
    s->flip_x = (s->turned ? m[3] : m[0]) < 0;
    s->flip_y = (s->turned ? m[1] : m[4]) < 0;
    s->rotation = s->turned ? (s->flip_x ? 90 : 270) : s->flip_x && s->flip_y ? 180 : 0;
}

/* s->bgr into s->upright. */
static void turn(media_source *s)
{
    int w = s->turned ? s->height : s->width, h = s->turned ? s->width : s->height;
    if (!s->turned && !s->flip_x && !s->flip_y) {
        for (size_t y = 0; y < (size_t)h; y++)
            memcpy(s->upright + y * 3 * (size_t)w, s->bgr + y * s->line, 3 * (size_t)w);
        return;
    }
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) {
            int a = s->flip_x ? w - 1 - x : x, b = s->flip_y ? h - 1 - y : y;
            int column = s->turned ? b : a, row = s->turned ? a : b;
            memcpy(s->upright + 3 * ((size_t)y * (size_t)w + (size_t)x),
                   s->bgr + (size_t)row * s->line + 3 * (size_t)column, 3);
        }
}

avsvt_status media_pictures_begin(media_source *s, char *message, size_t size)
{
    s->width = s->frame->width;
    s->height = s->frame->height;
    if (s->width < 1 || s->height < 1) {
        snprintf(message, size, "is damaged: its pictures have no size");
        return AVSVT_E_FORMAT;
    }
    size_t shown = (size_t)s->width * 3, lines = (size_t)s->height;
    read_orientation(s);
    /* libswscale goes in steps of pixels: it leaves the last ones of a line alone where
     * there is no room for a whole step, and may write a little further at the end. */
    s->line = ((size_t)s->width + STEP - 1) / STEP * STEP * 3;
    s->bgr = av_malloc(s->line * lines + 64);
    s->upright = s->bgr;
    if (s->turned || s->flip_x || s->flip_y || s->line != shown)
        s->upright = av_malloc(shown * lines);
    if (!s->bgr || !s->upright) {
        snprintf(message, size, "out of memory");
        return AVSVT_E_NOMEM;
    }
    s->last_s = -1.0;
    return convert(s, message, size);
}

void media_pictures_end(media_source *s)
{
    if (s->upright != s->bgr)
        av_free(s->upright);
    av_free(s->bgr);
    sws_freeContext(s->scaler);
}

static double usual_length(const media_source *s)
{
    AVRational rate = media_stream(s)->avg_frame_rate;
    if (rate.num <= 0 || rate.den <= 0)
        rate = s->decoder->framerate;
    return rate.num > 0 && rate.den > 0 ? av_q2d(av_inv_q(rate)) : 0.04;
}

/* When the frame in hand is shown, and for how long. Time never falls, and what
 * jumps too far is one picture's length away from the one before. */
static void place(media_source *s)
{
    double t = media_time(s, s->frame->best_effort_timestamp);
    double length = (double)s->frame->pkt_duration * av_q2d(media_stream(s)->time_base);
    double expected = s->last_s < 0 ? 0.0 : s->last_s + s->last_length_s;
    if (!(length > 0.0 && length <= MAX_JUMP_S))
        length = usual_length(s);
    if (isnan(t))
        t = expected;
    if (t - expected > MAX_JUMP_S || (s->last_s >= 0 && t < s->last_s - MAX_JUMP_S)) {
        if (!s->jumped++)
            s->warn(s->user, "its times jump by more than a minute; its pictures are "
                    "taken to go on without a gap");
        s->zero_s += t - expected;
        t = expected;
    }
    s->last_s = t > s->last_s ? t : s->last_s < 0 ? 0.0 : s->last_s;
    s->last_length_s = length;
}

avsvt_status media_picture_read(media_source *s, avsvt_media_picture *picture,
                                char *message, size_t size)
{
    picture->bgr = NULL;
    if (!s->have_frame) {
        avsvt_status status = media_next_frame(s, &s->have_frame, message, size);
        if (status != AVSVT_OK || !s->have_frame)
            return status;
    }
    avsvt_status status = convert(s, message, size);
    if (status != AVSVT_OK)
        return status;
    s->have_frame = 0;
    if (s->upright != s->bgr)
        turn(s);
    place(s);
    picture->bgr = s->upright;
    picture->time_s = s->last_s;
    picture->length_s = s->last_length_s;
    return AVSVT_OK;
}
