/* SPDX-License-Identifier: MIT */
/* Noise tracks are assembled as the published evaluation assembles them. */
#include "support/test.h"

#include <math.h>
#include <stdio.h>

#include <avsvt/avsvt.h>

#include "augment/track.h"
#include "support/npz.h"
#include "support/scratch.h"

static void open_golden(npz_file *f, const char *name)
{
    char path[1024];
    const char *data = getenv("AVSVT_TEST_DATA");
    snprintf(path, sizeof(path), "%s/reference/%s", data ? data : "", name);
    if (!npz_open(f, path)) {
        print_message("left out: %s is not there\n", path);
        skip();
    }
}

/* The array as floats; free() it. */
static float *get(const npz_file *f, const char *name, size_t *count)
{
    npz_array a;
    if (!npz_get(f, name, &a))
        fail_msg("there is no %s", name);
    float *x = calloc(a.count, sizeof(*x));
    assert_non_null(x);
    for (size_t i = 0; i < a.count; i++)
        x[i] = (float)npz_value(&a, i);
    *count = a.count;
    npz_array_free(&a);
    return x;
}

static void the_natural_track_is_met(void **state)
{
    static const char *const picks[] = { "pool_f5", "pool_f5", "pool_f0" };
    float slot[1000], *want;
    size_t count, at = 0, n;
    npz_file f;
    (void)state;
    open_golden(&f, "svt/golden/case07_noise_track.npz");
    want = get(&f, "noise_track", &count);
    assert_int_equal(count, 2640);
    for (size_t k = 0; k < 3; k++, at += 1000) { /* at 100 Hz: 10 s */
        float *clip = get(&f, picks[k], &n);
        size_t length = count - at < 1000 ? count - at : 1000;
        avsvti_noise_slot(slot, (int64_t)length, clip, (int64_t)n);
        assert_memory_equal(slot, want + at, length * sizeof(*slot));
        free(clip);
    }
    free(want);
    npz_close(&f);
}

static void check_mix(const npz_file *f, const char *which, int snr)
{
    char name[64];
    size_t count, have, n;
    snprintf(name, sizeof(name), "accomp_%s", which);
    float *sing = get(f, "sing", &count), *accomp = get(f, name, &have);
    snprintf(name, sizeof(name), "mix_%s_%ddB", which, snr);
    float *want = get(f, name, &n), noise[3000] = { 0 };
    assert_true(count == 3000 && n == 3000);
    memcpy(noise, accomp, (have < count ? have : count) * sizeof(*noise));
    assert_int_equal(avsvt_audio_mix(sing, sing, noise, 3000, snr, NULL), AVSVT_OK);
    for (size_t i = 0; i < count; i++)
        if (!(fabsf(sing[i] - want[i]) <= 1e-6f))
            fail_msg("%s: sample %zu", name, i);
    free(sing);
    free(accomp);
    free(want);
}

static void accompaniment_is_cut_or_padded(void **state)
{
    npz_file f;
    (void)state;
    open_golden(&f, "alt/golden/case07_noise.npz");
    for (int snr = -10; snr <= 10; snr += 5) {
        check_mix(&f, "shorter", snr);
        check_mix(&f, "longer", snr);
    }
    check_mix(&f, "equal", 0);
    npz_close(&f);
}

static void long_clips_are_cut_at_their_end(void **state)
{
    static const float clip[5] = { 1, 2, 3, 4, 5 };
    float slot[8];
    (void)state;
    avsvti_noise_slot(slot, 3, clip, 5);
    assert_true(slot[0] == 1 && slot[2] == 3);
    avsvti_noise_slot(slot, 8, clip, 5); /* three too many: one before, two after */
    assert_true(slot[0] == 0 && slot[1] == 1 && slot[5] == 5 && slot[6] == 0);
}

#define RATE 2000
#define LONG (25 * RATE)

static float one[LONG], other[LONG];

static void noise_is_what_was_asked_for(void **state)
{
    float clip[3 * RATE];
    double sum = 0, square = 0;
    const char *folder = scratch_path("");
    (void)state;
    for (int i = 0; i < 3 * RATE; i++)
        clip[i] = 0.25f;
    assert_int_equal(avsvt_audio_write(scratch_path("a.wav"), clip, 3 * RATE, RATE, NULL), 0);
    assert_int_equal(avsvt_audio_noise(one, NULL, LONG, RATE, AVSVT_NOISE_WHITE, NULL, 1,
                                       NULL), AVSVT_OK);
    for (int i = 0; i < LONG; i++) {
        sum += (double)one[i] / LONG;
        square += (double)one[i] * (double)one[i] / LONG;
    }
    assert_true(fabs(sum) < 0.02 && fabs(square - 1) < 0.03);
    /* 3 s in the middle of 10, of 10, and of 5 */
    assert_int_equal(avsvt_audio_noise(one, NULL, LONG, RATE, AVSVT_NOISE_CLIPS, folder, 1,
                                       NULL), AVSVT_OK);
    for (int i = 0; i < LONG; i++) {
        double t = (double)i / RATE;
        int in = (t >= 3.5 && t < 6.5) || (t >= 13.5 && t < 16.5) || (t >= 21 && t < 24);
        assert_true((one[i] > 0) == in);
    }
    assert_int_equal(avsvt_audio_noise(other, NULL, LONG, RATE, AVSVT_NOISE_BABBLE, folder,
                                       1, NULL), AVSVT_OK);
    for (int i = 0; i < LONG; i++)
        assert_true(fabs((double)other[i] - 0.25) < 1e-4); /* the mean of 30 alike */
}

static void bad_arguments_are_refused(void **state)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    (void)state;
    assert_int_equal(avsvt_audio_noise(NULL, NULL, 1, RATE, 0, NULL, 1, &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_audio_noise(one, NULL, -1, RATE, 0, NULL, 1, &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_audio_noise(one, NULL, 1, NAN, 0, NULL, 1, &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_audio_noise(one, NULL, 1, RATE, 3, "x", 1, &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_audio_noise(one, NULL, 1, RATE, 1, NULL, 1, &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_audio_noise(one, NULL, 1, RATE, 1, scratch_path("none"), 1, &err),
                     AVSVT_E_NOT_FOUND);
    assert_int_equal(avsvt_audio_noise(NULL, NULL, 0, RATE, 0, NULL, 1, &err), AVSVT_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_natural_track_is_met),
        cmocka_unit_test(accompaniment_is_cut_or_padded),
        cmocka_unit_test(long_clips_are_cut_at_their_end),
        cmocka_unit_test(noise_is_what_was_asked_for),
        cmocka_unit_test(bad_arguments_are_refused),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
