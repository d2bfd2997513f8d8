/* SPDX-License-Identifier: MIT */
/* How soon, how good and how fast a stream is:
 *
 *     cc -O2 benchmarks/live.c $(pkg-config --cflags --libs avsvt) -lm -o live
 *     ./live [-m MODEL] [-r RATE] [-b BLOCK] [-t ONSET_THRESHOLD] [-p PACE]
 *            [-n TIMES] SONG.flac...
 *
 * Beside each song lies SONG.txt or .csv: onset, offset (seconds), MIDI number.
 * Songs are pushed in blocks of BLOCK samples (64) at RATE (48000). Latency is
 * from an annotated onset to the end of the block after which NOTE_ON could be
 * polled, over notes whose onset is right (within 50 ms).
 *
 * As in a host the thread runs under SCHED_FIFO with its memory locked, where
 * that is allowed (as root, or by rtkit's limits). -p 1 pushes as the sound
 * comes, -p 10 ten times as fast; without it blocks follow each other, with
 * short rests. Blocks are timed by the clock and by the thread's processor
 * time: what the clock has more, the thread waited. Of blocks that took over a
 * quarter of their length it is told whether there were page faults or others
 * were let on the core. With -n 3 each song is pushed three times, and the
 * least time of each block counts as the library's own: a virtual machine that
 * is stopped for a moment is not stopped at the same block three times. Beside
 * it a loop that only reads the clock runs after each block for as long as the
 * block took: what it misses is the machine's doing. */
#define _GNU_SOURCE /* RUSAGE_THREAD */
#include <avsvt/avsvt.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>

#define MOST 100000
#define TOLERANCE_S 0.05
#define BINS 10000      /* of a microsecond */
#define MOST_BLOCKS 8000000
#define PRIORITY 60     /* about that of a JACK client */
#define BUSY_S 0.02     /* of pushing, and then a rest: the system stops a */
#define REST_S 0.004    /* SCHED_FIFO thread that takes over 95 % of a core */

enum { CLOCK, CPU, CLOCKS };

/* One block. */
typedef struct timing {
    double took_s[CLOCKS];
    long faults, switches; /* pages that were not there; put off the core */
} timing;

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
    double sound_s, busy_s, pace, rested_s;
    int is_fifo, is_locked;
    size_t blocks, took[CLOCKS][BINS]; /* how many took so many microseconds */
    size_t slow, slow_cpu, slow_faults, slow_switches; /* over a quarter */
    timing worst[CLOCKS];
    size_t machine_slow;        /* times that the clock alone jumped as far */
    double machine_worst_s, machine_s;
    int times, time;            /* each song is pushed; this is number .. of them */
    size_t first, at;           /* blocks: this song's first, the present one */
    float least_us[MOST_BLOCKS]; /* by the clock */
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

static void sleep_s(double seconds)
{
    struct timespec t = { (time_t)seconds, 0 };
    t.tv_nsec = (long)((seconds - (double)t.tv_sec) * 1e9);
    if (seconds > 0)
        nanosleep(&t, NULL);
}

static void count_slow(bench *b, const timing *t)
{
    double quarter = 0.25 * (double)b->block / b->rate;
    b->slow_cpu += t->took_s[CPU] > quarter;
    if (t->took_s[CLOCK] <= quarter)
        return;
    b->slow++;
    b->slow_faults += t->faults > 0;
    b->slow_switches += t->switches > 0;
}

/* Reads the clock, and nothing else, for that long. */
static void watch_clock(bench *b, double seconds)
{
    double quarter = 0.25 * (double)b->block / b->rate;
    double begun = now(CLOCK_MONOTONIC), before = begun, at = begun;
    seconds = seconds < quarter ? seconds : quarter;
    while (at - begun < seconds) {
        at = now(CLOCK_MONOTONIC);
        b->machine_slow += at - before > quarter;
        if (at - before > b->machine_worst_s)
            b->machine_worst_s = at - before;
        before = at;
    }
    b->machine_s += seconds;
}

static void push(bench *b, const float *x, size_t count)
{
    static const clockid_t clocks[CLOCKS] = { CLOCK_MONOTONIC, CLOCK_THREAD_CPUTIME_ID };
    struct rusage before, after;
    timing t;
    getrusage(RUSAGE_THREAD, &before);
    for (int i = 0; i < CLOCKS; i++)
        t.took_s[i] = -now(clocks[i]);
    stop_if(avsvt_stream_push(b->stream, x, count) != AVSVT_OK, "push", NULL);
    for (int i = CLOCKS; i-- > 0;)
        t.took_s[i] += now(clocks[i]);
    getrusage(RUSAGE_THREAD, &after);
    t.faults = after.ru_minflt - before.ru_minflt + after.ru_majflt - before.ru_majflt;
    t.switches = after.ru_nivcsw - before.ru_nivcsw;
    b->blocks++;
    b->busy_s += t.took_s[CPU];
    for (int i = 0; i < CLOCKS; i++) {
        double us = t.took_s[i] * 1e6;
        b->took[i][us < BINS ? (size_t)us : BINS - 1]++;
        if (t.took_s[i] > b->worst[i].took_s[i])
            b->worst[i] = t;
    }
    count_slow(b, &t);
    if (b->at < MOST_BLOCKS) {
        float us = (float)(t.took_s[CLOCK] * 1e6), *least = &b->least_us[b->at++];
        *least = b->time && *least < us ? *least : us;
    }
    watch_clock(b, t.took_s[CLOCK]);
}

/* Until the next block may come. */
static void wait_for(bench *b, double begun_s, double sound_s)
{
    if (b->pace > 0) {
        sleep_s(begun_s + sound_s / b->pace - now(CLOCK_MONOTONIC));
    } else if (b->busy_s > b->rested_s + BUSY_S) {
        sleep_s(REST_S);
        b->rested_s = b->busy_s;
    }
}

static void play(bench *b, const char *path)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_audio *audio = NULL;
    size_t n = 0, pushed = 0;
    double begun_s = now(CLOCK_MONOTONIC);
    stop_if(avsvt_audio_open(&audio, NULL, path, &err), path, &err);
    stop_if(avsvt_audio_set_rate(audio, b->rate, &err), path, &err);
    stop_if(avsvt_stream_reset(b->stream), "reset", NULL);
    b->count = 0;
    b->at = b->first;
    do {
        stop_if(avsvt_audio_read(audio, b->x, sizeof(b->x) / sizeof(*b->x), &n, &err), path,
                &err);
        for (size_t i = 0; i < n; i += b->block) {
            size_t count = n - i < b->block ? n - i : b->block;
            push(b, b->x + i, count);
            pushed += count;
            take_events(b, (double)pushed / b->rate);
            wait_for(b, begun_s, (double)pushed / b->rate);
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
static size_t within(const bench *b, int clock, size_t one_in)
{
    size_t over = 0, us = BINS;
    while (us > 0 && (over + b->took[clock][us - 1]) * one_in <= b->blocks)
        over += b->took[clock][--us];
    return us;
}

static void report_blocks(const bench *b)
{
    static const char *const names[CLOCKS] = { "by the clock", "of processor" };
    double length_us = 1e6 * (double)b->block / b->rate;
    printf("%.2f %% of a core at %.0f Hz; %zu blocks of %zu samples (%.0f us); %s, memory %s\n",
           100 * b->busy_s / b->sound_s, b->rate, b->blocks, b->block, length_us,
           b->is_fifo ? "SCHED_FIFO" : "scheduled as usual (SCHED_FIFO is not allowed here)",
           b->is_locked ? "locked" : "not locked (not allowed here)");
    for (int i = 0; i < CLOCKS; i++) {
        const timing *w = &b->worst[i];
        printf("us %s: half of them %zu or less, all but 1 in 100 %zu, in 1000 %zu, in 10000 "
               "%zu, in 100000 %zu; the worst %.0f (by the clock %.0f, of processor %.0f, page "
               "faults %ld, put off the core %ld times)\n", names[i], within(b, i, 2),
               within(b, i, 100), within(b, i, 1000), within(b, i, 10000), within(b, i, 100000),
               w->took_s[i] * 1e6, w->took_s[CLOCK] * 1e6, w->took_s[CPU] * 1e6, w->faults,
               w->switches);
    }
    printf("over a quarter of a block (%.0f us): %zu by the clock (%zu with a page fault, %zu put "
           "off the core), %zu by processor time\n", length_us / 4, b->slow, b->slow_faults,
           b->slow_switches, b->slow_cpu);
    printf("the clock alone, read for %.1f s beside %.1f s of blocks: %zu jumps over a quarter, "
           "the furthest %.0f us\n", b->machine_s, b->busy_s, b->machine_slow,
           1e6 * b->machine_worst_s);
    float slowest = 0;
    for (size_t i = 0; i < b->at; i++)
        slowest = b->least_us[i] > slowest ? b->least_us[i] : slowest;
    if (b->times > 1)
        printf("the least of %d times: no block of %zu took more than %.0f us by the clock\n",
               b->times, b->at, (double)slowest);
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
    report_blocks(b);
}

/* As hosts treat their audio threads, as far as it is allowed. */
static void be_audio_thread(bench *b)
{
    struct sched_param how = { .sched_priority = PRIORITY };
    b->is_locked = !mlockall(MCL_CURRENT | MCL_FUTURE);
    b->is_fifo = !sched_setscheduler(0, SCHED_FIFO, &how);
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
    b.times = 1;
    for (; i + 1 < argc && argv[i][0] == '-' && strlen(argv[i]) == 2; i += 2) {
        if (argv[i][1] == 'm')
            model = argv[i + 1];
        else if (argv[i][1] == 'r')
            b.rate = atof(argv[i + 1]);
        else if (argv[i][1] == 'b')
            b.block = (size_t)atol(argv[i + 1]);
        else if (argv[i][1] == 't')
            o.onset_threshold = atof(argv[i + 1]);
        else if (argv[i][1] == 'p')
            b.pace = atof(argv[i + 1]);
        else if (argv[i][1] == 'n')
            b.times = atoi(argv[i + 1]);
    }
    if (i >= argc || !b.block) {
        fprintf(stderr, "usage: live [-m MODEL] [-r RATE] [-b BLOCK] [-t THRESHOLD] [-p PACE] [-n TIMES] "
                "SONG...\n");
        return 2;
    }
    o.rate_hz = b.rate;
    stop_if(avsvt_stream_open(&b.stream, NULL, model, &o, &err), "open", &err);
    be_audio_thread(&b);
    for (; i < argc; i++) {
        for (b.time = 0; b.time < b.times; b.time++)
            play(&b, argv[i]);
        b.first = b.at;
        judge(&b, argv[i]);
    }
    report(&b);
    avsvt_stream_free(b.stream);
    return 0;
}
