/* SPDX-License-Identifier: MIT */
/* What avsvt_audio holds, and what a kind of source has to bring. */
#ifndef AVSVTI_MEDIA_AUDIO_H
#define AVSVTI_MEDIA_AUDIO_H

#include <avsvt/media.h>

#include "core/busy.h"
#include "core/context.h"
#include "media/channels.h"
#include "media/resample.h"

/* A louder sample is a damaged file; sums of those below can't overflow. */
#define AVSVTI_MAX_LEVEL 1e30f

/* A kind of source. state is its own. */
typedef struct avsvti_audio_source {
    /* The next frames, interleaved; *got less than asked only at the end. */
    avsvt_status (*read)(void *state, float *to, int64_t frames, int64_t *got,
                         avsvt_error *err);
    void (*close)(void *state);
} avsvti_audio_source;

struct avsvt_audio {
    avsvt_context *context; /* counted */
    avsvti_busy busy;
    char *name; /* for messages */
    const avsvti_audio_source *source;
    void *state;
    avsvt_audio_info info;
    double rate_hz; /* that is delivered */

    avsvti_channels channels;
    int     told_alone; /* that one channel is heard in place of all */
    float  *interleaved; /* block x channels; NULL for one channel */
    float  *mono;        /* block */
    int64_t block;
    int64_t mono_count, mono_next; /* in mono: there, and taken */
    int64_t frames_in;             /* read from the source so far */
    int     source_ended;

    avsvti_resampler *resampler; /* NULL: the source's own rate */
    float  *out; /* AVSVTI_RESAMPLED samples; NULL without a resampler */
    int64_t out_count, out_next;
    int64_t frames_out; /* made by the resampler so far */

    int         begun;  /* a read has happened */
    avsvt_error failed; /* status AVSVT_OK until a read fails */
};

#define AVSVTI_RESAMPLED 4096

/* Makes the handle around a source. Takes state: closes it on failure. */
avsvt_status avsvti_audio_create(avsvt_audio **out, avsvt_context *context,
                                 const char *name,
                                 const avsvti_audio_source *source, void *state,
                                 const avsvt_audio_info *info, avsvt_error *err);

/* Refuses a rate that nobody may ask for. */
avsvt_status avsvti_rate_check(double rate_hz, avsvt_error *err);

#endif
