/* SPDX-License-Identifier: MIT */
/* The whole way from sound to notes, on the null backend and on the compiled-in
 * model. */
#include "support/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/failing_allocator.h"
#include "support/model_file.h"
#include "support/scratch.h"

#define RATE 16000
#define SECONDS_IN_SONG 100

/* Tones of 0.7 s with pauses of 0.3 s, on a scale. malloc'd. */
static float *make_song(int64_t *count, int seconds)
{
    *count = (int64_t)seconds * RATE;
    float *x = malloc((size_t)*count * sizeof(*x));
    double phase = 0.0;
    assert_non_null(x);
    for (int64_t i = 0; i < *count; i++) {
        int64_t note = i / RATE, at = i % RATE;
        double hz = 440.0 * pow(2.0, ((double)(55 + note * 5 % 24) - 69) / 12);
        phase += 2 * 3.14159265358979 * hz / RATE;
        x[i] = at < RATE * 7 / 10 ? (float)(0.3 * sin(phase)) : 0.0f;
    }
    return x;
}

static avsvt_pipeline *null_pipeline(const avsvt_pipeline_options *opts)
{
    avsvt_context *context = model_file_null_context(NULL);
    avsvt_model *model = model_file_open(context, MODEL_FILE_NOTES);
    avsvt_pipeline *p;
    avsvt_error err = AVSVT_ERROR_INIT;
    assert_int_equal(avsvt_pipeline_create(&p, model, opts, &err), AVSVT_OK);
    avsvt_model_free(model);
    avsvt_context_free(context);
    return p;
}

static avsvt_notes *run(avsvt_pipeline *p, const float *x, int64_t n)
{
    avsvt_audio *audio;
    avsvt_notes *notes;
    avsvt_error err = AVSVT_ERROR_INIT;
    assert_int_equal(avsvt_audio_open_samples(&audio, NULL, x, n, 1, RATE, &err),
                     AVSVT_OK);
    if (avsvt_pipeline_notes_audio(&notes, p, audio, NULL, &err) != AVSVT_OK)
        fail_msg("%s", err.message);
    avsvt_audio_free(audio);
    return notes;
}

static avsvt_note get(const avsvt_notes *notes, size_t i)
{
    avsvt_note note = AVSVT_NOTE_INIT;
    assert_int_equal(avsvt_notes_get(notes, i, &note), AVSVT_OK);
    return note;
}

static void assert_same_notes(const avsvt_notes *a, const avsvt_notes *b)
{
    assert_int_equal(avsvt_notes_count(a), avsvt_notes_count(b));
    for (size_t i = 0; i < avsvt_notes_count(a); i++) {
        avsvt_note x = get(a, i), y = get(b, i);
        assert_true(x.onset_s == y.onset_s);
        assert_true(x.offset_s == y.offset_s);
        assert_true(fabs(x.pitch - y.pitch) < 1e-9);
    }
}

static void notes_of_a_scale_are_where_it_has_them(void **state)
{
    int64_t n;
    float *x = make_song(&n, SECONDS_IN_SONG);
    avsvt_pipeline *p = null_pipeline(NULL);
    avsvt_notes *notes = run(p, x, n);
    (void)state;
    assert_string_equal(avsvt_pipeline_backend(p), "null");
    assert_true(avsvt_pipeline_rate_hz(p) == RATE);
    assert_int_equal(avsvt_notes_count(notes), SECONDS_IN_SONG);
    for (size_t i = 0; i < avsvt_notes_count(notes); i++) {
        avsvt_note note = get(notes, i);
        assert_true(fabs(note.onset_s - (double)i) < 0.06);
        assert_true(fabs(note.offset_s - (double)i - 0.7) < 0.06);
        assert_true(fabs(note.pitch - (double)(55 + i * 5 % 24)) < 0.5);
        assert_true(fabs(note.level_db - 20 * log10(0.3 / sqrt(2))) < 1.5);
    }
    avsvt_notes_free(notes);
    avsvt_pipeline_free(p);
    free(x);
}

static void any_chunk_length_gives_the_same_notes(void **state)
{
    static const double chunks[] = { 1, 3.3, 7, 30, 99.99, 100, 600 };
    int64_t n;
    float *x = make_song(&n, SECONDS_IN_SONG);
    avsvt_pipeline_options o = AVSVT_PIPELINE_OPTIONS_INIT;
    avsvt_pipeline *whole;
    avsvt_notes *expected;
    (void)state;
    o.chunk_s = 600;
    whole = null_pipeline(&o);
    /* Lengths around a chunk's border, too. */
    for (int64_t length = n - 700; length <= n; length += 100) {
        expected = run(whole, x, length);
        for (size_t i = 0; i < sizeof(chunks) / sizeof(chunks[0]); i++) {
            o.chunk_s = chunks[i];
            avsvt_pipeline *p = null_pipeline(&o);
            avsvt_notes *notes = run(p, x, length);
            assert_same_notes(notes, expected);
            avsvt_notes_free(notes);
            avsvt_pipeline_free(p);
        }
        avsvt_notes_free(expected);
    }
    avsvt_pipeline_free(whole);
    free(x);
}

static void decoding_activations_gives_the_same_notes(void **state)
{
    int64_t n;
    float *x = make_song(&n, 40);
    avsvt_pipeline *p = null_pipeline(NULL);
    avsvt_notes *expected = run(p, x, n), *notes;
    avsvt_activations *acts;
    avsvt_activations_info info = AVSVT_ACTIVATIONS_INFO_INIT;
    avsvt_audio *audio;
    (void)state;
    assert_int_equal(avsvt_audio_open_samples(&audio, NULL, x, n, 1, RATE, NULL), AVSVT_OK);
    assert_int_equal(avsvt_pipeline_activations(&acts, p, audio, NULL, NULL), AVSVT_OK);
    assert_int_equal(avsvt_activations_describe(acts, &info), AVSVT_OK);
    assert_int_equal(info.frames, n / 320 + 1);
    assert_int_equal(info.fine_bins, 150);
    assert_non_null(avsvt_activations_level(acts));
    assert_non_null(avsvt_activations_voice(acts));
    avsvt_pipeline_free(p);
    assert_int_equal(avsvt_notes_decode(&notes, acts, NULL, NULL), AVSVT_OK);
    assert_same_notes(notes, expected);
    avsvt_notes_free(notes);
    avsvt_notes_free(expected);
    avsvt_activations_free(acts);
    avsvt_audio_free(audio);
    free(x);
}

/* The network's last frame may reach behind the last sample. */
static void no_note_ends_after_the_sound(void **state)
{
    static const int32_t ways[] = { AVSVT_CHUNKS_OVERLAP, AVSVT_CHUNKS_WHOLE };
    static const double rates[] = { RATE, 44100, 11025 };
    float x[45000];
    (void)state;
    for (size_t i = 0; i < 45000; i++)
        x[i] = (float)(0.3 * sin((double)i * 0.1));
    for (size_t k = 0; k < 6 * 40; k++) {
        avsvt_pipeline_options o = AVSVT_PIPELINE_OPTIONS_INIT;
        avsvt_run_options r = AVSVT_RUN_OPTIONS_INIT;
        avsvt_notes_options n = AVSVT_NOTES_OPTIONS_INIT;
        avsvt_activations *acts;
        avsvt_notes *notes, *again;
        avsvt_audio *audio, *same;
        double rate = rates[k / 2 % 3];
        int64_t count = 44000 + (int64_t)(k / 6) * 13;
        o.chunks = ways[k % 2];
        n.min_duration_s = -1;
        r.notes = &n;
        avsvt_pipeline *p = null_pipeline(&o);
        assert_int_equal(avsvt_audio_open_samples(&audio, NULL, x, count, 1, rate, NULL), AVSVT_OK);
        assert_int_equal(avsvt_audio_open_samples(&same, NULL, x, count, 1, rate, NULL), AVSVT_OK);
        assert_int_equal(avsvt_pipeline_notes_audio(&notes, p, audio, &r, NULL), AVSVT_OK);
        assert_int_equal(avsvt_pipeline_activations(&acts, p, same, NULL, NULL), AVSVT_OK);
        assert_int_equal(avsvt_notes_decode(&again, acts, &n, NULL), AVSVT_OK);
        assert_same_notes(notes, again);
        size_t last = avsvt_notes_count(notes) - 1;
        double end_s = (double)count / rate;
        assert_true(get(notes, last).offset_s <= end_s);
        assert_true(get(notes, last).offset_s > end_s - 0.03);
        assert_true(get(notes, last).offset_s > get(notes, last).onset_s);
        avsvt_notes_free(again);
        avsvt_notes_free(notes);
        avsvt_activations_free(acts);
        avsvt_audio_free(same);
        avsvt_audio_free(audio);
        avsvt_pipeline_free(p);
    }
}

static void sound_too_short_or_empty_is_told(void **state)
{
    avsvt_pipeline *p = null_pipeline(NULL);
    avsvt_audio *audio;
    avsvt_notes *notes = (avsvt_notes *)p;
    avsvt_error err = AVSVT_ERROR_INIT;
    float one = 0.0f;
    (void)state;
    assert_int_equal(avsvt_audio_open_samples(&audio, NULL, &one, 0, 1, RATE, NULL), AVSVT_OK);
    assert_int_equal(avsvt_pipeline_notes_audio(&notes, p, audio, NULL, &err), AVSVT_E_FORMAT);
    assert_null(notes);
    assert_non_null(strstr(err.message, "no samples"));
    avsvt_audio_free(audio);
    notes = run(p, &one, 1);
    assert_int_equal(avsvt_notes_count(notes), 0);
    avsvt_notes_free(notes);
    avsvt_pipeline_free(p);
}

static int32_t stop_at(void *user, double done_s, double total_s)
{
    double *when = user;
    assert_true(total_s == SECONDS_IN_SONG);
    return done_s >= *when;
}

static void cancel_stops_at_every_stage(void **state)
{
    int64_t n;
    float *x = make_song(&n, SECONDS_IN_SONG);
    avsvt_pipeline *p = null_pipeline(NULL);
    (void)state;
    for (double when = 0; when <= SECONDS_IN_SONG; when += 10) {
        avsvt_run_options o = AVSVT_RUN_OPTIONS_INIT;
        avsvt_audio *audio;
        avsvt_notes *notes;
        o.progress = stop_at;
        o.user = &when;
        assert_int_equal(avsvt_audio_open_samples(&audio, NULL, x, n, 1, RATE, NULL), AVSVT_OK);
        assert_int_equal(avsvt_pipeline_notes_audio(&notes, p, audio, &o, NULL),
                         AVSVT_E_CANCELLED);
        assert_null(notes);
        avsvt_audio_free(audio);
    }
    avsvt_pipeline_free(p);
    free(x);
}

typedef struct reentry {
    avsvt_pipeline *pipeline;
    avsvt_status status;
} reentry;

static int32_t run_again(void *user, double done_s, double total_s)
{
    reentry *r = user;
    float x[64] = { 0 };
    avsvt_audio *audio;
    avsvt_notes *notes;
    (void)done_s;
    (void)total_s;
    assert_int_equal(avsvt_audio_open_samples(&audio, NULL, x, 64, 1, RATE, NULL), AVSVT_OK);
    r->status = avsvt_pipeline_notes_audio(&notes, r->pipeline, audio, NULL, NULL);
    avsvt_audio_free(audio);
    return 0;
}

static void a_pipeline_in_use_is_refused(void **state)
{
    int64_t n;
    float *x = make_song(&n, 1);
    avsvt_pipeline *p = null_pipeline(NULL);
    reentry r = { p, AVSVT_OK };
    avsvt_run_options o = AVSVT_RUN_OPTIONS_INIT;
    avsvt_audio *audio;
    avsvt_notes *notes;
    (void)state;
    o.progress = run_again;
    o.user = &r;
    assert_int_equal(avsvt_audio_open_samples(&audio, NULL, x, n, 1, RATE, NULL), AVSVT_OK);
    assert_int_equal(avsvt_pipeline_notes_audio(&notes, p, audio, &o, NULL), AVSVT_OK);
    assert_int_equal(r.status, AVSVT_E_BUSY);
    avsvt_notes_free(notes);
    avsvt_audio_free(audio);
    avsvt_pipeline_free(p);
    free(x);
}

static avsvt_status open_and_run(const avsvt_allocator *a, void *user)
{
    static float x[RATE];
    avsvt_context_options co = AVSVT_CONTEXT_OPTIONS_INIT;
    avsvt_context *context = NULL;
    avsvt_pipeline *p = NULL;
    avsvt_audio *audio = NULL;
    avsvt_notes *notes = NULL;
    (void)user;
    for (int i = 0; i < RATE; i++)
        x[i] = (float)(0.3 * sin(i * 0.15));
    co.allocator = a;
    avsvt_status status = avsvt_context_create(&context, &co, NULL);
    if (status == AVSVT_OK)
        status = avsvt_pipeline_open(&p, context, NULL, NULL, NULL);
    if (status == AVSVT_OK)
        status = avsvt_audio_open_samples(&audio, context, x, RATE, 1, RATE, NULL);
    if (status == AVSVT_OK)
        status = avsvt_pipeline_notes_audio(&notes, p, audio, NULL, NULL);
    avsvt_notes_free(notes);
    avsvt_audio_free(audio);
    avsvt_pipeline_free(p);
    avsvt_context_free(context);
    return status;
}

static void every_failed_allocation_is_told_and_nothing_leaks(void **state)
{
    (void)state;
    assert_true(failing_allocator_each(open_and_run, NULL) > 100);
}

static void expect_refused(const char *manifest, avsvt_status expected,
                           const char *words)
{
    avsvt_context *context = model_file_null_context(NULL);
    avsvt_model *model = model_file_open(context, manifest);
    avsvt_pipeline *p;
    avsvt_error err = AVSVT_ERROR_INIT;
    assert_int_equal(avsvt_pipeline_create(&p, model, NULL, &err), expected);
    assert_null(p);
    if (!strstr(err.message, words))
        fail_msg("'%s' lacks '%s'", err.message, words);
    avsvt_model_free(model);
    avsvt_context_free(context);
}

static void models_that_are_no_pipeline_are_refused(void **state)
{
    (void)state;
    expect_refused("avsvt: 1\nname: a\nrole: extractor\ntask: notes\n"
        "input: {kind: audio, sample_rate: 16000, hop: 320}\n"
        "output: {layout: notes20}\n", AVSVT_E_ARG, "role");
    expect_refused("avsvt: 1\nname: a\nrole: pipeline\ntask: notes\n"
        "input: {kind: audio, sample_rate: 16000}\n"
        "output: {layout: notes20}\n", AVSVT_E_FORMAT, "input.hop");
    expect_refused("avsvt: 1\nname: a\nrole: pipeline\ntask: notes\n"
        "input: {kind: audio, sample_rate: 16000, hop: 320}\n"
        "output: {layout: other}\n", AVSVT_E_ARG, "output.layout");
}

#define UTTERANCES(mode) "avsvt: 1\nname: a\nrole: pipeline\ntask: notes\n" \
    "input: {kind: audio, sample_rate: 16000, hop: 320, window: 400}\n" \
    "output: {layout: notes20, frame_rate: 49.8}\nchunk: {mode: " mode ", length_s: 5}\n"

static avsvt_activations_info heard_in(int32_t chunks, const float *x, int64_t n)
{
    avsvt_context *context = model_file_null_context(NULL);
    avsvt_model *model = model_file_open(context, UTTERANCES("published"));
    avsvt_pipeline_options opts = AVSVT_PIPELINE_OPTIONS_INIT;
    avsvt_activations_info info = AVSVT_ACTIVATIONS_INFO_INIT;
    avsvt_activations *activations = NULL;
    avsvt_pipeline *p = NULL;
    avsvt_audio *audio = NULL;
    opts.chunks = chunks;
    assert_int_equal(avsvt_pipeline_create(&p, model, &opts, NULL), AVSVT_OK);
    assert_int_equal(avsvt_audio_open_samples(&audio, NULL, x, n, 1, RATE, NULL), AVSVT_OK);
    assert_int_equal(avsvt_pipeline_activations(&activations, p, audio, NULL, NULL), AVSVT_OK);
    assert_int_equal(avsvt_activations_describe(activations, &info), AVSVT_OK);
    avsvt_activations_free(activations);
    avsvt_audio_free(audio);
    avsvt_pipeline_free(p);
    avsvt_model_free(model);
    avsvt_context_free(context);
    return info;
}

static void a_model_of_utterances_cuts_them_unless_told_otherwise(void **state)
{
    static float silence[200000]; /* 12.5 s: 5 s, then the rest */
    (void)state;
    avsvt_activations_info info = heard_in(AVSVT_CHUNKS_DEFAULT, silence, 200000);
    assert_int_equal(info.frames, 251 + 376); /* one more than hops, in each */
    assert_true(fabs(info.frame_rate_hz - 49.8) < 1e-9 && fabs(info.start_s) < 1e-9);
    info = heard_in(AVSVT_CHUNKS_PUBLISHED, silence, 200000);
    assert_int_equal(info.frames, 251 + 376);
    info = heard_in(AVSVT_CHUNKS_WHOLE, silence, 200000);
    assert_int_equal(info.frames, 626);
    assert_true(fabs(info.frame_rate_hz - 50) < 1e-9 && fabs(info.start_s - 0.0125) < 1e-9);
    expect_refused(UTTERANCES("sideways"), AVSVT_E_FORMAT, "chunk.mode is 'sideways'");
}

/* What a network that breaks its promises must give. */
static void expect_backend_failure(const char *extra)
{
    char manifest[2048];
    float x[3200] = { 0 };
    avsvt_context *context = model_file_null_context(NULL);
    avsvt_audio *audio;
    avsvt_notes *notes;
    avsvt_pipeline *p = NULL;
    avsvt_error err = AVSVT_ERROR_INIT;
    snprintf(manifest, sizeof(manifest), "%snull: {%s}\n", MODEL_FILE_NOTES, extra);
    avsvt_model *model = model_file_open(context, manifest);
    avsvt_status status = avsvt_pipeline_create(&p, model, NULL, &err);
    if (status == AVSVT_OK) {
        assert_int_equal(avsvt_audio_open_samples(&audio, NULL, x, 3200, 1, RATE, NULL), AVSVT_OK);
        status = avsvt_pipeline_notes_audio(&notes, p, audio, NULL, &err);
        assert_null(notes);
        avsvt_audio_free(audio);
    }
    assert_int_equal(status, AVSVT_E_BACKEND);
    assert_true(strlen(err.message) > 10);
    avsvt_pipeline_free(p);
    avsvt_model_free(model);
    avsvt_context_free(context);
}

static void networks_that_lie_are_caught(void **state)
{
    static const char *const lies[] = {
        "lie: dtype", "lie: rank", "lie: negative", "lie: huge",
        "lie: missing", "lie: nan", "fail: run", "fail: open",
        "fail: instance", "mode: shapes, outputs: [[1, T, 19], [1, T, 150]]",
        "mode: shapes, outputs: [[1, T, 20], [1, T, 149]]",
        "mode: shapes, outputs: [[1, T, 20], [1, 3, 150]]",
        "mode: shapes, outputs: [[1, T, 20]]",
        "mode: shapes, outputs: [[2, T, 20], [2, T, 150]]",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++)
        expect_backend_failure(lies[i]);
}

static void options_out_of_range_are_refused(void **state)
{
    avsvt_pipeline_options o = AVSVT_PIPELINE_OPTIONS_INIT;
    avsvt_pipeline *p;
    (void)state;
    o.chunk_s = 0.5;
    assert_int_equal(avsvt_pipeline_open(&p, NULL, NULL, &o, NULL), AVSVT_E_ARG);
    o.chunk_s = NAN;
    assert_int_equal(avsvt_pipeline_open(&p, NULL, NULL, &o, NULL), AVSVT_E_ARG);
    o.chunk_s = 0;
    o.struct_size = 0;
    assert_int_equal(avsvt_pipeline_open(&p, NULL, NULL, &o, NULL), AVSVT_E_ARG);
    assert_null(p);
    assert_int_equal(avsvt_pipeline_open(NULL, NULL, NULL, NULL, NULL), AVSVT_E_ARG);
    assert_int_equal(avsvt_pipeline_open(&p, NULL, "/nowhere/x.pt", NULL, NULL), AVSVT_E_NOT_FOUND);
    assert_int_equal(avsvt_pipeline_open(&p, NULL, "/nowhere/x.yaml", NULL, NULL), AVSVT_E_NOT_FOUND);
    avsvt_pipeline_free(NULL);
}

static void the_compiled_in_model_hears_a_voice_and_no_sine(void **state)
{
    int64_t n;
    float *x = make_song(&n, 10);
    avsvt_pipeline *p;
    avsvt_notes *notes;
    avsvt_error err = AVSVT_ERROR_INIT;
    (void)state;
    if (avsvt_pipeline_open(&p, NULL, NULL, NULL, &err) != AVSVT_OK)
        fail_msg("%s", err.message);
    assert_string_equal(avsvt_pipeline_backend(p), "native");
    if (avsvt_pipeline_notes(&notes, p, "../examples/data/melody.flac", NULL, &err))
        fail_msg("%s", err.message);
    assert_int_equal(avsvt_notes_count(notes), 19);
    avsvt_notes_free(notes);
    notes = run(p, x, n);
    assert_in_range(avsvt_notes_count(notes), 0, 2);
    avsvt_notes_free(notes);
    avsvt_pipeline_free(p);
    free(x);
}

/* The melody, so much quieter. */
static avsvt_notes *notes_at(avsvt_pipeline *p, double gain_db)
{
    static float x[20 * RATE];
    avsvt_audio *audio;
    size_t n;
    assert_int_equal(avsvt_audio_open(&audio, NULL, "../examples/data/melody.flac", NULL), AVSVT_OK);
    assert_int_equal(avsvt_audio_set_rate(audio, RATE, NULL), AVSVT_OK);
    assert_int_equal(avsvt_audio_read(audio, x, sizeof(x) / sizeof(x[0]), &n, NULL), AVSVT_OK);
    avsvt_audio_free(audio);
    for (size_t i = 0; i < n; i++)
        x[i] *= (float)pow(10, gain_db / 20);
    return run(p, x, (int64_t)n);
}

/* But for the levels, which are those of the sound. */
static void how_loud_it_was_recorded_does_not_matter(void **state)
{
    avsvt_pipeline *p;
    (void)state;
    assert_int_equal(avsvt_pipeline_open(&p, NULL, NULL, NULL, NULL), AVSVT_OK);
    avsvt_notes *usual = notes_at(p, 0), *quiet = notes_at(p, -50);
    assert_int_equal(avsvt_notes_count(usual), avsvt_notes_count(quiet));
    for (size_t i = 0; i < avsvt_notes_count(usual); i++) {
        avsvt_note a = get(usual, i), b = get(quiet, i);
        assert_true(fabs(a.onset_s - b.onset_s) < 0.03 && fabs(a.offset_s - b.offset_s) < 0.05);
        assert_true(fabs(a.pitch - b.pitch) < 0.1);
        assert_true(fabs((double)a.level_db - 50 - (double)b.level_db) < 1);
    }
    avsvt_notes_free(usual);
    avsvt_notes_free(quiet);
    avsvt_pipeline_free(p);
}

static void count_warnings(void *user, int32_t level, const char *line)
{
    int *count = user;
    *count += level == AVSVT_LOG_WARNING && strstr(line, "would also see") != NULL;
}

/* It is one of both senses, but a pipeline shows it nothing. */
static void a_model_that_would_also_see_is_told_of(void **state)
{
    static const char *const kinds[] = { "audio", "audio-video" };
    (void)state;
    for (int both = 0; both < 2; both++) {
        avsvt_context_options opts = AVSVT_CONTEXT_OPTIONS_INIT;
        avsvt_error err = AVSVT_ERROR_INIT;
        avsvt_context *context = NULL;
        avsvt_pipeline *p = NULL;
        char manifest[300];
        int count = 0;
        opts.backend = "null";
        opts.log = count_warnings;
        opts.log_user = &count;
        snprintf(manifest, sizeof(manifest), "avsvt: 1\nname: both\nrole: pipeline\ntask: notes\n"
                 "input: {kind: %s, sample_rate: 16000, hop: 320, width: 4, height: 4, "
                 "frame_rate: 50}\noutput: {layout: notes20}\n", kinds[both]);
        assert_int_equal(avsvt_context_create(&context, &opts, NULL), AVSVT_OK);
        avsvt_model *model = model_file_open(context, manifest);
        if (avsvt_pipeline_create(&p, model, NULL, &err))
            fail_msg("%s", err.message);
        assert_int_equal(count, both);
        avsvt_pipeline_free(p);
        avsvt_model_free(model);
        avsvt_context_free(context);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(notes_of_a_scale_are_where_it_has_them),
        cmocka_unit_test(any_chunk_length_gives_the_same_notes),
        cmocka_unit_test(decoding_activations_gives_the_same_notes),
        cmocka_unit_test(no_note_ends_after_the_sound),
        cmocka_unit_test(sound_too_short_or_empty_is_told),
        cmocka_unit_test(cancel_stops_at_every_stage),
        cmocka_unit_test(a_pipeline_in_use_is_refused),
        cmocka_unit_test(every_failed_allocation_is_told_and_nothing_leaks),
        cmocka_unit_test(models_that_are_no_pipeline_are_refused),
        cmocka_unit_test(a_model_of_utterances_cuts_them_unless_told_otherwise),
        cmocka_unit_test(networks_that_lie_are_caught),
        cmocka_unit_test(options_out_of_range_are_refused),
        cmocka_unit_test(the_compiled_in_model_hears_a_voice_and_no_sine),
        cmocka_unit_test(how_loud_it_was_recorded_does_not_matter),
        cmocka_unit_test(a_model_that_would_also_see_is_told_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
