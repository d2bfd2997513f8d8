/* SPDX-License-Identifier: MIT */
/* Writing sound: 32-bit float WAV, whole or not at all. */
#include <avsvt/media.h>

#include <math.h>
#include <sndfile.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"
#include "core/number.h"
#include "platform/file.h"

/* A WAV header counts to 4 GiB; beyond, its 64-bit form is written. */
#define MAX_WAV_SAMPLES ((int64_t)1 << 29)

static avsvt_status check_arguments(const char *path, const float *samples,
                                    int64_t count, double rate_hz,
                                    avsvt_error *err)
{
    if (!path)
        return avsvti_fail(err, AVSVT_E_ARG, "avsvt_audio_write: path is NULL");
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

static avsvt_status write_to(const char *temporary, const char *path,
                             const float *samples, int64_t count,
                             double rate_hz, avsvt_error *err)
{
    SF_INFO info;
    char reason[256] = "";
    memset(&info, 0, sizeof(info));
    info.samplerate = (int)rate_hz;
    info.channels = 1;
    info.format = SF_FORMAT_FLOAT |
        (count < MAX_WAV_SAMPLES ? SF_FORMAT_WAV : SF_FORMAT_RF64);
    SNDFILE *file = sf_open(temporary, SFM_WRITE, &info);
    if (!file)
        return avsvti_fail(err, AVSVT_E_IO, "%s: can't write: %s", path,
                           sf_strerror(NULL));
    /* The PEAK chunk holds the time of writing: no two files would be alike. */
    sf_command(file, SFC_SET_ADD_PEAK_CHUNK, NULL, SF_FALSE);
    int whole = sf_write_float(file, samples, count) == count;
    if (!whole)
        strncpy(reason, sf_strerror(file), sizeof(reason) - 1);
    int closed = sf_close(file);
    if (whole && closed == SF_ERR_NO_ERROR)
        return AVSVT_OK;
    return avsvti_fail(err, AVSVT_E_IO, "%s: can't write: %s", path,
        whole ? sf_error_number(closed) : reason[0] ? reason : "the disk is full");
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
