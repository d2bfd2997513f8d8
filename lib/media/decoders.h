/* SPDX-License-Identifier: MIT */
/* What turns a stream of bytes into frames of sound. */
#ifndef AVSVTI_MEDIA_DECODERS_H
#define AVSVTI_MEDIA_DECODERS_H

#include "media/audio.h"
#include "media/stream.h"

/* Each opens name (io NULL) or the host's stream and makes the handle. */
avsvt_status avsvti_sndfile_open(avsvt_audio **out, avsvt_context *context,
                                 const char *name, const avsvt_io *io,
                                 avsvt_error *err);
/* MP3, and MPEG's layers I and II, which libsndfile would read too, but not without
 * words on the host's standard error when a file is damaged. */
avsvt_status avsvti_mpeg_open(avsvt_audio **out, avsvt_context *context,
                              const char *name, const avsvt_io *io,
                              avsvt_error *err);
/* What the media module reads; avsvti_container_is() looks at the first 16 bytes
 * of a file for those that nothing else can read. */
avsvt_status avsvti_container_open(avsvt_audio **out, avsvt_context *context,
                                   const char *name, const avsvt_io *io,
                                   avsvt_error *err);
int avsvti_container_is(const unsigned char *start);

/* Refuses rates, channels and lengths that no source may have. */
avsvt_status avsvti_audio_check(const char *name, double rate_hz, int channels,
                                int64_t frames, avsvt_error *err);

#endif
