/* SPDX-License-Identifier: MIT */
/* Characters of UTF-8, and the columns that a terminal gives them. */
#include "cli.h"

/* Accents, points and vowel signs stand on the character before them, as in the file
 * names of macOS; the vowels and finals of Hangul complete a syllable. */
static int is_combining(long c)
{
    static const struct { long first, last; } ranges[] = {
        { 0x300, 0x36F }, { 0x483, 0x489 }, { 0x591, 0x5BD }, { 0x610, 0x61A },
        { 0x64B, 0x65F }, { 0xE31, 0xE31 }, { 0xE34, 0xE3A }, { 0xE47, 0xE4E },
        { 0x1160, 0x11FF }, { 0x1AB0, 0x1AFF }, { 0x1DC0, 0x1DFF }, { 0x200B, 0x200F },
        { 0x20D0, 0x20FF }, { 0x302A, 0x302F }, { 0x3099, 0x309A }, { 0xFE00, 0xFE0F },
        { 0xFE20, 0xFE2F },
    };
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (c <= ranges[i].last)
            return c >= ranges[i].first;
    return 0;
}

/* East Asian characters and pictures take two columns. */
static int is_wide(long c)
{
    return (c >= 0x1100 && c <= 0x115F) || (c >= 0x2E80 && c <= 0xA4CF) ||
           (c >= 0xAC00 && c <= 0xD7A3) || (c >= 0xF900 && c <= 0xFAFF) ||
           (c >= 0xFF01 && c <= 0xFF60) || (c >= 0x1F300 && c <= 0x1FAFF) || c >= 0x20000;
}

long cli_character(const char **text, int *columns)
{
    const unsigned char *c = (const unsigned char *)*text, *next = c + 1;
    long code = *c < 0xC0 ? *c : *c < 0xE0 ? *c & 0x1F : *c < 0xF0 ? *c & 0x0F : *c & 0x07;
    for (; *c >= 0xC0 && (*next & 0xC0) == 0x80; next++)
        code = (code & 0x1FFFFF) << 6 | (*next & 0x3F);
    *text = (const char *)next;
    *columns = is_combining(code) ? 0 : is_wide(code) ? 2 : 1;
    return code;
}

int cli_width(const char *text)
{
    int n = 0, columns;
    for (; *text; n += columns)
        cli_character(&text, &columns);
    return n;
}

void cli_pad(FILE *to, const char *text, int width)
{
    int blanks = width - cli_width(text);
    cli_put(to, text);
    fprintf(to, "%*s", blanks > 0 ? blanks : 0, "");
}
