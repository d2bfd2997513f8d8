/* SPDX-License-Identifier: MIT */
/* A band by chance: four chords over and over in some key and tempo, one or
 * two instruments that play them, a bass, drums and now and then a tune. Made
 * to be sung against, not to be listened to. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "augment/synth.h"
#include "core/random.h"

#define CHORDS 0 /* channels */
#define PAD 1
#define BASS 2
#define LEAD 3
#define DRUMS 9
#define LOWEST 21
#define HIGHEST 107
#define KICK 36
#define SNARE 38
#define CLAP 39
#define CRASH 49
#define CLOSED_HAT 42
#define OPEN_HAT 46

#define PICK(r, list) \
    ((list)[avsvti_random_below(r, sizeof(list) / sizeof((list)[0]))])

typedef struct band {
    avsvti_tune *score;
    avsvti_random *r;
    double beat_s;   /* seconds of a beat */
    double swing;    /* how late the second half of a beat comes, in beats */
    double loose;    /* spread of all times, in beats */
    int key, minor, progression;
    int inversion;   /* lowest note of chords */
    int chord_style, bass_style, drum_style;
    int pad, bass, drums, lead; /* who plays */
    int velocity[16];
    int tune;        /* of the lead: steps of the scale from its middle */
} band;

static double between(band *b, double low, double high)
{
    return avsvti_random_between(b->r, low, high);
}

static int chance(band *b, double p)
{
    return between(b, 0, 1) < p;
}

static int whole(band *b, int low, int high)
{
    return low + (int)avsvti_random_below(b->r, (uint64_t)(high - low + 1));
}

static void put(avsvti_tune *s, double time_s, int kind, int channel, int number,
                int value)
{
    if (s->count == s->capacity) {
        size_t capacity = s->capacity ? 2 * s->capacity : 1024;
        avsvt_synth_event *events = avsvti_resize(s->allocator, s->events, capacity,
                                                  sizeof(*events));
        if (!events) {
            s->failed = 1;
            return;
        }
        s->events = events;
        s->capacity = capacity;
    }
    s->events[s->count++] = (avsvt_synth_event){ time_s > 0 ? time_s : 0, kind,
                                                 channel, number, value };
}

/* A note at a beat, for some beats. */
static void play(band *b, int channel, double beat, double length, int key, int softer)
{
    float spread[2];
    double within = beat - floor(beat);
    avsvti_random_normal(b->r, spread, 2);
    if (within > 0.4 && within < 0.6)
        beat += b->swing;
    beat += b->loose * (double)spread[0];
    double velocity = b->velocity[channel] - softer + 8 * (double)spread[1];
    if (key < LOWEST || key > HIGHEST)
        return;
    put(b->score, beat * b->beat_s, AVSVT_SYNTH_NOTE_ON, channel, key,
        (int)fmin(fmax(velocity, 20), 127));
    put(b->score, (beat + length) * b->beat_s, AVSVT_SYNTH_NOTE_OFF, channel, key, 0);
}

typedef struct chord {
    int root;    /* 0..11 */
    int keys[4]; /* of the notes, rising */
    int count;
} chord;

static int by_number(const void *x, const void *y)
{
    return *(const int *)x - *(const int *)y;
}

/* Semitones above the key of the chords of a progression. */
static const int progressions[][4] = {
    { 0, 7, 9, 5 }, { 0, 9, 5, 7 }, { 9, 5, 0, 7 }, { 0, 5, 7, 5 }, { 2, 7, 0, 9 },
    { 0, 4, 5, 7 }, { 9, 7, 5, 4 }, { 0, 10, 5, 0 }, { 0, 3, 10, 5 }, { 5, 7, 4, 9 },
};

static chord chord_of(band *b, int bar)
{
    chord c = { 0, { 0 }, 3 };
    int degree = progressions[b->progression][bar % 4];
    int third = degree == 0 || degree == 5 || degree == 7 || degree == 10 ? 4 : 3;
    int above[4] = { 0, 0, 7, 0 };
    if (b->minor)
        third = 7 - third;
    above[1] = third;
    above[3] = third == 3 || degree == 7 ? 10 : 11;
    c.count += chance(b, 0.25);
    c.root = (b->key + degree) % 12;
    for (int i = 0; i < c.count; i++)
        c.keys[i] = b->inversion + (c.root + above[i] - b->inversion % 12 + 24) % 12;
    qsort(c.keys, (size_t)c.count, sizeof(c.keys[0]), by_number);
    return c;
}

static void all_keys(band *b, int channel, const chord *c, double beat, double length,
                     int up, int softer)
{
    for (int i = 0; i < c->count; i++)
        play(b, channel, beat, length, c->keys[i] + up, softer);
}

static void play_chords(band *b, const chord *c, double beat, int k)
{
    switch (b->chord_style) {
    case 0: /* held */
        if (k == 0)
            all_keys(b, CHORDS, c, beat, 3.9, 0, 0);
        break;
    case 1: /* on each beat */
        all_keys(b, CHORDS, c, beat, 0.9, 0, 0);
        break;
    case 2: /* twice a beat */
        all_keys(b, CHORDS, c, beat, 0.4, 0, 0);
        all_keys(b, CHORDS, c, beat + 0.5, 0.4, 0, 0);
        break;
    case 3: /* broken */
        for (int h = 0; h < 2; h++)
            play(b, CHORDS, beat + 0.5 * h, 0.6, c->keys[(2 * k + h) % c->count], 0);
        break;
    case 4: /* off the beat */
        all_keys(b, CHORDS, c, beat + 0.5, 0.35, 0, 0);
        break;
    default: /* broken, fast, over two octaves */
        for (int h = 0; h < 4; h++)
            play(b, CHORDS, beat + 0.25 * h, 0.3,
                 c->keys[(4 * k + h) % c->count] + 12 * ((k + h) % 2), 0);
    }
    if (b->pad && k % 2 == 0)
        all_keys(b, PAD, c, beat, 1.95, chance(b, 0.5) ? 12 : 0, 10);
}

static void play_bass(band *b, const chord *c, double beat, int k)
{
    static const int steps[] = { 0, 0, 7, 12, 10 };
    int key = 28 + (c->root + 8) % 12; /* from the low E up */
    if (b->bass_style == 0 && k % 2 == 0)
        play(b, BASS, beat, 1.8, key, 0);
    if (b->bass_style == 1)
        play(b, BASS, beat, 0.9, key + (k == 2 ? 7 : 0), 0);
    for (int h = 0; h < 2 && b->bass_style == 2; h++)
        play(b, BASS, beat + 0.5 * h, 0.45, key, 0);
    if (b->bass_style == 3)
        play(b, BASS, beat + (chance(b, 0.5) ? 0.5 : 0), 0.5, key + PICK(b->r, steps), 0);
}

static void play_drums(band *b, int bar, double beat, int k)
{
    static const int fill[] = { 50, 48, 45, 41 };
    static const int snares[] = { SNARE, 40, 37 };
    int style = b->drum_style, hats = style == 1 ? 4 : 2;
    for (int h = 0; h < hats && style != 5; h++)
        play(b, DRUMS, beat + (double)h / hats, 0.1,
             chance(b, 0.9) ? CLOSED_HAT : OPEN_HAT, 25);
    if (style == 3 || (style < 3 && k % 2 == 0))
        play(b, DRUMS, beat, 0.1, KICK, 0);
    if (style == 2 && chance(b, 0.4))
        play(b, DRUMS, beat + 0.5, 0.1, KICK, 0);
    if (k % 2 == 1 && style != 4)
        play(b, DRUMS, beat, 0.1, style == 5 ? CLAP : PICK(b->r, snares), 0);
    if (bar % 4 == 0 && k == 0)
        play(b, DRUMS, beat, 0.1, CRASH, 10);
    for (int h = 0; h < 4 && bar % 4 == 3 && k == 3; h++)
        play(b, DRUMS, beat + 0.25 * h, 0.1, fill[h], 0);
}

static void play_lead(band *b, double beat)
{
    static const int scales[2][7] = { { 0, 2, 4, 5, 7, 9, 11 }, { 0, 2, 3, 5, 7, 8, 10 } };
    int halves = chance(b, 0.6) ? 2 : 1;
    for (int h = 0; h < halves; h++) {
        if (!chance(b, 0.7))
            continue;
        b->tune += whole(b, -2, 2);
        b->tune = b->tune < -4 ? -4 : b->tune > 8 ? 8 : b->tune;
        int octave = b->tune < 0 ? -1 : b->tune / 7;
        int key = 60 + b->key + 12 * octave + scales[b->minor][(b->tune + 7) % 7];
        play(b, LEAD, beat + 0.5 * h, chance(b, 0.7) ? 0.48 : 0.9, key, 0);
    }
}

static void choose_instruments(band *b)
{
    static const int chords[] = { 0, 1, 2, 4, 5, 6, 7, 11, 16, 18, 19, 21, 24, 25, 26, 27,
        28, 29, 30, 45, 46, 48, 49, 50, 61, 62, 63, 80, 81, 88, 89, 90, 92 };
    static const int basses[] = { 32, 33, 34, 35, 36, 38, 39, 43 };
    static const int leads[] = { 0, 11, 22, 26, 27, 29, 30, 40, 41, 42, 56, 57, 60, 64, 65,
        66, 68, 71, 73, 74, 75, 79, 80, 81, 104, 105 };
    static const int kits[] = { 0, 8, 16, 24, 25, 32, 40 };
    static const int channels[] = { CHORDS, PAD, BASS, LEAD, DRUMS };
    const int programs[] = { PICK(b->r, chords), PICK(b->r, chords), PICK(b->r, basses),
                             PICK(b->r, leads), PICK(b->r, kits) };
    for (size_t i = 0; i < 5; i++) {
        b->velocity[channels[i]] = whole(b, 55, 109);
        put(b->score, 0, AVSVT_SYNTH_PROGRAM, channels[i], programs[i], 0);
        put(b->score, 0, AVSVT_SYNTH_CONTROL, channels[i], 91, whole(b, 0, 89));
        put(b->score, 0, AVSVT_SYNTH_CONTROL, channels[i], 7, whole(b, 60, 114));
    }
}

static void choose_style(band *b)
{
    static const double swings[] = { 0, 0, 0.08, 0.16 };
    b->beat_s = 60 / between(b, 60, 172);
    b->swing = PICK(b->r, swings);
    b->loose = between(b, 0, 0.02);
    b->key = whole(b, 0, 11);
    b->minor = chance(b, 0.35);
    b->progression = whole(b, 0, (int)(sizeof(progressions) / sizeof(progressions[0])) - 1);
    b->inversion = whole(b, 43, 54);
    b->chord_style = chance(b, 0.05) ? -1 : whole(b, 0, 5); /* -1: none */
    b->bass_style = whole(b, 0, 3);
    b->drum_style = whole(b, 0, 5);
    b->pad = chance(b, 0.5);
    b->bass = chance(b, 0.85) || b->chord_style < 0;
    b->drums = chance(b, 0.8);
    b->lead = chance(b, 0.4);
}

/* Ends before beginnings, so that a repeated key sounds twice. */
static int by_time(const void *x, const void *y)
{
    static const int order[] = { 3, 2, 0, 1 };
    const avsvt_synth_event *a = x, *b = y;
    if (a->time_s < b->time_s || a->time_s > b->time_s)
        return a->time_s < b->time_s ? -1 : 1;
    if (a->kind != b->kind)
        return order[a->kind] - order[b->kind];
    return a->channel != b->channel ? a->channel - b->channel : a->number - b->number;
}

avsvt_status avsvti_compose(avsvti_tune *score, const avsvt_allocator *a,
                            uint64_t number, double length_s, avsvt_error *err)
{
    avsvti_random r;
    band b;
    memset(score, 0, sizeof(*score));
    memset(&b, 0, sizeof(b));
    score->allocator = a;
    avsvti_random_seed(&r, number, 0x62616e64); /* apart from all other uses */
    b.score = score;
    b.r = &r;
    choose_style(&b);
    choose_instruments(&b);
    int beats = (int)(length_s / b.beat_s) + 1;
    for (int beat = 0; beat < beats && !score->failed; beat += 4) {
        chord c = chord_of(&b, beat / 4);
        int solo = b.lead && beat / 16 % 2 == b.key % 2;
        for (int k = 0; k < 4; k++) {
            if (b.chord_style >= 0)
                play_chords(&b, &c, beat + k, k);
            if (b.bass)
                play_bass(&b, &c, beat + k, k);
            if (b.drums)
                play_drums(&b, beat / 4, beat + k, k);
            if (solo)
                play_lead(&b, beat + k);
        }
    }
    if (score->failed) {
        avsvti_tune_free(score);
        return avsvti_fail_memory(err);
    }
    qsort(score->events, score->count, sizeof(*score->events), by_time);
    return AVSVT_OK;
}

void avsvti_tune_free(avsvti_tune *score)
{
    avsvti_release(score->allocator, score->events);
    score->events = NULL;
    score->count = score->capacity = 0;
}
