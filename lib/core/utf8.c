/* SPDX-License-Identifier: MIT */
#include "core/utf8.h"

#include <string.h>

size_t avsvti_utf8_read(const char *text, uint32_t *code)
{
    static const uint32_t lowest[] = { 0, 0, 0x80, 0x800, 0x10000 };
    const unsigned char *p = (const unsigned char *)text;
    size_t n = p[0] < 0x80 ? 1 : p[0] < 0xC2 ? 0 : p[0] < 0xE0 ? 2
             : p[0] < 0xF0 ? 3 : p[0] < 0xF5 ? 4 : 0;
    if (n < 2) {
        *code = p[0];
        return n;
    }
    *code = p[0] & (0x7Fu >> n);
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xC0) != 0x80)
            return 0;
        *code = *code << 6 | (p[i] & 0x3Fu);
    }
    int surrogate = *code >= 0xD800 && *code <= 0xDFFF;
    return *code < lowest[n] || *code > 0x10FFFF || surrogate ? 0 : n;
}

size_t avsvti_utf8_mark(const char *text, size_t size)
{
    return size >= 3 && !memcmp(text, "\xEF\xBB\xBF", 3) ? 3 : 0;
}

int avsvti_utf8_is_control(uint32_t code)
{
    return code < 0x20 || (code >= 0x7F && code < 0xA0) ||
           code == 0x2028 || code == 0x2029 || code == 0xFFFE || code == 0xFFFF;
}
