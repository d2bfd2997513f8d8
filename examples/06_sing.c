/* SPDX-License-Identifier: MIT */
/* Karaoke: points for what is sung, as it is sung. The singer is a recording
 * here; an audio thread would push to the stream and to the scorer just so.
 * Usage: 06_sing CHART SONG */
#include <math.h>
#include <stdio.h>

#include <avsvt/avsvt.h>

/* The pitch curve from the stream to the scorer. */
static void score(avsvt_scorer *scorer, avsvt_stream *stream)
{
    avsvt_stream_frame f = AVSVT_STREAM_FRAME_INIT;
    while (avsvt_stream_poll_frame(stream, &f) == AVSVT_OK)
        avsvt_scorer_push(scorer, f.time_s - 0.01, f.time_s + 0.01,
                          f.voicing > 0.5f ? f.pitch : (double)NAN);
}

static avsvt_status sing(avsvt_scorer *scorer, avsvt_stream *stream, avsvt_audio *audio,
                         avsvt_error *err)
{
    float block[512];
    size_t got = 512;
    while (got == 512) {
        avsvt_status failed = avsvt_audio_read(audio, block, 512, &got, err);
        if (failed)
            return failed;
        avsvt_stream_push(stream, block, got);
        score(scorer, stream);
    }
    avsvt_stream_finish(stream);
    score(scorer, stream);
    return AVSVT_OK;
}

int main(int argc, char **argv)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_audio_info info = AVSVT_AUDIO_INFO_INIT;
    avsvt_stream_options options = AVSVT_STREAM_OPTIONS_INIT;
    avsvt_line_points total = AVSVT_LINE_POINTS_INIT;
    avsvt_chart *chart = NULL;
    avsvt_scorer *scorer = NULL;
    avsvt_audio *audio = NULL;
    avsvt_stream *stream = NULL;
    if (argc < 3) {
        fprintf(stderr, "usage: %s CHART SONG\n", argv[0]);
        return 2;
    }
    avsvt_status failed = avsvt_chart_open(&chart, NULL, argv[1], NULL, &err);
    if (!failed)
        failed = avsvt_scorer_create(&scorer, chart, NULL, &err);
    if (!failed)
        failed = avsvt_audio_open(&audio, NULL, argv[2], &err);
    if (!failed)
        failed = avsvt_audio_describe(audio, &info, &err);
    options.rate_hz = info.rate_hz;
    if (!failed)
        failed = avsvt_stream_open(&stream, NULL, NULL, &options, &err);
    if (!failed)
        failed = sing(scorer, stream, audio, &err);
    if (!failed && !avsvt_scorer_total(scorer, &total))
        printf("%.0f of %.0f points, %u of %u notes\n", total.points, total.possible,
               (unsigned)total.hits, (unsigned)total.notes);
    if (failed)
        fprintf(stderr, "%s\n", err.message);
    avsvt_stream_free(stream);
    avsvt_audio_free(audio);
    avsvt_scorer_free(scorer);
    avsvt_chart_free(chart);
    return failed != AVSVT_OK;
}
