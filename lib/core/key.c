/* SPDX-License-Identifier: MIT */
#include "core/key.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/number.h"

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

void avsvti_key_name_cents(char *to, double pitch)
{
    long cents = lround((pitch - (double)lround(pitch)) * 100.0);
    avsvti_key_name(to, pitch);
    size_t length = strlen(to);
    if (cents)
        snprintf(to + length, AVSVTI_KEY_NAME_SIZE - length, "%+ld", cents);
}

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

const char *avsvti_key_parse(const char *text, double *pitch)
{
    static const int keys[] = { 9, 11, 0, 2, 4, 5, 7 }; /* of A to G */
    const char *p = text;
    double cents = 0.0;
    int letter = *p >= 'a' ? *p - 'a' : *p - 'A';
    if (letter < 0 || letter > 6)
        return NULL;
    int key = keys[letter];
    for (p++; *p == '#' || *p == 'b'; p++)
        key += *p == '#' ? 1 : -1;
    int below = *p == '-';
    p += below;
    if (!is_digit(*p))
        return NULL;
    int octave = below ? '0' - *p : *p - '0';
    p++;
    if ((*p == '+' || *p == '-') && !(p = avsvti_number_parse(p, &cents)))
        return NULL;
    *pitch = 12.0 * (octave + 1) + key + cents / 100.0;
    return p;
}

double avsvti_pitch_of_hz(double hz)
{
    return hz > 0 ? 69.0 + 12.0 * log2(hz / 440.0) : (double)NAN;
}
