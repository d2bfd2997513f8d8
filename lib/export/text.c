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

/* Windows-1250 from 0x80 on; 0: nothing. */
static const uint16_t central[] = {
    0x20AC, 0,      0x201A, 0,      0x201E, 0x2026, 0x2020, 0x2021,
    0,      0x2030, 0x0160, 0x2039, 0x015A, 0x0164, 0x017D, 0x0179,
    0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
    0,      0x2122, 0x0161, 0x203A, 0x015B, 0x0165, 0x017E, 0x017A,
    0x00A0, 0x02C7, 0x02D8, 0x0141, 0x00A4, 0x0104, 0x00A6, 0x00A7,
    0x00A8, 0x00A9, 0x015E, 0x00AB, 0x00AC, 0x00AD, 0x00AE, 0x017B,
    0x00B0, 0x00B1, 0x02DB, 0x0142, 0x00B4, 0x00B5, 0x00B6, 0x00B7,
    0x00B8, 0x0105, 0x015F, 0x00BB, 0x013D, 0x02DD, 0x013E, 0x017C,
    0x0154, 0x00C1, 0x00C2, 0x0102, 0x00C4, 0x0139, 0x0106, 0x00C7,
    0x010C, 0x00C9, 0x0118, 0x00CB, 0x011A, 0x00CD, 0x00CE, 0x010E,
    0x0110, 0x0143, 0x0147, 0x00D3, 0x00D4, 0x0150, 0x00D6, 0x00D7,
    0x0158, 0x016E, 0x00DA, 0x0170, 0x00DC, 0x00DD, 0x0162, 0x00DF,
    0x0155, 0x00E1, 0x00E2, 0x0103, 0x00E4, 0x013A, 0x0107, 0x00E7,
    0x010D, 0x00E9, 0x0119, 0x00EB, 0x011B, 0x00ED, 0x00EE, 0x010F,
    0x0111, 0x0144, 0x0148, 0x00F3, 0x00F4, 0x0151, 0x00F6, 0x00F7,
    0x0159, 0x016F, 0x00FA, 0x0171, 0x00FC, 0x00FD, 0x0163, 0x02D9,
};

/* U+FFFD for what is none. */
static uint32_t letter(unsigned char byte, avsvti_code_page page)
{
    uint32_t code = byte < 0x80 ? byte
                  : page == AVSVTI_CENTRAL ? central[byte - 0x80]
                  : byte < 0xA0 ? western[byte - 0x80] : byte;
    return code ? code : 0xFFFD;
}

void avsvti_text_clean_old(avsvti_buffer *b, const char *text, avsvti_code_page page)
{
    if (is_utf8(text)) {
        avsvti_text_clean(b, text);
        return;
    }
    for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
        uint32_t code = letter(*p, page);
        char utf8[4] = { (char)*p };
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
