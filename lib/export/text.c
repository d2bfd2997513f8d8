/* SPDX-License-Identifier: MIT */
#include "export/text.h"

#include <math.h>
#include <stdio.h>

#include "core/utf8.h"

void avsvti_text_clean(avsvti_buffer *b, const char *text)
{
    while (*text) {
        uint32_t code;
        size_t n = avsvti_utf8_read(text, &code);
        if (!n)
            avsvti_buffer_text(b, "\xEF\xBF\xBD");
        else if (avsvti_utf8_is_control(code))
            avsvti_buffer_text(b, " ");
        else
            avsvti_buffer_append(b, text, n);
        text += n ? n : 1;
    }
}

static int is_utf8(const char *text)
{
    uint32_t code;
    while (*text) {
        size_t n = avsvti_utf8_read(text, &code);
        if (!n)
            return 0;
        text += n;
    }
    return 1;
}

/* What Windows-1252 has where Latin-1 has control characters; 0: nothing. */
static const uint16_t western[] = {
    0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
    0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0,      0x017D, 0,
    0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
    0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178,
};

void avsvti_text_clean_old(avsvti_buffer *b, const char *text)
{
    if (is_utf8(text)) {
        avsvti_text_clean(b, text);
        return;
    }
    for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
        uint32_t code = *p < 0x80 || *p >= 0xA0 ? *p : western[*p - 0x80];
        char utf8[4] = { (char)*p };
        if (!code)
            code = 0xFFFD;
        if (code >= 0x800) {
            utf8[0] = (char)(0xE0 | code >> 12);
            utf8[1] = (char)(0x80 | (code >> 6 & 0x3F));
            utf8[2] = (char)(0x80 | (code & 0x3F));
        } else if (code >= 0x80) {
            utf8[0] = (char)(0xC0 | code >> 6);
            utf8[1] = (char)(0x80 | (code & 0x3F));
        }
        avsvti_text_clean(b, utf8);
    }
}

void avsvti_text_xml(avsvti_buffer *b, const char *text)
{
    for (; *text; text++) {
        switch (*text) {
        case '&': avsvti_buffer_text(b, "&amp;"); break;
        case '<': avsvti_buffer_text(b, "&lt;"); break;
        case '>': avsvti_buffer_text(b, "&gt;"); break;
        case '"': avsvti_buffer_text(b, "&quot;"); break;
        case '\'': avsvti_buffer_text(b, "&#39;"); break;
        default: avsvti_buffer_append(b, text, 1);
        }
    }
}

void avsvti_text_json(avsvti_buffer *b, const char *text)
{
    avsvti_buffer_text(b, "\"");
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            avsvti_buffer_append(b, "\\", 1);
        if (*text == '<')
            avsvti_buffer_text(b, "\\u003c");
        else
            avsvti_buffer_append(b, text, 1);
    }
    avsvti_buffer_text(b, "\"");
}

void avsvti_key_name(char *to, double pitch)
{
    static const char *const names[] = {
        "C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B",
    };
    long key = lround(pitch);
    long octave = key >= 0 ? key / 12 : (key - 11) / 12;
    snprintf(to, AVSVTI_KEY_NAME_SIZE, "%s%d", names[key - octave * 12],
             (int)octave - 1);
}

void avsvti_clock(char *to, double seconds, int decimals)
{
    static const int scales[] = { 1, 10, 100, 1000 };
    int scale = scales[decimals];
    long long ticks = llround(seconds * scale);
    long long s = ticks / scale;
    int n = s >= 3600
        ? snprintf(to, AVSVTI_CLOCK_SIZE, "%lld:%02d:%02d", s / 3600,
                   (int)(s / 60 % 60), (int)(s % 60))
        : snprintf(to, AVSVTI_CLOCK_SIZE, "%d:%02d", (int)(s / 60), (int)(s % 60));
    if (decimals)
        snprintf(to + n, AVSVTI_CLOCK_SIZE - (size_t)n, ".%0*d", decimals,
                 (int)(ticks % scale));
}
