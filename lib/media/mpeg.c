/* SPDX-License-Identifier: MIT */
/* MP3, and MPEG's layers I and II, through libmpg123 (which libsndfile uses as well). */
#include <mpg123.h>
#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "core/number.h"
#include "media/decoders.h"

/* Where a stretch of the file is no such sound, look for the next frame this far. */
#define RESYNC_BYTES (1 << 20)

typedef struct mpeg_state {
    avsvti_stream stream; /* first */
    mpg123_handle *decoder;
    long    rate_hz;
    int     channels;
    int64_t length; /* frames by the file's own words; -1: none */
    int64_t frames; /* delivered so far */
    int     ended;
} mpeg_state;

static ssize_t on_read(void *user, void *to, size_t bytes)
{
    mpeg_state *s = user;
    int64_t n = avsvti_stream_read(&s->stream, to, (int64_t)bytes);
    return s->stream.io_failed ? -1 : (ssize_t)n;
}

static off_t on_seek(void *user, off_t offset, int whence)
{
    mpeg_state *s = user;
    return (off_t)avsvti_stream_seek(&s->stream, offset, whence);
}

static void close_mpeg(void *state)
{
    mpeg_state *s = state;
    if (s->decoder) {
        mpg123_close(s->decoder);
        mpg123_delete(s->decoder);
    }
    avsvti_stream_delete(s);
}

/* The end of decoding: whether it is one, and worth a warning. */
static avsvt_status judge_end(const mpeg_state *s, int failed, avsvt_error *err)
{
    char at[AVSVTI_NUMBER_SIZE];
    const char *name = s->stream.name;
    if (s->stream.io_failed)
        return avsvti_fail(err, AVSVT_E_IO, "%s: reading failed", name);
    if (s->frames == 0)
        return avsvti_fail(err, AVSVT_E_FORMAT,
            "%s: is damaged: no sound could be decoded", name);
    avsvti_number_print(at, sizeof(at), (double)s->frames / (double)s->rate_hz, 3);
    if (failed && !s->stream.at_end)
        return avsvti_fail(err, AVSVT_E_FORMAT, "%s: is damaged at %s s (%s)",
                           name, at, mpg123_strerror(s->decoder));
    if (failed || (s->length >= 0 && s->length - s->frames > s->rate_hz / 2))
        avsvti_log(s->stream.context, AVSVT_LOG_WARNING,
            "%s: ends at %s s: it was cut short or is damaged", name, at);
    return AVSVT_OK;
}

static avsvt_status read_mpeg(void *state, float *to, int64_t frames,
                              int64_t *got, avsvt_error *err)
{
    mpeg_state *s = state;
    size_t frame_bytes = (size_t)s->channels * sizeof(float);
    *got = 0;
    while (!s->ended && *got < frames) {
        size_t bytes = 0;
        int result = mpg123_read(s->decoder, to + *got * s->channels,
            (size_t)(frames - *got) * frame_bytes, &bytes);
        *got += (int64_t)(bytes / frame_bytes);
        s->frames += (int64_t)(bytes / frame_bytes);
        if (result != MPG123_OK && result != MPG123_NEW_FORMAT) {
            s->ended = 1;
            return judge_end(s, result != MPG123_DONE, err);
        }
    }
    return AVSVT_OK;
}

static int set_up(mpeg_state *s)
{
    const long *rates;
    size_t count;
    int result = MPG123_OK;
    mpg123_init(); /* nothing to do from 1.27 on */
    s->decoder = mpg123_new(NULL, &result);
    if (!s->decoder)
        return 0;
    mpg123_param(s->decoder, MPG123_ADD_FLAGS, MPG123_QUIET, 0.0);
    mpg123_param(s->decoder, MPG123_RESYNC_LIMIT, RESYNC_BYTES, 0.0);
    mpg123_format_none(s->decoder);
    mpg123_rates(&rates, &count);
    for (size_t i = 0; i < count; i++)
        mpg123_format(s->decoder, rates[i], MPG123_MONO | MPG123_STEREO,
                      MPG123_ENC_FLOAT_32);
    return mpg123_replace_reader_handle(s->decoder, on_read, on_seek, NULL) ==
           MPG123_OK;
}

static avsvt_status start(mpeg_state *s, avsvt_error *err)
{
    int encoding;
    if (!set_up(s))
        return avsvti_fail_memory(err);
    if (mpg123_open_handle(s->decoder, s) != MPG123_OK ||
        mpg123_getformat(s->decoder, &s->rate_hz, &s->channels, &encoding) !=
            MPG123_OK) {
        if (s->stream.io_failed)
            return avsvti_fail(err, AVSVT_E_IO, "%s: reading failed",
                               s->stream.name);
        return avsvti_fail(err, AVSVT_E_FORMAT,
            "%s: is no sound file that can be read here (libmpg123: %s)",
            s->stream.name, mpg123_strerror(s->decoder));
    }
    /* A damaged header may claim other channels for a frame: they are made
     * these. Another rate midway ends the sound. */
    mpg123_format_none(s->decoder);
    mpg123_format(s->decoder, s->rate_hz,
                  s->channels == 1 ? MPG123_MONO : MPG123_STEREO,
                  MPG123_ENC_FLOAT_32);
    off_t length = mpg123_length(s->decoder);
    s->length = length > 0 ? (int64_t)length : -1;
    s->stream.at_end = 0;
    return avsvti_audio_check(s->stream.name, (double)s->rate_hz, s->channels,
                              s->length, err);
}

static const char *layer_of(const mpeg_state *s)
{
    static const char *const layers[] = { "", ", layer I", ", layer II", ", layer III" };
    struct mpg123_frameinfo frame;
    return mpg123_info(s->decoder, &frame) == MPG123_OK && frame.layer >= 1 &&
           frame.layer <= 3 ? layers[frame.layer] : layers[0];
}

avsvt_status avsvti_mpeg_open(avsvt_audio **out, avsvt_context *context,
                              const char *name, const avsvt_io *io,
                              avsvt_error *err)
{
    static const avsvti_audio_source source = { read_mpeg, close_mpeg };
    avsvt_audio_info info = AVSVT_AUDIO_INFO_INIT;
    void *state;
    avsvt_status status = avsvti_stream_new(&state, sizeof(mpeg_state), context, name,
                                            io, err);
    if (status != AVSVT_OK)
        return status;
    mpeg_state *s = state;
    status = start(s, err);
    if (status != AVSVT_OK) {
        close_mpeg(s);
        return status;
    }
    info.channels = s->channels;
    info.rate_hz = (double)s->rate_hz;
    info.frames = avsvti_stream_frames(&s->stream, s->length);
    info.duration_s = info.frames < 0 ? -1.0 : (double)info.frames / info.rate_hz;
    snprintf(info.format, sizeof(info.format), "MPEG%s", layer_of(s));
    return avsvti_audio_create(out, context, name, &source, s, &info, err);
}
