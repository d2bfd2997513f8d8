/* SPDX-License-Identifier: MIT */
/* Mixing is that of the published system. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include <avsvt/avsvt.h>

#include "support/npz.h"

#define COUNT 4000

static void get(const npz_file *f, const char *name, float *to)
{
    npz_array array;
    assert_true(npz_get(f, name, &array));
    assert_int_equal(array.count, COUNT);
    for (size_t i = 0; i < COUNT; i++)
        to[i] = (float)npz_value(&array, i);
    npz_array_free(&array);
}

static void check(const npz_file *f, const char *name, const float *clean,
                  const float *noise, double snr)
{
    float want[COUNT], mixed[COUNT];
    get(f, name, want);
    assert_int_equal(avsvt_audio_mix(mixed, clean, noise, COUNT, snr, NULL),
                     AVSVT_OK);
    for (size_t i = 0; i < COUNT; i++)
        if (!(fabsf(mixed[i] - want[i]) <= 2e-6f))
            fail_msg("%s: sample %zu is %g, not %g", name, i, (double)mixed[i],
                     (double)want[i]);
}

static void the_golden_mixes_are_met(void **state)
{
    static const int snrs[] = { -10, -5, 0, 5, 10 };
    float clean[COUNT], noise[COUNT], white[COUNT], silence[COUNT] = { 0 };
    const char *data = getenv("AVSVT_TEST_DATA");
    char path[1024], name[64];
    npz_file f;
    (void)state;
    snprintf(path, sizeof(path), "%s/reference/svt/golden/case07_noise.npz",
             data ? data : "");
    if (access(path, R_OK)) {
        print_message("left out: %s is not there\n", path);
        skip();
    }
    assert_true(npz_open(&f, path));
    get(&f, "clean", clean);
    get(&f, "noise", noise);
    get(&f, "white_noise", white);
    for (size_t i = 0; i < 5; i++) {
        snprintf(name, sizeof(name), "accomp_%ddB", snrs[i]);
        check(&f, name, clean, noise, snrs[i]);
        snprintf(name, sizeof(name), "white_%ddB", snrs[i]);
        check(&f, name, clean, white, snrs[i]);
    }
    check(&f, "silent_noise_0dB", clean, silence, 0);
    check(&f, "silent_clean_0dB", silence, noise, 0);
    npz_close(&f);
}

static void the_ratio_is_one_of_mean_levels(void **state)
{
    float clean[100], noise[100], zero[100] = { 0 }, a[100], b[100];
    double x = 0.0, z = 0.0;
    (void)state;
    for (int i = 0; i < 100; i++) {
        clean[i] = (float)sin(i * 0.1);
        noise[i] = (float)cos(i * i * 0.37) * 3.0f;
    }
    assert_int_equal(avsvt_audio_mix(a, clean, noise, 100, 6.0, NULL), AVSVT_OK);
    assert_int_equal(avsvt_audio_mix(b, clean, zero, 100, 6.0, NULL), AVSVT_OK);
    for (int i = 0; i < 100; i++) {
        x += fabs((double)b[i]);
        z += fabs((double)a[i] - (double)b[i]);
    }
    assert_true(fabs(20.0 * log10(x / z) - 6.0) < 1e-4);
    /* In place is the same. */
    assert_int_equal(avsvt_audio_mix(clean, clean, noise, 100, 6.0, NULL), AVSVT_OK);
    assert_memory_equal(clean, a, sizeof(a));
}

static void bad_arguments_are_refused(void **state)
{
    float x[2] = { 0.1f, 0.2f }, bad[2] = { 0.1f, NAN }, huge[2] = { 3e38f, 0 },
          peak[2] = { 1.0f, 0 };
    avsvt_error err = AVSVT_ERROR_INIT;
    (void)state;
    assert_int_equal(avsvt_audio_mix(NULL, x, x, 2, 0, &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_audio_mix(x, NULL, x, 2, 0, &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_audio_mix(x, x, NULL, 2, 0, &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_audio_mix(x, x, x, -1, 0, &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_audio_mix(x, x, x, 2, NAN, &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_audio_mix(x, x, x, 2, 201, &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_audio_mix(x, bad, x, 2, 0, &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_audio_mix(x, x, bad, 2, 0, &err), AVSVT_E_ARG);
    assert_non_null(strstr(err.message, "sample 1 of noise"));
    assert_int_equal(avsvt_audio_mix(x, huge, peak, 2, -20, &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_audio_mix(NULL, NULL, NULL, 0, 0, &err), AVSVT_OK);
    assert_true(x[0] == 0.1f && x[1] == 0.2f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_golden_mixes_are_met),
        cmocka_unit_test(the_ratio_is_one_of_mean_levels),
        cmocka_unit_test(bad_arguments_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
