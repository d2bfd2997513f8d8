/* SPDX-License-Identifier: MIT */
/* Sound files, through libsndfile. It always reads through functions (ours for
 * a path, the host's otherwise), so that a failure to read can be told from the
 * end, and so that no file name makes it guess a headerless format. */
#define _GNU_SOURCE
#include <errno.h>
#include <sndfile.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/memory.h"
#include "core/number.h"
#include "core/options.h"
#include "media/audio.h"
#include "platform/file.h"

typedef struct file_state {
    avsvt_context *context; /* counted */
    avsvt_io io;
    int      fd; /* -1: io is the host's */
    char    *name;
    SNDFILE *file;
    SF_INFO  info;
    int64_t  frames;  /* delivered so far */
    int      at_end;  /* reading came to the end of the bytes */
    int      io_failed;
} file_state;

static int64_t fd_length(void *user)
{
    int fd = *(int *)user;
    off_t here = lseek(fd, 0, SEEK_CUR);
    off_t end = lseek(fd, 0, SEEK_END);
    lseek(fd, here, SEEK_SET);
    return end;
}

static int64_t fd_seek(void *user, int64_t offset, int whence)
{
    return lseek(*(int *)user, offset, whence);
}

static int64_t fd_read(void *user, void *to, int64_t bytes)
{
    ssize_t n;
    do
        n = read(*(int *)user, to, (size_t)bytes);
    while (n < 0 && errno == EINTR);
    return n;
}

static sf_count_t on_length(void *user)
{
    file_state *s = user;
    int64_t length = s->io.length(s->io.user);
    if (length >= 0)
        return length;
    int64_t here = s->io.seek(s->io.user, 0, SEEK_CUR);
    length = s->io.seek(s->io.user, 0, SEEK_END);
    if (here < 0 || length < 0 || s->io.seek(s->io.user, here, SEEK_SET) < 0) {
        s->io_failed = 1;
        return 0;
    }
    return length;
}

static sf_count_t on_seek(sf_count_t offset, int whence, void *user)
{
    file_state *s = user;
    return s->io.seek(s->io.user, offset, whence);
}

static sf_count_t on_read(void *to, sf_count_t bytes, void *user)
{
    file_state *s = user;
    sf_count_t done = 0;
    while (done < bytes) {
        int64_t n = s->io.read(s->io.user, (char *)to + done, bytes - done);
        if (n < 0 || n > bytes - done) {
            s->io_failed = 1;
            break;
        }
        if (n == 0) {
            s->at_end = 1;
            break;
        }
        done += n;
    }
    return done;
}

static sf_count_t on_write(const void *from, sf_count_t bytes, void *user)
{
    (void)from, (void)bytes, (void)user;
    return 0;
}

static sf_count_t on_tell(void *user)
{
    file_state *s = user;
    return s->io.seek(s->io.user, 0, SEEK_CUR);
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
            "%s: is damaged: no sound could be decoded", s->name);
    if ((early || failed) && !s->at_end)
        return avsvti_fail(err, AVSVT_E_FORMAT, "%s: is damaged at %s s%s%s%s",
            s->name, at, failed ? " (" : "", failed ? sf_strerror(s->file) : "",
            failed ? ")" : "");
    /* MP3 only estimates its length: a little less is not news. */
    if (early && s->info.frames - s->frames > s->info.samplerate / 2) {
        print_time(promised, s, s->info.frames);
        avsvti_log(s->context, AVSVT_LOG_WARNING,
            "%s: %s s of %s s could be read: it was cut short or is damaged",
            s->name, at, promised);
    } else if (failed)
        avsvti_log(s->context, AVSVT_LOG_WARNING,
            "%s: ends at %s s with damage (%s)", s->name, at,
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
        if (s->io_failed)
            return avsvti_fail(err, AVSVT_E_IO, "%s: reading failed", s->name);
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
    avsvt_context *context = s->context;
    const avsvt_allocator *a = avsvti_allocator(context);
    if (s->file)
        sf_close(s->file);
    if (s->fd >= 0)
        close(s->fd);
    avsvti_release(a, s->name);
    avsvti_release(a, s);
    avsvt_context_free(context);
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

static avsvt_status fail_open(const file_state *s, avsvt_error *err)
{
    const char *why = sf_strerror(NULL);
    if (s->io_failed)
        return avsvti_fail(err, AVSVT_E_IO, "%s: reading failed", s->name);
    if (strstr(why, "malloc"))
        return avsvti_fail_memory(err);
    return avsvti_fail(err, AVSVT_E_FORMAT,
        "%s: is no sound file that can be read here (libsndfile: %.*s)", s->name,
        (int)strcspn(why, "\r\n"), why);
}

static avsvt_status check_info(const file_state *s, avsvt_error *err)
{
    if (s->info.samplerate < AVSVT_MIN_RATE_HZ ||
        s->info.samplerate > AVSVT_MAX_RATE_HZ)
        return avsvti_fail(err, AVSVT_E_UNSUPPORTED,
            "%s: its sample rate is %d Hz: %d to %d Hz can be read", s->name,
            s->info.samplerate, (int)AVSVT_MIN_RATE_HZ, (int)AVSVT_MAX_RATE_HZ);
    if (s->info.channels < 1 || s->info.channels > AVSVT_MAX_CHANNELS)
        return avsvti_fail(err, AVSVT_E_UNSUPPORTED,
            "%s: has %d channels: 1 to %d can be read", s->name,
            s->info.channels, AVSVT_MAX_CHANNELS);
    if (s->info.frames == 0)
        return avsvti_fail(err, AVSVT_E_FORMAT, "%s: there is no sound in it",
                           s->name);
    return AVSVT_OK;
}

static avsvt_status open_file(file_state *s, avsvt_error *err)
{
    SF_VIRTUAL_IO io = { on_length, on_seek, on_read, on_write, on_tell };
    int64_t length = on_length(s);
    if (s->io_failed)
        return avsvti_fail(err, AVSVT_E_IO, "%s: its length can't be told",
                           s->name);
    if (length == 0)
        return avsvti_fail(err, AVSVT_E_FORMAT, "%s: is empty", s->name);
    s->file = sf_open_virtual(&io, SFM_READ, &s->info, s);
    if (!s->file)
        return fail_open(s, err);
    s->at_end = 0;
    return check_info(s, err);
}

/* io NULL: the file at path, which is also its name. */
static avsvt_status open_any(avsvt_audio **out, avsvt_context *context,
                             const char *path, const avsvt_io *io,
                             avsvt_error *err)
{
    static const avsvti_audio_source source = { read_frames, close_file };
    avsvt_audio_info info = AVSVT_AUDIO_INFO_INIT;
    const avsvt_allocator *a = avsvti_allocator(context);
    avsvt_status status = AVSVT_OK;
    file_state *s = avsvti_alloc_zero(a, 1, sizeof(*s));
    if (!s)
        return avsvti_fail_memory(err);
    s->context = avsvt_context_ref(context);
    s->fd = -1;
    if (io) {
        s->io = *io;
    } else {
        s->io = (avsvt_io)AVSVT_IO_INIT;
        s->io.length = fd_length;
        s->io.seek = fd_seek;
        s->io.read = fd_read;
        s->io.user = &s->fd;
        status = avsvti_file_open(&s->fd, path, err);
    }
    s->name = avsvti_strdup(a, path);
    if (status == AVSVT_OK && !s->name)
        status = avsvti_fail_memory(err);
    if (status == AVSVT_OK)
        status = open_file(s, err);
    if (status != AVSVT_OK) {
        close_file(s);
        return status;
    }
    info.channels = s->info.channels;
    info.rate_hz = s->info.samplerate;
    info.frames = length_is_known(s) ? s->info.frames : -1;
    info.duration_s = info.frames < 0 ? -1.0 : (double)info.frames / info.rate_hz;
    describe_format(info.format, sizeof(info.format), s->info.format);
    return avsvti_audio_create(out, context, path, &source, s, &info, err);
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
