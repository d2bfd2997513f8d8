/* SPDX-License-Identifier: MIT */
/* Pushed block by block, as an audio thread would; notes come out as they
 * become final. Usage: 05_feed SONG */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <time.h>

#include <avsvt/avsvt.h>

static int print_notes(avsvt_feed *feed)
{
    avsvt_note note = AVSVT_NOTE_INIT;
    int count = 0;
    for (; avsvt_feed_poll(feed, &note) == AVSVT_OK; count++)
        printf("%6.2f %6.2f %6.1f\n", note.onset_s, note.offset_s, note.pitch);
    return count;
}

/* Everything of the sound into the feed; the queue of a real audio thread would
 * never be full, here it is waited for. */
static avsvt_status push_all(avsvt_feed *feed, avsvt_audio *audio, double rate_hz, int *count,
                             avsvt_error *err)
{
    float block[512];
    size_t got = 512;
    double pushed_s = 0;
    while (got == 512) {
        avsvt_feed_info info = AVSVT_FEED_INFO_INIT;
        avsvt_status failed = avsvt_audio_read(audio, block, 512, &got, err);
        if (failed)
            return failed;
        avsvt_feed_push(feed, block, got);
        pushed_s += (double)got / rate_hz;
        *count += print_notes(feed);
        while (!avsvt_feed_describe(feed, &info) && info.state == AVSVT_JOB_RUNNING &&
               pushed_s - info.final_s > 5) {
            struct timespec while_ = { 0, 1000000 };
            nanosleep(&while_, NULL);
        }
    }
    avsvt_feed_finish(feed);
    return avsvt_feed_wait(feed, err);
}

int main(int argc, char **argv)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_audio_info info = AVSVT_AUDIO_INFO_INIT;
    avsvt_feed_options options = AVSVT_FEED_OPTIONS_INIT;
    avsvt_pipeline *pipeline = NULL;
    avsvt_audio *audio = NULL;
    avsvt_feed *feed = NULL;
    int count = 0;
    if (argc < 2) {
        fprintf(stderr, "usage: %s SONG\n", argv[0]);
        return 2;
    }
    avsvt_status failed = avsvt_pipeline_open(&pipeline, NULL, NULL, NULL, &err);
    if (!failed)
        failed = avsvt_audio_open(&audio, NULL, argv[1], &err);
    if (!failed)
        failed = avsvt_audio_describe(audio, &info, &err);
    options.rate_hz = info.rate_hz;
    if (!failed)
        failed = avsvt_feed_open(&feed, pipeline, &options, &err);
    if (!failed)
        failed = push_all(feed, audio, info.rate_hz, &count, &err);
    if (!failed)
        printf("%d notes\n", count + print_notes(feed));
    else
        fprintf(stderr, "%s\n", err.message);
    avsvt_feed_free(feed); /* before the pipeline that it uses */
    avsvt_audio_free(audio);
    avsvt_pipeline_free(pipeline);
    return failed != AVSVT_OK;
}
