/* SPDX-License-Identifier: MIT */
#include "export/text.h"

#include <math.h>
#include <stdio.h>

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
