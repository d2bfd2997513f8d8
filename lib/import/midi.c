/* SPDX-License-Identifier: MIT */
/* Standard MIDI files, as notes. Each channel of a track is a part; drums
 * (channel 10) are none. A plain list takes all parts, with what the pitch wheel adds
 * to a note while it rests; a chart, which is sung by keys, the part that the words or
 * its name tell to be the melody.
 * Byte layout: "Standard MIDI Files 1.0", MIDI Manufacturers Association. */
#include "import/midi_notes.h"

#include <string.h>

#define MAX_NOTES (1 << 20) /* of one file; also of texts and tempos */
#define MAX_TRACKS 65535  /* more can't be told of */
#define DRUMS 9
#define USUAL_RANGE 2 /* semitones that the pitch wheel bends */

static avsvt_status fail_at(const avsvti_midi *m, const unsigned char *p,
                            const char *what)
{
    return avsvti_fail(m->reader->err, AVSVT_E_FORMAT, "%s: byte %zu: %s",
                       m->reader->name, (size_t)(p - m->start), what);
}

/* The items with room for one more; as they were when there is none, which
 * *status then tells. */
static void *grow(const avsvti_midi *m, void *items, size_t *room, size_t count,
                  size_t size, avsvt_status *status)
{
    *status = AVSVT_OK;
    if (count < *room)
        return items;
    if (count >= MAX_NOTES) {
        *status = avsvti_fail(m->reader->err, AVSVT_E_FORMAT,
            "%s: has more than %d notes or texts", m->reader->name, MAX_NOTES);
        return items;
    }
    size_t wanted = *room ? *room * 2 : 64;
    void *larger = avsvti_resize(m->allocator, items, wanted, size);
    if (larger)
        *room = wanted;
    else
        *status = avsvti_fail_memory(m->reader->err);
    return larger ? larger : items;
}

static uint32_t big_endian(const unsigned char *p, int bytes)
{
    uint32_t value = 0;
    while (bytes--)
        value = value << 8 | *p++;
    return value;
}

/* Variable length: seven bits a byte, four bytes at most. NULL: not whole. */
static const unsigned char *length_at(const unsigned char *p,
                                      const unsigned char *end, uint32_t *value)
{
    *value = 0;
    for (int i = 0; i < 4 && p < end; i++) {
        *value = *value << 7 | (*p & 0x7F);
        if (!(*p++ & 0x80))
            return p;
    }
    return NULL;
}

static avsvt_status note_on(avsvti_midi *m, avsvti_midi_track *t, int channel,
                            int key)
{
    avsvt_status status = AVSVT_OK;
    if (t->part[channel] < 0) {
        m->parts = grow(m, m->parts, &m->part_room, m->part_count,
                        sizeof(*m->parts), &status);
        if (status != AVSVT_OK)
            return status;
        t->part[channel] = (int32_t)m->part_count++;
        m->parts[t->part[channel]] = (avsvti_midi_part){ t->number, 0, 0, 0.0 };
    }
    m->notes = grow(m, m->notes, &m->note_room, m->note_count,
                    sizeof(*m->notes), &status);
    if (status != AVSVT_OK)
        return status;
    t->down[channel][key] = (int32_t)m->note_count;
    m->parts[t->part[channel]].notes++;
    m->notes[m->note_count] = (avsvti_midi_note){ t->tick, -1, m->note_count,
        t->part[channel], key, t->wheel[channel].bend, t->wheel[channel].turns };
    m->note_count++;
    return AVSVT_OK;
}

static void note_off(avsvti_midi *m, avsvti_midi_track *t, int channel, int key)
{
    if (t->down[channel][key] >= 0) {
        avsvti_midi_note *n = &m->notes[t->down[channel][key]];
        n->off = t->tick;
        n->bend = n->turns == t->wheel[channel].turns ? n->bend : 0.0;
    }
    t->down[channel][key] = -1;
}

/* Controllers 101 and 100 choose a parameter, 6 sets it: how far the wheel bends. */
static void set_control(avsvti_midi_wheel *w, int control, int value)
{
    if (control == 101 || control == 100)
        w->parameter[control == 100] = value + 1;
    else if (control == 6 && w->parameter[0] == 1 && w->parameter[1] == 1)
        w->range = value;
}

static void turn_wheel(avsvti_midi_wheel *w, int value)
{
    w->bend = (w->range > 0.0 ? w->range : USUAL_RANGE) * (value - 8192) / 8192.0;
    w->turns++;
}

static avsvt_status take_text(avsvti_midi *m, const avsvti_midi_track *t,
                              int type, const unsigned char *p, uint32_t size)
{
    avsvt_status status;
    m->texts = grow(m, m->texts, &m->text_room, m->text_count,
                    sizeof(*m->texts), &status);
    if (status != AVSVT_OK)
        return status;
    m->texts[m->text_count] = (avsvti_midi_text){ t->tick, m->text_count, type,
        t->number, (const char *)p, size };
    m->text_count++;
    return AVSVT_OK;
}

static avsvt_status take_tempo(avsvti_midi *m, const avsvti_midi_track *t,
                               uint32_t quarter_us)
{
    avsvt_status status;
    m->tempos = grow(m, m->tempos, &m->tempo_room, m->tempo_count,
                     sizeof(*m->tempos), &status);
    if (status != AVSVT_OK || !quarter_us)
        return status;
    m->tempos[m->tempo_count] = (avsvti_midi_tempo){ t->tick, m->tempo_count,
        quarter_us * 1e-6, 0.0 };
    m->tempo_count++;
    return AVSVT_OK;
}

/* What follows FF: type, length, bytes. */
static avsvt_status read_meta(avsvti_midi *m, avsvti_midi_track *t,
                              const unsigned char **at)
{
    uint32_t size = 0;
    const unsigned char *p = *at;
    int type = p < t->end ? *p++ : -1;
    p = type < 0 ? NULL : length_at(p, t->end, &size);
    if (!p || size > (size_t)(t->end - p))
        return fail_at(m, *at, "an event is cut off");
    *at = p + size;
    if (type == 0x2F)
        t->end = *at; /* end of track */
    if (type == 0x51 && size == 3)
        return take_tempo(m, t, big_endian(p, 3));
    if ((type == 1 || type == 3 || type == 5) && size)
        return take_text(m, t, type, p, size);
    return AVSVT_OK;
}

/* A message to a channel; *at: its first data byte. */
static avsvt_status read_message(avsvti_midi *m, avsvti_midi_track *t,
                                 const unsigned char **at)
{
    int kind = t->running & 0xF0, channel = t->running & 0x0F;
    int size = kind == 0xC0 || kind == 0xD0 ? 1 : 2;
    const unsigned char *p = *at;
    if (t->end - p < size || p[0] & 0x80 || p[size - 1] & 0x80)
        return fail_at(m, p, "a message is cut off");
    *at = p + size;
    if (kind == 0xB0)
        set_control(&t->wheel[channel], p[0], p[1]);
    if (kind == 0xE0)
        turn_wheel(&t->wheel[channel], p[0] | p[1] << 7);
    if ((kind != 0x80 && kind != 0x90) || channel == DRUMS)
        return AVSVT_OK;
    note_off(m, t, channel, p[0]); /* a key sounds once */
    return kind == 0x90 && p[1] ? note_on(m, t, channel, p[0]) : AVSVT_OK;
}

static avsvt_status read_event(avsvti_midi *m, avsvti_midi_track *t,
                               const unsigned char **at)
{
    uint32_t delta, size;
    const unsigned char *p = length_at(*at, t->end, &delta);
    if (!p || p >= t->end)
        return fail_at(m, *at, "an event is cut off");
    t->tick += delta;
    int status = *p & 0x80 ? *p++ : 0;
    *at = p;
    if (status == 0xFF)
        return read_meta(m, t, at);
    if (status == 0xF0 || status == 0xF7) { /* system exclusive */
        p = length_at(p, t->end, &size);
        if (!p || size > (size_t)(t->end - p))
            return fail_at(m, *at, "an event is cut off");
        *at = p + size;
        return AVSVT_OK;
    }
    if (status > 0xF0)
        return fail_at(m, p, "an event that no file may hold");
    if (status)
        t->running = status;
    if (!t->running)
        return fail_at(m, p, "data without a message before it");
    return read_message(m, t, at);
}

static avsvt_status read_track(avsvti_midi *m, const unsigned char *p,
                               const unsigned char *end, uint32_t number)
{
    avsvti_midi_track t;
    avsvt_status status = AVSVT_OK;
    size_t first = m->note_count;
    memset(&t, 0, sizeof(t));
    memset(t.down, 0xFF, sizeof(t.down)); /* -1 */
    memset(t.part, 0xFF, sizeof(t.part));
    t.end = end;
    t.number = number;
    while (p < t.end && status == AVSVT_OK)
        status = read_event(m, &t, &p);
    for (size_t i = first; i < m->note_count; i++)
        if (m->notes[i].off < 0)
            m->notes[i].off = t.tick;
    return status;
}

/* Chunks other than tracks are passed over; a track that is longer than the
 * file is read as far as it goes. */
static avsvt_status read_tracks(avsvti_midi *m, const unsigned char *p,
                                const unsigned char *end)
{
    avsvt_status status = AVSVT_OK;
    uint32_t number = 0;
    while (end - p >= 8 && number <= MAX_TRACKS && status == AVSVT_OK) {
        size_t size = big_endian(p + 4, 4), left = (size_t)(end - p) - 8;
        size = size < left ? size : left;
        if (!memcmp(p, "MTrk", 4))
            status = read_track(m, p + 8, p + 8 + size, number++);
        p += 8 + size;
    }
    return status;
}

static avsvt_status read_header(avsvti_midi *m, const unsigned char *end)
{
    const unsigned char *p = m->start;
    size_t size = end - p >= 14 ? big_endian(p + 4, 4) : 0;
    if (size < 6 || size > (size_t)(end - p) - 8)
        return fail_at(m, p, "the header of the MIDI file is cut off");
    uint32_t division = big_endian(p + 12, 2);
    if (!(division & 0x8000)) {
        m->quarter_ticks = division;
    } else { /* ticks of a film's frames: no tempo counts */
        double rate = 256 - (int)(division >> 8);
        m->tick_s = 1.0 / ((rate == 29 ? 30000.0 / 1001 : rate) *
                           (division & 0xFF ? division & 0xFF : 1));
    }
    if (!division)
        return fail_at(m, p + 12, "a quarter note of no ticks");
    return read_tracks(m, p + 8 + size, end);
}

avsvt_status avsvti_read_midi(avsvti_reader *r)
{
    avsvti_midi m;
    memset(&m, 0, sizeof(m));
    m.reader = r;
    r->line = 0;
    m.allocator = r->hooks ? r->hooks->allocator : r->list->allocator;
    m.start = (const unsigned char *)r->p;
    avsvt_status status = read_header(&m, (const unsigned char *)r->end);
    if (status == AVSVT_OK)
        status = avsvti_midi_hand_on(&m);
    avsvti_release(m.allocator, m.notes);
    avsvti_release(m.allocator, m.parts);
    avsvti_release(m.allocator, m.texts);
    avsvti_release(m.allocator, m.tempos);
    return status;
}
