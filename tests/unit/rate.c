/* SPDX-License-Identifier: MIT */
/* Changing the rate of sound that comes in blocks. */
#include <math.h>

#include "stream/rate.h"
#include "support/failing_allocator.h"
#include "support/test.h"

#define PI 3.14159265358979323846

static avsvti_rate rate_of(double from, double to)
{
    avsvti_rate r;
    assert_int_equal(avsvti_rate_create(&r, avsvti_default_allocator(), from, to, NULL),
                     AVSVT_OK);
    return r;
}

/* All of x in blocks of n; returns how many came out. */
static size_t run(avsvti_rate *r, const float *x, size_t count, size_t n, float *out)
{
    size_t made = 0;
    for (size_t done = 0; done < count;) {
        size_t block = n < count - done ? n : count - done;
        for (size_t used = 0; used < block;) {
            used += avsvti_rate_take(r, x + done + used, block - used);
            while (avsvti_rate_next(r, &out[made]))
                made++;
        }
        done += block;
    }
    return made;
}

static float *sine(size_t count, double rate, double hz)
{
    float *x = malloc(count * sizeof(*x));
    assert_non_null(x);
    for (size_t i = 0; i < count; i++)
        x[i] = (float)(0.5 * sin(2 * PI * hz * (double)i / rate));
    return x;
}

static const double rates[] = { 8000, 11025, 22050, 32000, 44100, 44099.99, 47999.5, 48000,
                                96000, 192000 };
#define RATES (sizeof(rates) / sizeof(rates[0]))

static void tones_keep_their_place_and_strength(void **state)
{
    (void)state;
    for (size_t i = 0; i < RATES; i++) {
        size_t count = (size_t)(rates[i] / 2);
        avsvti_rate r = rate_of(rates[i], 16000);
        float *x = sine(count, rates[i], 1000), out[9000];
        size_t made = run(&r, x, count, 300, out);
        assert_in_range(made, 7900, 8001);
        for (size_t m = 100; m < made; m++) {
            double want = 0.5 * sin(2 * PI * 1000 * (double)m / 16000);
            if (fabs((double)out[m] - want) > 1e-3)
                fail_msg("%.2f Hz: sample %zu is %g, not %g", rates[i], m, (double)out[m],
                         want);
        }
        free(x);
        avsvti_rate_free(&r);
    }
}

static void what_the_lower_rate_cannot_hold_is_gone(void **state)
{
    (void)state;
    for (size_t i = 0; i < RATES; i++) {
        if (rates[i] < 22000)
            continue;
        size_t count = (size_t)(rates[i] / 2);
        avsvti_rate r = rate_of(rates[i], 16000);
        float *x = sine(count, rates[i], 9500), out[9000];
        size_t made = run(&r, x, count, 300, out);
        for (size_t m = 100; m < made; m++)
            assert_true(fabsf(out[m]) < 0.5f * 1e-3f); /* 60 dB */
        free(x);
        avsvti_rate_free(&r);
    }
}

static void blocks_of_any_size_give_the_same_bits(void **state)
{
    static const size_t blocks[] = { 1, 7, 64, 8192, 40000 };
    (void)state;
    for (size_t i = 0; i < RATES; i++) {
        avsvti_rate r = rate_of(rates[i], 16000);
        static float first[90000], other[90000];
        float *x = sine(40000, rates[i], 440);
        size_t made = run(&r, x, 40000, 100, first);
        for (size_t b = 0; b < 5; b++) {
            avsvti_rate_reset(&r);
            assert_int_equal(run(&r, x, 40000, blocks[b], other), made);
            assert_memory_equal(first, other, made * sizeof(float));
        }
        free(x);
        avsvti_rate_free(&r);
    }
}

/* Outputs are those whose inputs are known: no more, no fewer. */
static void counts_stay_exact(void **state)
{
    (void)state;
    for (size_t i = 0; i < RATES; i++) {
        avsvti_rate r = rate_of(rates[i], 16000);
        float x[512] = { 0 }, out[1100];
        uint64_t pushed = 0, made = 0;
        for (int b = 0; b < 1000; b++) {
            pushed += 512;
            made += run(&r, x, 512, 512, out);
            uint64_t places = pushed - r.half; /* the last of them may lie at this - 1 */
            uint64_t want = (places * r.out + r.in - 1) / r.in;
            assert_int_equal(made, want);
            assert_true(avsvti_rate_known(&r) <= (int64_t)pushed);
        }
        avsvti_rate_free(&r);
    }
}

static void the_same_rate_is_left_alone(void **state)
{
    const float x[6] = { 0.25f, -0.5f, 1.0f, 0.1f, 1e-30f, -8.0f };
    const float want[6] = { 0.25f, -0.5f, 1.0f, 0.1f, 0.0f, -8.0f };
    float out[6];
    avsvti_rate r = rate_of(16000, 16000);
    (void)state;
    assert_int_equal(run(&r, x, 6, 4, out), 6);
    assert_memory_equal(out, want, sizeof(want));
    assert_int_equal(avsvti_rate_known(&r), 6);
    avsvti_rate_free(&r);
}

static void what_is_not_finite_becomes_silence(void **state)
{
    const float x[8] = { NAN, INFINITY, -INFINITY, 100.0f, -100.0f, 1e-44f, -NAN, 0.5f };
    const float want[8] = { 0, 0, 0, 8.0f, -8.0f, 0, 0, 0.5f };
    float out[8];
    avsvti_rate r = rate_of(16000, 16000);
    (void)state;
    assert_int_equal(run(&r, x, 8, 8, out), 8);
    for (size_t i = 0; i < 8; i++)
        assert_true(out[i] == want[i]);
    avsvti_rate_free(&r);
}

static avsvt_status make(const avsvt_allocator *a, void *user)
{
    avsvti_rate r;
    (void)user;
    avsvt_status status = avsvti_rate_create(&r, a, 48000, 16000, NULL);
    if (status == AVSVT_OK)
        avsvti_rate_free(&r);
    return status;
}

static void failed_allocations_are_told(void **state)
{
    (void)state;
    assert_int_equal(failing_allocator_each(make, NULL), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tones_keep_their_place_and_strength),
        cmocka_unit_test(what_the_lower_rate_cannot_hold_is_gone),
        cmocka_unit_test(blocks_of_any_size_give_the_same_bits),
        cmocka_unit_test(counts_stay_exact),
        cmocka_unit_test(the_same_rate_is_left_alone),
        cmocka_unit_test(what_is_not_finite_becomes_silence),
        cmocka_unit_test(failed_allocations_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
