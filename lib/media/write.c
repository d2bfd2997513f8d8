/* SPDX-License-Identifier: MIT */
/* Writing sound: 32-bit float WAV, whole or not at all. */
#define _GNU_SOURCE
#include <avsvt/media.h>

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sndfile.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "core/error.h"
#include "core/memory.h"
#include "core/number.h"
#include "media/endings.h"
#include "platform/file.h"
#include "platform/write.h"

/* A WAV header counts to 4 GiB; beyond, its 64-bit form is written. */
#define MAX_WAV_SAMPLES ((int64_t)1 << 29)

/* A name that another format's sound would have. */
static int promises_other(const char *path)
{
    size_t stem = avsvti_sound_stem(path);
    return stem && strcasecmp(path + stem, ".wav");
}

static avsvt_status check_arguments(const char *path, const float *samples,
                                    int64_t count, double rate_hz,
                                    avsvt_error *err)
{
    if (!path)
        return avsvti_fail(err, AVSVT_E_ARG, "avsvt_audio_write: path is NULL");
    if (promises_other(path))
        return avsvti_fail(err, AVSVT_E_ARG,
            "%s: sound is written as WAV: choose a name that ends in .wav", path);
    if (count < 0)
        return avsvti_fail(err, AVSVT_E_ARG, "count is %lld: use 0 or more",
                           (long long)count);
    if (!samples && count)
        return avsvti_fail(err, AVSVT_E_ARG, "avsvt_audio_write: samples is NULL");
    if (!(rate_hz >= AVSVT_MIN_RATE_HZ && rate_hz <= AVSVT_MAX_RATE_HZ) ||
        rate_hz != floor(rate_hz)) {
        char text[AVSVTI_NUMBER_SIZE];
        avsvti_number_print(text, sizeof(text), rate_hz, 3);
        return avsvti_fail(err, AVSVT_E_ARG,
            "a rate of %s Hz: a WAV file takes a whole number from %d to %d",
            text, (int)AVSVT_MIN_RATE_HZ, (int)AVSVT_MAX_RATE_HZ);
    }
    for (int64_t i = 0; i < count; i++)
        if (!isfinite(samples[i]))
            return avsvti_fail(err, AVSVT_E_ARG,
                "%s: sample %lld is not a number", path, (long long)i);
    return AVSVT_OK;
}

/* What libsndfile writes through: of what fails while it closes a file it tells
 * nothing, or tells it to the host's standard output. */
typedef struct target {
    int fd, code; /* 0, or what was wrong first */
    sf_count_t at, length;
} target;

static sf_count_t on_length(void *user)
{
    return ((target *)user)->length;
}

static sf_count_t on_seek(sf_count_t offset, int whence, void *user)
{
    target *t = user;
    sf_count_t base = whence == SEEK_CUR ? t->at : whence == SEEK_END ? t->length : 0;
    return base + offset < 0 ? -1 : (t->at = base + offset);
}

static sf_count_t on_read(void *to, sf_count_t count, void *user)
{
    (void)to, (void)count, (void)user;
    return 0;
}

static sf_count_t on_write(const void *from, sf_count_t count, void *user)
{
    target *t = user;
    if (!t->code)
        t->code = avsvti_write_all(t->fd, from, (size_t)count, t->at);
    if (t->code)
        return 0;
    t->at += count;
    t->length = t->at > t->length ? t->at : t->length;
    return count;
}

static sf_count_t on_tell(void *user)
{
    return ((target *)user)->at;
}

/* AVSVT_E_IO with libsndfile's reason where the system had none. */
static avsvt_status write_sound(target *t, const char *path, const float *samples,
                                int64_t count, double rate_hz, avsvt_error *err)
{
    SF_VIRTUAL_IO io = { on_length, on_seek, on_read, on_write, on_tell };
    SF_INFO info;
    memset(&info, 0, sizeof(info));
    info.samplerate = (int)rate_hz;
    info.channels = 1;
    info.format = SF_FORMAT_FLOAT |
        (count < MAX_WAV_SAMPLES ? SF_FORMAT_WAV : SF_FORMAT_RF64);
    SNDFILE *file = sf_open_virtual(&io, SFM_WRITE, &info, t);
    if (!file)
        return avsvti_fail(err, AVSVT_E_IO, "%s: can't write: %s", path,
                           sf_strerror(NULL));
    /* The PEAK chunk holds the time of writing: no two files would be alike. */
    sf_command(file, SFC_SET_ADD_PEAK_CHUNK, NULL, SF_FALSE);
    avsvt_status status = sf_write_float(file, samples, count) == count ? AVSVT_OK
        : avsvti_fail(err, AVSVT_E_IO, "%s: can't write: %s", path, sf_strerror(file));
    sf_close(file);
    return status;
}

static avsvt_status write_to(const char *temporary, const char *path,
                             const float *samples, int64_t count,
                             double rate_hz, avsvt_error *err)
{
    target t = { open(temporary, O_WRONLY | O_CLOEXEC), 0, 0, 0 };
    if (t.fd < 0)
        return avsvti_fail_write(err, errno, path);
    avsvt_status status = write_sound(&t, path, samples, count, rate_hz, err);
    if (close(t.fd) && !t.code)
        t.code = errno;
    return t.code ? avsvti_fail_write(err, t.code, path) : status;
}

avsvt_status avsvt_audio_write(const char *path, const float *samples,
                               int64_t count, double rate_hz, avsvt_error *err)
{
    const avsvt_allocator *a = avsvti_default_allocator();
    char *temporary;
    avsvt_status status = check_arguments(path, samples, count, rate_hz, err);
    if (status == AVSVT_OK)
        status = avsvti_file_begin(&temporary, a, path, err);
    if (status != AVSVT_OK)
        return status;
    status = write_to(temporary, path, samples, count, rate_hz, err);
    if (status == AVSVT_OK)
        return avsvti_file_commit(temporary, a, path, err);
    avsvti_file_discard(temporary, a);
    return status;
}
