/* SPDX-License-Identifier: MIT */
/* A Vamp plug-in over a pipeline: the notes of a recording and its pitch curve.
 * The sound is kept until its end (4 bytes a sample and channel), then the default model
 * hears it as a whole. Plain C: Vamp's C interface. */
#include <avsvt/avsvt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <vamp/vamp.h>

#define BLOCK 65536 /* samples; any would do */
#define MOST_CHANNELS 64

enum { OUT_NOTES, OUT_PITCH, OUTPUTS };

typedef struct plugin {
    float rate;
    unsigned channels, block;
    float *x;                /* interleaved */
    size_t count, room;      /* samples of all channels */
    double begin_s;          /* when the first of them is, as the host counts */
    int failed;              /* no memory for the sound */
} plugin;

/* The features of one call; numbers and features lie in blocks of their own. */
typedef struct results {
    VampFeatureList lists[OUTPUTS];
    float *values[OUTPUTS];
} results;

static VampPluginHandle instantiate(const VampPluginDescriptor *d, float rate)
{
    plugin *p = calloc(1, sizeof(*p));
    (void)d;
    if (p)
        p->rate = rate;
    return p;
}

static void cleanup(VampPluginHandle handle)
{
    plugin *p = handle;
    free(p->x);
    free(p);
}

static int initialise(VampPluginHandle handle, unsigned channels, unsigned step,
                      unsigned block)
{
    plugin *p = handle;
    if (!channels || channels > MOST_CHANNELS || step != block || !block)
        return 0; /* gaps and overlaps are not what was sung */
    p->channels = channels;
    p->block = block;
    return 1;
}

static void reset(VampPluginHandle handle)
{
    plugin *p = handle;
    p->count = 0;
    p->failed = 0;
}

static float no_parameter(VampPluginHandle handle, int i)
{
    (void)handle;
    (void)i;
    return 0;
}

static void set_no_parameter(VampPluginHandle handle, int i, float value)
{
    (void)handle;
    (void)i;
    (void)value;
}

static unsigned no_program(VampPluginHandle handle)
{
    (void)handle;
    return 0;
}

static void select_no_program(VampPluginHandle handle, unsigned i)
{
    (void)handle;
    (void)i;
}

static unsigned block_size(VampPluginHandle handle)
{
    (void)handle;
    return BLOCK;
}

static unsigned one(VampPluginHandle handle)
{
    (void)handle;
    return 1;
}

static unsigned most_channels(VampPluginHandle handle)
{
    (void)handle;
    return MOST_CHANNELS; /* the library makes one of them */
}

static unsigned output_count(VampPluginHandle handle)
{
    (void)handle;
    return OUTPUTS;
}

static VampOutputDescriptor *describe(VampPluginHandle handle, unsigned i)
{
    static const VampOutputDescriptor outputs[OUTPUTS] = {
        { .identifier = "notes", .name = "Notes",
          .description = "What is sung, note by note: MIDI number and confidence",
          .unit = "", .hasFixedBinCount = 1, .binCount = 2,
          .sampleType = vampVariableSampleRate, .hasDuration = 1 },
        { .identifier = "pitch", .name = "Pitch curve",
          .description = "The sung pitch, 50 times a second where somebody sings",
          .unit = "Hz", .hasFixedBinCount = 1, .binCount = 1,
          .sampleType = vampVariableSampleRate },
    };
    VampOutputDescriptor *d = i < OUTPUTS ? malloc(sizeof(*d)) : NULL;
    (void)handle;
    if (d)
        memcpy(d, &outputs[i], sizeof(*d));
    return d;
}

static void release_description(VampOutputDescriptor *d)
{
    free(d);
}

static int make_room(plugin *p, size_t more)
{
    size_t room = p->room ? p->room : 1u << 20;
    while (room < p->count + more)
        room *= 2;
    if (room != p->room) {
        float *x = realloc(p->x, room * sizeof(*x));
        if (!x)
            return 0;
        p->x = x;
        p->room = room;
    }
    return 1;
}

static VampFeatureList *process(VampPluginHandle handle, const float *const *in, int sec,
                                int nsec)
{
    plugin *p = handle;
    results *r = calloc(1, sizeof(*r));
    if (!p->count)
        p->begin_s = sec + 1e-9 * nsec;
    if (p->failed || !make_room(p, (size_t)p->block * p->channels)) {
        p->failed = 1;
        return r ? r->lists : NULL;
    }
    for (unsigned i = 0; i < p->block; i++)
        for (unsigned c = 0; c < p->channels; c++)
            p->x[p->count++] = isfinite(in[c][i]) ? in[c][i] : 0;
    return r ? r->lists : NULL;
}

static int reserve(results *r, unsigned output, size_t count, unsigned values)
{
    r->lists[output].features = calloc(2 * count + 1, sizeof(VampFeatureUnion));
    r->values[output] = calloc(values * count + 1, sizeof(float));
    return r->lists[output].features && r->values[output];
}

static void split(double time, int *sec, int *nsec)
{
    long long ns = llrint(time * 1e9);
    *sec = (int)(ns / 1000000000);
    *nsec = (int)(ns % 1000000000);
}

static float *add(results *r, unsigned output, unsigned values, double time)
{
    VampFeatureList *l = &r->lists[output];
    VampFeature *f = &l->features[l->featureCount].v1;
    f->hasTimestamp = 1;
    split(time, &f->sec, &f->nsec);
    f->valueCount = values;
    f->values = r->values[output] + (size_t)values * l->featureCount++;
    return f->values;
}

static void add_notes(results *r, const avsvt_notes *notes, double begin_s)
{
    size_t count = avsvt_notes_count(notes);
    if (!reserve(r, OUT_NOTES, count, 2))
        return;
    for (size_t i = 0; i < count; i++) {
        avsvt_note n = AVSVT_NOTE_INIT;
        avsvt_notes_get(notes, i, &n);
        float *values = add(r, OUT_NOTES, 2, begin_s + n.onset_s);
        values[0] = (float)n.pitch;
        values[1] = (float)n.confidence;
        VampFeatureV2 *more = &r->lists[OUT_NOTES].features[count + i].v2;
        more->hasDuration = 1;
        split(n.offset_s - n.onset_s, &more->durationSec, &more->durationNsec);
    }
}

static void add_curve(results *r, const avsvt_activations *a, double begin_s)
{
    avsvt_activations_info info = AVSVT_ACTIVATIONS_INFO_INIT;
    if (avsvt_activations_describe(a, &info) != AVSVT_OK || info.frames <= 0 ||
        !reserve(r, OUT_PITCH, (size_t)info.frames, 1))
        return;
    for (int64_t i = 0; i < info.frames; i++) {
        float pitch = NAN;
        avsvt_activations_pitch(a, i, 1, &pitch);
        if (isfinite(pitch))
            *add(r, OUT_PITCH, 1, begin_s + info.start_s + (double)i / info.frame_rate_hz) =
                440 * powf(2, (pitch - 69) / 12);
    }
}

/* The host has no way to be told of an error: it gets no features. */
static VampFeatureList *remaining(VampPluginHandle handle)
{
    plugin *p = handle;
    results *r = calloc(1, sizeof(*r));
    avsvt_pipeline *pipeline = NULL;
    avsvt_audio *audio = NULL;
    avsvt_activations *activations = NULL;
    avsvt_notes *notes = NULL;
    if (r && p->count && !p->failed &&
        !avsvt_pipeline_open(&pipeline, NULL, NULL, NULL, NULL) &&
        !avsvt_audio_open_samples(&audio, NULL, p->x, (int64_t)(p->count / p->channels),
                                  (int32_t)p->channels, (double)p->rate, NULL) &&
        !avsvt_pipeline_activations(&activations, pipeline, audio, NULL, NULL) &&
        !avsvt_notes_decode(&notes, activations, NULL, NULL)) {
        add_notes(r, notes, p->begin_s);
        add_curve(r, activations, p->begin_s);
    }
    avsvt_notes_free(notes);
    avsvt_activations_free(activations);
    avsvt_audio_free(audio);
    avsvt_pipeline_free(pipeline);
    return r ? r->lists : NULL;
}

static void release_features(VampFeatureList *lists)
{
    results *r = (results *)(void *)lists; /* its first member */
    for (unsigned i = 0; r && i < OUTPUTS; i++) {
        free(r->lists[i].features);
        free(r->values[i]);
    }
    free(r);
}

/* What the interface asks for by name. */
const VampPluginDescriptor *vampGetPluginDescriptor(unsigned version, unsigned index);

__attribute__((visibility("default")))
const VampPluginDescriptor *vampGetPluginDescriptor(unsigned version, unsigned index)
{
    static const VampPluginDescriptor descriptor = {
        2, "notes", "Singing to notes", "Writes down what is sung: notes and pitch curve",
        "libavsvt", 1, "MIT", 0, NULL, 0, NULL, vampTimeDomain, instantiate, cleanup,
        initialise, reset, no_parameter, set_no_parameter, no_program, select_no_program,
        block_size, block_size, one, most_channels, output_count, describe,
        release_description, process, remaining, release_features,
    };
    return version >= 2 && !index ? &descriptor : NULL;
}
