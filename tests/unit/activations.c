/* SPDX-License-Identifier: MIT */
/* Activations are checked when they are made and then keep what was given. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "head/activations.h"
#include "support/failing_allocator.h"

#define FRAMES 4
#define BINS 6

static float logits[FRAMES][AVSVT_NOTE_LOGITS], fine[FRAMES][BINS];
static float level[FRAMES];

static avsvt_activations_info usual(void)
{
    avsvt_activations_info info = AVSVT_ACTIVATIONS_INFO_INIT;
    info.frames = FRAMES;
    info.fine_bins = BINS;
    info.frame_rate_hz = 50;
    info.fine_lowest = 35;
    info.fine_step = 0.5;
    return info;
}

static int reset(void **state)
{
    (void)state;
    for (int i = 0; i < FRAMES; i++) {
        for (int k = 0; k < AVSVT_NOTE_LOGITS; k++)
            logits[i][k] = (float)(i - k);
        for (int k = 0; k < BINS; k++)
            fine[i][k] = (float)(i * k);
        level[i] = (float)(-10 * i - 1);
    }
    return 0;
}

static void what_was_given_is_kept(void **state)
{
    avsvt_activations_info info = usual(), back = AVSVT_ACTIVATIONS_INFO_INIT;
    avsvt_activations *a = NULL;
    (void)state;
    info.start_s = 1.5;
    level[2] = -HUGE_VALF; /* no sound at all */
    assert_int_equal(avsvt_activations_create(&a, NULL, &info, logits[0],
                                              fine[0], level, NULL), AVSVT_OK);
    assert_memory_equal(avsvt_activations_logits(a), logits, sizeof(logits));
    assert_memory_equal(avsvt_activations_fine(a), fine, sizeof(fine));
    assert_true(avsvt_activations_level(a)[1] < -10.5f);
    assert_true(isfinite(avsvt_activations_level(a)[2]) &&
                avsvt_activations_level(a)[2] < -100);
    assert_int_equal(avsvt_activations_describe(a, &back), AVSVT_OK);
    assert_memory_equal(&back, &info, sizeof(info));
    assert_int_equal(avsvt_activations_describe(a, NULL), AVSVT_E_ARG);
    assert_int_equal(avsvt_activations_describe(NULL, &back), AVSVT_E_ARG);
    avsvt_activations_free(a);
}

static void a_voice_is_kept_too(void **state)
{
    static const float voice[FRAMES] = { 0, 60.5f };
    avsvt_activations_info info = usual();
    avsvt_activations *a = NULL;
    float bad[FRAMES] = { 0 };
    avsvt_error err = AVSVT_ERROR_INIT;
    (void)state;
    assert_int_equal(avsvt_activations_create_heard(&a, NULL, &info, logits[0], fine[0],
                                                    level, voice, NULL), AVSVT_OK);
    assert_memory_equal(avsvt_activations_voice(a), voice, sizeof(voice));
    assert_memory_equal(avsvt_activations_fine(a), fine, sizeof(fine));
    avsvt_activations_free(a);
    bad[1] = NAN;
    assert_int_equal(avsvt_activations_create_heard(&a, NULL, &info, logits[0], fine[0],
                                                    level, bad, &err), AVSVT_E_ARG);
    assert_null(a);
    assert_non_null(strstr(err.message, "voice of frame 1"));
}

static void what_was_not_given_is_not_there(void **state)
{
    avsvt_activations_info info = usual();
    avsvt_activations *a = NULL;
    (void)state;
    info.fine_bins = 0;
    assert_int_equal(avsvt_activations_create(&a, NULL, &info, logits[0], NULL,
                                              NULL, NULL), AVSVT_OK);
    assert_null(avsvt_activations_fine(a));
    assert_null(avsvt_activations_level(a));
    assert_null(avsvt_activations_voice(a));
    avsvt_activations_free(a);
    info = usual();
    info.frames = 0;
    assert_int_equal(avsvt_activations_create(&a, NULL, &info, NULL, NULL, NULL,
                                              NULL), AVSVT_OK);
    assert_null(avsvt_activations_logits(a));
    avsvt_activations_free(a);
    avsvt_activations_free(NULL);
    assert_null(avsvt_activations_logits(NULL));
    assert_null(avsvt_activations_fine(NULL));
    assert_null(avsvt_activations_level(NULL));
    assert_null(avsvt_activations_voice(NULL));
}

static void refuse(const avsvt_activations_info *info, const float *l,
                   const float *f, const float *v)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_activations *a = (avsvt_activations *)logits;
    assert_int_equal(avsvt_activations_create(&a, NULL, info, l, f, v, &err),
                     AVSVT_E_ARG);
    assert_null(a);
    assert_true(err.message[0]);
}

static void bad_sizes_are_refused(void **state)
{
    (void)state;
    for (int i = 0; i < 11; i++) {
        avsvt_activations_info info = usual();
        switch (i) {
        case 0: info.frames = -1; break;
        case 1: info.frames = INT64_MAX; break;
        case 2: info.fine_bins = -1; break;
        case 3: info.fine_bins = INT32_MAX; break;
        case 4: info.frame_rate_hz = 0; break;
        case 5: info.frame_rate_hz = NAN; break;
        case 6: info.start_s = HUGE_VAL; break;
        case 7: info.fine_step = 0; break;
        case 8: info.frame_rate_hz = 1e-310; break; /* times would not be finite */
        case 9: info.start_s = 1e308; break;
        default: info.fine_lowest = NAN; break;
        }
        refuse(&info, logits[0], fine[0], level);
    }
    avsvt_activations_info info = usual();
    refuse(NULL, logits[0], fine[0], level);
    refuse(&info, NULL, fine[0], level);
    refuse(&info, logits[0], NULL, level);
    info.fine_bins = 0;
    refuse(&info, logits[0], fine[0], level);
    info.struct_size = 0;
    refuse(&info, logits[0], NULL, level);
    assert_int_equal(avsvt_activations_create(NULL, NULL, &info, logits[0],
                                              NULL, NULL, NULL), AVSVT_E_ARG);
}

static void what_is_no_number_is_refused_by_place(void **state)
{
    avsvt_activations_info info = usual();
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_activations *a;
    (void)state;
    logits[3][17] = NAN;
    assert_int_equal(avsvt_activations_create(&a, NULL, &info, logits[0],
                                              fine[0], level, &err), AVSVT_E_ARG);
    assert_non_null(strstr(err.message, "frame 3, column 17"));
    reset(NULL);
    fine[1][2] = HUGE_VALF;
    refuse(&info, logits[0], fine[0], level);
    reset(NULL);
    level[1] = NAN;
    refuse(&info, logits[0], fine[0], level);
}

static avsvt_status make(const avsvt_allocator *allocator, void *user)
{
    avsvt_context_options o = AVSVT_CONTEXT_OPTIONS_INIT;
    avsvt_activations_info info = usual();
    avsvt_context *context = NULL;
    avsvt_activations *a = NULL;
    (void)user;
    o.allocator = allocator;
    avsvt_status status = avsvt_context_create(&context, &o, NULL);
    if (status == AVSVT_OK)
        status = avsvt_activations_create_heard(&a, context, &info, logits[0],
                                                fine[0], level, level, NULL);
    avsvt_context_free(context);
    avsvt_activations_free(a);
    return status;
}

static void adopted_rows_are_not_copied(void **state)
{
    const avsvt_allocator *a = avsvti_default_allocator();
    avsvti_activation_rows rows = { NULL, NULL, NULL, NULL };
    avsvt_activations_info info = usual();
    avsvt_activations *made;
    (void)state;
    info.fine_bins = 0;
    float *block = rows.logits = avsvti_alloc(a, FRAMES, sizeof(logits[0]));
    assert_non_null(block);
    memcpy(block, logits, sizeof(logits));
    block[AVSVT_NOTE_LOGITS] = NAN;
    assert_int_equal(avsvti_activations_adopt(&made, NULL, &info, &rows, NULL), AVSVT_E_ARG);
    assert_null(made);
    assert_ptr_equal(rows.logits, block); /* still ours */
    block[AVSVT_NOTE_LOGITS] = 0;
    assert_int_equal(avsvti_activations_adopt(&made, NULL, &info, &rows, NULL), AVSVT_OK);
    assert_ptr_equal(avsvt_activations_logits(made), block);
    assert_null(avsvt_activations_fine(made));
    assert_null(avsvt_activations_level(made));
    assert_null(rows.logits);
    avsvt_activations_free(made);
}

static void every_failing_allocation_is_told(void **state)
{
    (void)state;
    assert_true(failing_allocator_each(make, NULL) >= 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_was_given_is_kept, reset),
        cmocka_unit_test_setup(a_voice_is_kept_too, reset),
        cmocka_unit_test_setup(what_was_not_given_is_not_there, reset),
        cmocka_unit_test_setup(bad_sizes_are_refused, reset),
        cmocka_unit_test_setup(what_is_no_number_is_refused_by_place, reset),
        cmocka_unit_test_setup(adopted_rows_are_not_copied, reset),
        cmocka_unit_test_setup(every_failing_allocation_is_told, reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
