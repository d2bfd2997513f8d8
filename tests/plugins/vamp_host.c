/* SPDX-License-Identifier: MIT */
/* A host of Vamp plug-ins that is not polite: 1 and 8 channels, blocks of odd
 * sizes, sound that is none, rates that nothing can be heard at, nothing at all.
 * usage: vamp_host PLUGIN MELODY.flac */
#include <avsvt/avsvt.h>
#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vamp/vamp.h>

#define MOST_CHANNELS 64
#define MOST 700000 /* samples of the melody */

static const VampPluginDescriptor *plugin;
static float melody[MOST];
static size_t melody_count;
static int problems;
static int begin_s;      /* when the first block is played, as the host tells it */
static double first_s;   /* onset of the first note that came back */

static void complain(const char *what, double number)
{
    fprintf(stderr, "vamp_host: %s (%g)\n", what, number);
    problems++;
}

static const VampPluginDescriptor *load(const char *path)
{
    const VampPluginDescriptor *(*get)(unsigned, unsigned) = NULL;
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    void *found = library ? dlsym(library, "vampGetPluginDescriptor") : NULL;
    memcpy(&get, &found, sizeof(get));
    if (!get || get(2, 1) || get(1, 0))
        return NULL;
    return get(2, 0);
}

static void read_melody(const char *path)
{
    avsvt_audio *audio = NULL;
    size_t n = 1;
    if (avsvt_audio_open(&audio, NULL, path, NULL) || avsvt_audio_set_rate(audio, 48000, NULL))
        complain("the melody can't be read", 0);
    while (audio && n && melody_count + 4096 <= MOST &&
           !avsvt_audio_read(audio, melody + melody_count, 4096, &n, NULL))
        melody_count += n;
    avsvt_audio_free(audio);
}

/* How many notes are told; -1: it can't be had. Of the channels only the last
 * sings, so loud that their mean is the melody; other: what the first has of it. */
static int play(float rate, unsigned channels, unsigned block, const float *x, size_t count,
                float other)
{
    static float silence[65536], singing[65536], first[65536];
    const float *in[MOST_CHANNELS];
    int notes = 0;
    VampPluginHandle p = plugin->instantiate(plugin, rate);
    if (!p || !plugin->initialise(p, channels, block, block)) {
        if (p)
            plugin->cleanup(p);
        return -1;
    }
    for (unsigned c = 0; c < channels; c++)
        in[c] = c + 1 == channels ? singing : c ? silence : first;
    for (size_t i = 0; i + block <= count; i += block) {
        for (unsigned k = 0; k < block; k++)
            first[k] = other * (singing[k] = x[i + k] * (float)channels);
        VampFeatureList *none = plugin->process(p, in, begin_s + (int)(i / 48000),
                                                (int)(i % 48000 * 1000000000 / 48000));
        for (unsigned o = 0; none && o < plugin->getOutputCount(p); o++)
            if (none[o].featureCount)
                complain("features before the end", o);
        plugin->releaseFeatureSet(none);
    }
    VampFeatureList *got = plugin->getRemainingFeatures(p);
    for (unsigned i = 0; got && i < got[0].featureCount; i++) {
        const VampFeature *f = &got[0].features[i].v1;
        if (!i)
            first_s = f->sec + 1e-9 * f->nsec;
        notes += f->hasTimestamp && f->valueCount == 2 && f->values[0] > 30 && f->values[0] < 90;
    }
    plugin->releaseFeatureSet(got);
    plugin->cleanup(p);
    return notes;
}

static void check(const char *what, int got, int wanted)
{
    if (got != wanted)
        complain(what, got);
}

int main(int argc, char **argv)
{
    static float bad[8192];
    plugin = argc == 3 ? load(argv[1]) : NULL;
    if (!plugin) {
        fprintf(stderr, "vamp_host: the plug-in can't be had\n");
        return 1;
    }
    read_melody(argv[2]);
    check("notes of one channel", play(48000, 1, 65536, melody, melody_count, 0), 19);
    double usual_s = first_s;
    begin_s = 3600; /* a stretch of a longer recording */
    check("notes of a stretch", play(48000, 1, 1024, melody, melody_count, 0), 19);
    if (fabs(first_s - usual_s - begin_s) > 0.001)
        complain("a stretch's notes begin at its own start", first_s);
    begin_s = 0;
    check("notes of eight channels", play(48000, 8, 1000, melody, melody_count, 0), 19);
    check("notes of two channels that cancel each other",
          play(48000, 2, 1024, melody, melody_count, -1), 19);
    check("no channels", play(48000, 0, 1024, melody, 0, 0), -1);
    check("blocks of nothing", play(48000, 1, 0, melody, 0, 0), -1);
    check("no sound", play(48000, 2, 1024, melody, 0, 0), 0);
    const float rates[] = { 0, -1, NAN, INFINITY, 1, 1e9f };
    for (size_t i = 0; i < sizeof(rates) / sizeof(*rates); i++)
        if (play(rates[i], 1, 1024, melody, 10240, 0) > 0)
            complain("notes at a rate that is none", (double)rates[i]);
    for (size_t i = 0; i < 8192; i++)
        bad[i] = i % 3 ? NAN : i % 2 ? INFINITY : -3e38f;
    if (play(48000, 8, 64, bad, 8192, 0) < 0)
        complain("sound that is none is no reason to refuse", 0);
    return problems ? 1 : 0;
}
