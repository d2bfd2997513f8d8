/* SPDX-License-Identifier: MIT */
/* The pitch of sound that dies away is found, and nothing where there is none. */
#include "support/test.h"

#include <math.h>

#include "pipeline/voice.h"
#include "support/failing_allocator.h"

#define RATE 16000
#define HOP 320
#define FRAMES 40
#define LOUD 20 /* frames at full size; then it dies away by 2 dB each */

typedef float (*sound_fn)(double hz, int sample);

static float harmonics(double hz, int sample)
{
    double phase = 2 * 3.14159265358979 * hz * sample / RATE;
    return (float)(0.2 * sin(phase) + 0.15 * sin(2 * phase + 1) + 0.1 * sin(3 * phase + 2));
}

static float noise(double hz, int sample)
{
    static uint32_t seed = 7;
    (void)hz;
    (void)sample;
    seed = seed * 1664525u + 1013904223u;
    return (float)(seed >> 8) / (1 << 24) - 0.5f;
}

static float constant(double hz, int sample)
{
    (void)hz;
    (void)sample;
    return 0.3f;
}

static float not_a_number(double hz, int sample)
{
    return sample > LOUD * HOP ? NAN : harmonics(hz, sample);
}

static double level_at(int frame, double db_a_frame)
{
    return frame < LOUD ? 0 : -db_a_frame * (frame - LOUD + 1);
}

/* The window holds the samples from frame `first` on, and no more than is there. */
static void listen(float pitch[FRAMES], sound_fn sound, double hz, double db_a_frame, int first)
{
    avsvti_voice v;
    avsvti_window w;
    int count = (FRAMES - first) * HOP;
    float *x = malloc((size_t)count * sizeof(*x));
    assert_non_null(x);
    for (int i = 0; i < count; i++) {
        double at = (double)(i + first * HOP) / HOP;
        double db = at < LOUD ? 0 : -db_a_frame * (at - LOUD);
        x[i] = sound(hz, i + first * HOP) * (float)pow(10, db / 20);
    }
    avsvti_window_init(&w, avsvti_default_allocator(), NULL);
    w.samples = x;
    w.start = first * HOP;
    w.count = count;
    assert_int_equal(avsvti_voice_init(&v, avsvti_default_allocator(), RATE,
                                       (double)RATE / HOP, NULL), AVSVT_OK);
    for (int i = 0; i < FRAMES; i++)
        pitch[i] = avsvti_voice_frame(&v, &w, i * HOP, (float)level_at(i, db_a_frame) - 20);
    avsvti_voice_free(&v);
    free(x);
}

static void the_pitch_of_what_dies_away_is_found(void **state)
{
    float pitch[FRAMES];
    (void)state;
    for (double hz = 65; hz < 1000; hz *= 1.07) {
        listen(pitch, harmonics, hz, 2, 0);
        for (int i = 0; i < FRAMES - 2; i++) /* the last ones lie at the edge */
            if (i < LOUD + 1)
                assert_true(pitch[i] == 0);
            else if (!(fabs((double)pitch[i] - (69 + 12 * log2(hz / 440))) < 0.2))
                fail_msg("frame %d at %.0f Hz: %g", i, hz, (double)pitch[i]);
    }
}

static void what_has_none_gives_none(void **state)
{
    static const struct { sound_fn sound; double hz, db_a_frame; } cases[] = {
        { harmonics, 200, 0 }, /* it goes on as loud as it was */
        { noise, 0, 2 }, { constant, 0, 2 }, { not_a_number, 200, 2 },
        { harmonics, 40, 2 }, /* below all voices */
    };
    float pitch[FRAMES];
    (void)state;
    for (size_t k = 0; k < sizeof(cases) / sizeof(cases[0]); k++) {
        listen(pitch, cases[k].sound, cases[k].hz, cases[k].db_a_frame, 0);
        for (int i = 0; i < FRAMES; i++)
            if (pitch[i] != 0)
                fail_msg("sound %zu, frame %d: %g", k, i, (double)pitch[i]);
    }
}

static float with_a_gap(double hz, int sample)
{
    int frame = sample / HOP;
    return frame >= LOUD + 4 && frame < LOUD + 8 ? noise(hz, sample) : harmonics(hz, sample);
}

static void what_was_lost_is_not_found_again(void **state)
{
    float pitch[FRAMES];
    (void)state;
    listen(pitch, with_a_gap, 200, 2, 0);
    assert_true(pitch[LOUD + 2] > 0);
    for (int i = LOUD + 5; i < FRAMES; i++)
        assert_true(pitch[i] == 0);
}

static void nothing_outside_the_window_is_read(void **state)
{
    float pitch[FRAMES];
    (void)state;
    listen(pitch, harmonics, 200, 2, LOUD + 1);
    assert_true(pitch[LOUD + 1] == 0); /* half of its sound is gone */
    listen(pitch, harmonics, 200, 2, LOUD - 2);
    assert_true(pitch[LOUD + 1] > 0);
    assert_true(pitch[FRAMES - 1] == 0);
}

static avsvt_status make(const avsvt_allocator *a, void *user)
{
    avsvti_voice v;
    (void)user;
    avsvt_status status = avsvti_voice_init(&v, a, RATE, 50, NULL);
    avsvti_voice_free(&v);
    return status;
}

static void every_failing_allocation_is_told(void **state)
{
    (void)state;
    assert_true(failing_allocator_each(make, NULL) >= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_pitch_of_what_dies_away_is_found),
        cmocka_unit_test(what_has_none_gives_none),
        cmocka_unit_test(what_was_lost_is_not_found_again),
        cmocka_unit_test(nothing_outside_the_window_is_read),
        cmocka_unit_test(every_failing_allocation_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
