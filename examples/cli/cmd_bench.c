/* SPDX-License-Identifier: MIT */
/* avsvt bench: how fast it is on this machine. */
#include "cli.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "sound.h"

#define TEST_S 60      /* length of the sound that bench makes itself */
#define TEST_RATE 16000

static const cli_option options[] = {
    { 'm', "model", CLI_PATH, "MODEL", NULL, 0, 0, CLI_FIELD(model), 0,
      "a model (.pt) or pipeline (.yaml) file; default: the built-in model" },
    { 0, "runs", CLI_COUNT, "N", NULL, 1, 1000, CLI_FIELD(runs), 0,
      "run so often and report the fastest (default 3)" },
    { 0, "json", CLI_FLAG, NULL, NULL, 0, 0, CLI_FIELD(json), 0, "print JSON" },
    CLI_DEVICE_OPTIONS,
    CLI_OPTIONS_END,
};

typedef struct bench {
    double sound_s, load_s, run_s, run_cpu_s;
    int runs;
    const char *backend;
    size_t notes;
} bench;

static double cpu_s(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           1e-6 * (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

static double peak_mb(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)u.ru_maxrss / 1024; /* Linux counts in kB */
}

/* A scale with vibrato: enough for the network to find notes. */
static float *test_sound(size_t *count)
{
    static const int scale[] = { 0, 2, 4, 5, 7, 9, 11, 12 };
    const double two_pi = 6.283185307179586;
    *count = (size_t)TEST_S * TEST_RATE;
    float *samples = malloc(*count * sizeof *samples);
    double phase = 0;
    for (size_t i = 0; samples && i < *count; i++) {
        double t = (double)i / TEST_RATE, in_note = fmod(t, 0.5);
        double hz = 220 * pow(2, scale[(int)(t / 0.5) % 8] / 12.0);
        phase += two_pi * hz * (1 + 0.01 * sin(two_pi * 5.5 * t)) / TEST_RATE;
        double loud = 0.2 * fmin(fmin(in_note, 0.5 - in_note) * 20, 1);
        samples[i] = (float)(loud * (sin(phase) + 0.5 * sin(2 * phase) + 0.25 * sin(3 * phase)));
    }
    return samples;
}

static int32_t stop_if_asked(void *user, double done_s, double total_s)
{
    (void)user, (void)done_s, (void)total_s;
    return cli_interrupted();
}

/* Opening, and the first call: networks are loaded when they first run. */
static int load(avsvt_pipeline **pipeline, bench *b, const cli_args *args,
                avsvt_context *context)
{
    static const float silence[TEST_RATE];
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_audio *audio = NULL;
    avsvt_notes *notes = NULL;
    double start = cli_clock_s();
    avsvt_status failed = avsvt_pipeline_open(pipeline, context, args->model, NULL, &err);
    if (!failed)
        failed = avsvt_audio_open_samples(&audio, context, silence, TEST_RATE, 1, TEST_RATE, &err);
    if (!failed)
        failed = avsvt_pipeline_notes_audio(&notes, *pipeline, audio, NULL, &err);
    b->load_s = cli_clock_s() - start;
    b->backend = avsvt_pipeline_backend(*pipeline);
    avsvt_notes_free(notes);
    avsvt_audio_free(audio);
    return failed ? cli_error(&err) : 0;
}

static int once(avsvt_pipeline *pipeline, avsvt_audio *audio, bench *b)
{
    avsvt_run_options o = AVSVT_RUN_OPTIONS_INIT;
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_notes *notes = NULL;
    o.progress = stop_if_asked;
    double start = cli_clock_s(), cpu = cpu_s();
    if (avsvt_pipeline_notes_audio(&notes, pipeline, audio, &o, &err))
        return cli_error(&err);
    double spent = cli_clock_s() - start;
    if (!b->runs || spent < b->run_s) {
        b->run_s = spent;
        b->run_cpu_s = cpu_s() - cpu;
    }
    b->runs++;
    b->notes = avsvt_notes_count(notes);
    avsvt_notes_free(notes);
    return 0;
}

static int run_file(avsvt_pipeline *pipeline, avsvt_context *context, const char *path, bench *b)
{
    cli_sound sound;
    int status = cli_sound_open(&sound, context, path);
    if (status)
        return status;
    b->sound_s = sound.duration_s;
    status = once(pipeline, sound.audio, b);
    cli_sound_close(&sound);
    return status;
}

static int run_samples(avsvt_pipeline *pipeline, avsvt_context *context, const float *samples,
                       size_t count, bench *b)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_audio *audio = NULL;
    if (avsvt_audio_open_samples(&audio, context, samples, (int64_t)count, 1, TEST_RATE, &err))
        return cli_error(&err);
    b->sound_s = TEST_S;
    int status = once(pipeline, audio, b);
    avsvt_audio_free(audio);
    return status;
}

static void print(const bench *b, const cli_args *args, double peak)
{
    int threads = args->threads > 0 ? (int)args->threads : 1;
    if (args->json) {
        printf("{\"version\": \"%s\", \"backend\": \"%s\", \"threads\": %d,\n"
               " \"sound_s\": %.6g, \"loading_s\": %.6g, \"running_s\": %.6g,\n"
               " \"running_cpu_s\": %.6g, \"times_real_time\": %.6g,\n"
               " \"peak_memory_mb\": %.6g, \"notes\": %zu, \"runs\": %d}\n",
               avsvt_version_string(), b->backend, threads, b->sound_s, b->load_s, b->run_s,
               b->run_cpu_s, b->sound_s / b->run_s, peak, b->notes, b->runs);
        return;
    }
    printf("avsvt %s, backend %s, %d thread%s\n", avsvt_version_string(), b->backend, threads,
           threads == 1 ? "" : "s");
    printf("sound        %10.1f s\n", b->sound_s);
    printf("loading      %10.3f s\n", b->load_s);
    printf("running      %10.3f s  (fastest of %d, %.3f s of processor)\n", b->run_s, b->runs,
           b->run_cpu_s);
    printf("speed        %10.0f x real time\n", b->sound_s / b->run_s);
    printf("peak memory  %10.1f MB\n", peak);
}

static int run(const cli_args *args)
{
    bench b = { 0, 0, 0, 0, 0, NULL, 0 };
    avsvt_context *context = NULL;
    avsvt_pipeline *pipeline = NULL;
    float *samples = NULL;
    size_t count = 0;
    cli_catch_interrupts();
    if (args->input_count && !strcmp(args->inputs[0], "-"))
        return cli_usage("bench reads its sound several times: name a file");
    if (!args->input_count && !(samples = test_sound(&count)))
        return cli_fail("out of memory");
    int status = cli_context(&context, args);
    if (!status)
        status = load(&pipeline, &b, args, context);
    int runs = args->runs > 0 ? (int)args->runs : 3;
    for (int i = 0; i < runs && !status; i++)
        status = samples ? run_samples(pipeline, context, samples, count, &b)
                         : run_file(pipeline, context, args->inputs[0], &b);
    if (!status)
        print(&b, args, peak_mb());
    avsvt_pipeline_free(pipeline);
    avsvt_context_free(context);
    free(samples);
    return status;
}

const cli_command cli_bench = {
    "bench", "[FILE]", "how fast transcribing is on this machine",
    "Transcribes FILE, or a minute of sound made for it, and tells how long loading and running "
    "took, how many times faster than real time that is, and the most memory that was used.",
    "  avsvt bench\n"
    "  avsvt bench song.flac --threads 4 --json\n",
    NULL, 0, 1, options, run,
};
