/* SPDX-License-Identifier: MIT */
/* Sound files, through libsndfile. It always reads through functions (ours for
 * a path, the host's otherwise), so that a failure to read can be told from the
 * end, and so that no file name makes it guess a headerless format. */
#include <sndfile.h>
#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "core/number.h"
#include "media/decoders.h"

#define PIPED_BYTES 0x7f000000 /* no length, but "not known yet" */

typedef struct file_state {
    avsvti_stream stream; /* first */
    SNDFILE *file;
    SF_INFO  info;
    int64_t  frames;  /* delivered so far */
} file_state;

static sf_count_t on_length(void *user)
{
    return avsvti_stream_length(user);
}

static sf_count_t on_seek(sf_count_t offset, int whence, void *user)
{
    return avsvti_stream_seek(user, offset, whence);
}

static sf_count_t on_read(void *to, sf_count_t bytes, void *user)
{
    return avsvti_stream_read(user, to, bytes);
}

static sf_count_t on_write(const void *from, sf_count_t bytes, void *user)
{
    (void)from, (void)bytes, (void)user;
    return 0;
}

static sf_count_t on_tell(void *user)
{
    return avsvti_stream_seek(user, 0, SEEK_CUR);
}

static int length_is_known(const file_state *s)
{
    return s->info.frames >= 0 && s->info.frames < SF_COUNT_MAX / 2;
}

static void print_time(char *text, const file_state *s, int64_t frames)
{
    avsvti_number_print(text, AVSVTI_NUMBER_SIZE,
                        (double)frames / s->info.samplerate, 3);
}

/* Decoding came to an end: whether that is one, and worth a warning. */
static avsvt_status judge_end(const file_state *s, avsvt_error *err)
{
    char at[AVSVTI_NUMBER_SIZE], promised[AVSVTI_NUMBER_SIZE];
    int early = length_is_known(s) && s->frames < s->info.frames;
    int failed = sf_error(s->file) != SF_ERR_NO_ERROR;
    print_time(at, s, s->frames);
    if (s->frames == 0 && (early || failed))
        return avsvti_fail(err, AVSVT_E_FORMAT,
            "%s: is damaged: no sound could be decoded", s->stream.name);
    if ((early || failed) && !s->stream.at_end)
        return avsvti_fail(err, AVSVT_E_FORMAT, "%s: is damaged at %s s%s%s%s",
            s->stream.name, at, failed ? " (" : "", failed ? sf_strerror(s->file) : "",
            failed ? ")" : "");
    if (early && s->info.frames - s->frames > s->info.samplerate / 2) {
        print_time(promised, s, s->info.frames);
        avsvti_log(s->stream.context, AVSVT_LOG_WARNING,
            "%s: %s s of %s s could be read: it was cut short or is damaged",
            s->stream.name, at, promised);
    } else if (failed)
        avsvti_log(s->stream.context, AVSVT_LOG_WARNING,
            "%s: ends at %s s with damage (%s)", s->stream.name, at,
            sf_strerror(s->file));
    return AVSVT_OK;
}

static avsvt_status read_frames(void *state, float *to, int64_t frames,
                                int64_t *got, avsvt_error *err)
{
    file_state *s = state;
    *got = 0;
    while (*got < frames) {
        sf_count_t n = sf_readf_float(s->file, to + *got * s->info.channels,
                                      frames - *got);
        if (s->stream.io_failed)
            return avsvti_fail(err, AVSVT_E_IO, "%s: reading failed", s->stream.name);
        if (n <= 0)
            return judge_end(s, err);
        *got += n;
        s->frames += n;
    }
    return AVSVT_OK;
}

static void close_file(void *state)
{
    file_state *s = state;
    if (s->file)
        sf_close(s->file);
    avsvti_stream_delete(s);
}

/* "FLAC (Free Lossless Audio Codec)", "Signed 16 bit PCM" -> "FLAC, 16 bit
 * PCM". */
static void describe_format(char *to, size_t size, int format)
{
    SF_FORMAT_INFO major, minor;
    memset(&major, 0, sizeof(major));
    memset(&minor, 0, sizeof(minor));
    major.format = format & SF_FORMAT_TYPEMASK;
    minor.format = format & SF_FORMAT_SUBMASK;
    sf_command(NULL, SFC_GET_FORMAT_INFO, &major, sizeof(major));
    sf_command(NULL, SFC_GET_FORMAT_INFO, &minor, sizeof(minor));
    const char *name = major.name ? major.name : "sound";
    const char *kind = minor.name ? minor.name : "";
    size_t length = strcspn(name, "(");
    while (length > 1 && name[length - 1] == ' ')
        length--;
    if (!strncmp(kind, "Signed ", 7))
        kind += 7;
    snprintf(to, size, "%.*s%s%s", (int)length, name, *kind ? ", " : "", kind);
}

/* Where a header promises more than the file holds, libsndfile corrects it in
 * silence: only its log tells. Who writes to a pipe puts a very high number. */
static void judge_header(const file_state *s)
{
    static const char *const sizes[] = { "data : ", "SSND : ", "Data Size   : ", NULL };
    char log[4096] = "";
    long long promised = 0, there = 0;
    sf_command(s->file, SFC_GET_LOG_INFO, log, (int)sizeof(log));
    for (size_t i = 0; sizes[i]; i++) {
        const char *at = strstr(log, sizes[i]);
        if (at && sscanf(at + strlen(sizes[i]), "%lld (should be %lld)", &promised,
                         &there) == 2 && there < promised && promised < PIPED_BYTES)
            avsvti_log(s->stream.context, AVSVT_LOG_WARNING,
                "%s: was cut short: it holds %lld of %lld bytes of sound",
                s->stream.name, there, promised);
    }
}

static avsvt_status fail_open(const file_state *s, avsvt_error *err)
{
    const char *why = sf_strerror(NULL);
    if (s->stream.io_failed)
        return avsvti_fail(err, AVSVT_E_IO, "%s: reading failed", s->stream.name);
    if (strstr(why, "malloc"))
        return avsvti_fail_memory(err);
    return avsvti_fail(err, AVSVT_E_FORMAT,
        "%s: is no sound file that can be read here (libsndfile: %.*s)", s->stream.name,
        (int)strcspn(why, "\r\n"), why);
}

avsvt_status avsvti_sndfile_open(avsvt_audio **out, avsvt_context *context,
                                 const char *name, const avsvt_io *io,
                                 avsvt_error *err)
{
    static const avsvti_audio_source source = { read_frames, close_file };
    SF_VIRTUAL_IO virtual_io = { on_length, on_seek, on_read, on_write, on_tell };
    avsvt_audio_info info = AVSVT_AUDIO_INFO_INIT;
    void *state;
    avsvt_status status = avsvti_stream_new(&state, sizeof(file_state), context, name,
                                            io, err);
    if (status != AVSVT_OK)
        return status;
    file_state *s = state;
    s->file = sf_open_virtual(&virtual_io, SFM_READ, &s->info, s);
    s->stream.at_end = 0;
    status = s->file ? avsvti_audio_check(name, s->info.samplerate,
                                          s->info.channels, s->info.frames, err)
                     : fail_open(s, err);
    if (status != AVSVT_OK) {
        close_file(s);
        return status;
    }
    judge_header(s);
    info.channels = s->info.channels;
    info.rate_hz = s->info.samplerate;
    info.frames = length_is_known(s) ? avsvti_stream_frames(&s->stream, s->info.frames) : -1;
    info.duration_s = info.frames < 0 ? -1.0 : (double)info.frames / info.rate_hz;
    describe_format(info.format, sizeof(info.format), s->info.format);
    return avsvti_audio_create(out, context, name, &source, s, &info, err);
}
