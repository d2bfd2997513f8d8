/* SPDX-License-Identifier: MIT */
#include "export/sound.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include <avsvt/media.h>
#include <sndfile.h>

#define BLOCK 8192

/* What libsndfile writes to: bytes in memory and where it is in them. */
typedef struct memory_file {
    avsvti_buffer *bytes;
    sf_count_t at;
} memory_file;

static sf_count_t on_length(void *user)
{
    return (sf_count_t)((memory_file *)user)->bytes->size;
}

static sf_count_t on_seek(sf_count_t offset, int whence, void *user)
{
    memory_file *m = user;
    sf_count_t base = whence == SEEK_CUR ? m->at : whence == SEEK_END ? on_length(m) : 0;
    if (base + offset < 0 || base + offset > on_length(m))
        return -1;
    return m->at = base + offset;
}

static sf_count_t on_read(void *to, sf_count_t count, void *user)
{
    memory_file *m = user;
    sf_count_t left = on_length(m) - m->at;
    sf_count_t n = count < left ? count : left;
    if (n > 0)
        memcpy(to, m->bytes->data + m->at, (size_t)n);
    m->at += n;
    return n;
}

static sf_count_t on_write(const void *from, sf_count_t count, void *user)
{
    memory_file *m = user;
    sf_count_t over = on_length(m) - m->at;
    over = over < count ? over : count;
    if (over > 0)
        memcpy(m->bytes->data + m->at, from, (size_t)over);
    avsvti_buffer_append(m->bytes, (const char *)from + over, (size_t)(count - over));
    if (m->bytes->failed)
        return 0;
    m->at += count;
    return count;
}

static sf_count_t on_tell(void *user)
{
    return ((memory_file *)user)->at;
}

typedef struct codec {
    int format, rate;
    const char *type;
} codec;

static const codec codecs[] = {
    { SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III, 44100, "audio/mpeg" },
    { SF_FORMAT_OGG | SF_FORMAT_VORBIS, 44100, "audio/ogg" },
    { SF_FORMAT_WAV | SF_FORMAT_PCM_16, 22050, "audio/wav" },
};

/* The first that this libsndfile can write. */
static const codec *choose_codec(SF_INFO *info)
{
    for (size_t i = 0;; i++) {
        memset(info, 0, sizeof(*info));
        info->channels = 1;
        info->samplerate = codecs[i].rate;
        info->format = codecs[i].format;
        if (sf_format_check(info) || i + 1 == sizeof(codecs) / sizeof(codecs[0]))
            return &codecs[i];
    }
}

static avsvt_status copy_samples(SNDFILE *file, avsvt_audio *audio, float *block,
                                 int64_t *count, avsvt_error *err)
{
    size_t got = 0;
    do {
        avsvt_status status = avsvt_audio_read(audio, block, BLOCK, &got, err);
        if (status != AVSVT_OK)
            return status;
        for (size_t i = 0; i < got; i++)
            block[i] = fmaxf(-1.0f, fminf(1.0f, block[i]));
        if (got && sf_write_float(file, block, (sf_count_t)got) != (sf_count_t)got)
            return avsvti_fail_memory(err); /* the one way that writing fails */
        *count += (int64_t)got;
    } while (got == BLOCK);
    return AVSVT_OK;
}

static void set_quality(SNDFILE *file, const codec *c)
{
    /* A constant rate, so that players seek to the exact place. */
    int mode = SF_BITRATE_MODE_CONSTANT;
    double level = (c->format & SF_FORMAT_TYPEMASK) == SF_FORMAT_MPEG ? 0.8 : 0.5;
    if ((c->format & SF_FORMAT_TYPEMASK) == SF_FORMAT_MPEG)
        sf_command(file, SFC_SET_BITRATE_MODE, &mode, sizeof(mode));
    sf_command(file, SFC_SET_COMPRESSION_LEVEL, &level, sizeof(level));
    sf_command(file, SFC_SET_CLIPPING, NULL, SF_TRUE);
}

avsvt_status avsvti_sound_encode(avsvti_buffer *to, const char **type,
                                 double *duration_s, avsvt_context *context,
                                 const char *path, avsvt_error *err)
{
    SF_VIRTUAL_IO io = { on_length, on_seek, on_read, on_write, on_tell };
    memory_file memory = { to, 0 };
    SF_INFO info;
    SNDFILE *file = NULL;
    avsvt_audio *audio = NULL;
    int64_t count = 0;
    const codec *c = choose_codec(&info);
    float *block = avsvti_alloc(to->allocator, BLOCK, sizeof(*block));
    if (!block)
        return avsvti_fail_memory(err);
    avsvt_status status = avsvt_audio_open(&audio, context, path, err);
    if (status == AVSVT_OK)
        status = avsvt_audio_set_rate(audio, c->rate, err);
    if (status == AVSVT_OK) {
        file = sf_open_virtual(&io, SFM_WRITE, &info, &memory);
        if (!file)
            status = to->failed ? avsvti_fail_memory(err)
                : avsvti_fail(err, AVSVT_E_IO, "%s: can't be encoded as %s: %s",
                              path, c->type, sf_strerror(NULL));
    }
    if (status == AVSVT_OK) {
        set_quality(file, c);
        status = copy_samples(file, audio, block, &count, err);
    }
    if (file)
        sf_close(file);
    if (status == AVSVT_OK && to->failed)
        status = avsvti_fail_memory(err);
    avsvt_audio_free(audio);
    avsvti_release(to->allocator, block);
    *type = c->type;
    *duration_s = (double)count / c->rate;
    return status;
}

void avsvti_base64(avsvti_buffer *to, const void *data, size_t size)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *p = data;
    for (size_t i = 0; i < size && !to->failed; i += 3) {
        size_t n = size - i < 3 ? size - i : 3;
        uint32_t v = (uint32_t)p[i] << 16 | (n > 1 ? (uint32_t)p[i + 1] << 8 : 0u) |
                     (n > 2 ? p[i + 2] : 0u);
        char four[4] = { digits[v >> 18], digits[v >> 12 & 63],
                         n > 1 ? digits[v >> 6 & 63] : '=', n > 2 ? digits[v & 63] : '=' };
        avsvti_buffer_append(to, four, 4);
    }
}
