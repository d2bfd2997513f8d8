/* SPDX-License-Identifier: MIT */
/* Changing the rate keeps frequency, level, phase and time. */
#define _GNU_SOURCE
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <avsvt/avsvt.h>

static const double rates[] = { 2000, 8000, 11025, 16000, 22050, 44100, 44100.5,
                                48000, 96000, 384000 };
#define RATES (sizeof(rates) / sizeof(rates[0]))

static float *convert(const float *x, int64_t frames, double from, double to,
                      size_t block, size_t *count)
{
    avsvt_audio *audio;
    size_t n, room = (size_t)((double)frames * to / from) + 1000 + block;
    float *y = malloc(room * sizeof(float));
    *count = 0;
    assert_int_equal(avsvt_audio_open_samples(&audio, NULL, x, frames, 1, from,
                                              NULL), AVSVT_OK);
    assert_int_equal(avsvt_audio_set_rate(audio, to, NULL), AVSVT_OK);
    do {
        assert_true(*count + block <= room);
        assert_int_equal(avsvt_audio_read(audio, y + *count, block, &n, NULL),
                         AVSVT_OK);
        *count += n;
    } while (n == block);
    assert_int_equal(avsvt_audio_read(audio, y + *count, block, &n, NULL),
                     AVSVT_OK);
    assert_int_equal(n, 0);
    avsvt_audio_free(audio);
    return y;
}

static float *sine(double rate, int64_t frames, double hz)
{
    float *x = malloc((size_t)(frames ? frames : 1) * sizeof(float));
    for (int64_t i = 0; i < frames; i++)
        x[i] = (float)(0.5 * sin(2 * M_PI * hz * (double)i / rate));
    return x;
}

static void a_sine_keeps_frequency_level_and_phase(void **state)
{
    (void)state;
    for (size_t a = 0; a < RATES; a++)
        for (size_t b = 0; b < RATES; b++) {
            size_t n;
            int64_t frames = (int64_t)rates[a];
            float *x = sine(rates[a], frames, 440);
            float *y = convert(x, frames, rates[a], rates[b], 100000, &n);
            for (size_t i = n / 4; i < n - n / 4; i++) {
                double want = 0.5 * sin(2 * M_PI * 440 * (double)i / rates[b]);
                if (fabs((double)y[i] - want) > 5e-6)
                    fail_msg("%g -> %g: sample %zu is %g, not %g", rates[a],
                             rates[b], i, (double)y[i], want);
            }
            free(x);
            free(y);
        }
}

static void an_impulse_stays_at_its_time(void **state)
{
    (void)state;
    for (size_t a = 0; a < RATES; a++)
        for (size_t b = 0; b < RATES; b++) {
            size_t n;
            int64_t frames = (int64_t)rates[a] / 2, at = frames / 3;
            float *x = calloc((size_t)frames, sizeof(float));
            x[at] = 1.0f;
            float *y = convert(x, frames, rates[a], rates[b], 100000, &n);
            double sum = 0.0, energy = 0.0;
            for (size_t i = 0; i < n; i++) {
                energy += (double)y[i] * (double)y[i];
                sum += (double)y[i] * (double)y[i] * (double)i;
            }
            double off = sum / energy / rates[b] - (double)at / rates[a];
            if (fabs(off) > 1e-6)
                fail_msg("%g -> %g: %g s off", rates[a], rates[b], off);
            free(x);
            free(y);
        }
}

static void the_length_is_that_of_the_sound(void **state)
{
    static const int64_t lengths[] = { 0, 1, 2, 7, 100, 1600, 4095, 4096, 4097,
                                       50001 };
    (void)state;
    for (size_t a = 0; a < RATES; a++)
        for (size_t b = 0; b < RATES; b++)
            for (size_t k = 0; k < sizeof(lengths) / sizeof(lengths[0]); k++) {
                size_t n;
                float *x = sine(rates[a], lengths[k], 300);
                float *y = convert(x, lengths[k], rates[a], rates[b], 4096, &n);
                int64_t want = llround((double)lengths[k] * rates[b] / rates[a]);
                if ((int64_t)n != want)
                    fail_msg("%g -> %g: %zu samples, not %lld", rates[a],
                             rates[b], n, (long long)want);
                free(x);
                free(y);
            }
}

static void what_lies_above_half_the_new_rate_is_gone(void **state)
{
    size_t n;
    float *x = sine(48000, 48000, 9000);
    (void)state;
    float *y = convert(x, 48000, 48000, 16000, 4096, &n);
    for (size_t i = 1000; i < n - 1000; i++)
        assert_true(fabsf(y[i]) < 1e-5f); /* -94 dB */
    free(x);
    free(y);
}

static void any_block_size_gives_the_same_samples(void **state)
{
    static const size_t blocks[] = { 1, 7, 160, 4095, 4096, 4097, 65536 };
    static const double to[] = { 16000, 44100, 48000 };
    size_t n, m;
    float *x = sine(44100, 30011, 440);
    (void)state;
    for (size_t r = 0; r < 3; r++) {
        float *whole = convert(x, 30011, 44100, to[r], 1000000, &n);
        for (size_t b = 0; b < sizeof(blocks) / sizeof(blocks[0]); b++) {
            float *part = convert(x, 30011, 44100, to[r], blocks[b], &m);
            assert_int_equal(n, m);
            assert_memory_equal(whole, part, n * sizeof(float));
            free(part);
        }
        free(whole);
    }
    free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sine_keeps_frequency_level_and_phase),
        cmocka_unit_test(an_impulse_stays_at_its_time),
        cmocka_unit_test(the_length_is_that_of_the_sound),
        cmocka_unit_test(what_lies_above_half_the_new_rate_is_gone),
        cmocka_unit_test(any_block_size_gives_the_same_samples),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
