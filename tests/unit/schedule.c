/* SPDX-License-Identifier: MIT */
/* Learning rates go as SpeechBrain's and PyTorch's do. */
#include "support/test.h"

#include <math.h>
#include <stdio.h>

#include "core/number.h"
#include "core/yaml.h"
#include "platform/file.h"
#include "train/schedule.h"

static double value_at(const avsvti_yaml *y, const char *format, size_t i,
                       size_t k, size_t n)
{
    char key[96];
    double value = NAN;
    snprintf(key, sizeof(key), format, i, k, n);
    const char *text = avsvti_yaml_get(y, key);
    if (!text)
        return NAN;
    assert_non_null(avsvti_number_parse(text, &value));
    return value;
}

static void given(const avsvti_yaml *y, size_t i, const char *name, double *value)
{
    char format[64];
    snprintf(format, sizeof(format), "sequences.%%zu.args.%s", name);
    double found = value_at(y, format, i, 0, 0);
    if (!isnan(found))
        *value = found;
}

static void newbob_is_that_of_speechbrain(void **state)
{
    const char *folder = getenv("AVSVT_TEST_DATA");
    const avsvt_allocator *a = avsvti_default_allocator();
    avsvti_yaml *y = NULL;
    char path[1024], *text = NULL;
    size_t size = 0;
    (void)state;
    snprintf(path, sizeof(path), "%s/reference/svt/golden/case06_newbob.json",
             folder ? folder : "");
    if (avsvti_file_read(&text, &size, a, path, 1 << 20, NULL)) {
        print_message("left out: %s is missing\n", path);
        skip();
    }
    assert_int_equal(avsvti_yaml_parse(&y, a, text, size, path, NULL), 0);
    size_t sequences = avsvti_yaml_count(y, "sequences");
    assert_true(sequences >= 4);
    for (size_t i = 0; i < sequences; i++) {
        avsvti_schedule s = { .kind = AVSVTI_NEWBOB, .factor = 0.5, .threshold = 0.0025 };
        avsvti_schedule_state now;
        double patience = 0;
        char key[64];
        given(y, i, "initial_value", &s.base);
        given(y, i, "annealing_factor", &s.factor);
        given(y, i, "improvement_threshold", &s.threshold);
        given(y, i, "patient", &patience);
        s.patience = (int64_t)patience;
        avsvti_schedule_begin(&s, &now);
        snprintf(key, sizeof(key), "sequences.%zu.metric", i);
        size_t calls = avsvti_yaml_count(y, key);
        assert_true(calls > 0);
        for (size_t k = 0; k < calls; k++) {
            double before = now.lr;
            avsvti_schedule_metric(&s, &now, value_at(y, "sequences.%zu.metric.%zu", i, k, 0));
            double old = value_at(y, "sequences.%zu.old_new.%zu.%zu", i, k, 0);
            double new = value_at(y, "sequences.%zu.old_new.%zu.%zu", i, k, 1);
            if (!(fabs(before / old - 1) < 1e-12 && fabs(now.lr / new - 1) < 1e-12))
                fail_msg("sequence %zu, call %zu: %.17g -> %.17g, not %.17g", i, k,
                         before, now.lr, new);
        }
    }
    avsvti_yaml_free(y);
    avsvti_release(a, text);
}

/* The improvement is a share of what it was, and the threshold itself is enough. */
static void newbob_looks_at_shares(void **state)
{
    static const double metrics[] = { 100, 99, 98.75, 0.01, 0.0099, 0.0098995, 4, 3 };
    static const double rates[] = { 1, 1, 0.5, 0.5, 0.5, 0.25, 0.125, 0.125 };
    avsvti_schedule s = { .kind = AVSVTI_NEWBOB, .base = 1, .factor = 0.5, .threshold = 0.0025 };
    avsvti_schedule_state now;
    (void)state;
    avsvti_schedule_begin(&s, &now);
    for (size_t i = 0; i < sizeof(metrics) / sizeof(*metrics); i++) {
        s.threshold = i == 7 ? 0.25 : 0.0026;
        avsvti_schedule_metric(&s, &now, metrics[i]);
        if (!(fabs(now.lr - rates[i]) < 1e-12))
            fail_msg("call %zu: %.17g, not %.17g", i, now.lr, rates[i]);
    }
}

/* torch.optim.lr_scheduler.ReduceLROnPlateau(SGD(lr=0.1), factor=0.5,
 * patience=2, cooldown=1, min_lr=0.02), PyTorch 2.13: the rate after each step. */
static void plateau_is_that_of_pytorch(void **state)
{
    static const double metrics[] = { 1, .9, .9, .9, .9, .9, .9, .9, .9, .9, .8,
                                      .8, .8, .8, .8, .8, .8, .8 };
    static const double rates[] = { 0.1, 0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.05, 0.025,
                                    0.025, 0.025, 0.025, 0.025, 0.02, 0.02, 0.02, 0.02, 0.02 };
    avsvti_schedule s = { .kind = AVSVTI_PLATEAU, .base = 0.1, .factor = 0.5,
                          .threshold = 1e-4, .patience = 2, .cooldown = 1,
                          .min_lr = 0.02, .eps = 1e-8 };
    avsvti_schedule_state now;
    (void)state;
    avsvti_schedule_begin(&s, &now);
    for (size_t i = 0; i < sizeof(metrics) / sizeof(*metrics); i++) {
        avsvti_schedule_metric(&s, &now, metrics[i]);
        if (!(fabs(now.lr - rates[i]) < 1e-12))
            fail_msg("call %zu: %.17g, not %.17g", i, now.lr, rates[i]);
    }
}

/* OneCycleLR(SGD(lr=1, momentum=0.9), max_lr=0.4, total_steps=10): rate and
 * momentum of steps 0..9. */
static void one_cycle_is_that_of_pytorch(void **state)
{
    static const double want[][2] = {
        { 0.016000000000000014, 0.94999999999999996 },
        { 0.20800000000000002, 0.89999999999999991 },
        { 0.40000000000000002, 0.84999999999999998 },
        { 0.38019385280538953, 0.85495155660487898 },
        { 0.32469826157990522, 0.86882550990706331 },
        { 0.24450480877451572, 0.88887395330218422 },
        { 0.15549679122548429, 0.91112604669781572 },
        { 0.075303338420094804, 0.93117449009293662 },
        { 0.019807747194610516, 0.94504844339512095 },
        { 1.5999999999999999e-06, 0.94999999999999996 },
    };
    avsvti_schedule s = { .kind = AVSVTI_ONE_CYCLE, .base = 0.4, .rise = 0.3,
                          .start_div = 25, .end_div = 1e4,
                          .momentum_low = 0.85, .momentum_high = 0.95 };
    avsvti_schedule_state now;
    (void)state;
    avsvti_schedule_begin(&s, &now);
    for (int64_t i = 0; i < 10; i++) {
        double momentum = 0;
        avsvti_schedule_step(&s, &now, i, 10, &momentum);
        if (!(fabs(now.lr / want[i][0] - 1) < 1e-12 && fabs(momentum - want[i][1]) < 1e-12))
            fail_msg("step %d: %.17g, %.17g", (int)i, now.lr, momentum);
    }
}

static void cosine_warms_up_and_comes_down(void **state)
{
    avsvti_schedule s = { .kind = AVSVTI_COSINE, .base = 2, .warmup = 4, .last = 0.1 };
    avsvti_schedule_state now;
    double before = 0;
    (void)state;
    avsvti_schedule_begin(&s, &now);
    for (int64_t i = 0; i <= 24; i++) {
        avsvti_schedule_step(&s, &now, i, 24, NULL);
        if (i < 4)
            assert_true(fabs(now.lr - 0.5 * (double)(i + 1)) < 1e-12);
        else if (i > 4)
            assert_true(now.lr < before);
        before = now.lr;
    }
    assert_true(fabs(now.lr - 0.2) < 1e-12);
    avsvti_schedule_step(&s, &now, 14, 24, NULL);
    assert_true(fabs(now.lr - 1.1) < 1e-12); /* half way */
}

static void a_constant_rate_stays(void **state)
{
    avsvti_schedule s = { .kind = AVSVTI_CONSTANT, .base = 0.3 };
    avsvti_schedule_state now;
    (void)state;
    avsvti_schedule_begin(&s, &now);
    avsvti_schedule_step(&s, &now, 5, 10, NULL);
    avsvti_schedule_metric(&s, &now, 7);
    avsvti_schedule_metric(&s, &now, 9);
    assert_true(fabs(now.lr - 0.3) < 1e-15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(newbob_is_that_of_speechbrain),
        cmocka_unit_test(newbob_looks_at_shares),
        cmocka_unit_test(plateau_is_that_of_pytorch),
        cmocka_unit_test(one_cycle_is_that_of_pytorch),
        cmocka_unit_test(cosine_warms_up_and_comes_down),
        cmocka_unit_test(a_constant_rate_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
