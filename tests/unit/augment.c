/* SPDX-License-Identifier: MIT */
/* What each step of augmentation does to sound and notes. */
#include "support/test.h"

#include <math.h>
#include <stdio.h>

#include "augment/augment.h"
#include "augment/chain.h"
#include "augment/drop.h"
#include "augment/filter.h"
#include "augment/stretch.h"
#include "support/note_lists.h"
#include "support/scratch.h"

#define RATE 16000
#define TONES 12
#define PI 3.141592653589793

/* Notes of 0.3 s with gaps of 0.2 s, harmonic tones with short slopes. */
static avsvti_piece tones(void)
{
    avsvti_piece p = { avsvti_default_allocator(), NULL, TONES * RATE / 2, RATE,
                       0, { NULL, NULL, 0, 0 } };
    p.samples = avsvti_alloc_zero(p.allocator, (size_t)p.count, sizeof(float));
    assert_non_null(p.samples);
    avsvti_note_list_init(&p.notes, p.allocator);
    for (int n = 0; n < TONES; n++) {
        avsvt_note note = AVSVT_NOTE_INIT;
        note.onset_s = n * 0.5 + 0.1;
        note.offset_s = note.onset_s + 0.3;
        note.pitch = 57 + n * 5 % 12;
        note.level_db = -20;
        assert_int_equal(avsvti_note_list_append(&p.notes, &note, NULL), AVSVT_OK);
        double hz = 440 * pow(2, (note.pitch - 69) / 12);
        for (int i = 0; i < 3 * RATE / 10; i++) {
            double t = (double)i / RATE, slope = fmin(t, 0.3 - t) / 0.01;
            p.samples[(int)lround(note.onset_s * RATE) + i] = (float)(0.2 *
                fmin(1, slope) * (sin(2 * PI * hz * t) + 0.5 * sin(4 * PI * hz * t) +
                                  0.3 * sin(6 * PI * hz * t)));
        }
    }
    return p;
}

static avsvt_augment *chain_of(const char *yaml)
{
    avsvt_augment *chain = NULL;
    avsvt_error err = AVSVT_ERROR_INIT;
    if (avsvt_augment_create(&chain, NULL, yaml, scratch_path(""), &err))
        fail_msg("%s", err.message);
    return chain;
}

static avsvti_piece run(const char *yaml, uint64_t seed)
{
    avsvti_piece p = tones();
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_augment *chain = chain_of(yaml);
    if (avsvti_augment_apply(chain, &p, seed, &err))
        fail_msg("%s", err.message);
    avsvt_augment_free(chain);
    for (int64_t i = 0; i < p.count; i++)
        assert_true(isfinite(p.samples[i]));
    return p;
}

static double level(const avsvti_piece *p, double from_s, double to_s)
{
    double sum = 0;
    int64_t a = (int64_t)(from_s * p->rate_hz), b = (int64_t)(to_s * p->rate_hz);
    for (int64_t i = a; i < b && i < p->count; i++)
        sum += fabs((double)p->samples[i]);
    return sum / (double)(b - a);
}

/* Seconds from the note's time to where 2 ms of sound are as loud as half the
 * tone; searched 50 ms to each side. */
static double late(const avsvti_piece *p, double time_s)
{
    for (double d = -0.05; d < 0.05; d += 0.0005)
        if (level(p, time_s + d, time_s + d + 0.002) > 0.05)
            return d;
    return 1;
}

/* Amplitude of one frequency in the middle of a note. */
static double strength(const avsvti_piece *p, const avsvt_note *n, double hz)
{
    double re = 0, im = 0, length = n->offset_s - n->onset_s;
    int64_t a = (int64_t)((n->onset_s + 0.2 * length) * p->rate_hz);
    int64_t b = (int64_t)((n->onset_s + 0.8 * length) * p->rate_hz);
    for (int64_t i = a; i < b; i++) {
        double t = (double)(i - a) / (double)(b - a), x = 2 * PI * hz * (double)i / p->rate_hz;
        double w = (0.5 - 0.5 * cos(2 * PI * t)) * (double)p->samples[i];
        re += w * cos(x);
        im += w * sin(x);
    }
    return 2 * hypot(re, im) / (double)(b - a);
}

/* The pitch within a semitone of the note's that sounds loudest. */
static double cents_off(const avsvti_piece *p, const avsvt_note *n)
{
    double best = 0, at = 0;
    for (double c = -100; c <= 100; c += 2) {
        double s = strength(p, n, 440 * pow(2, (n->pitch + c / 100 - 69) / 12));
        if (s > best) {
            best = s;
            at = c;
        }
    }
    return at;
}

static void check_notes(const avsvti_piece *p, double late_s, double cents)
{
    avsvti_piece before = tones();
    assert_int_equal(p->notes.count, TONES);
    for (size_t i = 0; i < p->notes.count; i++) {
        const avsvt_note *n = &p->notes.notes[i];
        double c = cents_off(p, n);
        double l = late(p, n->onset_s) - late(&before, before.notes.notes[i].onset_s);
        if (fabs(l) > late_s || fabs(c) > cents)
            fail_msg("note %zu starts %.4f s late and is %.0f cents off", i, l, c);
        assert_true(n->level_db == 0);
    }
    avsvti_piece_free(&before);
}

static void notes_follow_speed_pitch_and_stretch(void **state)
{
    const struct { const char *yaml; double factor, semitones; } cases[] = {
        { "[{step: speed, factor: 1.25}]", 1.25, 12 * log2(1.25) },
        { "[{step: speed, factor: 0.8}]", 0.8, -12 * log2(1.25) },
        { "[{step: resample, percent: 105}]", 1 / 1.05, 12 * log2(1 / 1.05) },
        { "[{step: pitch, semitones: 3}]", 1, 3 },
        { "[{step: pitch, semitones: -2.5}]", 1, -2.5 },
        { "[{step: stretch, factor: 0.8}]", 0.8, 0 },
        { "[{step: stretch, factor: 1.2}]", 1.2, 0 },
    };
    (void)state;
    for (size_t k = 0; k < sizeof(cases) / sizeof(cases[0]); k++) {
        avsvti_piece p = run(cases[k].yaml, 1), q = tones();
        assert_true(llabs(p.count - llround((double)q.count / cases[k].factor)) <= 1);
        for (size_t i = 0; i < TONES; i++) {
            assert_true(fabs(p.notes.notes[i].onset_s * cases[k].factor -
                             q.notes.notes[i].onset_s) < 1e-9);
            assert_true(fabs(p.notes.notes[i].offset_s * cases[k].factor -
                             q.notes.notes[i].offset_s) < 1e-9);
            assert_true(fabs(p.notes.notes[i].pitch - cases[k].semitones -
                             q.notes.notes[i].pitch) < 1e-9);
        }
        int exact = !strstr(cases[k].yaml, "pitch") && !strstr(cases[k].yaml, "stretch");
        check_notes(&p, exact ? 0.002 : 0.006, exact ? 4 : 12);
        avsvti_piece_free(&p);
        avsvti_piece_free(&q);
    }
}

static void without_soundtouch_it_is_said(void **state)
{
    static const char *const nowhere[] = { "libNoSuchThing.so.9", NULL };
    avsvt_error err = AVSVT_ERROR_INIT;
    (void)state;
    assert_int_equal(avsvti_stretch_load(nowhere, &err), AVSVT_E_MODULE);
    assert_says(err, "libsoundtouch1");
    assert_int_equal(avsvti_stretch_load(NULL, &err), AVSVT_OK);
}

static void levels_are_as_asked(void **state)
{
    avsvti_piece p = tones(), q = run("[{step: gain, db: -6}]", 1);
    double peak = 0;
    (void)state;
    for (int64_t i = 0; i < p.count; i++)
        assert_true(fabs((double)p.samples[i] * 0.5011872336272722 -
                         (double)q.samples[i]) < 1e-6);
    avsvti_piece_free(&q);
    q = run("[{step: peak, db: -3}]", 1);
    for (int64_t i = 0; i < q.count; i++)
        peak = fmax(peak, fabs((double)q.samples[i]));
    assert_true(fabs(20 * log10(peak) + 3) < 1e-4);
    avsvti_piece_free(&q);
    q = run("[{step: peak, db: 0}, {step: clip, db: 6}]", 1);
    peak = 0;
    for (int64_t i = 0; i < q.count; i++)
        peak = fmax(peak, fabs((double)q.samples[i]));
    assert_true(fabs(20 * log10(peak) + 6) < 1e-4);
    avsvti_piece_free(&q);
    avsvti_piece_free(&p);
}

/* The part of q that is not p scaled; returns its mean level over p's. */
static double snr_of(const avsvti_piece *p, const avsvti_piece *q, double f)
{
    double x = 0, z = 0;
    for (int64_t i = 0; i < p->count; i++) {
        x += fabs((1 - f) * (double)p->samples[i]);
        z += fabs((double)q->samples[i] - (1 - f) * (double)p->samples[i]);
    }
    return 20 * log10(x / z);
}

static void noise_has_its_ratio(void **state)
{
    static const char *const steps[] = { "noise, kind: white", "noise, kind: pink",
        "mix, folder: .", "babble, folder: ., voices: 3" };
    float sound[3000];
    avsvti_piece p = tones();
    double f = 1 / (pow(10, 7 / 20.0) + 1);
    (void)state;
    for (int i = 0; i < 3000; i++)
        sound[i] = (float)(0.3 * sin(i * i * 1e-4));
    assert_int_equal(avsvt_audio_write(scratch_path("a.wav"), sound, 3000, 8000, NULL), 0);
    assert_int_equal(avsvt_audio_write(scratch_path("b.wav"), sound, 900, RATE, NULL), 0);
    for (size_t k = 0; k < 4; k++) {
        char yaml[200];
        snprintf(yaml, sizeof(yaml), "[{step: %s, snr_db: 7}]", steps[k]);
        avsvti_piece q = run(yaml, 3), again = run(yaml, 3), other = run(yaml, 4);
        assert_true(fabs(snr_of(&p, &q, f) - 7) < 0.01);
        size_t bytes = (size_t)q.count * sizeof(float);
        assert_memory_equal(q.samples, again.samples, bytes);
        assert_true(memcmp(q.samples, other.samples, bytes));
        avsvti_piece_free(&q);
        avsvti_piece_free(&again);
        avsvti_piece_free(&other);
    }
    avsvti_piece_free(&p);
}

static void a_room_rings_and_keeps_the_time(void **state)
{
    avsvti_piece p = tones();
    avsvti_piece q = run("[{step: reverb, rt60_s: 0.5, wet_db: -6, delay_ms: 5}]", 1);
    (void)state;
    assert_int_equal(p.count, q.count);
    /* Up to the delay only what sounds directly. */
    for (int i = 0; i < RATE / 10 + RATE / 250; i++)
        assert_true(fabs((double)p.samples[i] - (double)q.samples[i]) < 1e-5);
    check_notes(&q, 0.0015, 6);
    assert_true(level(&p, 0.41, 0.45) == 0);
    double soon = level(&q, 0.41, 0.45), later = level(&q, 0.55, 0.59);
    assert_true(soon > 0.002);
    assert_true(later < soon);
    avsvti_piece_free(&p);
    avsvti_piece_free(&q);
}

static void filters_do_what_they_say(void **state)
{
    avsvti_piece p = tones(), q = run("[{step: band, high_hz: 300}]", 1);
    avsvti_piece r = run("[{step: eq, db: 6, points: 4}]", 5);
    (void)state;
    int changed = 0;
    for (size_t i = 0; i < TONES; i++) {
        const avsvt_note *n = &p.notes.notes[i];
        for (int h = 1; h <= 3; h++) {
            double hz = h * 440 * pow(2, (n->pitch - 69) / 12);
            double before = strength(&p, n, hz), ratio = strength(&q, n, hz) / before;
            if (hz < 280 || hz > 320)
                assert_true(hz < 300 ? fabs(ratio - 1) < 0.05 : ratio < 0.02);
            double db = 20 * log10(strength(&r, n, hz) / before);
            assert_true(fabs(db) < 6.2);
            changed += fabs(db) > 0.5;
        }
    }
    assert_true(changed > 0);
    check_notes(&r, 0.003, 6);
    avsvti_piece_free(&p);
    avsvti_piece_free(&q);
    avsvti_piece_free(&r);
}

static void chunks_fall_silent(void **state)
{
    avsvti_piece p = run("[{step: noise, snr_db: 0}, {step: drop_chunks, count: 3, "
                         "samples: [500, 800]}]", 9);
    int64_t run_length = 0, longest = 0, all = 0;
    (void)state;
    for (int64_t i = 0; i < p.count; i++) {
        run_length = p.samples[i] == 0 ? run_length + 1 : 0;
        all += p.samples[i] == 0;
        longest = run_length > longest ? run_length : longest;
    }
    assert_true(longest >= 500 && longest <= 2400);
    assert_true(all >= 500 && all <= 2400);
    avsvti_piece_free(&p);
    /* MM_ALT lets them begin as late as the longest that was drawn has room, not the
     * longest that could be. */
    avsvt_augment *short_ones = chain_of("[{step: drop_chunks, count: 2, samples: [1, 900]}]");
    int reached = 0;
    for (uint64_t seed = 0; seed < 3000; seed++) {
        float samples[1000];
        for (int i = 0; i < 1000; i++)
            samples[i] = 1;
        avsvti_piece one = { avsvti_default_allocator(), samples, 1000, RATE, 0,
                             { NULL, NULL, 0, 0 } };
        assert_int_equal(avsvti_augment_apply(short_ones, &one, seed, NULL), AVSVT_OK);
        for (all = 0; all < 200 && samples[800 + all] > 0; all++)
            ;
        reached += all > 0 && all < 200; /* begins in what 900 would not leave */
    }
    avsvt_augment_free(short_ones);
    assert_true(reached > 5);
    /* A piece that is too short is left alone. */
    avsvt_augment *chain = chain_of("[{step: drop_chunks, count: 3}]");
    p = tones();
    p.count = 1500;
    assert_int_equal(avsvti_augment_apply(chain, &p, 1, NULL), AVSVT_OK);
    avsvti_piece_free(&p);
    avsvt_augment_free(chain);
}

static void probability_is_how_often_a_step_acts(void **state)
{
    avsvt_augment *chain = chain_of("[{step: gain, db: -20, probability: 0.3}]");
    int acted = 0;
    (void)state;
    for (uint64_t seed = 0; seed < 1000; seed++) {
        float one = 1;
        avsvt_tensor *out;
        assert_int_equal(avsvt_augment_run(&out, NULL, chain, &one, 1, RATE, NULL,
                                           seed, NULL), AVSVT_OK);
        acted += *(const float *)avsvt_tensor_data(out) < 0.5f;
        avsvt_tensor_free(out);
    }
    avsvt_augment_free(chain);
    assert_in_range(acted, 250, 350);
}

static void golden(npz_file *f)
{
    char path[1024];
    const char *data = getenv("AVSVT_TEST_DATA");
    snprintf(path, sizeof(path), "%s/reference/alt/golden/case13_augment.npz",
             data ? data : "");
    if (!npz_open(f, path)) {
        print_message("left out: %s is not there\n", path);
        skip();
    }
}

static void check_speed(const npz_file *f, int percent)
{
    char name[16];
    npz_array x, want;
    float row[2000], got[2200];
    snprintf(name, sizeof(name), "speed_%d", percent);
    assert_true(npz_get(f, "x", &x) && npz_get(f, name, &want));
    int64_t count = avsvti_resampled_count(2000, percent);
    assert_int_equal(count, want.shape[1]);
    for (int64_t r = 0; r < 2; r++) {
        for (int64_t i = 0; i < 2000; i++)
            row[i] = (float)npz_value(&x, (size_t)(r * 2000 + i));
        assert_int_equal(avsvti_resample_published(avsvti_default_allocator(), got, row,
                                                   2000, percent, NULL), AVSVT_OK);
        for (int64_t i = 0; i < count; i++)
            assert_true(fabs((double)got[i] -
                             npz_value(&want, (size_t)(r * count + i))) < 1e-5);
    }
    npz_array_free(&x);
    npz_array_free(&want);
}

static void check_notch(const npz_file *f, const char *name, double at)
{
    npz_array want;
    double kernel[AVSVTI_NOTCH_TAPS];
    assert_true(npz_get(f, name, &want));
    avsvti_notch(kernel, at);
    for (size_t i = 0; i < AVSVTI_NOTCH_TAPS; i++)
        assert_true(fabs(kernel[i] - npz_value(&want, i)) < 1e-5);
    npz_array_free(&want);
}

static void published_augmentation_is_met(void **state)
{
    static const double at[2] = { 0.13, 0.52 };
    float taps[AVSVTI_NOTCH_TAPS], row[2000];
    npz_file f;
    npz_array x, want;
    (void)state;
    golden(&f);
    check_speed(&f, 95);
    check_speed(&f, 105);
    check_notch(&f, "notch_0.13", 0.13);
    check_notch(&f, "notch_0.52", 0.52);
    assert_true(npz_get(&f, "x", &x) && npz_get(&f, "dropped_freq", &want));
    avsvti_notches(taps, at, 2);
    for (size_t r = 0; r < 2; r++) {
        for (size_t i = 0; i < 2000; i++)
            row[i] = (float)npz_value(&x, r * 2000 + i);
        assert_int_equal(avsvti_convolve(avsvti_default_allocator(), row, 2000, taps,
            AVSVTI_NOTCH_TAPS, AVSVTI_NOTCH_TAPS / 2, NULL), AVSVT_OK);
        for (size_t i = 0; i < 2000; i++)
            assert_true(fabs((double)row[i] - npz_value(&want, r * 2000 + i)) < 1e-5);
    }
    npz_array_free(&x);
    npz_array_free(&want);
    npz_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(notes_follow_speed_pitch_and_stretch),
        cmocka_unit_test(without_soundtouch_it_is_said),
        cmocka_unit_test(levels_are_as_asked),
        cmocka_unit_test(noise_has_its_ratio),
        cmocka_unit_test(a_room_rings_and_keeps_the_time),
        cmocka_unit_test(filters_do_what_they_say),
        cmocka_unit_test(chunks_fall_silent),
        cmocka_unit_test(probability_is_how_often_a_step_acts),
        cmocka_unit_test(published_augmentation_is_met),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
