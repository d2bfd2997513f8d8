/* SPDX-License-Identifier: MIT */
/* A host without a window: loads the plug-in as any host does, plays the melody
 * to it and compares the MIDI that comes out with the score.
 * usage: lv2_host MELODY.flac MELODY.csv */
#include <avsvt/avsvt.h>
#include <lilv/lilv.h>
#include <lv2/atom/util.h>
#include <lv2/midi/midi.h>
#include <lv2/urid/urid.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RATE 48000.0
#define BLOCK 64
#define MOST 200
#define URIDS 32

enum { PORTS = 8, PORT_BEND = 2, PORT_PITCH = 4, PORT_VOICING = 6, PORT_LATENCY = 7 };

static const char *uris[URIDS];

/* Numbers for names, as a host keeps them. */
static LV2_URID map_uri(LV2_URID_Map_Handle handle, const char *uri)
{
    (void)handle;
    for (LV2_URID i = 0; i < URIDS; i++) {
        if (!uris[i])
            uris[i] = strdup(uri);
        if (!strcmp(uris[i], uri))
            return i + 1;
    }
    return 0;
}

static LV2_URID_Map map = { NULL, map_uri };

typedef struct host {
    LilvInstance *instance;
    float in[BLOCK], control[PORTS];
    union {
        LV2_Atom_Sequence sequence;
        uint8_t room[4096];
    } midi;
    double onset[MOST];
    int key[MOST];
    int notes, sounding, bends, problems;
    int bent; /* as the last message says, 8192: not at all */
    int tuned; /* blocks in which the tuner showed the sounding key */
} host;

static void complain(host *h, const char *what)
{
    fprintf(stderr, "lv2_host: %s\n", what);
    h->problems++;
}

static void hear(host *h, const uint8_t *m, double time)
{
    switch (lv2_midi_message_type(m)) {
    case LV2_MIDI_MSG_NOTE_ON:
        if (h->sounding >= 0)
            complain(h, "a note begins while another sounds");
        if (m[1] > 127 || m[2] < 1 || m[2] > 127)
            complain(h, "a note that MIDI does not have");
        h->sounding = m[1];
        if (h->notes < MOST) {
            h->onset[h->notes] = time;
            h->key[h->notes++] = m[1];
        }
        break;
    case LV2_MIDI_MSG_NOTE_OFF:
        if (h->sounding != m[1])
            complain(h, "a note ends that does not sound");
        h->sounding = -1;
        break;
    case LV2_MIDI_MSG_BENDER:
        h->bends++;
        h->bent = m[1] | m[2] << 7;
        break;
    default:
        complain(h, "a message that was not expected");
    }
}

static void play_block(host *h, size_t count, double time)
{
    int64_t last = 0;
    h->midi.sequence.atom.type = 0;
    h->midi.sequence.atom.size = sizeof(h->midi) - sizeof(LV2_Atom);
    lilv_instance_run(h->instance, (uint32_t)count);
    LV2_ATOM_SEQUENCE_FOREACH (&h->midi.sequence, e) {
        if (e->time.frames < last || e->time.frames >= (int64_t)count)
            complain(h, "a message out of its block or order");
        last = e->time.frames;
        hear(h, (const uint8_t *)(e + 1), time + (double)last / RATE);
    }
    if (h->sounding >= 0 && h->control[PORT_VOICING] > 0.5f &&
        fabsf(h->control[PORT_PITCH] - (float)h->sounding) < 1)
        h->tuned++;
}

static void play(host *h, const char *path)
{
    avsvt_audio *audio = NULL;
    size_t n = 1, blocks = 0;
    h->notes = h->bends = h->tuned = 0;
    h->sounding = -1;
    if (avsvt_audio_open(&audio, NULL, path, NULL) ||
        avsvt_audio_set_rate(audio, RATE, NULL))
        complain(h, "the melody can't be read");
    lilv_instance_activate(h->instance);
    while (n && !avsvt_audio_read(audio, h->in, BLOCK, &n, NULL) && n)
        play_block(h, n, (double)blocks++ * BLOCK / RATE);
    memset(h->in, 0, sizeof(h->in)); /* a second of rest */
    for (int i = 0; i < RATE / BLOCK; i++)
        play_block(h, BLOCK, (double)blocks++ * BLOCK / RATE);
    lilv_instance_deactivate(h->instance);
    avsvt_audio_free(audio);
}

/* Stopped while a bent note sounds: started again, nothing of it is left. */
static void check_stopped_midway(host *h, const char *path)
{
    avsvt_audio *audio = NULL;
    size_t n = 1;
    h->notes = 0;
    h->sounding = -1;
    h->bent = 8192;
    h->control[PORT_BEND] = 1;
    if (avsvt_audio_open(&audio, NULL, path, NULL) || avsvt_audio_set_rate(audio, RATE, NULL))
        complain(h, "the melody can't be read");
    lilv_instance_activate(h->instance);
    while ((h->sounding < 0 || h->bent == 8192) && n &&
           !avsvt_audio_read(audio, h->in, BLOCK, &n, NULL) && n)
        play_block(h, n, 0);
    lilv_instance_deactivate(h->instance);
    avsvt_audio_free(audio);
    if (h->sounding < 0 || h->bent == 8192)
        complain(h, "no bent note in the melody");
    memset(h->in, 0, sizeof(h->in));
    h->control[PORT_BEND] = 0;
    lilv_instance_activate(h->instance);
    play_block(h, BLOCK, 0);
    lilv_instance_deactivate(h->instance);
    if (h->sounding >= 0)
        complain(h, "a note hangs after it was stopped and started again");
    if (h->bent != 8192)
        complain(h, "a bend is left after it was stopped and started again");
}

/* Notes of the score that were heard: in tune, not before they begin and not
 * later than the plug-in's latency and 100 ms. */
static int right(const host *h, const char *path, size_t *all)
{
    avsvt_notes *score = NULL;
    int hits = 0;
    double latency = (double)h->control[PORT_LATENCY] / RATE;
    if (avsvt_notes_read(&score, NULL, path, NULL))
        return 0;
    *all = avsvt_notes_count(score);
    for (size_t i = 0; i < *all; i++) {
        avsvt_note n = AVSVT_NOTE_INIT;
        int hit = 0;
        avsvt_notes_get(score, i, &n);
        for (int j = 0; j < h->notes; j++)
            hit |= h->onset[j] > n.onset_s && h->onset[j] < n.onset_s + latency + 0.1 &&
                   fabs(h->key[j] - n.pitch) < 0.7;
        hits += hit;
    }
    avsvt_notes_free(score);
    return hits;
}

static const LilvPlugin *find(LilvWorld *world)
{
    LilvNode *uri = lilv_new_uri(world, "urn:avsvt:notes");
    lilv_world_load_all(world);
    const LilvPlugin *plugin =
        lilv_plugins_get_by_uri(lilv_world_get_all_plugins(world), uri);
    lilv_node_free(uri);
    return plugin && lilv_plugin_get_num_ports(plugin) == PORTS && lilv_plugin_verify(plugin)
               ? plugin : NULL;
}

static LilvInstance *load(const LilvPlugin *plugin, double rate, host *h)
{
    LV2_Feature feature = { LV2_URID__map, &map };
    const LV2_Feature *const features[] = { &feature, NULL };
    LilvInstance *made = lilv_plugin_instantiate(plugin, rate, h ? features : features + 1);
    if (!made || !h)
        return made;
    lilv_instance_connect_port(made, 0, h->in);
    lilv_instance_connect_port(made, 1, &h->midi);
    for (uint32_t i = 2; i < PORTS; i++)
        lilv_instance_connect_port(made, i, &h->control[i]);
    return made;
}

/* Rates that it can't have, and a host without numbers for names: the host is
 * told that there is no plug-in. */
static void check_refusals(host *h, const LilvPlugin *plugin)
{
    static const double good[] = { 8000, 44100, 192000 };
    static const double bad[] = { 0, -48000, 7999, 192001, (double)NAN, (double)INFINITY };
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
        LilvInstance *made = load(plugin, good[i], h);
        if (!made)
            complain(h, "a rate that it should have");
        lilv_instance_free(made);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        if (load(plugin, bad[i], h))
            complain(h, "a rate that it can't have");
    if (load(plugin, RATE, NULL))
        complain(h, "no numbers for names are no obstacle");
}

/* A host of eight channels has eight of them: each hears its own. */
static void check_eight(const LilvPlugin *plugin, host *one, const char *path)
{
    static host channels[8];
    for (int c = 0; c < 8; c++) {
        channels[c].instance = load(plugin, RATE, &channels[c]);
        if (!channels[c].instance) {
            complain(one, "eight of them can't be had");
            return;
        }
    }
    for (int c = 0; c < 8; c += 7) /* while the others wait */
        play(&channels[c], path);
    for (int c = 0; c < 8; c++) {
        if (channels[c].notes != (c % 7 ? 0 : one->notes))
            complain(one, "one of eight heard something else");
        one->problems += channels[c].problems;
        lilv_instance_free(channels[c].instance);
    }
}

/* Sound that is none, blocks of no and of 8192 samples, no room for MIDI, and
 * ports that are not connected. */
static void check_odd_hosts(host *h, const LilvPlugin *plugin)
{
    static float loud[8192];
    LilvInstance *made = load(plugin, RATE, h);
    if (!made)
        return;
    for (int i = 0; i < 8192; i++)
        loud[i] = i % 3 ? (float)(0.4 * sin(i * 0.06)) : i % 2 ? NAN : INFINITY;
    lilv_instance_connect_port(made, 0, loud);
    lilv_instance_activate(made);
    for (int i = 0; i < 40; i++) {
        h->midi.sequence.atom.size = i % 2 ? 0 : sizeof(LV2_Atom_Sequence_Body);
        memset(h->midi.room + sizeof(LV2_Atom_Sequence), 0x5a, 64);
        lilv_instance_run(made, i % 4 ? 8192 : 0);
        for (size_t k = 0; k < 64; k++)
            if (h->midi.room[sizeof(LV2_Atom_Sequence) + k] != 0x5a) {
                complain(h, "it writes where there is no room");
                k = 64;
            }
        if (!(h->control[PORT_VOICING] >= 0 && h->control[PORT_VOICING] <= 1))
            complain(h, "the tuner shows no number");
    }
    for (uint32_t i = 0; i < PORTS; i++) {
        lilv_instance_connect_port(made, i, NULL);
        lilv_instance_run(made, 64);
    }
    lilv_instance_free(made);
}

int main(int argc, char **argv)
{
    static host h;
    size_t all = 0;
    LilvWorld *world = lilv_world_new();
    if (argc != 3 || !world)
        return 2;
    const LilvPlugin *plugin = find(world);
    h.instance = plugin ? load(plugin, RATE, &h) : NULL;
    if (!h.instance) {
        fprintf(stderr, "lv2_host: urn:avsvt:notes can't be had\n");
        return 1;
    }
    check_refusals(&h, plugin);
    for (int bend = 0; bend < 2; bend++) {
        h.control[PORT_BEND] = (float)bend;
        play(&h, argv[1]);
        int hits = right(&h, argv[2], &all);
        printf("%d of %zu notes, %d notes, %d bends, latency %.0f\n", hits, all, h.notes,
               h.bends, (double)h.control[PORT_LATENCY]);
        if ((size_t)hits + 3 < all || h.notes > (int)all + 6)
            complain(&h, "not the notes of the score");
        if (h.sounding >= 0)
            complain(&h, "a note hangs after a second of rest");
        if (bend ? !h.bends : h.bends)
            complain(&h, "pitch bend is not as asked");
        if (!h.tuned || !(h.control[PORT_LATENCY] > 0))
            complain(&h, "the tuner or the latency is silent");
    }
    h.control[PORT_BEND] = 0;
    check_eight(plugin, &h, argv[1]);
    check_stopped_midway(&h, argv[1]);
    lilv_instance_free(h.instance);
    check_odd_hosts(&h, plugin);
    lilv_world_free(world);
    for (int i = 0; i < URIDS; i++)
        free((void *)(uintptr_t)uris[i]);
    return h.problems ? 1 : 0;
}
