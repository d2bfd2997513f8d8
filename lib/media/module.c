/* SPDX-License-Identifier: MIT */
#include "media/module.h"

#include <string.h>

#include "backend/module.h"
#include "core/context.h"

static const void *enter_media(void *symbol, const char *path, avsvt_error *err)
{
    union { void *address; avsvt_media_entry_fn function; } entry;
    avsvt_status status = AVSVT_E_MODULE;
    char message[AVSVTI_MEDIA_MESSAGE] = "";
    entry.address = symbol;
    const avsvt_media_table *t = entry.function(AVSVT_MEDIA_INTERFACE, &status,
                                                message, sizeof(message));
    message[sizeof(message) - 1] = '\0';
    if (!t) {
        avsvti_module_refused(path, status, message, err);
        return NULL;
    }
    if (t->struct_size < offsetof(avsvt_media_table, name) ||
        t->interface_version != AVSVT_MEDIA_INTERFACE) {
        avsvti_module_other_release(path, t->interface_version,
                                    AVSVT_MEDIA_INTERFACE, err);
        return NULL;
    }
    if (t->struct_size < sizeof(*t) || !t->name || !t->open || !t->describe ||
        !t->read_sound || !t->read_picture || !t->close) {
        avsvti_module_incomplete(path, err);
        return NULL;
    }
    return t;
}

avsvt_status avsvti_media_module(const avsvt_media_table **out,
                                 const avsvt_context *context, avsvt_error *err)
{
    static const avsvti_module_kind media = {
        "media", AVSVT_MEDIA_ENTRY, "this file needs",
        "install FFmpeg's libraries (Debian: apt install libavformat-dev "
        "libavcodec-dev libswscale-dev), build libavsvt again", enter_media,
    };
    const void *table = NULL;
    avsvt_status status = avsvti_module_load(&table, context, &media, err);
    *out = table;
    return status;
}

static int64_t on_length(void *user)
{
    return avsvti_stream_length(user);
}

static int64_t on_seek(void *user, int64_t offset, int whence)
{
    return avsvti_stream_seek(user, offset, whence);
}

static int64_t on_read(void *user, void *to, int64_t bytes)
{
    avsvti_stream *s = user;
    int64_t n = avsvti_stream_read(s, to, bytes);
    return s->io_failed ? -1 : n;
}

static void on_warning(void *user, const char *line)
{
    const avsvti_stream *s = user;
    avsvti_log(s->context, AVSVT_LOG_WARNING, "%s: %s", s->name, line);
}

avsvt_status avsvti_media_failed(const avsvti_stream *s, avsvt_status status,
                                 const char *message, avsvt_error *err)
{
    if (status == AVSVT_E_NOMEM)
        return avsvti_fail_memory(err);
    if (status <= AVSVT_OK || status > AVSVT_E_INTERNAL)
        status = AVSVT_E_INTERNAL;
    return avsvti_fail(err, status, "%s: %s", s->name, message);
}

avsvt_status avsvti_media_module_open(const avsvt_media_table *table, void **media,
                                      avsvti_stream *s, int32_t want,
                                      avsvt_error *err)
{
    char message[AVSVTI_MEDIA_MESSAGE] = "";
    avsvt_io io = AVSVT_IO_INIT;
    avsvt_media_open args;
    io.length = on_length;
    io.seek = on_seek;
    io.read = on_read;
    io.user = s;
    memset(&args, 0, sizeof(args));
    args.struct_size = (uint32_t)sizeof(args);
    args.want = want;
    args.threads = s->context->threads;
    args.io = &io;
    args.warn = on_warning;
    args.user = s;
    args.message = message;
    args.message_size = sizeof(message);
    *media = NULL;
    avsvt_status status = table->open(media, &args);
    return status ? avsvti_media_failed(s, status, message, err) : AVSVT_OK;
}
