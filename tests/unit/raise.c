/* SPDX-License-Identifier: MIT */
/* Quiet sound is made louder while it comes. */
#include "support/test.h"

#include <math.h>

#include "media/raise.h"

#define RATE 16000
#define HOP 320

/* Seconds of this level go in; the level of the last 20 ms that came out. */
static double pass(avsvti_raise *r, double level_db, double seconds)
{
    float x[HOP], size = (float)pow(10, level_db / 20);
    double power = 0;
    for (int k = 0; k < (int)(seconds * RATE / HOP); k++) {
        for (int i = 0; i < HOP; i++)
            x[i] = i % 2 ? size : -size;
        avsvti_raise_block(r, x, HOP, (double)size * (double)size);
        power = 0;
        for (int i = 0; i < HOP; i++)
            power += (double)x[i] * (double)x[i] / HOP;
    }
    return 10 * log10(power);
}

static avsvti_raise raise_of(double target_db)
{
    avsvti_raise r;
    avsvti_raise_init(&r, target_db, (double)HOP / RATE);
    return r;
}

static void assert_near(double value, double expected)
{
    if (!(fabs(value - expected) < 0.2))
        fail_msg("%.2f dB, not %.2f", value, expected);
}

static void loud_sound_stays(void **state)
{
    avsvti_raise r = raise_of(-22);
    (void)state;
    assert_near(pass(&r, -10, 20), -10);
    assert_near(pass(&r, -21, 60), -21);
    assert_true(r.gain_db == 0);
}

static void quiet_sound_gets_louder_by_and_by(void **state)
{
    avsvti_raise r = raise_of(-22);
    (void)state;
    assert_near(pass(&r, -40, 0.02), -40);
    assert_near(pass(&r, -40, 2), -34);
    assert_near(pass(&r, -40, 10), -22);
    assert_near(pass(&r, -40, 100), -22);
    avsvti_raise_reset(&r);
    assert_near(pass(&r, -40, 0.02), -40);
}

static void what_gets_loud_is_not_raised_any_more_at_once(void **state)
{
    avsvti_raise r = raise_of(-22);
    (void)state;
    pass(&r, -50, 60);
    assert_near(pass(&r, -15, 0.2), -15);
    assert_near(pass(&r, -50, 60), -50 + 18); /* a pause now: -22 to 25 below -15 */
}

static void no_target_changes_nothing(void **state)
{
    avsvti_raise r = raise_of(NAN);
    (void)state;
    assert_near(pass(&r, -50, 60), -50);
}

static void it_lives_through_silence_and_what_is_no_number(void **state)
{
    avsvti_raise r = raise_of(-22);
    float x[HOP] = { NAN };
    (void)state;
    pass(&r, -400, 60);
    avsvti_raise_block(&r, x, HOP, NAN);
    assert_near(pass(&r, -15, 1), -15);
    assert_true(r.gain_db == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loud_sound_stays),
        cmocka_unit_test(quiet_sound_gets_louder_by_and_by),
        cmocka_unit_test(what_gets_loud_is_not_raised_any_more_at_once),
        cmocka_unit_test(no_target_changes_nothing),
        cmocka_unit_test(it_lives_through_silence_and_what_is_no_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
