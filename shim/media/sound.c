/* SPDX-License-Identifier: MIT */
/* Frames of any sample format to interleaved float. Sound lies where its time
 * stamps put it: before its beginning, and where more than GAP_S is missing,
 * silence is put in, so that it stays together with the pictures. */
#include "source.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define BEGIN_S 0.002       /* containers round times to a millisecond */
#define GAP_S 0.1
#define MAX_SILENCE_S 3600.0 /* in all */
#define MAX_STRANGE 32

static float sample(const uint8_t *from, enum AVSampleFormat format, size_t i)
{
    switch (format) {
    case AV_SAMPLE_FMT_U8: return ((float)from[i] - 128.0f) / 128.0f;
    case AV_SAMPLE_FMT_S16: return (float)((const int16_t *)(const void *)from)[i] / 32768.0f;
    case AV_SAMPLE_FMT_S32:
        return (float)(((const int32_t *)(const void *)from)[i] / 2147483648.0);
    case AV_SAMPLE_FMT_S64:
        return (float)((double)((const int64_t *)(const void *)from)[i] / 9223372036854775808.0);
    case AV_SAMPLE_FMT_FLT: return ((const float *)(const void *)from)[i];
    case AV_SAMPLE_FMT_DBL: return (float)((const double *)(const void *)from)[i];
    default: return 0.0f;
    }
}

/* count samples of the frame from where it is used up. A frame with fewer
 * channels than the first repeats its last one. */
static void convert(media_source *s, float *to, int count)
{
    const AVFrame *f = s->frame;
    enum AVSampleFormat packed = av_get_packed_sample_fmt(f->format);
    int planar = av_sample_fmt_is_planar(f->format), have = f->ch_layout.nb_channels;
    for (int c = 0; c < s->channels; c++) {
        int from = c < have ? c : have - 1;
        const uint8_t *plane = f->extended_data[planar ? from : 0];
        size_t step = planar ? 1 : (size_t)have, at = planar ? 0 : (size_t)from;
        for (int i = 0; i < count; i++)
            to[(size_t)i * (size_t)s->channels + (size_t)c] =
                sample(plane, packed, (size_t)(s->frame_at + i) * step + at);
    }
    s->frame_at += count;
}

/* How much silence belongs before the frame in hand. */
static void place(media_source *s)
{
    double t = media_time(s, s->frame->best_effort_timestamp);
    double gap = t - (double)s->delivered / s->rate_hz;
    double least = s->frames == 1 ? BEGIN_S : GAP_S;
    s->frame_at = 0;
    s->silence = 0;
    if (!(gap >= least))
        return;
    if (gap > MAX_JUMP_S || gap + (double)s->silence_made / s->rate_hz > MAX_SILENCE_S) {
        if (!s->jumped++)
            s->warn(s->user, "its times jump by more than a minute; its sound is taken "
                    "to go on without a gap");
        return;
    }
    s->silence = llround(gap * s->rate_hz);
    s->silence_made += s->silence;
}

void media_sound_begin(media_source *s)
{
    s->channels = s->frame->ch_layout.nb_channels;
    s->rate_hz = s->frame->sample_rate;
    double begin = media_time(s, s->frame->best_effort_timestamp);
    if (s->pictures < 0 && !isnan(begin)) /* nothing to stay together with */
        s->zero_s += begin;
    if (s->rate_hz > 0)
        place(s);
}

/* The next frame of the first one's rate. A few of another are damage, and what
 * they leave out becomes silence; many are a file that can't be read. */
static avsvt_status next(media_source *s, char *message, size_t size)
{
    for (int strange = 0; strange < MAX_STRANGE; strange++) {
        avsvt_status status = media_next_frame(s, &s->have_frame, message, size);
        if (status != AVSVT_OK || !s->have_frame)
            return status;
        if (s->frame->sample_rate == s->rate_hz && s->frame->ch_layout.nb_channels > 0) {
            place(s);
            return AVSVT_OK;
        }
        s->damaged++;
    }
    snprintf(message, size, "its sample rate changes from %d to %d Hz midway", s->rate_hz,
             s->frame->sample_rate);
    return AVSVT_E_UNSUPPORTED;
}

avsvt_status media_sound_read(media_source *s, float *to, int64_t frames,
                              int64_t *got, char *message, size_t size)
{
    *got = 0;
    while (*got < frames) {
        int64_t n = frames - *got;
        float *at = to + *got * s->channels;
        if (s->have_frame && s->silence == 0 && s->frame_at == s->frame->nb_samples)
            s->have_frame = 0;
        if (!s->have_frame) {
            if (s->frames_ended)
                break;
            avsvt_status status = next(s, message, size);
            if (status != AVSVT_OK)
                return status;
            continue;
        }
        if (s->silence > 0) {
            n = n < s->silence ? n : s->silence;
            memset(at, 0, (size_t)n * (size_t)s->channels * sizeof(float));
            s->silence -= n;
        } else {
            int64_t left = s->frame->nb_samples - s->frame_at;
            n = n < left ? n : left;
            convert(s, at, (int)n);
        }
        *got += n;
        s->delivered += n;
    }
    return AVSVT_OK;
}
