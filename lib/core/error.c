/* SPDX-License-Identifier: MIT */
#include "core/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/utf8.h"
#include "platform/locale.h"

/* Bytes of message that the caller's struct has room for. */
static size_t message_room(const avsvt_error *err)
{
    size_t head = offsetof(avsvt_error, message);
    if (!err || err->struct_size <= head)
        return 0;
    size_t size = err->struct_size;
    if (size > sizeof(*err))
        size = sizeof(*err);
    return size - head;
}

/* A message that was cut must not end inside a UTF-8 character. */
static void trim_partial_character(char *text)
{
    size_t n = strlen(text), back = 0;
    while (back < 3 && back < n && ((unsigned char)text[n - 1 - back] & 0xC0) == 0x80)
        back++;
    if (back >= n)
        return;
    unsigned char lead = (unsigned char)text[n - 1 - back];
    size_t need = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : lead >= 0xC0 ? 1 : 0;
    if (need > back)
        text[n - 1 - back] = '\0';
}

void avsvti_one_line(char *text)
{
    char *to = text;
    trim_partial_character(text);
    for (const char *from = text; *from;) {
        uint32_t code;
        size_t n = avsvti_utf8_read(from, &code);
        if (!n || avsvti_utf8_is_control(code)) {
            *to++ = n ? ' ' : '?';
        } else {
            memmove(to, from, n);
            to += n;
        }
        from += n ? n : 1;
    }
    *to = '\0';
}

avsvt_status avsvti_fail(avsvt_error *err, avsvt_status status,
                         const char *format, ...)
{
    size_t room = message_room(err);
    if (room) {
        va_list args;
        err->status = status;
        va_start(args, format);
        avsvti_vprint_c(err->message, room, format, args);
        va_end(args);
        avsvti_one_line(err->message);
    }
    return status;
}

avsvt_status avsvti_fail_memory(avsvt_error *err)
{
    return avsvti_fail(err, AVSVT_E_NOMEM, "out of memory");
}

avsvt_status avsvti_fail_prefix(avsvt_error *err, avsvt_status status,
                                const char *prefix)
{
    char old[sizeof(((avsvt_error *)0)->message)] = "";
    if (!message_room(err))
        return status;
    memcpy(old, err->message, message_room(err));
    old[sizeof(old) - 1] = '\0';
    return avsvti_fail(err, status, "%s: %s", prefix, old);
}

void avsvti_error_clear(avsvt_error *err)
{
    if (message_room(err)) {
        err->status = AVSVT_OK;
        err->message[0] = '\0';
    }
}

const char *avsvt_status_name(avsvt_status status)
{
    static const char *const names[] = {
        "AVSVT_OK", "AVSVT_E_ARG", "AVSVT_E_NOMEM", "AVSVT_E_IO",
        "AVSVT_E_NOT_FOUND", "AVSVT_E_FORMAT", "AVSVT_E_UNSUPPORTED",
        "AVSVT_E_RANGE", "AVSVT_E_MODULE", "AVSVT_E_CONFLICT",
        "AVSVT_E_BACKEND", "AVSVT_E_CANCELLED", "AVSVT_E_BUSY",
        "AVSVT_E_DEVICE", "AVSVT_E_INTERNAL",
    };
    if (status < 0 || (size_t)status >= sizeof(names) / sizeof(names[0]))
        return "AVSVT_E_?";
    return names[status];
}
