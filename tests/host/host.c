/* SPDX-License-Identifier: MIT */
/* host LIBRARY: loads the library as a plug-in host does, uses it, and looks
 * whether anything of the process is not as it was. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <fenv.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#if defined(__SSE__)
#  include <xmmintrin.h>
#endif

#include <avsvt/avsvt.h>

#define SIGNALS 65

typedef struct process {
    char locale[256];
    struct sigaction handlers[SIGNALS];
    sigset_t mask;
    int rounding;
    unsigned mxcsr;
    int threads, files;
    mode_t umask;
    char folder[1024];
    char environment[32768];
} process;

static int failures;

static void check(int good, const char *what)
{
    if (!good) {
        fprintf(stderr, "host: %s\n", what);
        failures++;
    }
}

static int entries(const char *folder)
{
    int count = 0;
    DIR *d = opendir(folder);
    while (d && readdir(d))
        count++;
    if (d)
        closedir(d);
    return count;
}

static void look(process *p)
{
    extern char **environ;
    size_t used = 0;
    memset(p, 0, sizeof(*p));
    snprintf(p->locale, sizeof(p->locale), "%s", setlocale(LC_ALL, NULL));
    for (int i = 1; i < SIGNALS; i++)
        sigaction(i, NULL, &p->handlers[i]);
    sigprocmask(SIG_SETMASK, NULL, &p->mask);
    p->rounding = fegetround();
#if defined(__SSE__)
    p->mxcsr = _mm_getcsr() & ~0x3fu; /* but for the sticky flags */
#endif
    p->threads = entries("/proc/self/task");
    p->files = entries("/proc/self/fd");
    p->umask = umask(0);
    umask(p->umask);
    if (!getcwd(p->folder, sizeof(p->folder)))
        p->folder[0] = '\0';
    for (char **e = environ; *e && used < sizeof(p->environment); e++)
        used += (size_t)snprintf(p->environment + used,
                                 sizeof(p->environment) - used, "%s\n", *e);
}

static void compare(const process *a, const process *b)
{
    check(!strcmp(a->locale, b->locale), "the locale has changed");
    for (int i = 1; i < SIGNALS; i++)
        check(a->handlers[i].sa_handler == b->handlers[i].sa_handler &&
              a->handlers[i].sa_flags == b->handlers[i].sa_flags,
              "a signal handler has changed");
    check(!memcmp(&a->mask, &b->mask, sizeof(a->mask)), "the signal mask has changed");
    check(a->rounding == b->rounding, "the rounding of floats has changed");
    check(a->mxcsr == b->mxcsr, "the floating point mode has changed");
    check(a->threads == b->threads, "threads are left over");
    check(a->files == b->files, "open files are left over");
    check(a->umask == b->umask, "the umask has changed");
    check(!strcmp(a->folder, b->folder), "the working folder has changed");
    check(!strcmp(a->environment, b->environment), "the environment has changed");
}

static int is_mapped(const char *what)
{
    char line[4096];
    int found = 0;
    FILE *f = fopen("/proc/self/maps", "r");
    while (f && !found && fgets(line, sizeof(line), f))
        found = strstr(line, what) != NULL;
    if (f)
        fclose(f);
    return found;
}

/* A function of the library; all have different types, so through void *. */
#define GET(name) \
    __typeof__(&name) f_##name; \
    *(void **)&f_##name = dlsym(library, #name); \
    if (!f_##name) { \
        fprintf(stderr, "host: no %s: %s\n", #name, dlerror()); \
        exit(1); \
    }

static void use_sound(void *library)
{
    float *x = calloc(44100, sizeof(float)), y[1000];
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_audio *audio;
    size_t n = 1;
    GET(avsvt_audio_open_samples)
    GET(avsvt_audio_set_rate)
    GET(avsvt_audio_read)
    GET(avsvt_audio_free)
    check(f_avsvt_audio_open_samples(&audio, NULL, x, 44100, 1, 44100, &err) ==
          AVSVT_OK, err.message);
    check(f_avsvt_audio_set_rate(audio, 16000, &err) == AVSVT_OK, err.message);
    while (n)
        check(f_avsvt_audio_read(audio, y, 1000, &n, &err) == AVSVT_OK, err.message);
    f_avsvt_audio_free(audio);
    free(x);
}

static void use_model(void *library)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_model *model;
    GET(avsvt_model_open)
    GET(avsvt_model_free)
    avsvt_status status = f_avsvt_model_open(&model, NULL, NULL, &err);
    check(status == AVSVT_OK, err.message);
    f_avsvt_model_free(model);
}

int main(int argc, char **argv)
{
    static process before, after;
    if (argc != 2)
        return 2;
    /* What a host has chosen: a locale with a comma, rounding, denormals. */
    setlocale(LC_ALL, "de_DE.UTF-8");
    signal(SIGPIPE, SIG_IGN);
#if defined(__SSE__)
    _mm_setcsr(_mm_getcsr() | 0x8040u); /* flush to zero */
#endif
    look(&before);
    void *library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        fprintf(stderr, "host: %s\n", dlerror());
        return 1;
    }
    GET(avsvt_version_string)
    char version[64];
    snprintf(version, sizeof(version), "%d.%d.%d", AVSVT_VERSION_MAJOR,
             AVSVT_VERSION_MINOR, AVSVT_VERSION_PATCH);
    check(!strcmp(f_avsvt_version_string(), version),
          "the library is not that of the headers");
    use_sound(library);
    use_model(library);
    look(&after);
    compare(&before, &after);
    check(!dlsym(RTLD_DEFAULT, "avsvt_version_string"),
          "its names are visible to the whole process");
    check(!is_mapped("libtorch") && !is_mapped("libc10") && !is_mapped("libstdc++"),
          "libtorch has been loaded though nothing needed it");
    if (!failures)
        printf("as it was\n");
    return failures != 0;
}
