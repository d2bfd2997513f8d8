/* SPDX-License-Identifier: MIT */
/* A PortAudio for tests: one microphone that hears two seconds of A4 as soon as
 * it is opened, or of silence where AVSVT_TEST_MUTED is set; with AVSVT_TEST_STUCK
 * it can't be stopped. */
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef int (*callback)(const void *, void *, unsigned long, const void *, unsigned long, void *);
static callback hear;
static void *hear_user;
static double rate;

typedef struct device_info {
    int version;
    const char *name;
    int host_api, inputs, outputs;
    double low_input_s, low_output_s, high_input_s, high_output_s, rate_hz;
} device_info;
static char name[] = "A test microphone";
static const device_info device = { 2, name, 0, 1, 0, 0.01, 0, 0.1, 0, 44100 };

int Pa_Initialize(void) { return 0; }
/* What it told is not there any more. */
int Pa_Terminate(void)
{
    strcpy(name, "gone");
    return 0;
}
const char *Pa_GetErrorText(int error) { (void)error; return "no error"; }
int Pa_GetDeviceCount(void) { return 1; }
int Pa_GetDefaultInputDevice(void) { return 0; }
const device_info *Pa_GetDeviceInfo(int i) { return i ? NULL : &device; }

int Pa_OpenStream(void **stream, const void *in, const void *out, double hz, unsigned long frames,
                  unsigned long flags, callback call, void *user)
{
    (void)in;
    (void)out;
    (void)frames;
    (void)flags;
    *stream = &hear;
    hear = call;
    hear_user = user;
    rate = hz;
    return 0;
}

int Pa_StartStream(void *stream)
{
    float x[256];
    (void)stream;
    for (long at = 0; at < (long)(2 * rate); at += 256) {
        for (long i = 0; i < 256; i++) {
            double t = (double)(at + i) / rate;
            x[i] = t < 0.5 || t > 1.5 || getenv("AVSVT_TEST_MUTED") ? 0.0f
                 : (float)(0.2 * sin(2764.6 * t) + 0.1 * sin(5529.2 * t) + 0.05 * sin(8293.8 * t));
        }
        hear(x, NULL, 256, NULL, 0, hear_user);
    }
    return 0;
}

/* A driver that hangs says so first. */
int Pa_StopStream(void *stream)
{
    if (getenv("AVSVT_TEST_STUCK") && write(STDOUT_FILENO, "stuck", 5) == 5)
        for (;;)
            pause();
    return stream == NULL;
}
int Pa_CloseStream(void *stream) { return stream == NULL; }
