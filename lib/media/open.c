/* SPDX-License-Identifier: MIT */
/* The public ways to open a sound file, and which decoder reads it. */
#include <stdio.h>
#include <string.h>

#include "core/options.h"
#include "media/decoders.h"

avsvt_status avsvti_audio_check(const char *name, double rate_hz, int channels,
                                int64_t frames, avsvt_error *err)
{
    if (rate_hz < AVSVT_MIN_RATE_HZ || rate_hz > AVSVT_MAX_RATE_HZ)
        return avsvti_fail(err, AVSVT_E_UNSUPPORTED,
            "%s: its sample rate is %d Hz: %d to %d Hz can be read", name,
            (int)rate_hz, (int)AVSVT_MIN_RATE_HZ, (int)AVSVT_MAX_RATE_HZ);
    if (channels < 1 || channels > AVSVT_MAX_CHANNELS)
        return avsvti_fail(err, AVSVT_E_UNSUPPORTED,
            "%s: has %d channels: 1 to %d can be read", name, channels,
            AVSVT_MAX_CHANNELS);
    if (frames == 0)
        return avsvti_fail(err, AVSVT_E_FORMAT, "%s: there is no sound in it",
                           name);
    return AVSVT_OK;
}

/* A header of MPEG: sync, a version, one of three layers, a bit rate, a rate. */
static int is_mpeg(const unsigned char *h)
{
    return h[0] == 0xFF && (h[1] & 0xE0) == 0xE0 && (h[1] & 0x06) &&
           (h[1] & 0x18) != 0x08 && (h[2] & 0xF0) != 0xF0 && (h[2] & 0x0C) != 0x0C;
}

/* What libsndfile finds behind an ID3 tag. All else there it gives to libmpg123, as we
 * do: some writers pad the tag, or put others behind it. */
static int is_no_mpeg(const unsigned char *h)
{
    return !memcmp(h, "fLaC", 4) || !memcmp(h, "RIFF", 4) || !memcmp(h, "FORM", 4) ||
           !memcmp(h, "OggS", 4);
}

#define OTHER 0
#define MPEG 1
#define CONTAINER 2

/* Looks at the first bytes, past ID3 tags, and goes back to the start. Not
 * being able to look is not an error here: opening tells. */
static int look_at(avsvti_stream *s)
{
    unsigned char h[16] = { 0 };
    int64_t at = 0, got = avsvti_stream_read(s, h, 16);
    int found = 0;
    while (got >= 10 && !memcmp(h, "ID3", 3)) {
        at += 10 + ((int64_t)(h[6] & 127) << 21 | (h[7] & 127) << 14 |
                    (h[8] & 127) << 7 | (h[9] & 127));
        memset(h, 0, sizeof(h));
        got = avsvti_stream_seek(s, at, SEEK_SET) < 0 ? 0 : avsvti_stream_read(s, h, 16);
        found = !is_no_mpeg(h);
    }
    found |= is_mpeg(h);
    avsvti_stream_seek(s, 0, SEEK_SET);
    return avsvti_container_is(h) ? CONTAINER : found ? MPEG : OTHER;
}

/* libsndfile or libmpg123, and the media module for what that doesn't know. Where
 * there is no module, or it doesn't know either, the words of the first stand. */
static avsvt_status open_plain(avsvt_audio **out, avsvt_context *context, int mpeg,
                               const char *name, const avsvt_io *io,
                               avsvt_error *err)
{
    avsvt_error unused = AVSVT_ERROR_INIT;
    avsvt_status status = mpeg ? avsvti_mpeg_open(out, context, name, io, err)
                               : avsvti_sndfile_open(out, context, name, io, err);
    if (status != AVSVT_E_FORMAT ||
        avsvti_container_open(out, context, name, io, &unused) != AVSVT_OK)
        return status;
    avsvti_error_clear(err);
    return AVSVT_OK;
}

static avsvt_status open_any(avsvt_audio **out, avsvt_context *context,
                             const char *name, const avsvt_io *io,
                             avsvt_error *err)
{
    avsvti_stream look;
    context = avsvti_context_or_default(context);
    avsvt_status status = avsvti_stream_open(&look, context, name, io, err);
    if (status != AVSVT_OK)
        return status;
    int kind = look_at(&look);
    avsvti_stream_close(&look);
    return kind == CONTAINER ? avsvti_container_open(out, context, name, io, err)
                             : open_plain(out, context, kind == MPEG, name, io, err);
}

avsvt_status avsvt_audio_open(avsvt_audio **out, avsvt_context *context,
                              const char *path, avsvt_error *err)
{
    if (out)
        *out = NULL;
    if (!out || !path || !*path)
        return avsvti_fail(err, AVSVT_E_ARG, "avsvt_audio_open: %s",
            !out ? "out is NULL" : !path ? "path is NULL" : "the path is empty");
    return open_any(out, context, path, NULL, err);
}

avsvt_status avsvt_audio_open_io(avsvt_audio **out, avsvt_context *context,
                                 const avsvt_io *io, avsvt_error *err)
{
    avsvt_io full;
    if (out)
        *out = NULL;
    if (!out || !io)
        return avsvti_fail(err, AVSVT_E_ARG, "avsvt_audio_open_io: %s is NULL",
                           out ? "io" : "out");
    avsvt_status status = avsvti_options_read(&full, sizeof(full), io, "avsvt_io",
                                              err);
    if (status != AVSVT_OK)
        return status;
    if (full.reserved)
        return avsvti_fail(err, AVSVT_E_ARG, "avsvt_io.reserved must be 0");
    if (!full.length || !full.seek || !full.read)
        return avsvti_fail(err, AVSVT_E_ARG,
            "avsvt_io needs length, seek and read");
    return open_any(out, context, "the host's stream", &full, err);
}
