/* SPDX-License-Identifier: MIT */
/* FluidSynth behind the table of sys/synth.h. */
#include <fluidsynth.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <avsvt/sys/synth.h>

#define BLOCK 64 /* FluidSynth's own: events fall on its borders */

typedef struct player {
    fluid_settings_t *settings;
    fluid_synth_t *synth;
    int font;
    double rate_hz;
} player;

/* What FluidSynth has to say (of fonts, and of instruments that one lacks) goes
 * to nobody while we work. Its log is one for the whole process, so the host's
 * functions are put back when the last of us has done; FluidSynth does not tell
 * what data they were set with, so they get none. */
static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
static const int levels[] = { FLUID_PANIC, FLUID_ERR, FLUID_WARN, FLUID_INFO };
#define LEVELS (sizeof(levels) / sizeof(levels[0]))
static fluid_log_function_t hosts[LEVELS];
static int working; /* calls that are in FluidSynth now */

static void no_log(int level, const char *message, void *data)
{
    (void)level;
    (void)message;
    (void)data;
}

static void enter(void)
{
    pthread_mutex_lock(&log_lock);
    for (size_t i = 0; !working && i < LEVELS; i++)
        hosts[i] = fluid_set_log_function(levels[i], no_log, NULL);
    working++;
    pthread_mutex_unlock(&log_lock);
}

static void leave(void)
{
    pthread_mutex_lock(&log_lock);
    working--;
    for (size_t i = 0; !working && i < LEVELS; i++)
        fluid_set_log_function(levels[i], hosts[i], NULL);
    pthread_mutex_unlock(&log_lock);
}

static fluid_synth_t *make(fluid_settings_t *settings, const char *soundfont,
                           int *font)
{
    static pthread_mutex_t one = PTHREAD_MUTEX_INITIALIZER; /* its first start is no two threads' */
    enter();
    pthread_mutex_lock(&one);
    fluid_synth_t *synth = new_fluid_synth(settings);
    *font = synth ? fluid_synth_sfload(synth, soundfont, 1) : FLUID_FAILED;
    pthread_mutex_unlock(&one);
    leave();
    return synth;
}

/* Whether a file begins as a SoundFont does. FluidSynth would ask other
 * libraries for what they think of it, and those print. */
static int is_soundfont(const char *path)
{
    char head[12] = "";
    FILE *f = fopen(path, "rb");
    size_t n = f ? fread(head, 1, sizeof(head), f) : 0;
    if (f)
        fclose(f);
    return n == sizeof(head) && !memcmp(head, "RIFF", 4) && !memcmp(head + 8, "sfbk", 4);
}

static void close_player(void *synth)
{
    player *p = synth;
    if (!p)
        return;
    delete_fluid_synth(p->synth);
    delete_fluid_settings(p->settings);
    free(p);
}

static avsvt_status open_player(void **synth, const char *soundfont,
                                double rate_hz, char *message, size_t size)
{
    *synth = NULL;
    if (!is_soundfont(soundfont)) {
        snprintf(message, size, "%s: is no SoundFont", soundfont);
        return AVSVT_E_FORMAT;
    }
    player *p = calloc(1, sizeof(*p));
    if (p)
        p->settings = new_fluid_settings();
    if (!p || !p->settings) {
        free(p);
        snprintf(message, size, "out of memory");
        return AVSVT_E_NOMEM;
    }
    p->rate_hz = rate_hz;
    fluid_settings_setnum(p->settings, "synth.sample-rate", rate_hz);
    fluid_settings_setint(p->settings, "synth.polyphony", 1024);
    fluid_settings_setint(p->settings, "synth.threadsafe-api", 0);
    fluid_settings_setint(p->settings, "synth.dynamic-sample-loading", 1);
    /* Its phase would go on from piece to piece. */
    fluid_settings_setint(p->settings, "synth.chorus.active", 0);
    p->synth = make(p->settings, soundfont, &p->font);
    if (!p->synth || p->font == FLUID_FAILED) {
        close_player(p);
        snprintf(message, size, "%s: is no SoundFont that FluidSynth can read", soundfont);
        return AVSVT_E_FORMAT;
    }
    *synth = p;
    return AVSVT_OK;
}

/* A refusal (a key that no instrument has) is silence, not a failure. */
static void play(fluid_synth_t *s, const avsvt_synth_event *e)
{
    switch (e->kind) {
    case AVSVT_SYNTH_NOTE_ON:
        fluid_synth_noteon(s, e->channel, e->number, e->value);
        break;
    case AVSVT_SYNTH_NOTE_OFF:
        fluid_synth_noteoff(s, e->channel, e->number);
        break;
    case AVSVT_SYNTH_PROGRAM:
        fluid_synth_program_change(s, e->channel, e->number);
        break;
    default:
        fluid_synth_cc(s, e->channel, e->number, e->value);
    }
}

static avsvt_status sound(player *p, const avsvt_synth_event *events, size_t count,
                          float *to, int64_t samples, char *message, size_t size)
{
    float left[BLOCK], right[BLOCK];
    size_t next = 0;
    for (int64_t done = 0; done < samples; done += BLOCK) {
        int64_t n = samples - done < BLOCK ? samples - done : BLOCK;
        for (; next < count && events[next].time_s * p->rate_hz < (double)(done + BLOCK); next++)
            play(p->synth, &events[next]);
        if (fluid_synth_write_float(p->synth, BLOCK, left, 0, 1, right, 0, 1) != FLUID_OK) {
            snprintf(message, size, "FluidSynth failed while it played");
            return AVSVT_E_INTERNAL;
        }
        for (int64_t i = 0; i < n; i++)
            to[done + i] = 0.5f * (left[i] + right[i]);
    }
    return AVSVT_OK;
}

static avsvt_status render(void *synth, const avsvt_synth_event *events,
                           size_t count, float *to, int64_t samples,
                           char *message, size_t size)
{
    enter();
    avsvt_status status = sound(synth, events, count, to, samples, message, size);
    leave();
    return status;
}

__attribute__((visibility("default")))
const avsvt_synth_table *avsvt_synth_entry(uint32_t host_interface, avsvt_status *status,
                                           char *message, size_t message_size);

const avsvt_synth_table *avsvt_synth_entry(uint32_t host_interface, avsvt_status *status,
                                           char *message, size_t message_size)
{
    static const avsvt_synth_table table = {
        (uint32_t)sizeof(avsvt_synth_table), AVSVT_SYNTH_INTERFACE, "fluidsynth",
        "FluidSynth " FLUIDSYNTH_VERSION, open_player, render, close_player,
    };
    if (host_interface != AVSVT_SYNTH_INTERFACE) {
        *status = AVSVT_E_MODULE;
        snprintf(message, message_size, "the synth module speaks interface %u, the library "
                 "%u; install both from the same release", (unsigned)AVSVT_SYNTH_INTERFACE,
                 (unsigned)host_interface);
        return NULL;
    }
    *status = AVSVT_OK;
    return &table;
}
