/* SPDX-License-Identifier: MIT */
/* How soon, how good and how fast a stream is:
 *
 *     cc -O2 benchmarks/live.c $(pkg-config --cflags --libs avsvt) -lm -o live
 *     ./live [-m MODEL] [-r RATE] [-b BLOCK] [-t ONSET_THRESHOLD] SONG.flac...
 *
 * Beside each song lies SONG.txt or .csv: onset, offset (seconds), MIDI number.
 * Songs are pushed in blocks of BLOCK samples (64) at RATE (48000). Latency is
 * from an annotated onset to the end of the block after which NOTE_ON could be
 * polled, over notes whose onset is right (within 50 ms). Times of blocks are
 * the thread's processor time (and by the clock, which other programs disturb). */
#define _POSIX_C_SOURCE 200809L
#include <avsvt/avsvt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MOST 100000
#define TOLERANCE_S 0.05
#define BINS 10000

typedef struct bench {
    avsvt_stream *stream;
    double rate;
    size_t block;
    avsvt_note notes[MOST];     /* of this song */
    double told[MOST];          /* when their NOTE_ON came */
    size_t count;
    double latency[MOST];       /* of all songs */
    size_t latencies;
    double f1[4];               /* sums: COnPOff, COnP, COn, COff */
    size_t songs;
    double sound_s, busy_s, worst_cpu_s, worst_clock_s;
    size_t blocks, took[BINS];  /* microseconds of processor */
    float x[192000 * 2];
} bench;

static void stop_if(int failed, const char *what, const avsvt_error *err)
{
    if (failed) {
        fprintf(stderr, "live: %s: %s\n", what, err ? err->message : "failed");
        exit(1);
    }
}

static double now(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void take_events(bench *b, double time_s)
{
    avsvt_stream_event e = AVSVT_STREAM_EVENT_INIT;
    while (avsvt_stream_poll(b->stream, &e) == AVSVT_OK) {
        if (e.kind == AVSVT_STREAM_NOTE_ON && b->count < MOST) {
            b->notes[b->count] = (avsvt_note)AVSVT_NOTE_INIT;
            b->notes[b->count].onset_s = e.time_s;
            b->told[b->count++] = time_s;
        } else if (e.kind == AVSVT_STREAM_NOTE_OFF) {
            avsvt_note *n = &b->notes[b->count - 1];
            n->offset_s = e.time_s;
            n->pitch = e.pitch;
            b->count -= (e.flags & AVSVT_STREAM_SHORT) != 0;
        }
    }
}

static void push(bench *b, const float *x, size_t count)
{
    double clock = now(CLOCK_MONOTONIC), cpu = now(CLOCK_THREAD_CPUTIME_ID);
    stop_if(avsvt_stream_push(b->stream, x, count) != AVSVT_OK, "push", NULL);
    cpu = now(CLOCK_THREAD_CPUTIME_ID) - cpu;
    clock = now(CLOCK_MONOTONIC) - clock;
    b->busy_s += cpu;
    b->blocks++;
    b->took[cpu * 1e6 < BINS ? (size_t)(cpu * 1e6) : BINS - 1]++;
    b->worst_cpu_s = cpu > b->worst_cpu_s ? cpu : b->worst_cpu_s;
    b->worst_clock_s = clock > b->worst_clock_s ? clock : b->worst_clock_s;
}

static void play(bench *b, const char *path)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_audio *audio = NULL;
    size_t n = 0, pushed = 0;
    stop_if(avsvt_audio_open(&audio, NULL, path, &err), path, &err);
    stop_if(avsvt_audio_set_rate(audio, b->rate, &err), path, &err);
    stop_if(avsvt_stream_reset(b->stream), "reset", NULL);
    b->count = 0;
    do {
        stop_if(avsvt_audio_read(audio, b->x, sizeof(b->x) / sizeof(*b->x), &n, &err), path,
                &err);
        for (size_t i = 0; i < n; i += b->block) {
            size_t count = n - i < b->block ? n - i : b->block;
            push(b, b->x + i, count);
            pushed += count;
            take_events(b, (double)pushed / b->rate);
        }
    } while (n);
    stop_if(avsvt_stream_finish(b->stream), "finish", NULL);
    take_events(b, (double)pushed / b->rate);
    b->sound_s += (double)pushed / b->rate;
    avsvt_audio_free(audio);
}

static void judge(bench *b, const char *path)
{
    char text[4096];
    const char *dot = strrchr(path, '.');
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_notes *reference = NULL, *notes = NULL;
    avsvt_notes_scores s;
    memset(&s, 0, sizeof(s));
    s.struct_size = (uint32_t)sizeof(s);
    snprintf(text, sizeof(text), "%.*s.txt", (int)(dot ? dot - path : 0), path);
    if (avsvt_notes_read(&reference, NULL, text, &err) != AVSVT_OK) {
        memcpy(strrchr(text, '.'), ".csv", 5);
        stop_if(avsvt_notes_read(&reference, NULL, text, &err), text, &err);
    }
    stop_if(avsvt_notes_create(&notes, NULL, b->notes, b->count, &err), path, &err);
    stop_if(avsvt_metrics_notes(&s, reference, notes, NULL, &err), path, &err);
    b->f1[0] += s.conpoff.f1;
    b->f1[1] += s.conp.f1;
    b->f1[2] += s.con.f1;
    b->f1[3] += s.coff.f1;
    b->songs++;
    for (size_t i = 0, j = 0; i < avsvt_notes_count(reference); i++) {
        avsvt_note r = AVSVT_NOTE_INIT;
        avsvt_notes_get(reference, i, &r);
        while (j < b->count && b->notes[j].onset_s < r.onset_s - TOLERANCE_S)
            j++;
        if (j < b->count && b->notes[j].onset_s <= r.onset_s + TOLERANCE_S &&
            b->latencies < MOST)
            b->latency[b->latencies++] = b->told[j++] - r.onset_s;
    }
    avsvt_notes_free(reference);
    avsvt_notes_free(notes);
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Microseconds that all but one block in so many stay within. */
static size_t within(const bench *b, size_t one_in)
{
    size_t over = 0, us = BINS;
    while (us > 0 && (over + b->took[us - 1]) * one_in <= b->blocks)
        over += b->took[--us];
    return us;
}

static void report(bench *b)
{
    avsvt_stream_info info = AVSVT_STREAM_INFO_INIT;
    double songs = (double)b->songs / 100;
    avsvt_stream_describe(b->stream, &info);
    qsort(b->latency, b->latencies, sizeof(*b->latency), by_size);
    printf("look-ahead %.0f ms, %zu songs, %.1f minutes\n", info.lookahead_s * 1e3, b->songs,
           b->sound_s / 60);
    printf("F1 in %%: COnPOff %.1f, COnP %.1f, COn %.1f, COff %.1f\n", b->f1[0] / songs,
           b->f1[1] / songs, b->f1[2] / songs, b->f1[3] / songs);
    if (b->latencies)
        printf("note-on after the annotated onset: median %.0f ms, 95 in 100 within %.0f ms "
               "(%zu notes)\n", b->latency[b->latencies / 2] * 1e3,
               b->latency[b->latencies * 95 / 100] * 1e3, b->latencies);
    printf("%.2f %% of a core at %.0f Hz; blocks of %zu samples (%.0f us): all but 1 in 100 "
           "took %zu us of processor or less, all but 1 in 100000 %zu us; the worst %.0f us, "
           "by the clock %.0f us\n", 100 * b->busy_s / b->sound_s, b->rate, b->block,
           1e6 * (double)b->block / b->rate, within(b, 100), within(b, 100000),
           b->worst_cpu_s * 1e6, b->worst_clock_s * 1e6);
}

int main(int argc, char **argv)
{
    static bench b;
    avsvt_stream_options o = AVSVT_STREAM_OPTIONS_INIT;
    avsvt_error err = AVSVT_ERROR_INIT;
    const char *model = NULL;
    int i = 1;
    b.rate = 48000;
    b.block = 64;
    for (; i + 1 < argc && argv[i][0] == '-' && strlen(argv[i]) == 2; i += 2) {
        if (argv[i][1] == 'm')
            model = argv[i + 1];
        else if (argv[i][1] == 'r')
            b.rate = atof(argv[i + 1]);
        else if (argv[i][1] == 'b')
            b.block = (size_t)atol(argv[i + 1]);
        else if (argv[i][1] == 't')
            o.onset_threshold = atof(argv[i + 1]);
    }
    if (i >= argc || !b.block) {
        fprintf(stderr, "usage: live [-m MODEL] [-r RATE] [-b BLOCK] [-t THRESHOLD] SONG...\n");
        return 2;
    }
    o.rate_hz = b.rate;
    stop_if(avsvt_stream_open(&b.stream, NULL, model, &o, &err), "open", &err);
    for (; i < argc; i++) {
        play(&b, argv[i]);
        judge(&b, argv[i]);
    }
    report(&b);
    avsvt_stream_free(b.stream);
    return 0;
}
