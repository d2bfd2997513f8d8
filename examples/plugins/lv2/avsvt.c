/* SPDX-License-Identifier: MIT */
/* An LV2 plug-in over a stream: singing in, MIDI out, and ports for a tuner.
 * run() does what avsvt_stream_push() and avsvt_stream_poll() do: it neither
 * allocates nor waits. */
#include <avsvt/avsvt.h>
#include <lv2/atom/util.h>
#include <lv2/core/lv2.h>
#include <lv2/midi/midi.h>
#include <lv2/urid/urid.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PLUGIN_URI "urn:avsvt:notes"

enum {
    PORT_IN, PORT_MIDI, PORT_BEND, PORT_RANGE, PORT_PITCH, PORT_CENTS, PORT_VOICING,
    PORT_LATENCY, PORTS
};
#define MESSAGE_ROOM 64  /* bytes of a sequence that one message may take */
#define CHANGE 0.7       /* semitones from the key that was sent: another key */
#define SURE 0.5f        /* voicing from which the tuner shows a pitch */

typedef struct plugin {
    avsvt_stream *stream;
    const float *in, *bend, *range;
    LV2_Atom_Sequence *midi;
    float *pitch, *cents, *voicing, *latency;
    LV2_URID midi_event, sequence;
    uint32_t capacity;       /* of midi, in this run */
    int64_t begin;           /* samples before this run */
    int key;                 /* that sounds; -1: none */
    int bent;                /* the last bend sent, 8192: none */
    int restarted;           /* what sounds is of before */
    float latency_samples;
} plugin;

static void cleanup(LV2_Handle handle)
{
    plugin *p = handle;
    avsvt_stream_free(p->stream);
    free(p);
}

static LV2_Handle instantiate(const LV2_Descriptor *descriptor, double rate,
                              const char *bundle, const LV2_Feature *const *features)
{
    avsvt_stream_options o = AVSVT_STREAM_OPTIONS_INIT;
    avsvt_stream_info info = AVSVT_STREAM_INFO_INIT;
    const LV2_URID_Map *map = NULL;
    plugin *p = calloc(1, sizeof(*p));
    (void)descriptor;
    (void)bundle;
    for (size_t i = 0; features && features[i]; i++)
        if (!strcmp(features[i]->URI, LV2_URID__map))
            map = features[i]->data;
    o.rate_hz = rate;
    if (!p || !map || avsvt_stream_open(&p->stream, NULL, NULL, &o, NULL) != AVSVT_OK) {
        free(p); /* the host says that it can't be had */
        return NULL;
    }
    avsvt_stream_describe(p->stream, &info);
    p->latency_samples = (float)info.note_latency;
    p->midi_event = map->map(map->handle, LV2_MIDI__MidiEvent);
    p->sequence = map->map(map->handle, LV2_ATOM__Sequence);
    p->key = -1;
    p->bent = 8192;
    return p;
}

static void connect_port(LV2_Handle handle, uint32_t port, void *data)
{
    plugin *p = handle;
    switch (port) {
    case PORT_IN: p->in = data; break;
    case PORT_MIDI: p->midi = data; break;
    case PORT_BEND: p->bend = data; break;
    case PORT_RANGE: p->range = data; break;
    case PORT_PITCH: p->pitch = data; break;
    case PORT_CENTS: p->cents = data; break;
    case PORT_VOICING: p->voicing = data; break;
    case PORT_LATENCY: p->latency = data; break;
    default: break;
    }
}

static void activate(LV2_Handle handle)
{
    plugin *p = handle;
    avsvt_stream_reset(p->stream);
    p->begin = 0;
    p->restarted = 1;
}

static void send(plugin *p, int64_t frame, int status, int a, int b)
{
    struct {
        LV2_Atom_Event event;
        uint8_t bytes[8];
    } m = { .event = { .time = { .frames = frame },
                       .body = { .size = 3, .type = p->midi_event } } };
    uint8_t bytes[3] = { (uint8_t)status, (uint8_t)a, (uint8_t)b };
    if (!p->midi || p->capacity < MESSAGE_ROOM)
        return;
    memcpy(&m.event + 1, bytes, sizeof(bytes));
    lv2_atom_sequence_append_event(p->midi, p->capacity, &m.event);
}

static void release_key(plugin *p, int64_t frame)
{
    if (p->key >= 0)
        send(p, frame, LV2_MIDI_MSG_NOTE_OFF, p->key, 64);
    p->key = -1;
}

static void bend_to(plugin *p, int64_t frame, int value)
{
    if (value != p->bent)
        send(p, frame, LV2_MIDI_MSG_BENDER, value & 127, value >> 7);
    p->bent = value;
}

/* Where the pitch lies beside the key, when the host wants to know. */
static void bend(plugin *p, int64_t frame, double pitch)
{
    double range = p->range && *p->range >= 1 ? (double)*p->range : 2;
    int value = 8192;
    if (p->bend && *p->bend > 0.5f)
        value += (int)lrint((pitch - p->key) / range * 8192);
    bend_to(p, frame, value < 0 ? 0 : value > 16383 ? 16383 : value);
}

/* A host may have stopped it in the middle of a note, and told nobody. */
static void end_before(plugin *p)
{
    release_key(p, 0);
    bend_to(p, 0, 8192);
    p->restarted = 0;
}

static void press_key(plugin *p, int64_t frame, const avsvt_stream_event *e)
{
    release_key(p, frame);
    p->key = (int)lrint(e->pitch);
    p->key = p->key < 0 ? 0 : p->key > 127 ? 127 : p->key;
    bend(p, frame, e->pitch_now);
    send(p, frame, LV2_MIDI_MSG_NOTE_ON, p->key, avsvt_midi_velocity(e->level_db));
}

static void translate(plugin *p, const avsvt_stream_event *e, uint32_t count)
{
    int64_t frame = e->found_at - 1 - p->begin;
    frame = frame < 0 ? 0 : frame >= count ? (int64_t)count - 1 : frame;
    if (e->kind == AVSVT_STREAM_NOTE_OFF) {
        release_key(p, frame);
    } else if (e->kind == AVSVT_STREAM_NOTE_ON || fabs(e->pitch - p->key) > CHANGE) {
        press_key(p, frame, e); /* the first idea of a pitch may be wrong */
    } else {
        bend(p, frame, e->pitch_now);
    }
}

static void tune(plugin *p)
{
    avsvt_stream_frame f = AVSVT_STREAM_FRAME_INIT;
    while (avsvt_stream_poll_frame(p->stream, &f) == AVSVT_OK) {
        int sung = f.voicing >= SURE;
        if (p->pitch)
            *p->pitch = sung ? (float)f.pitch : 0;
        if (p->cents)
            *p->cents = sung ? (float)(100 * (f.pitch - rint(f.pitch))) : 0;
        if (p->voicing)
            *p->voicing = f.voicing;
    }
}

static void run(LV2_Handle handle, uint32_t count)
{
    plugin *p = handle;
    avsvt_stream_event e = AVSVT_STREAM_EVENT_INIT;
    if (p->latency)
        *p->latency = p->latency_samples;
    p->capacity = 0;
    if (p->midi) {
        p->capacity = p->midi->atom.size; /* what the host says that there is */
        lv2_atom_sequence_clear(p->midi);
        p->midi->atom.type = p->sequence;
    }
    if (!p->in || !count)
        return;
    if (p->restarted)
        end_before(p);
    avsvt_stream_push(p->stream, p->in, count);
    while (avsvt_stream_poll(p->stream, &e) == AVSVT_OK)
        translate(p, &e, count);
    tune(p);
    p->begin += count;
}

LV2_SYMBOL_EXPORT const LV2_Descriptor *lv2_descriptor(uint32_t index)
{
    static const LV2_Descriptor descriptor = {
        PLUGIN_URI, instantiate, connect_port, activate, run, NULL, cleanup, NULL,
    };
    return index ? NULL : &descriptor;
}
