/* SPDX-License-Identifier: MIT */
#include "sound.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int64_t io_length(void *user)
{
    return (int64_t)((cli_sound *)user)->size;
}

static int64_t io_seek(void *user, int64_t offset, int whence)
{
    cli_sound *s = user;
    int64_t base = whence == SEEK_SET ? 0 : (int64_t)(whence == SEEK_CUR ? s->at : s->size);
    if (base + offset < 0 || base + offset > (int64_t)s->size)
        return -1;
    s->at = (size_t)(base + offset);
    return (int64_t)s->at;
}

static int64_t io_read(void *user, void *to, int64_t bytes)
{
    cli_sound *s = user;
    size_t left = s->size - s->at, n = bytes < (int64_t)left ? (size_t)bytes : left;
    memcpy(to, s->data + s->at, n);
    s->at += n;
    return (int64_t)n;
}

/* The library knows standard input as a stream of its host's. */
static int open_failed(const cli_sound *s, const avsvt_error *err)
{
    static const char host[] = "the host's stream:";
    size_t n = sizeof host - 1;
    return strncmp(err->message, host, n) ? cli_error(err)
                                          : cli_fail("%s:%s", s->name, err->message + n);
}

static int read_pipe(cli_sound *s, const char *input)
{
    int is_stdin = !strcmp(input, "-");
    FILE *from = is_stdin ? stdin : fopen(input, "rb");
    s->name = is_stdin ? "standard input" : input;
    if (!from)
        return cli_fail("%s: can't open: %s", input, strerror(errno));
    int status = cli_read_stream(from, s->name, &s->data, &s->size);
    if (!is_stdin)
        fclose(from);
    return status;
}

int cli_sound_open(cli_sound *s, avsvt_context *context, const char *input)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_status failed;
    memset(s, 0, sizeof *s);
    if (strcmp(input, "-") && !cli_is_pipe(input)) {
        s->path = input;
        s->name = input;
        failed = avsvt_audio_open(&s->audio, context, input, &err);
    } else {
        avsvt_io io = AVSVT_IO_INIT;
        int status = read_pipe(s, input);
        if (status)
            return status;
        io.length = io_length;
        io.seek = io_seek;
        io.read = io_read;
        io.user = s;
        failed = avsvt_audio_open_io(&s->audio, context, &io, &err);
    }
    avsvt_audio_info info = AVSVT_AUDIO_INFO_INIT;
    if (!failed)
        failed = avsvt_audio_describe(s->audio, &info, &err);
    if (failed) {
        cli_sound_close(s);
        return open_failed(s, &err);
    }
    s->info = info;
    s->duration_s = info.duration_s;
    return 0;
}

void cli_sound_close(cli_sound *s)
{
    avsvt_audio_free(s->audio);
    s->audio = NULL;
    free(s->data);
    s->data = NULL;
}

int cli_sound_read(cli_sound *s, double rate_hz, float **samples, size_t *count)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    size_t room = 0, got = 0;
    *samples = NULL;
    *count = 0;
    if (rate_hz > 0 && avsvt_audio_set_rate(s->audio, rate_hz, &err))
        return cli_error(&err);
    do {
        if (room - *count < 65536) {
            room = 2 * room + 65536;
            float *larger = realloc(*samples, room * sizeof **samples);
            if (!larger) {
                free(*samples);
                *samples = NULL;
                return cli_fail("%s: out of memory", s->name);
            }
            *samples = larger;
        }
        got = 0;
        avsvt_status failed = avsvt_audio_read(s->audio, *samples + *count, 65536, &got, &err);
        if (failed || cli_interrupted()) {
            free(*samples);
            *samples = NULL;
            return failed ? cli_error(&err) : cli_fail("stopped; nothing was written");
        }
        *count += got;
    } while (got == 65536);
    return 0;
}
