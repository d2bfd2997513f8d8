/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "augment/stretch.h"

#include <math.h>
#include <string.h>

#include "platform/float.h"
#include "platform/library.h"
#include "platform/thread.h"

#define BLOCK 8192
/* Settings of SoundTouch.h. Its own choice is made for music; these pieces are
 * short, so that nothing moves by more than a few milliseconds, and still find
 * the period of a low voice (14 ms: 71 Hz). */
#define SETTING_SEQUENCE_MS 3
#define SETTING_SEEKWINDOW_MS 4
#define SETTING_OVERLAP_MS 5
#define SEQUENCE_MS 45
#define SEEKWINDOW_MS 14
#define OVERLAP_MS 8
/* Each piece is laid where its start belongs and then runs at its own speed,
 * so its middle comes late by half of what it has fallen behind; the search
 * for the best place adds half its window. */
#define LATE_S (((SEQUENCE_MS - OVERLAP_MS) + SEEKWINDOW_MS) / 2 * 1e-3)

typedef struct soundtouch {
    void *(*create)(void);
    void (*destroy)(void *);
    int (*set_channels)(void *, unsigned);
    int (*set_rate)(void *, unsigned);
    void (*set_tempo)(void *, float);
    void (*set_semitones)(void *, float);
    int (*set_setting)(void *, int, int);
    int (*put)(void *, const float *, unsigned);
    int (*flush)(void *);
    unsigned (*receive)(void *, float *, unsigned);
} soundtouch;

static avsvti_mutex lock = AVSVTI_MUTEX_INIT;
static soundtouch table;
static int loaded; /* under the lock; the table never changes afterwards */

static int find_all(void *library, soundtouch *t)
{
    const struct { const char *name; void *to; } functions[] = {
        { "soundtouch_createInstance", &t->create },
        { "soundtouch_destroyInstance", &t->destroy },
        { "soundtouch_setChannels", &t->set_channels },
        { "soundtouch_setSampleRate", &t->set_rate },
        { "soundtouch_setTempo", &t->set_tempo },
        { "soundtouch_setPitchSemiTones", &t->set_semitones },
        { "soundtouch_setSetting", &t->set_setting },
        { "soundtouch_putSamples", &t->put },
        { "soundtouch_flush", &t->flush },
        { "soundtouch_receiveSamples", &t->receive },
    };
    for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
        void *found = dlsym(library, functions[i].name);
        if (!found)
            return 0;
        memcpy(functions[i].to, &found, sizeof(found));
    }
    return 1;
}

avsvt_status avsvti_stretch_load(const char *const *names, avsvt_error *err)
{
    static const char *const usual[] = { "libSoundTouchDll.so.1",
        "libSoundTouchDLL.so.1", "libSoundTouchDll.so", NULL };
    soundtouch found;
    void *library = NULL;
    avsvt_status status = AVSVT_OK;
    avsvti_mutex_lock(&lock);
    for (const char *const *n = names ? names : usual;
         *n && !library && (names || !loaded); n++)
        library = avsvti_library_open(*n);
    if (library && find_all(library, &found)) {
        table = found;
        loaded = 1;
    } else if (names || !loaded) {
        status = avsvti_fail(err, AVSVT_E_MODULE,
            "changing pitch or time alone needs SoundTouch, and there is no %s: "
            "install it (Debian: apt install libsoundtouch1), or use the step "
            "speed, which changes both", names ? *names : usual[0]);
    }
    avsvti_mutex_unlock(&lock);
    return status;
}

/* What is ready, as far as there is room. */
static int64_t receive(void *instance, float *to, int64_t done, int64_t room)
{
    while (done < room) {
        int64_t left = room - done;
        unsigned n = table.receive(instance, to + done,
                                   left < BLOCK ? (unsigned)left : BLOCK);
        if (!n)
            break;
        done += n;
    }
    return done;
}

/* Moves what is late back to its time, and what is early forth. */
static void put_right(float *x, int64_t count, int64_t late)
{
    int64_t by = late < 0 ? -late : late;
    size_t size = (size_t)(by < count ? count - by : 0) * sizeof(*x);
    if (by > count)
        by = count;
    memmove(late < 0 ? x + by : x, late < 0 ? x : x + by, size);
    memset(late < 0 ? x : x + count - by, 0, (size_t)by * sizeof(*x));
}

/* All of it through SoundTouch; 0 when there is no memory. */
static int run(float *out, int64_t made, const float *from, int64_t count, double rate_hz,
               double factor, double semitones)
{
    int64_t done = 0;
    void *instance = table.create();
    if (!instance)
        return 0;
    table.set_channels(instance, 1);
    table.set_rate(instance, (unsigned)lround(rate_hz));
    table.set_tempo(instance, (float)factor);
    table.set_semitones(instance, (float)semitones);
    table.set_setting(instance, SETTING_SEQUENCE_MS, SEQUENCE_MS);
    table.set_setting(instance, SETTING_SEEKWINDOW_MS, SEEKWINDOW_MS);
    table.set_setting(instance, SETTING_OVERLAP_MS, OVERLAP_MS);
    for (int64_t i = 0; i < count; i += BLOCK) {
        table.put(instance, from + i,
                  (unsigned)(count - i < BLOCK ? count - i : BLOCK));
        done = receive(instance, out, done, made);
    }
    table.flush(instance);
    receive(instance, out, done, made);
    table.destroy(instance);
    return 1;
}

avsvt_status avsvti_stretch(float **to, int64_t *made, const avsvt_allocator *a,
                            const float *from, int64_t count, double rate_hz,
                            double factor, double semitones, avsvt_error *err)
{
    avsvti_float_state floats;
    *to = NULL;
    *made = llround((double)count / factor);
    avsvt_status status = avsvti_stretch_load(NULL, err);
    if (status != AVSVT_OK)
        return status;
    float *out = avsvti_alloc_zero(a, (size_t)*made, sizeof(*out));
    avsvti_float_hold(&floats); /* it begins with settings that divide by 0 */
    int ran = out && run(out, *made, from, count, rate_hz, factor, semitones);
    avsvti_float_give_back(&floats);
    if (!ran) {
        avsvti_release(a, out);
        return avsvti_fail_memory(err);
    }
    double tempo = factor / pow(2, semitones / 12);
    put_right(out, *made, llround(LATE_S * (1 - 1 / tempo) * rate_hz));
    *to = out;
    return AVSVT_OK;
}
