/* SPDX-License-Identifier: MIT */
/* Sound that lies in memory. */
#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "media/audio.h"

typedef struct samples_state {
    const avsvt_allocator *allocator;
    const float *samples; /* borrowed */
    int64_t frames, next;
    int32_t channels;
} samples_state;

static avsvt_status read_frames(void *state, float *to, int64_t frames,
                                int64_t *got, avsvt_error *err)
{
    samples_state *s = state;
    int64_t n = s->frames - s->next;
    (void)err;
    if (n > frames)
        n = frames;
    if (n)
        memcpy(to, s->samples + s->next * s->channels,
               (size_t)n * (size_t)s->channels * sizeof(float));
    s->next += n;
    *got = n;
    return AVSVT_OK;
}

static void close_samples(void *state)
{
    samples_state *s = state;
    avsvti_release(s->allocator, s);
}

static avsvt_status check_arguments(const float *samples, int64_t frames,
                                    int32_t channels, double rate_hz,
                                    avsvt_error *err)
{
    if (frames < 0)
        return avsvti_fail(err, AVSVT_E_ARG, "frames is %lld: use 0 or more",
                           (long long)frames);
    if (!samples && frames)
        return avsvti_fail(err, AVSVT_E_ARG,
            "avsvt_audio_open_samples: samples is NULL");
    if (channels < 1 || channels > AVSVT_MAX_CHANNELS)
        return avsvti_fail(err, AVSVT_E_ARG, "channels is %d: use 1 to %d",
                           (int)channels, AVSVT_MAX_CHANNELS);
    if (frames > INT64_MAX / 8 / channels)
        return avsvti_fail(err, AVSVT_E_ARG, "frames is %lld: more than memory",
                           (long long)frames);
    return avsvti_rate_check(rate_hz, err);
}

avsvt_status avsvt_audio_open_samples(avsvt_audio **out, avsvt_context *context,
                                      const float *samples, int64_t frames,
                                      int32_t channels, double rate_hz,
                                      avsvt_error *err)
{
    static const avsvti_audio_source source = { read_frames, close_samples };
    avsvt_audio_info info = AVSVT_AUDIO_INFO_INIT;
    const avsvt_allocator *a = avsvti_allocator(context);
    if (!out)
        return avsvti_fail(err, AVSVT_E_ARG,
            "avsvt_audio_open_samples: out is NULL");
    *out = NULL;
    avsvt_status status = check_arguments(samples, frames, channels, rate_hz, err);
    if (status != AVSVT_OK)
        return status;
    samples_state *s = avsvti_alloc_zero(a, 1, sizeof(*s));
    if (!s)
        return avsvti_fail_memory(err);
    s->allocator = a;
    s->samples = samples;
    s->frames = frames;
    s->channels = channels;
    info.channels = channels;
    info.rate_hz = rate_hz;
    info.frames = frames;
    info.duration_s = (double)frames / rate_hz;
    snprintf(info.format, sizeof(info.format), "samples in memory");
    return avsvti_audio_create(out, context, "samples", &source, s, &info, err);
}
