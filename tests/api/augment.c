/* SPDX-License-Identifier: MIT */
/* Chains of augmentation as a host sees them: what is refused, and that a seed
 * decides everything, whatever the number of threads. */
#include "support/test.h"

#include <float.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>

#include <avsvt/avsvt.h>

#include "support/failing_allocator.h"
#include "support/scratch.h"

#define RATE 16000.0
#define COUNT 16000

/* Every step but those of SoundTouch, which has its own memory. */
#define STEPS \
    "- {step: speed, factor: [0.9, 1.1]}\n" \
    "- {step: resample, probability: 0.5}\n" \
    "- {step: eq, db: 6, probability: 0.5}\n" \
    "- {step: reverb, rt60_s: [0.1, 0.4], wet_db: [-20, -4], probability: 0.5}\n" \
    "- {step: mix, folder: ., snr_db: [0, 10], probability: 0.7}\n" \
    "- {step: babble, folder: ., voices: [2, 4], snr_db: 20}\n" \
    "- {step: noise, kind: pink, snr_db: [12, 50]}\n" \
    "- {step: band, low_hz: [100, 300], high_hz: [3000, 7000], probability: 0.3}\n" \
    "- {step: drop_frequencies, probability: 0.5}\n" \
    "- {step: drop_chunks, count: [0, 2], samples: [100, 200]}\n" \
    "- {step: clip, db: 1}\n" \
    "- {step: peak, db: [-20, 0]}\n" \
    "- {step: gain, db: [-3, 3]}\n"
#define ALL STEPS \
    "- {step: pitch, semitones: [-2, 2]}\n" \
    "- {step: stretch, factor: [0.9, 1.1]}\n"

static float song[COUNT];

static int make(void **state)
{
    float noise[5000];
    for (int i = 0; i < COUNT; i++)
        song[i] = (float)(0.3 * sin(i * 0.1) * sin(i * 0.0004));
    for (int i = 0; i < 5000; i++)
        noise[i] = (float)(0.3 * sin(i * i * 1e-4));
    return scratch_make(state) ||
           avsvt_audio_write(scratch_path("a.wav"), noise, 5000, RATE, NULL) ||
           avsvt_audio_write(scratch_path("b.wav"), noise, 2000, 8000, NULL);
}

static avsvt_augment *chain_of(const char *yaml, avsvt_context *context)
{
    avsvt_augment *chain = NULL;
    avsvt_error err = AVSVT_ERROR_INIT;
    if (avsvt_augment_create(&chain, context, yaml, scratch_path(""), &err))
        fail_msg("%s", err.message);
    return chain;
}

static avsvt_tensor *run(const avsvt_augment *chain, uint64_t seed)
{
    avsvt_tensor *out = NULL;
    avsvt_error err = AVSVT_ERROR_INIT;
    if (avsvt_augment_run(&out, NULL, chain, song, COUNT, RATE, NULL, seed, &err))
        fail_msg("%s", err.message);
    return out;
}

static int same(const avsvt_tensor *a, const avsvt_tensor *b)
{
    int64_t n = avsvt_tensor_size(a, 0);
    return n == avsvt_tensor_size(b, 0) &&
           !memcmp(avsvt_tensor_data(a), avsvt_tensor_data(b),
                   (size_t)n * sizeof(float));
}

static void the_seed_decides(void **state)
{
    avsvt_augment *chain = chain_of(ALL, NULL), *other = chain_of(ALL, NULL);
    (void)state;
    for (uint64_t seed = 0; seed < 5; seed++) {
        avsvt_tensor *a = run(chain, seed), *b = run(other, seed), *c = run(chain, seed + 100);
        assert_true(same(a, b));
        assert_false(same(a, c));
        avsvt_tensor_free(a);
        avsvt_tensor_free(b);
        avsvt_tensor_free(c);
    }
    avsvt_augment_free(chain);
    avsvt_augment_free(other);
}

#define THREADS 4
#define EACH 3

typedef struct worker {
    const avsvt_augment *chain;
    avsvt_tensor *out[EACH];
    uint64_t first;
} worker;

static void *work(void *argument)
{
    worker *w = argument;
    for (uint64_t i = 0; i < EACH; i++)
        if (avsvt_augment_run(&w->out[i], NULL, w->chain, song, COUNT, RATE, NULL,
                              w->first + i, NULL))
            w->out[i] = NULL;
    return NULL;
}

static void threads_share_a_chain_and_change_nothing(void **state)
{
    avsvt_augment *chain = chain_of(ALL, NULL), *alone = chain_of(ALL, NULL);
    worker workers[THREADS];
    pthread_t threads[THREADS];
    (void)state;
    memset(workers, 0, sizeof(workers));
    for (int k = 0; k < THREADS; k++) {
        workers[k].chain = chain;
        workers[k].first = (uint64_t)k / 2 * EACH; /* two do the same */
        assert_int_equal(pthread_create(&threads[k], NULL, work, &workers[k]), 0);
    }
    for (int k = 0; k < THREADS; k++) {
        pthread_join(threads[k], NULL);
        for (uint64_t i = 0; i < EACH; i++) {
            avsvt_tensor *want = run(alone, workers[k].first + i);
            assert_non_null(workers[k].out[i]);
            assert_true(same(workers[k].out[i], want));
            avsvt_tensor_free(want);
            avsvt_tensor_free(workers[k].out[i]);
        }
    }
    avsvt_augment_free(chain);
    avsvt_augment_free(alone);
}

static void a_step_left_out_changes_no_other(void **state)
{
    avsvt_augment *two = chain_of("[{step: gain, db: [-1, 1], probability: 0}, "
                                  "{step: gain, db: [-9, 9]}]", NULL);
    avsvt_augment *one = chain_of("[{step: peak, db: 0, probability: 0}, "
                                  "{step: gain, db: [-9, 9]}]", NULL);
    avsvt_tensor *a = run(two, 7), *b = run(one, 7);
    (void)state;
    assert_true(same(a, b));
    avsvt_tensor_free(a);
    avsvt_tensor_free(b);
    avsvt_augment_free(one);
    avsvt_augment_free(two);
}

static void notes_come_back(void **state)
{
    avsvt_note note = AVSVT_NOTE_INIT;
    avsvt_notes *notes, *out_notes;
    avsvt_tensor *out;
    avsvt_augment *chain = chain_of("[{step: speed, factor: 2}]", NULL);
    (void)state;
    note.onset_s = 0.2;
    note.offset_s = 0.6;
    note.pitch = 60.25;
    note.level_db = -10;
    assert_int_equal(avsvt_notes_create(&notes, NULL, &note, 1, NULL), AVSVT_OK);
    assert_int_equal(avsvt_augment_run(&out, &out_notes, chain, song, COUNT, RATE,
                                       notes, 1, NULL), AVSVT_OK);
    assert_int_equal(avsvt_tensor_size(out, 0), COUNT / 2);
    assert_int_equal(avsvt_notes_count(out_notes), 1);
    assert_int_equal(avsvt_notes_get(out_notes, 0, &note), AVSVT_OK);
    assert_true(fabs(note.onset_s - 0.1) < 1e-12 && fabs(note.offset_s - 0.3) < 1e-12);
    assert_true(fabs(note.pitch - 72.25) < 1e-12 && note.level_db == 0);
    assert_int_equal(avsvt_notes_get(notes, 0, &note), AVSVT_OK);
    assert_true(fabs(note.pitch - 60.25) < 1e-12);
    avsvt_notes_free(notes);
    avsvt_notes_free(out_notes);
    avsvt_tensor_free(out);
    avsvt_augment_free(chain);
}

static void nothing_in_gives_nothing(void **state)
{
    avsvt_augment *chain = chain_of(ALL, NULL), *empty = chain_of("augment: []", NULL);
    avsvt_tensor *out;
    avsvt_notes *notes;
    (void)state;
    assert_int_equal(avsvt_augment_run(&out, &notes, chain, NULL, 0, RATE, NULL, 1,
                                       NULL), AVSVT_OK);
    assert_int_equal(avsvt_tensor_size(out, 0), 0);
    assert_int_equal(avsvt_notes_count(notes), 0);
    avsvt_notes_free(notes);
    avsvt_tensor_free(out);
    avsvt_augment_free(chain_of("[]", NULL)); /* the same */
    out = run(empty, 1);
    assert_memory_equal(avsvt_tensor_data(out), song, sizeof(song));
    avsvt_tensor_free(out);
    for (int64_t n = 1; n <= 400; n += 133) { /* shorter than any filter */
        avsvt_error err = AVSVT_ERROR_INIT;
        if (avsvt_augment_run(&out, NULL, chain, song, n, RATE, NULL, 1, &err))
            fail_msg("%s", err.message);
        avsvt_tensor_free(out);
    }
    avsvt_augment_free(empty);
    avsvt_augment_free(chain);
}

static void bad_chains_are_told(void **state)
{
    static const struct { const char *yaml, *says; } cases[] = {
        { "a: [", "YAML" },
        { "just words", "list" },
        { "other: 1", "augment" },
        { "augment: {step: gain}", "list" },
        { "[gain]", "step 1" },
        { "[{db: 3}]", "step: NAME" },
        { "[{step: sing}]", "no step 'sing'" },
        { "[{step: gain}]", "db" },
        { "[{step: gain, db: loud}]", "'loud'" },
        { "[{step: gain, db: nan}]", "number" },
        { "[{step: gain, db: 999}]", "-120 to 120" },
        { "[{step: gain, db: [3, 1]}]", "larger" },
        { "[{step: gain, db: [1, 2, 3]}]", "3 numbers" },
        { "[{step: gain, db: {a: 1}}]", "numbers" },
        { "[{step: gain, db: 1, probability: 2}]", "probability" },
        { "[{step: gain, db: 1, probability: [0, 1]}]", "probability" },
        { "[{step: gain, db: 1, snr_db: 2}]", "snr_db" },
        { "[{step: gain, db: 1}, {step: eq, db: 1, points: 2.5}]", "step 2 (eq)" },
        { "[{step: noise, snr_db: 3, kind: blue}]", "white|pink" },
        { "[{step: mix, snr_db: 3}]", "folder" },
        { "[{step: mix, snr_db: 3, folder: nowhere}]", "nowhere" },
        { "[{step: gain, db: 1, folder: .}]", "folder" },
        { "[{step: accompaniment, snr_db: 1, tunes: [1, 2]}]", "a list" },
        { "[{step: accompaniment, snr_db: 1, first: 0.5}]", "whole" },
        { "[{step: resample, percent: [95, 97.5]}]", "'97.5': a whole number" },
    };
    avsvt_augment *chain;
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        avsvt_error err = AVSVT_ERROR_INIT;
        chain = (avsvt_augment *)&err;
        avsvt_status status = avsvt_augment_create(&chain, NULL, cases[i].yaml,
                                                   scratch_path(""), &err);
        if (status != AVSVT_E_FORMAT && status != AVSVT_E_NOT_FOUND)
            fail_msg("%s gives %s", cases[i].yaml, avsvt_status_name(status));
        assert_null(chain);
        assert_says(err, cases[i].says);
    }
}

static void files_hold_chains_and_folders_beside_them(void **state)
{
    const char *text = "name: recipe\naugment:\n- {step: mix, folder: ., snr_db: 3}\n";
    avsvt_augment *chain;
    avsvt_error err = AVSVT_ERROR_INIT;
    (void)state;
    const char *path = scratch_write("recipe.yaml", text, strlen(text));
    assert_int_equal(avsvt_augment_open(&chain, NULL, path, &err), AVSVT_OK);
    avsvt_tensor_free(run(chain, 1));
    avsvt_augment_free(chain);
    assert_int_equal(avsvt_augment_open(&chain, NULL, scratch_path("none.yaml"), &err),
                     AVSVT_E_NOT_FOUND);
    assert_null(chain);
}

static void a_damaged_recording_is_named(void **state)
{
    static const char text[] = "[{step: mix, folder: ., snr_db: 3}]";
    avsvt_augment *chain = chain_of(text, NULL);
    avsvt_tensor *out;
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_status status = AVSVT_OK;
    (void)state;
    scratch_write("a.wav", "no sound", 8);
    scratch_write("b.wav", "no sound", 8);
    status = avsvt_augment_run(&out, NULL, chain, song, COUNT, RATE, NULL, 1, &err);
    assert_int_equal(status, AVSVT_E_FORMAT);
    assert_null(out);
    assert_says(err, ".wav");
    avsvt_augment_free(chain);
    assert_int_equal(scratch_remove(state), 0);
    assert_int_equal(make(state), 0); /* whole recordings again */
}

static void bad_arguments_are_refused(void **state)
{
    avsvt_augment *chain = chain_of("[{step: gain, db: 1}]", NULL);
    avsvt_tensor *out;
    avsvt_notes *notes;
    float bad[2] = { 0, NAN };
    (void)state;
    assert_int_equal(avsvt_augment_open(NULL, NULL, "x", NULL), AVSVT_E_ARG);
    assert_int_equal(avsvt_augment_create(NULL, NULL, "[]", NULL, NULL), AVSVT_E_ARG);
    assert_int_equal(avsvt_augment_run(NULL, NULL, chain, bad, 1, RATE, NULL, 1, NULL),
                     AVSVT_E_ARG);
    assert_int_equal(avsvt_augment_run(&out, &notes, NULL, bad, 1, RATE, NULL, 1, NULL),
                     AVSVT_E_ARG);
    assert_int_equal(avsvt_augment_run(&out, &notes, chain, NULL, 1, RATE, NULL, 1, NULL),
                     AVSVT_E_ARG);
    assert_int_equal(avsvt_augment_run(&out, &notes, chain, bad, -1, RATE, NULL, 1, NULL),
                     AVSVT_E_ARG);
    assert_int_equal(avsvt_augment_run(&out, &notes, chain, bad, 1, 0, NULL, 1, NULL),
                     AVSVT_E_ARG);
    assert_int_equal(avsvt_augment_run(&out, &notes, chain, bad, 2, RATE, NULL, 1, NULL),
                     AVSVT_E_ARG);
    assert_null(out);
    assert_null(notes);
    avsvt_augment_free(chain);
    avsvt_augment_free(NULL);
}

static avsvt_status all_of_it(const avsvt_allocator *a, void *user)
{
    avsvt_context_options options = AVSVT_CONTEXT_OPTIONS_INIT;
    avsvt_context *context = NULL;
    avsvt_augment *chain = NULL;
    avsvt_tensor *out = NULL;
    avsvt_notes *notes = NULL;
    (void)user;
    options.allocator = a;
    avsvt_status status = avsvt_context_create(&context, &options, NULL);
    if (status == AVSVT_OK)
        status = avsvt_augment_create(&chain, context, STEPS, scratch_path(""), NULL);
    if (status == AVSVT_OK)
        status = avsvt_augment_run(&out, &notes, chain, song, 500, RATE, NULL, 3, NULL);
    avsvt_tensor_free(out);
    avsvt_notes_free(notes);
    avsvt_augment_free(chain);
    avsvt_context_free(context);
    return status;
}

static void no_memory_is_told_and_leaks_nothing(void **state)
{
    (void)state;
    assert_true(failing_allocator_each(all_of_it, NULL) > 30);
}

/* SoundTouch is compiled for fast floats, and wants denormals off when it is loaded. */
static void small_numbers_stay_what_they_are(void **state)
{
    static const char text[] = "- {step: pitch, semitones: 1}\n";
    volatile double small = DBL_MIN;
    avsvt_augment *chain = NULL;
    (void)state;
    assert_int_equal(avsvt_augment_create(&chain, NULL, text, NULL, NULL), AVSVT_OK);
    small /= 2;
    assert_true(small > 0);
    avsvt_augment_free(chain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_seed_decides),
        cmocka_unit_test(threads_share_a_chain_and_change_nothing),
        cmocka_unit_test(a_step_left_out_changes_no_other),
        cmocka_unit_test(notes_come_back),
        cmocka_unit_test(nothing_in_gives_nothing),
        cmocka_unit_test(bad_chains_are_told),
        cmocka_unit_test(files_hold_chains_and_folders_beside_them),
        cmocka_unit_test(bad_arguments_are_refused),
        cmocka_unit_test(no_memory_is_told_and_leaks_nothing),
        cmocka_unit_test(a_damaged_recording_is_named),
        cmocka_unit_test(small_numbers_stay_what_they_are),
    };
    return cmocka_run_group_tests(tests, make, scratch_remove);
}
