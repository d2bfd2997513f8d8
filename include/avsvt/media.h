/* SPDX-License-Identifier: MIT */
/** @file media.h
 *  Sound in and out. Stage: file or samples -> [media] -> mono samples.
 *
 *  An avsvt_audio is a source that is read once, from front to back: channels
 *  are averaged first, then the rate is converted (libsoxr, high quality).
 *  Where channels cancel each other (recorded with a cable whose wires were
 *  swapped, one is the other upside down), the loudest is heard alone as long as
 *  they do; more than a second of that is told in the log.
 *  Files are read by libsndfile (WAV, FLAC, Ogg Vorbis, Opus, AIFF, ...) and,
 *  where they are MP3, by libmpg123. What neither knows (AAC, M4A, Matroska and
 *  WebM, the sound of a video) is read by the media module, which is built where
 *  FFmpeg's libraries are. Of several sounds in a file the preferred one is
 *  taken, else the first. In a file with pictures time 0 is the start of the
 *  sound or of the pictures, whichever is earlier; sound that begins later, and
 *  gaps of 0.1 s and more in its time stamps, are filled with silence.
 *  Memory does not grow with the length of the sound. */
#ifndef AVSVT_MEDIA_H
#define AVSVT_MEDIA_H

#include <avsvt/context.h>

AVSVT_BEGIN_DECLS

typedef struct avsvt_audio avsvt_audio; /**< One thread at a time. */

#define AVSVT_MIN_RATE_HZ 2000.0   /**< Lowest sample rate that is read. */
#define AVSVT_MAX_RATE_HZ 768000.0 /**< Highest sample rate that is read. */
#define AVSVT_MAX_CHANNELS 256     /**< Most channels that are read. */

/** Reading through the host's own functions (archives, networks, memory), from
 *  the beginning, wherever it stands when it is given. All are needed, and seek
 *  must be able to go back: AVSVT_E_IO where it can't. */
typedef struct avsvt_io {
    uint32_t struct_size; /**< Set by AVSVT_IO_INIT. */
    uint32_t reserved;    /**< Must be 0. */
    int64_t (*length)(void *user);               /**< Bytes in all, or -1. */
    int64_t (*seek)(void *user, int64_t offset, int whence); /**< SEEK_*;
                                                  new position or -1. */
    int64_t (*read)(void *user, void *to, int64_t bytes); /**< Bytes read,
                                                  0 at the end, -1 on error. */
    void *user; /**< [borrowed] handed back to each function. */
} avsvt_io;
#define AVSVT_IO_INIT { sizeof(avsvt_io), 0u, NULL, NULL, NULL, NULL }

/** What a source of sound is. */
typedef struct avsvt_audio_info {
    uint32_t struct_size; /**< Set by AVSVT_AUDIO_INFO_INIT. */
    int32_t  channels;    /**< Of the file. */
    double   rate_hz;     /**< Of the file. */
    int64_t  frames;      /**< Sample frames of the file; -1 when unknown, or
                               more than so few bytes can hold. */
    double   duration_s;  /**< Seconds; -1 when unknown. */
    char     format[64];  /**< For people, such as "FLAC, 16 bit PCM". */
} avsvt_audio_info;
#define AVSVT_AUDIO_INFO_INIT \
    { sizeof(avsvt_audio_info), 0, 0.0, 0, 0.0, { 0 } }

/** Open a sound file.
 *  @param out  [out, owned] free with avsvt_audio_free(); NULL on failure.
 *  @param context [borrowed] NULL for the default.
 *  @param path [borrowed] UTF-8.
 *  @param err  [out] may be NULL.
 *  @return AVSVT_OK; AVSVT_E_ARG; AVSVT_E_NOT_FOUND; AVSVT_E_IO (a folder, no
 *          permission); AVSVT_E_FORMAT (empty, or no sound in it);
 *          AVSVT_E_UNSUPPORTED (rate or channels out of range);
 *          AVSVT_E_MODULE (needs the media module, which is missing);
 *          AVSVT_E_NOMEM.
 *  @thread any  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_audio_open(avsvt_audio **out,
    avsvt_context *context, const char *path, avsvt_error *err);

/** Open sound behind the host's own functions; as avsvt_audio_open().
 *  @param io [copied] its functions are called until the source is freed.
 *  @thread any  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_audio_open_io(avsvt_audio **out,
    avsvt_context *context, const avsvt_io *io, avsvt_error *err);

/** Open samples that lie in memory.
 *  @param samples  [borrowed until the source is freed] interleaved,
 *                  @p frames x @p channels, full scale +-1; NULL only when
 *                  @p frames is 0.
 *  @param frames   0 or more.
 *  @param channels 1..AVSVT_MAX_CHANNELS.
 *  @param rate_hz  AVSVT_MIN_RATE_HZ..AVSVT_MAX_RATE_HZ.
 *  @return as avsvt_audio_open().
 *  @thread any  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_audio_open_samples(avsvt_audio **out,
    avsvt_context *context, const float *samples, int64_t frames,
    int32_t channels, double rate_hz, avsvt_error *err);

/** Tell what the source is. Copies at most info->struct_size bytes.
 *  @return AVSVT_OK; AVSVT_E_ARG.
 *  @thread one at a time  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_audio_describe(const avsvt_audio *audio,
    avsvt_audio_info *info, avsvt_error *err);

/** Choose the rate that avsvt_audio_read() delivers; only before the first
 *  read. The default is the source's own.
 *  @return AVSVT_OK; AVSVT_E_ARG (out of range, or reading has begun);
 *          AVSVT_E_NOMEM.
 *  @thread one at a time  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_audio_set_rate(avsvt_audio *audio, double rate_hz,
    avsvt_error *err);

/** Read the next mono samples. A file that was cut short ends where its sound
 *  ends, with a warning in the log where the file tells that more was meant.
 *  @param to    [out] room for @p count samples.
 *  @param count at most this many.
 *  @param got   [out] samples written; less than @p count only at the end.
 *  @return AVSVT_OK (also at the end, with *got 0); AVSVT_E_ARG; AVSVT_E_IO;
 *          AVSVT_E_FORMAT (damaged midway, or a sample that is not a number);
 *          AVSVT_E_NOMEM.
 *  @thread one at a time  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_audio_read(avsvt_audio *audio, float *to,
    size_t count, size_t *got, avsvt_error *err);

/** Close the source; NULL is allowed.  @thread any  @rt no  @since 0.1 */
AVSVT_API void avsvt_audio_free(avsvt_audio *audio);

/** Write mono samples as a 32-bit float WAV file, beside @p path first and
 *  renamed when whole.
 *  @param samples [borrowed] @p count finite samples; NULL only when @p count is 0.
 *  @param rate_hz a whole number, AVSVT_MIN_RATE_HZ..AVSVT_MAX_RATE_HZ.
 *  @return AVSVT_OK; AVSVT_E_ARG (also a name that ends like another format's
 *          sound, .flac or .ogg); AVSVT_E_IO; AVSVT_E_NOMEM.
 *  @thread any  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_audio_write(const char *path,
    const float *samples, int64_t count, double rate_hz, avsvt_error *err);

/** Mix @p noise under @p clean at a signal-to-noise ratio as AV_SVT does:
 *  f = 1/(10^(snr/20)+1), y = (1-f) x + f z mean|x| / (mean|z| + 1e-14), a
 *  ratio of mean absolute amplitudes. Nothing is clipped.
 *  @param to     [out] @p count samples; may be the same as @p clean.
 *  @param clean  [borrowed] @p count samples.
 *  @param noise  [borrowed] @p count samples.
 *  @param snr_db -200..200.
 *  @return AVSVT_OK; AVSVT_E_ARG (also a sample that is not a number, or a mix
 *          louder than a float can hold: nothing is written then).
 *  @thread any  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_audio_mix(float *to, const float *clean,
    const float *noise, int64_t count, double snr_db, avsvt_error *err);

#define AVSVT_NOISE_WHITE 0  /**< Standard normal. */
#define AVSVT_NOISE_CLIPS 1  /**< For every 10 s a recording of the folder, in
                                  the middle where it is shorter: the papers'
                                  natural noise, and babble that is made. */
#define AVSVT_NOISE_BABBLE 2 /**< For every 10 s the mean of 30 voices, pieces
                                  of the folder's recordings of speech. */

/** Make noise of the papers' evaluation, for avsvt_audio_mix().
 *  @param to      [out] @p count samples.
 *  @param context [borrowed] NULL for the default.
 *  @param count   0 or more.
 *  @param rate_hz AVSVT_MIN_RATE_HZ..AVSVT_MAX_RATE_HZ.
 *  @param kind    an AVSVT_NOISE_* value.
 *  @param folder  [borrowed] of recordings; not looked at for white noise.
 *  @param seed    decides what is drawn, alone.
 *  @return AVSVT_OK; AVSVT_E_ARG; AVSVT_E_NOT_FOUND, AVSVT_E_FORMAT (no such
 *          folder, no sound in it); AVSVT_E_IO; AVSVT_E_NOMEM.
 *  @thread any  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_audio_noise(float *to, avsvt_context *context,
    int64_t count, double rate_hz, int32_t kind, const char *folder,
    uint64_t seed, avsvt_error *err);

AVSVT_END_DECLS
#endif /* AVSVT_MEDIA_H */
