/* SPDX-License-Identifier: MIT */
/* Mixing as the published system does: the ratio is one of mean absolute
 * amplitudes, and the clean sound is scaled down too. */
#include <avsvt/media.h>

#include <float.h>
#include <math.h>

#include "core/error.h"
#include "core/number.h"

/* Mean and largest absolute value. */
static avsvt_status measure(const float *x, int64_t count, const char *name,
                            double *mean, double *peak, avsvt_error *err)
{
    double sum = 0.0;
    *mean = *peak = 0.0;
    for (int64_t i = 0; i < count; i++) {
        double level = fabs((double)x[i]);
        if (!isfinite(level))
            return avsvti_fail(err, AVSVT_E_ARG,
                "sample %lld of %s is not a number", (long long)i, name);
        sum += level;
        if (level > *peak)
            *peak = level;
    }
    if (count)
        *mean = sum / (double)count;
    return AVSVT_OK;
}

static avsvt_status check_arguments(const float *to, const float *clean,
                                    const float *noise, int64_t count,
                                    double snr_db, avsvt_error *err)
{
    if (count < 0)
        return avsvti_fail(err, AVSVT_E_ARG, "count is %lld: use 0 or more",
                           (long long)count);
    if (count && (!to || !clean || !noise))
        return avsvti_fail(err, AVSVT_E_ARG, "avsvt_audio_mix: %s is NULL",
                           !to ? "to" : !clean ? "clean" : "noise");
    if (!(snr_db >= -200.0 && snr_db <= 200.0)) {
        char text[AVSVTI_NUMBER_SIZE];
        avsvti_number_print(text, sizeof(text), snr_db, 3);
        return avsvti_fail(err, AVSVT_E_ARG,
            "a signal-to-noise ratio of %s dB: use -200 to 200", text);
    }
    return AVSVT_OK;
}

avsvt_status avsvt_audio_mix(float *to, const float *clean, const float *noise,
                             int64_t count, double snr_db, avsvt_error *err)
{
    double clean_mean, clean_peak, noise_mean, noise_peak;
    avsvt_status status = check_arguments(to, clean, noise, count, snr_db, err);
    if (status == AVSVT_OK)
        status = measure(clean, count, "clean", &clean_mean, &clean_peak, err);
    if (status == AVSVT_OK)
        status = measure(noise, count, "noise", &noise_mean, &noise_peak, err);
    if (status != AVSVT_OK)
        return status;
    double f = 1.0 / (pow(10.0, snr_db / 20.0) + 1.0);
    double gain = f * clean_mean / (noise_mean + 1e-14);
    if (clean_peak + gain * noise_peak > (double)FLT_MAX)
        return avsvti_fail(err, AVSVT_E_ARG,
            "the mix is louder than a float can hold: scale the sound down");
    for (int64_t i = 0; i < count; i++)
        to[i] = (float)((1.0 - f) * (double)clean[i] + gain * (double)noise[i]);
    return AVSVT_OK;
}
