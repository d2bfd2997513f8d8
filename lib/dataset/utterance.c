/* SPDX-License-Identifier: MIT */
#include "dataset/utterance.h"

#include <math.h>
#include <string.h>

double avsvti_round_even(double x)
{
    double low = floor(x), rest = x - low;
    if (rest < 0.5 || (rest <= 0.5 && fmod(low, 2) == 0))
        return low;
    return low + 1;
}

void avsvti_python_float(char to[AVSVTI_NUMBER_SIZE], double x)
{
    double back = 0;
    for (int decimals = 1; decimals <= 21; decimals++) {
        avsvti_number_print(to, AVSVTI_NUMBER_SIZE, x, decimals);
        if (avsvti_number_parse(to, &back) && back == x)
            break;
    }
    if (!strchr(to, '.'))
        strncat(to, ".0", 3);
}

int64_t avsvti_utterances(double duration_s, double length_s)
{
    return (int64_t)avsvti_round_even(duration_s / length_s);
}

int64_t avsvti_video_utterances(double duration_s, double length_s)
{
    int64_t n = 1;
    while (duration_s - (double)(n - 1) * length_s > 1.5 * length_s)
        n++;
    return n;
}

void avsvti_utterance_duration(char to[AVSVTI_NUMBER_SIZE], int64_t i,
                               int64_t count, double duration_s,
                               double length_s)
{
    if (i == count)
        avsvti_python_float(to, duration_s - (double)(i - 1) * length_s);
    else if (length_s == floor(length_s)) /* the whole number of its settings */
        avsvti_number_print(to, AVSVTI_NUMBER_SIZE, length_s, 0);
    else
        avsvti_python_float(to, length_s);
}

void avsvti_utterance_range(int64_t *from, int64_t *to, int64_t i,
                            int64_t count, double rate_hz, double length_s,
                            int64_t total)
{
    *from = (int64_t)avsvti_round_even((double)(i - 1) * rate_hz * length_s);
    *to = i == count ? total
                     : (int64_t)avsvti_round_even((double)i * rate_hz * length_s);
}
