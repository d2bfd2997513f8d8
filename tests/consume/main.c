/* SPDX-License-Identifier: MIT */
#include <avsvt/avsvt.h>
#include <stdio.h>

int main(void)
{
    static const float silence[16000];
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_audio *audio = NULL;
    float sample;
    size_t got = 0;
    if (avsvt_audio_open_samples(&audio, NULL, silence, 16000, 1, 16000.0,
                                 &err) != AVSVT_OK ||
        avsvt_audio_read(audio, &sample, 1, &got, &err) != AVSVT_OK || got != 1) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    avsvt_audio_free(audio);
    printf("avsvt %s\n", avsvt_version_string());
    return 0;
}
