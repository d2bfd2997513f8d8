/* SPDX-License-Identifier: MIT */
/* What transcribing costs a program that had nothing of us before:
 *
 *     cc -O2 benchmarks/native.c $(pkg-config --cflags avsvt) -ldl -o native
 *     ./native LIBAVSVT.so SOUND...
 *
 * The library is loaded here, not linked, so that all that comes with it counts:
 * its code and that of the libraries it needs, the built-in model, its weights
 * as the processor wants them. Memory is what is resident (/proc/self/statm), and
 * the most that was (VmHWM); times are by the clock and of the processor. */
#define _POSIX_C_SOURCE 200809L
#include <avsvt/avsvt.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static struct {
    avsvt_status (*open)(avsvt_pipeline **, avsvt_context *, const char *,
                         const avsvt_pipeline_options *, avsvt_error *);
    avsvt_status (*notes)(avsvt_notes **, avsvt_pipeline *, const char *,
                          const avsvt_notes_options *, avsvt_error *);
    size_t (*count)(const avsvt_notes *);
    void (*free_notes)(avsvt_notes *);
    avsvt_status (*audio)(avsvt_audio **, avsvt_context *, const char *, avsvt_error *);
    avsvt_status (*describe)(avsvt_audio *, avsvt_audio_info *, avsvt_error *);
    void (*free_audio)(avsvt_audio *);
    void (*free_pipeline)(avsvt_pipeline *);
} lib;

static double at[2]; /* when the present measurement began */

static double seconds(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void begin(void)
{
    at[0] = seconds(CLOCK_MONOTONIC);
    at[1] = seconds(CLOCK_PROCESS_CPUTIME_ID);
}

static void end(double *clock_s, double *cpu_s)
{
    *clock_s = seconds(CLOCK_MONOTONIC) - at[0];
    *cpu_s = seconds(CLOCK_PROCESS_CPUTIME_ID) - at[1];
}

static double resident_mb(void)
{
    long size = 0, pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (!f || fscanf(f, "%ld %ld", &size, &pages) != 2)
        pages = 0;
    if (f)
        fclose(f);
    return (double)pages * (double)sysconf(_SC_PAGESIZE) / 1e6;
}

static double most_mb(void)
{
    char line[256];
    double kb = 0;
    FILE *f = fopen("/proc/self/status", "r");
    while (f && fgets(line, sizeof(line), f))
        if (!strncmp(line, "VmHWM:", 6))
            kb = atof(line + 6);
    if (f)
        fclose(f);
    return kb * 1024 / 1e6;
}

static void stop_if(int failed, const char *what, const char *why)
{
    if (failed) {
        fprintf(stderr, "native: %s: %s\n", what, why);
        exit(1);
    }
}

static void load(const char *path)
{
    const struct { const char *name; void *to; } names[] = {
        { "avsvt_pipeline_open", &lib.open },
        { "avsvt_pipeline_notes", &lib.notes },
        { "avsvt_notes_count", &lib.count },
        { "avsvt_notes_free", &lib.free_notes },
        { "avsvt_audio_open", &lib.audio },
        { "avsvt_audio_describe", &lib.describe },
        { "avsvt_audio_free", &lib.free_audio },
        { "avsvt_pipeline_free", &lib.free_pipeline } };
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    stop_if(!library, path, "can't be loaded");
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        void *found = dlsym(library, names[i].name);
        stop_if(!found, names[i].name, "is not there");
        memcpy(names[i].to, &found, sizeof(found));
    }
}

int main(int argc, char **argv)
{
    avsvt_pipeline *pipeline = NULL;
    avsvt_error err = AVSVT_ERROR_INIT;
    double clock_s, cpu_s, host_mb = resident_mb();
    stop_if(argc < 3, "usage", "native LIBAVSVT.so SOUND...");
    begin();
    load(argv[1]);
    end(&clock_s, &cpu_s);
    printf("host %.1f MB; the library in %.1f ms (%.1f of processor), then %.1f MB more\n",
           host_mb, clock_s * 1e3, cpu_s * 1e3, resident_mb() - host_mb);
    begin();
    stop_if(lib.open(&pipeline, NULL, NULL, NULL, &err) != AVSVT_OK, "open", err.message);
    end(&clock_s, &cpu_s);
    printf("the model in %.1f ms (%.1f of processor), then %.1f MB beyond the host\n",
           clock_s * 1e3, cpu_s * 1e3, resident_mb() - host_mb);
    for (int i = 2; i < argc; i++) {
        avsvt_audio_info info = AVSVT_AUDIO_INFO_INIT;
        avsvt_audio *audio = NULL;
        avsvt_notes *notes = NULL;
        stop_if(lib.audio(&audio, NULL, argv[i], &err) != AVSVT_OK, argv[i], err.message);
        stop_if(lib.describe(audio, &info, &err) != AVSVT_OK, argv[i], err.message);
        lib.free_audio(audio);
        begin();
        stop_if(lib.notes(&notes, pipeline, argv[i], NULL, &err) != AVSVT_OK, argv[i],
                err.message);
        end(&clock_s, &cpu_s);
        printf("%.1f s of sound, %zu notes: %.3f s (%.3f of processor, %.0f times as fast as it "
               "sounds); then %.1f MB beyond the host, at most %.1f\n", info.duration_s,
               lib.count(notes), clock_s, cpu_s, info.duration_s / cpu_s,
               resident_mb() - host_mb, most_mb() - host_mb);
        lib.free_notes(notes);
    }
    lib.free_pipeline(pipeline);
    return 0;
}
