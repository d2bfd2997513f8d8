/* SPDX-License-Identifier: MIT */
/* Pixels from one lay-out to another. Grey is OpenCV's cvtColor(BGR2GRAY), bit
 * for bit: weights of 15 bits, rounded. */
#include <string.h>

#include "video/video.h"

#define WEIGHT_R 9798
#define WEIGHT_G 19235
#define WEIGHT_B 3735

static void to_grey(uint8_t *to, const uint8_t *from, size_t count, unsigned first,
                    unsigned third)
{
    for (size_t i = 0; i < count; i++, from += 3)
        to[i] = (uint8_t)((from[0] * first + from[1] * WEIGHT_G + from[2] * third +
                           (1u << 14)) >> 15);
}

void avsvti_video_convert(uint8_t *to, int32_t pixels, const uint8_t *from,
                          avsvti_pixels layout, size_t count)
{
    if (pixels == AVSVT_VIDEO_GREY) {
        if (layout == AVSVTI_GREY)
            memcpy(to, from, count);
        else if (layout == AVSVTI_RGB)
            to_grey(to, from, count, WEIGHT_R, WEIGHT_B);
        else
            to_grey(to, from, count, WEIGHT_B, WEIGHT_R);
    } else if (layout == AVSVTI_GREY) {
        for (size_t i = 0; i < count; i++)
            to[3 * i] = to[3 * i + 1] = to[3 * i + 2] = from[i];
    } else if (layout == AVSVTI_RGB) {
        memcpy(to, from, 3 * count);
    } else {
        for (size_t i = 0; i < count; i++) {
            to[3 * i] = from[3 * i + 2];
            to[3 * i + 1] = from[3 * i + 1];
            to[3 * i + 2] = from[3 * i];
        }
    }
}
