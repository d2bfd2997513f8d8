/* SPDX-License-Identifier: MIT */
/* Packets to frames. A packet that can't be decoded is left out and counted;
 * what is missing then is seen in the times of the frames after it. */
#include "source.h"

#include <math.h>
#include <stdio.h>

AVStream *media_stream(const media_source *s)
{
    return s->format->streams[s->want == AVSVT_MEDIA_SOUND ? s->sound : s->pictures];
}

double media_time(const media_source *s, int64_t stamp)
{
    if (stamp == AV_NOPTS_VALUE)
        return NAN;
    return (double)stamp * av_q2d(media_stream(s)->time_base) - s->zero_s;
}

/* The next packet of any stream into s->packet; what was read while opening
 * comes first. */
static int next_packet(media_source *s)
{
    if (s->first_next < s->first_count) {
        av_packet_move_ref(s->packet, s->first[s->first_next]);
        av_packet_free(&s->first[s->first_next++]);
        return 0;
    }
    return av_read_frame(s->format, s->packet);
}

/* Gives the decoder one more packet, or tells it that there is none. */
static avsvt_status feed(media_source *s, char *message, size_t size)
{
    int result = next_packet(s);
    if (result == AVERROR(EAGAIN))
        return AVSVT_OK;
    if (s->io_failed) {
        snprintf(message, size, "reading failed");
        return AVSVT_E_IO;
    }
    if (result < 0) {
        s->packets_ended = 1;
        s->cut = result != AVERROR_EOF;
        result = avcodec_send_packet(s->decoder, NULL);
    } else {
        if (s->packet->stream_index == media_stream(s)->index)
            result = avcodec_send_packet(s->decoder, s->packet);
        av_packet_unref(s->packet);
    }
    if (result == AVERROR(ENOMEM)) {
        snprintf(message, size, "out of memory");
        return AVSVT_E_NOMEM;
    }
    if (result < 0 && result != AVERROR_EOF)
        s->damaged++;
    return AVSVT_OK;
}

/* Once, at the end: what a user should know of it. */
static void judge_end(const media_source *s)
{
    char line[160];
    if (!s->frames)
        return;
    if (s->cut)
        s->warn(s->user, "ends early: it was cut short or is damaged");
    if (s->damaged) {
        snprintf(line, sizeof(line), "%lld damaged part%s could not be decoded and "
                 "%s left out", (long long)s->damaged, s->damaged == 1 ? "" : "s",
                 s->damaged == 1 ? "was" : "were");
        s->warn(s->user, line);
    }
}

avsvt_status media_next_frame(media_source *s, int *got, char *message, size_t size)
{
    *got = 0;
    while (!s->frames_ended) {
        int result = avcodec_receive_frame(s->decoder, s->frame);
        if (result >= 0) {
            s->frames++;
            *got = 1;
            return AVSVT_OK;
        }
        if (result == AVERROR(ENOMEM)) {
            snprintf(message, size, "out of memory");
            return AVSVT_E_NOMEM;
        }
        if (result != AVERROR(EAGAIN) && result != AVERROR_EOF)
            s->damaged++;
        if (result == AVERROR_EOF || s->packets_ended) {
            s->frames_ended = 1;
            judge_end(s);
        } else {
            avsvt_status status = feed(s, message, size);
            if (status != AVSVT_OK)
                return status;
        }
    }
    return AVSVT_OK;
}
