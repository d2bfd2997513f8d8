/* SPDX-License-Identifier: MIT */
/* The handle: source -> one channel of several -> rate -> caller. What passes is
 * cut into blocks of our own, so the samples are the same whatever amounts the
 * caller reads. */
#include "media/audio.h"

#include <math.h>
#include <string.h>

#include "core/memory.h"
#include "core/number.h"
#include "core/options.h"
#include "core/size.h"

#define ALONE_TOLD_S 1.0

avsvt_status avsvti_audio_create(avsvt_audio **out, avsvt_context *context,
                                 const char *name,
                                 const avsvti_audio_source *source, void *state,
                                 const avsvt_audio_info *info, avsvt_error *err)
{
    const avsvt_allocator *a = avsvti_allocator(context);
    avsvt_audio *audio = avsvti_alloc_zero(a, 1, sizeof(*audio));
    if (!audio) {
        source->close(state);
        return avsvti_fail_memory(err);
    }
    audio->context = avsvt_context_ref(context);
    avsvti_busy_init(&audio->busy);
    audio->source = source;
    audio->state = state;
    audio->info = *info;
    audio->rate_hz = info->rate_hz;
    avsvti_channels_init(&audio->channels, info->channels, info->rate_hz);
    audio->failed = (avsvt_error)AVSVT_ERROR_INIT;
    audio->block = info->channels > 8 ? 32768 / info->channels : 4096;
    audio->name = avsvti_strdup(a, name);
    audio->mono = avsvti_alloc(a, (size_t)audio->block, sizeof(float));
    if (info->channels > 1)
        audio->interleaved = avsvti_alloc(a,
            (size_t)audio->block * (size_t)info->channels, sizeof(float));
    if (!audio->name || !audio->mono ||
        (info->channels > 1 && !audio->interleaved)) {
        avsvt_audio_free(audio);
        return avsvti_fail_memory(err);
    }
    *out = audio;
    return AVSVT_OK;
}

void avsvt_audio_free(avsvt_audio *audio)
{
    if (!audio)
        return;
    const avsvt_allocator *a = avsvti_allocator(audio->context);
    avsvt_context *context = audio->context;
    audio->source->close(audio->state);
    avsvti_resampler_free(audio->resampler);
    avsvti_release(a, audio->name);
    avsvti_release(a, audio->interleaved);
    avsvti_release(a, audio->mono);
    avsvti_release(a, audio->out);
    avsvti_release(a, audio);
    avsvt_context_free(context);
}

avsvt_status avsvt_audio_describe(const avsvt_audio *audio,
                                  avsvt_audio_info *info, avsvt_error *err)
{
    if (!audio)
        return avsvti_fail(err, AVSVT_E_ARG, "avsvt_audio_describe: audio is NULL");
    return avsvti_record_write(info, &audio->info, sizeof(audio->info),
                               "avsvt_audio_info", err);
}

static avsvt_status set_rate(avsvt_audio *audio, double rate_hz, avsvt_error *err)
{
    const avsvt_allocator *a = avsvti_allocator(audio->context);
    avsvti_resampler *resampler = NULL;
    if (audio->begun)
        return avsvti_fail(err, AVSVT_E_ARG,
            "%s: the rate can only be chosen before the first read", audio->name);
    if (rate_hz != audio->info.rate_hz) {
        if (!audio->out)
            audio->out = avsvti_alloc(a, AVSVTI_RESAMPLED, sizeof(float));
        if (!audio->out)
            return avsvti_fail_memory(err);
        avsvt_status status = avsvti_resampler_create(&resampler, a,
            audio->info.rate_hz, rate_hz, err);
        if (status != AVSVT_OK)
            return status;
    }
    avsvti_resampler_free(audio->resampler);
    audio->resampler = resampler;
    audio->rate_hz = rate_hz;
    return AVSVT_OK;
}

avsvt_status avsvti_rate_check(double rate_hz, avsvt_error *err)
{
    char text[AVSVTI_NUMBER_SIZE];
    if (rate_hz >= AVSVT_MIN_RATE_HZ && rate_hz <= AVSVT_MAX_RATE_HZ)
        return AVSVT_OK;
    avsvti_number_print(text, sizeof(text), rate_hz, 3);
    return avsvti_fail(err, AVSVT_E_ARG, "a rate of %s Hz: use %d to %d Hz", text,
                       (int)AVSVT_MIN_RATE_HZ, (int)AVSVT_MAX_RATE_HZ);
}

avsvt_status avsvt_audio_set_rate(avsvt_audio *audio, double rate_hz,
                                  avsvt_error *err)
{
    if (!audio)
        return avsvti_fail(err, AVSVT_E_ARG, "avsvt_audio_set_rate: audio is NULL");
    avsvt_status status = avsvti_rate_check(rate_hz, err);
    if (status != AVSVT_OK)
        return status;
    status = avsvti_busy_enter(&audio->busy, "source of sound", err);
    if (status != AVSVT_OK)
        return status;
    status = set_rate(audio, rate_hz, err);
    avsvti_busy_leave(&audio->busy);
    return status;
}

static avsvt_status check_samples(const avsvt_audio *audio, const float *x,
                                  int64_t frames, avsvt_error *err)
{
    int64_t channels = audio->info.channels;
    for (int64_t i = 0; i < frames * channels; i++)
        if (avsvti_size_bits(x[i]) > avsvti_size_bits(AVSVTI_MAX_LEVEL)) {
            char time[AVSVTI_NUMBER_SIZE];
            avsvti_number_print(time, sizeof(time),
                (double)(audio->frames_in + i / channels) / audio->info.rate_hz, 3);
            return avsvti_fail(err, AVSVT_E_FORMAT,
                "%s: the sample at %s s (channel %d) is %s: the sound is "
                "damaged", audio->name, time, (int)(i % channels) + 1,
                isnan(x[i]) ? "not a number" :
                isinf(x[i]) ? "infinite" : "absurdly loud");
        }
    return AVSVT_OK;
}

/* Not of a moment in a song, but of more, or where it is the end of all. */
static void tell_of_one_alone(avsvt_audio *audio)
{
    const avsvti_channels *c = &audio->channels;
    char time[AVSVTI_NUMBER_SIZE];
    if (audio->told_alone || c->alone < 0 ||
        (!audio->source_ended && (double)c->alone_frames < ALONE_TOLD_S * c->rate_hz))
        return;
    audio->told_alone = 1;
    avsvti_number_print(time, sizeof(time), (double)c->alone_first / c->rate_hz, 1);
    avsvti_log(audio->context, AVSVT_LOG_WARNING,
        "%s: from %s s on its channels cancel each other, as after a cable with swapped "
        "wires: channel %d is heard alone there", audio->name, time, (int)c->alone + 1);
}

/* The next block of the source into mono. */
static avsvt_status fill_mono(avsvt_audio *audio, avsvt_error *err)
{
    int64_t got = 0, channels = audio->info.channels;
    float *to = channels > 1 ? audio->interleaved : audio->mono;
    audio->mono_count = audio->mono_next = 0;
    avsvt_status status = audio->source->read(audio->state, to, audio->block,
                                              &got, err);
    if (status == AVSVT_OK)
        status = check_samples(audio, to, got, err);
    if (status != AVSVT_OK)
        return status;
    audio->mono_count = got;
    audio->frames_in += got;
    audio->source_ended = got < audio->block;
    if (channels > 1) {
        avsvti_channels_mix(&audio->channels, audio->mono, to, got);
        tell_of_one_alone(audio);
    }
    return AVSVT_OK;
}

static int64_t length_out(const avsvt_audio *audio)
{
    return llround((double)audio->frames_in * audio->rate_hz /
                   audio->info.rate_hz);
}

/* libsoxr may end a sample off; the length is round(n to/from) all the same. */
static void end_at_length(avsvt_audio *audio, int64_t made)
{
    int64_t missing = length_out(audio) - audio->frames_out;
    if (made == 0 && missing > 0) { /* a silent sample or two */
        made = missing < AVSVTI_RESAMPLED ? missing : AVSVTI_RESAMPLED;
        memset(audio->out, 0, (size_t)made * sizeof(float));
    }
    audio->out_count = made < missing ? made : missing;
}

/* The next samples of the resampler into out; none at the end. */
static avsvt_status fill_out(avsvt_audio *audio, avsvt_error *err)
{
    audio->out_count = audio->out_next = 0;
    while (audio->out_count == 0) {
        int64_t used, made;
        if (audio->mono_next == audio->mono_count && !audio->source_ended) {
            avsvt_status status = fill_mono(audio, err);
            if (status != AVSVT_OK)
                return status;
        }
        int64_t left = audio->mono_count - audio->mono_next;
        if (left == 0 && audio->source_ended &&
            audio->frames_out >= length_out(audio))
            return AVSVT_OK;
        if (left == 0 && !audio->source_ended)
            continue;
        avsvt_status status = avsvti_resampler_run(audio->resampler,
            left ? audio->mono + audio->mono_next : NULL, left, &used,
            audio->out, AVSVTI_RESAMPLED, &made, err);
        if (status != AVSVT_OK)
            return status;
        audio->mono_next += used;
        if (left)
            audio->out_count = made;
        else
            end_at_length(audio, made);
        audio->frames_out += audio->out_count;
    }
    return AVSVT_OK;
}

static avsvt_status read_samples(avsvt_audio *audio, float *to, int64_t count,
                                 int64_t *done, avsvt_error *err)
{
    int resampled = audio->resampler != NULL;
    const float *from = resampled ? audio->out : audio->mono;
    int64_t *there = resampled ? &audio->out_count : &audio->mono_count;
    int64_t *next = resampled ? &audio->out_next : &audio->mono_next;
    while (*done < count) {
        if (*next == *there) {
            if (!resampled && audio->source_ended)
                break;
            avsvt_status status = resampled ? fill_out(audio, err)
                                            : fill_mono(audio, err);
            if (status != AVSVT_OK)
                return status;
            if (*there == 0)
                break;
        }
        int64_t n = *there - *next;
        if (n > count - *done)
            n = count - *done;
        memcpy(to + *done, from + *next, (size_t)n * sizeof(float));
        *next += n;
        *done += n;
    }
    return AVSVT_OK;
}

avsvt_status avsvt_audio_read(avsvt_audio *audio, float *to, size_t count,
                              size_t *got, avsvt_error *err)
{
    int64_t done = 0;
    if (got)
        *got = 0;
    if (!audio || !got || (!to && count))
        return avsvti_fail(err, AVSVT_E_ARG, "avsvt_audio_read: %s is NULL",
                           !audio ? "audio" : !got ? "got" : "to");
    if (count > SIZE_MAX / 2 / sizeof(float))
        return avsvti_fail(err, AVSVT_E_ARG,
            "avsvt_audio_read: count is %zu samples, more than memory", count);
    avsvt_status status = avsvti_busy_enter(&audio->busy, "source of sound", err);
    if (status != AVSVT_OK)
        return status;
    audio->begun = 1;
    if (audio->failed.status == AVSVT_OK)
        audio->failed.status = read_samples(audio, to, (int64_t)count, &done,
                                            &audio->failed);
    status = audio->failed.status;
    if (status == AVSVT_OK)
        *got = (size_t)done;
    else /* and again, should the caller go on */
        avsvti_fail(err, status, "%s", audio->failed.message);
    avsvti_busy_leave(&audio->busy);
    return status;
}
