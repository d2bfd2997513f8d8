/* SPDX-License-Identifier: MIT */
/* Standard MIDI file, format 0: one track, one channel.
 * Byte layout: "Standard MIDI Files 1.0", MIDI Manufacturers Association. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "export/writer.h"

#define TICKS_PER_QUARTER 960
#define PROGRAM_VOICE_OOHS 53
#define USUAL_VELOCITY 90
#define LONGEST_DELTA 0x0FFFFFFF /* four bytes of seven bits */
#define BEND_CENTRE 8192
#define BEND_RANGE 2 /* semitones to each side */

/* A note on the grid of ticks. end == start: not played. */
typedef struct tick_note {
    int64_t start, end;
    int key, bend, velocity;
} tick_note;

typedef struct event {
    int64_t tick;
    size_t order; /* of the note */
    int on;
    const tick_note *note;
} event;

static void put_big_endian(avsvti_buffer *b, uint32_t value, int bytes)
{
    while (bytes--) {
        unsigned char byte = (unsigned char)(value >> (8 * bytes));
        avsvti_buffer_append(b, &byte, 1);
    }
}

/* Variable length: seven bits a byte, the top bit says that more follow. */
static void put_length(avsvti_buffer *b, uint32_t value)
{
    unsigned char bytes[5];
    int n = 5;
    bytes[--n] = value & 0x7F;
    while (value >>= 7)
        bytes[--n] = (value & 0x7F) | 0x80;
    avsvti_buffer_append(b, bytes + n, (size_t)(5 - n));
}

static void put_meta(avsvti_buffer *b, int type, const void *data, size_t size)
{
    unsigned char head[] = { 0xFF, (unsigned char)type };
    avsvti_buffer_append(b, head, 2);
    put_length(b, (uint32_t)size);
    avsvti_buffer_append(b, data, size);
}

/* Time up to the next event. A pause longer than a delta can be is broken
 * with empty texts. */
static void put_delta(avsvti_buffer *b, int64_t delta)
{
    for (; delta > LONGEST_DELTA; delta -= LONGEST_DELTA) {
        put_length(b, LONGEST_DELTA);
        put_meta(b, 0x01, "", 0);
    }
    put_length(b, (uint32_t)delta);
}

static void put_message(avsvti_buffer *b, int64_t delta, int status, int first,
                        int second)
{
    unsigned char bytes[] = { (unsigned char)status, (unsigned char)first,
                              (unsigned char)second };
    put_delta(b, delta);
    avsvti_buffer_append(b, bytes, (status & 0xF0) == 0xC0 ? 2 : 3);
}

/* Registered parameter 0: how far the pitch wheel bends. */
static void put_bend_range(avsvti_buffer *b)
{
    put_message(b, 0, 0xB0, 101, 0);
    put_message(b, 0, 0xB0, 100, 0);
    put_message(b, 0, 0xB0, 6, BEND_RANGE);
    put_message(b, 0, 0xB0, 38, 0);
    put_message(b, 0, 0xB0, 101, 127);
    put_message(b, 0, 0xB0, 100, 127);
}

static void put_header(avsvti_buffer *b, const avsvti_export *e, uint32_t quarter_us)
{
    static const unsigned char four_four[] = { 4, 2, 24, 8 };
    unsigned char tempo[] = { (unsigned char)(quarter_us >> 16),
        (unsigned char)(quarter_us >> 8), (unsigned char)quarter_us };
    size_t title = strlen(e->title);
    if (title) {
        put_length(b, 0);
        put_meta(b, 0x03, e->title, title < LONGEST_DELTA ? title : LONGEST_DELTA);
    }
    put_length(b, 0);
    put_meta(b, 0x51, tempo, sizeof(tempo));
    put_length(b, 0);
    put_meta(b, 0x58, four_four, sizeof(four_four));
    put_message(b, 0, 0xC0, PROGRAM_VOICE_OOHS, 0);
    if (e->flags & AVSVT_EXPORT_PITCH_BEND)
        put_bend_range(b);
}

/* 1.5 steps per decibel: -20 dB, a usual level of singing, is 97. */
int32_t avsvt_midi_velocity(float level_db)
{
    if (!isfinite(level_db) || level_db == 0.0f)
        return USUAL_VELOCITY;
    double v = 127.0 + 1.5 * (double)level_db;
    return v < 1.0 ? 1 : v > 127.0 ? 127 : (int)lround(v);
}

static int64_t ticks(double seconds, uint32_t quarter_us)
{
    double t = seconds * 1e6 * TICKS_PER_QUARTER / quarter_us;
    return t > 0.0 ? llround(t) : 0;
}

/* One key can sound once only: a note that starts while its key is down ends
 * the one before; two that start at once become one as long as the longer. */
static void place_notes(tick_note *to, const avsvti_export *e, uint32_t quarter_us)
{
    tick_note *down[128] = { NULL };
    for (size_t i = 0; i < e->count; i++) {
        const avsvt_note *n = &e->notes[i];
        tick_note *t = &to[i];
        double key = floor(n->pitch + 0.5);
        t->key = key < 0.0 ? 0 : key > 127.0 ? 127 : (int)key;
        t->bend = BEND_CENTRE + (int)lround((n->pitch - key) / BEND_RANGE * BEND_CENTRE);
        t->velocity = avsvt_midi_velocity(n->level_db);
        t->start = ticks(n->onset_s, quarter_us);
        t->end = ticks(n->offset_s, quarter_us);
        if (t->end <= t->start)
            t->end = t->start + 1;
        tick_note *before = down[t->key];
        if (before && before->start == t->start) {
            if (before->end < t->end)
                before->end = t->end;
            t->end = t->start;
            continue;
        }
        if (before && before->end > t->start)
            before->end = t->start;
        down[t->key] = t;
    }
}

/* By time; at the same time what ends comes before what starts. */
static int compare_events(const void *a, const void *b)
{
    const event *x = a, *y = b;
    if (x->tick != y->tick)
        return x->tick < y->tick ? -1 : 1;
    if (x->on != y->on)
        return x->on - y->on;
    return x->order < y->order ? -1 : x->order > y->order;
}

static size_t list_events(event *to, const tick_note *notes, size_t count)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        if (notes[i].end == notes[i].start)
            continue;
        to[n++] = (event){ notes[i].start, i, 1, &notes[i] };
        to[n++] = (event){ notes[i].end, i, 0, &notes[i] };
    }
    qsort(to, n, sizeof(*to), compare_events);
    return n;
}

static void put_events(avsvti_buffer *b, const event *events, size_t count,
                       int bends, int64_t end)
{
    int64_t now = 0;
    for (size_t i = 0; i < count && !b->failed; i++) {
        const tick_note *n = events[i].note;
        if (bends && events[i].on) {
            put_message(b, events[i].tick - now, 0xE0, n->bend & 0x7F, n->bend >> 7);
            now = events[i].tick;
        }
        put_message(b, events[i].tick - now, events[i].on ? 0x90 : 0x80, n->key,
                    events[i].on ? n->velocity : 64);
        now = events[i].tick;
    }
    put_delta(b, end > now ? end - now : 0);
    put_meta(b, 0x2F, "", 0);
}

avsvt_status avsvti_write_midi(avsvti_buffer *b, const avsvti_export *e,
                               avsvt_error *err)
{
    uint32_t quarter_us = (uint32_t)lround(60e6 / e->tempo_bpm);
    tick_note *notes = avsvti_alloc(b->allocator, e->count, sizeof(*notes));
    event *events = avsvti_alloc(b->allocator, e->count, 2 * sizeof(*events));
    if (!notes || !events) {
        avsvti_release(b->allocator, events);
        avsvti_release(b->allocator, notes);
        return avsvti_fail_memory(err);
    }
    place_notes(notes, e, quarter_us);
    size_t count = list_events(events, notes, e->count);

    avsvti_buffer_text(b, "MThd");
    put_big_endian(b, 6, 4);
    put_big_endian(b, 0, 2);
    put_big_endian(b, 1, 2);
    put_big_endian(b, TICKS_PER_QUARTER, 2);
    avsvti_buffer_text(b, "MTrk");
    size_t length_at = b->size;
    put_big_endian(b, 0, 4);
    put_header(b, e, quarter_us);
    put_events(b, events, count, e->flags & AVSVT_EXPORT_PITCH_BEND,
               ticks(e->duration_s, quarter_us));
    avsvti_release(b->allocator, events);
    avsvti_release(b->allocator, notes);
    if (b->failed)
        return avsvti_fail_memory(err);
    size_t length = b->size - length_at - 4;
    if (length > UINT32_MAX)
        return avsvti_fail(err, AVSVT_E_RANGE,
            "%zu notes are more than a MIDI file can hold", e->count);
    for (int i = 0; i < 4; i++)
        b->data[length_at + (size_t)i] = (char)(unsigned char)(length >> (24 - 8 * i));
    return AVSVT_OK;
}
