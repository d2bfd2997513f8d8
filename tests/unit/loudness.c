/* SPDX-License-Identifier: MIT */
/* Quiet sound is made louder on its way through a window. */
#include "support/test.h"

#include <math.h>
#include <stdlib.h>

#include "media/window.h"
#include "support/failing_allocator.h"

#define RATE 16000
#define TARGET_DB (-22.0)

/* Noise whose level in dB depends on the second. */
static float *make(int seconds, double (*level_db)(int second))
{
    float *x = malloc(sizeof(*x) * (size_t)seconds * RATE);
    uint32_t seed = 3;
    assert_non_null(x);
    for (int i = 0; i < seconds * RATE; i++) {
        seed = seed * 1664525u + 1013904223u;
        double even = (double)(seed >> 8) / (1 << 23) - 1; /* variance 1/3 */
        x[i] = (float)(even * sqrt(3) * pow(10, level_db(i / RATE) / 20));
    }
    return x;
}

static double rms_db(const float *x, int from_s, int to_s)
{
    double sum = 0;
    for (int i = from_s * RATE; i < to_s * RATE; i++)
        sum += (double)x[i] * (double)x[i];
    return 10 * log10(sum / ((to_s - from_s) * RATE));
}

/* All of x through a window that is filled in steps; old samples are dropped
 * as soon as they are copied. */
static float *pass(const float *x, int64_t count, int64_t step, int comes, avsvti_window *w)
{
    avsvt_audio *audio = NULL;
    float *made = malloc(sizeof(*made) * (size_t)(count + 1));
    assert_non_null(made);
    assert_int_equal(avsvt_audio_open_samples(&audio, NULL, x, count, 1, RATE, NULL), AVSVT_OK);
    avsvti_window_init(w, avsvti_default_allocator(), audio);
    assert_int_equal(avsvti_window_raise(w, RATE, TARGET_DB, comes, NULL), AVSVT_OK);
    for (int64_t done = 0; !w->at_end || done < count;) {
        assert_int_equal(avsvti_window_fill(w, done + step, NULL), AVSVT_OK);
        assert_true(w->start == done && (w->at_end || w->count >= step));
        int64_t n = w->count < step ? w->count : step;
        memcpy(made + done, w->samples, (size_t)n * sizeof(*made));
        done += n;
        avsvti_window_drop(w, done);
        assert_true(done <= count);
    }
    avsvt_audio_free(audio);
    return made;
}

static float *raised(const float *x, int64_t count, int64_t step)
{
    avsvti_window w;
    float *made = pass(x, count, step, 0, &w);
    avsvti_window_free(&w);
    return made;
}

static double loud(int second) { return second % 15 < 10 ? -15 : -30; }
static double quiet(int second) { (void)second; return -45; }
static double faint(int second) { (void)second; return -75; }
static double softer(int second) { return second < 60 ? -30 : -40; }
static double paused(int second) { return second < 30 || second >= 90 ? -12 : -60; }

static void what_is_loud_enough_stays_to_the_bit(void **state)
{
    float *x = make(60, loud), *y = raised(x, 60 * RATE, 5000);
    (void)state;
    assert_memory_equal(x, y, sizeof(*x) * 60 * RATE);
    free(x);
    free(y);
}

static void quiet_sound_comes_as_loud_as_it_should_be(void **state)
{
    float *x = make(40, quiet), *y = raised(x, 40 * RATE, 7777);
    (void)state;
    for (int s = 0; s < 40; s++)
        assert_true(fabs(rms_db(y, s, s + 1) - TARGET_DB) < 0.6);
    free(x);
    free(y);
}

static void it_changes_slowly(void **state)
{
    float *x = make(120, softer), *y = raised(x, 120 * RATE, 16000);
    double before = rms_db(y, 0, 1) - rms_db(x, 0, 1);
    (void)state;
    for (int s = 1; s < 120; s++) {
        double gain = rms_db(y, s, s + 1) - rms_db(x, s, s + 1);
        assert_true(gain > before - 0.01 && gain < before + 1.35);
        before = gain;
    }
    assert_true(fabs(rms_db(y, 0, 40) - TARGET_DB) < 0.6);
    assert_true(fabs(rms_db(y, 90, 120) - TARGET_DB) < 0.6);
    free(x);
    free(y);
}

/* What lies between phrases is not a quiet phrase. */
static void a_long_pause_is_raised_by_little_and_silence_by_nothing(void **state)
{
    float *x = make(120, paused), *y = raised(x, 120 * RATE, 16000);
    (void)state;
    double pause = rms_db(y, 50, 70) - rms_db(x, 50, 70);
    assert_true(pause > 14 && pause < 16); /* -22 dB to 25 below -12 */
    assert_memory_equal(x, y, sizeof(*x) * 20 * RATE);
    free(y);
    free(x);
    x = make(40, faint);
    y = raised(x, 40 * RATE, 16000);
    assert_true(fabs(rms_db(y, 0, 40) + 35) < 0.1); /* by 40 dB and no more */
    memset(x, 0, sizeof(*x) * 40 * RATE);
    free(y);
    y = raised(x, 40 * RATE, 16000);
    assert_memory_equal(x, y, sizeof(*x) * 40 * RATE);
    free(x);
    free(y);
}

static void neither_steps_nor_the_last_part_of_a_block_matter(void **state)
{
    static const int64_t steps[] = { 1600, 333, 160000, INT64_MAX / 2 };
    float *x = make(70, softer);
    (void)state;
    for (int64_t count = 1; count < 70 * RATE; count = count * 9 + 7) {
        float *y = raised(x, count, 12345);
        for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
            float *z = raised(x, count, steps[i]);
            assert_memory_equal(y, z, sizeof(*y) * (size_t)count);
            free(z);
        }
        free(y);
    }
    free(x);
}

static void by_how_much_is_known(void **state)
{
    avsvti_window w;
    float *x = make(120, softer), *y = pass(x, 120 * RATE, 16000, 0, &w);
    (void)state;
    for (int s = 0; s < 120; s += 7) {
        double told = avsvti_window_raised_db(&w, s * RATE + RATE / 2);
        assert_true(fabs(rms_db(y, s, s + 1) - rms_db(x, s, s + 1) - told) < 0.3);
    }
    avsvti_window_free(&w);
    free(x);
    free(y);
}

/* Without knowing what follows: no more is read than the end of a block. */
static void what_comes_is_raised_too(void **state)
{
    static const int64_t steps[] = { 1600, 333, 160000 };
    avsvti_window w, other;
    float *x = make(70, softer), *y = pass(x, 70 * RATE - 5, 12345, 1, &w);
    (void)state;
    for (int s = 12; s < 60; s += 5) {
        double gain = rms_db(y, s, s + 1) - rms_db(x, s, s + 1);
        assert_true(fabs(gain - 8) < 0.6);
    }
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        float *z = pass(x, 70 * RATE - 5, steps[i], 1, &other);
        assert_memory_equal(y, z, sizeof(*y) * (70 * RATE - 5));
        assert_true(other.capacity < (size_t)steps[i] + RATE);
        avsvti_window_free(&other);
        free(z);
    }
    avsvti_window_free(&w);
    free(x);
    free(y);
}

static double softer_later(int second) { return second < 90 ? -30 : -40; }

/* Of all that is in the window, however long it is and wherever it was begun. */
static void by_how_much_what_comes_was_raised_is_known(void **state)
{
    static const int64_t drops[] = { 0, 5 * RATE + 77, 5 * RATE + 78, 80 * RATE + 319 };
    avsvti_window w;
    avsvt_audio *audio = NULL;
    float *x = make(200, softer_later);
    (void)state;
    assert_int_equal(avsvt_audio_open_samples(&audio, NULL, x, 200 * RATE, 1, RATE, NULL),
                     AVSVT_OK);
    avsvti_window_init(&w, avsvti_default_allocator(), audio);
    assert_int_equal(avsvti_window_raise(&w, RATE, TARGET_DB, 1, NULL), AVSVT_OK);
    for (size_t i = 0; i < sizeof(drops) / sizeof(drops[0]); i++) {
        avsvti_window_drop(&w, drops[i]);
        assert_int_equal(avsvti_window_fill(&w, i ? INT64_MAX : 90 * RATE, NULL), AVSVT_OK);
        int first = (int)((drops[i] + RATE - 1) / RATE);
        int end = (int)((w.start + w.count) / RATE);
        assert_int_equal(end, i ? 200 : 90);
        for (int s = first; s < end; s++) {
            const float *y = w.samples + s * RATE - w.start;
            double gain = rms_db(y, 0, 1) - rms_db(x, s, s + 1);
            double told = avsvti_window_raised_db(&w, s * RATE + RATE / 2);
            assert_true(fabs(gain - told) < 0.6);
        }
    }
    avsvti_window_free(&w);
    avsvt_audio_free(audio);
    free(x);
}

typedef struct sound {
    const float *samples;
    int comes;
} sound;

static avsvt_status fill_all(const avsvt_allocator *a, void *user)
{
    avsvti_window w;
    const sound *x = user;
    avsvt_audio *audio = NULL;
    avsvt_error err = AVSVT_ERROR_INIT;
    assert_int_equal(avsvt_audio_open_samples(&audio, NULL, x->samples, 40 * RATE, 1, RATE,
                                              NULL), AVSVT_OK);
    avsvti_window_init(&w, a, audio);
    avsvt_status status = avsvti_window_raise(&w, RATE, TARGET_DB, x->comes, &err);
    if (status == AVSVT_OK)
        status = avsvti_window_fill(&w, INT64_MAX, &err);
    avsvti_window_free(&w);
    avsvt_audio_free(audio);
    return status;
}

static void every_failed_allocation_is_told_and_nothing_leaks(void **state)
{
    float *x = make(40, quiet);
    sound known = { x, 0 }, comes = { x, 1 };
    (void)state;
    assert_true(failing_allocator_each(fill_all, &known) >= 3);
    assert_true(failing_allocator_each(fill_all, &comes) >= 2);
    free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_loud_enough_stays_to_the_bit),
        cmocka_unit_test(quiet_sound_comes_as_loud_as_it_should_be),
        cmocka_unit_test(it_changes_slowly),
        cmocka_unit_test(a_long_pause_is_raised_by_little_and_silence_by_nothing),
        cmocka_unit_test(neither_steps_nor_the_last_part_of_a_block_matter),
        cmocka_unit_test(by_how_much_is_known),
        cmocka_unit_test(what_comes_is_raised_too),
        cmocka_unit_test(by_how_much_what_comes_was_raised_is_known),
        cmocka_unit_test(every_failed_allocation_is_told_and_nothing_leaks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
