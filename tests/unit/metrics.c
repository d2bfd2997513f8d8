/* SPDX-License-Identifier: MIT */
/* The measures are those of mir_eval. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <avsvt/metrics.h>

#include "support/failing_allocator.h"
#include "support/note_lists.h"

/* The twelve numbers, measure by measure. */
static void numbers(const avsvt_notes_scores *s, double *to)
{
    const avsvt_score *parts[] = { &s->conpoff, &s->conp, &s->con, &s->coff };
    for (int i = 0; i < 4; i++) {
        to[3 * i] = parts[i]->precision;
        to[3 * i + 1] = parts[i]->recall;
        to[3 * i + 2] = parts[i]->f1;
    }
}

static void scores_are_those_of_mir_eval(void **state)
{
    npz_file f;
    (void)state;
    open_own_golden(&f, "metrics.npz");
    for (int k = 0; k < 20; k++) {
        char key[16];
        snprintf(key, sizeof(key), "m%d", k);
        npz_array ref = golden_array(&f, key, "ref");
        npz_array est = golden_array(&f, key, "est");
        npz_array opts = golden_array(&f, key, "options");
        npz_array want = golden_array(&f, key, "scores");
        avsvt_notes *r = notes_of_rows(&ref), *e = notes_of_rows(&est);
        avsvt_notes_scores scores = AVSVT_NOTES_SCORES_INIT;
        avsvt_metrics_options o = AVSVT_METRICS_OPTIONS_INIT;
        double got[12];
        o.onset_tolerance_s = npz_value(&opts, 0);
        o.pitch_tolerance_cents = npz_value(&opts, 1);
        o.offset_ratio = npz_value(&opts, 2);
        o.offset_min_tolerance_s = npz_value(&opts, 3);
        assert_int_equal(avsvt_metrics_notes(&scores, r, e, &o, NULL), AVSVT_OK);
        assert_int_equal(scores.reference, ref.count / 3);
        assert_int_equal(scores.estimated, est.count / 3);
        numbers(&scores, got);
        for (size_t i = 0; i < 12; i++)
            if (!(fabs(got[i] - npz_value(&want, i)) <= 1e-12))
                fail_msg("%s: number %zu is %g, not %g", key, i, got[i],
                         npz_value(&want, i));
        avsvt_notes_free(r);
        avsvt_notes_free(e);
        npz_array_free(&ref);
        npz_array_free(&est);
        npz_array_free(&opts);
        npz_array_free(&want);
    }
    npz_close(&f);
}

/* F1 of the reference's cases, COnPOff to COff, as its JSON file
 * has them. */
static const struct { const char *key; double f1[4]; } reference_cases[] = {
    { "m00", { 0.8166666666667, 0.85, 0.9333333333333, 0.9 } },
    { "m01", { 0.1826086956522, 0.4782608695652, 0.6782608695652, 0.6173913043478 } },
    { "m02", { 0.2222222222222, 0.3777777777778, 0.4444444444444, 0.6888888888889 } },
    { "m03", { 0.641975308642, 0.641975308642, 0.6543209876543, 0.679012345679 } },
    { "m04", { 1, 1, 1, 1 } },
    { "m05", { 0.4123711340206, 0.639175257732, 0.7422680412371, 0.639175257732 } },
    { "m06", { 0.4705882352941, 0.6862745098039, 0.843137254902, 0.7254901960784 } },
    { "m07", { 0.75, 0.75, 0.75, 1 } },
    { "m08", { 0.5, 0.75, 0.75, 0.75 } },
    { "m09", { 0.5, 0.5, 1, 1 } },
    { "m10", { 0.4444444444444, 0.4444444444444, 0.4444444444444, 0.4444444444444 } },
    { "m11", { 0.6666666666667, 0.6666666666667, 0.6666666666667, 0.6666666666667 } },
    { "m15", { 0, 0, 0, 0 } },
};

static void scores_are_those_of_the_reference(void **state)
{
    npz_file f;
    (void)state;
    open_reference_golden(&f, "case09_metrics.npz");
    for (size_t k = 0; k < sizeof(reference_cases) / sizeof(reference_cases[0]); k++) {
        const char *key = reference_cases[k].key;
        npz_array ref = golden_array(&f, key, "ref");
        npz_array est = golden_array(&f, key, "est");
        avsvt_notes *r = notes_of_rows(&ref), *e = notes_of_rows(&est);
        avsvt_notes_scores scores = AVSVT_NOTES_SCORES_INIT;
        avsvt_metrics_options o = AVSVT_METRICS_OPTIONS_INIT;
        double got[12];
        o.onset_tolerance_s = !strcmp(key, "m05") ? 0.1 : 0;
        o.offset_min_tolerance_s = !strcmp(key, "m06") ? 0.1 : 0;
        assert_int_equal(avsvt_metrics_notes(&scores, r, e, &o, NULL), AVSVT_OK);
        numbers(&scores, got);
        for (size_t i = 0; i < 4; i++)
            if (!(fabs(got[3 * i + 2] - reference_cases[k].f1[i]) <= 1e-12))
                fail_msg("%s: F1 number %zu is %.15g", key, i, got[3 * i + 2]);
        avsvt_notes_free(r);
        avsvt_notes_free(e);
        npz_array_free(&ref);
        npz_array_free(&est);
    }
    npz_close(&f);
}

static void notes_that_mir_eval_refuses_are_named(void **state)
{
    static const double good[][3] = { { 0, 1, 60 }, { 2, 3, 60 } };
    static const double empty[][3] = { { 0, 1, 60 }, { 2, 2, 60 } };
    static const double early[][3] = { { -.1, 1, 60 }, { 2, 3, 60 } };
    avsvt_notes *g = notes_of(good, 2), *n = notes_of(empty, 2);
    avsvt_notes *m = notes_of(early, 2);
    avsvt_notes_scores scores = AVSVT_NOTES_SCORES_INIT;
    avsvt_error err = AVSVT_ERROR_INIT;
    (void)state;
    assert_int_equal(avsvt_metrics_notes(&scores, g, n, NULL, &err), AVSVT_E_ARG);
    assert_non_null(strstr(err.message, "estimate: note 2"));
    assert_int_equal(avsvt_metrics_notes(&scores, m, g, NULL, &err), AVSVT_E_ARG);
    assert_non_null(strstr(err.message, "reference: note 1"));
    assert_int_equal(scores.reference, 0);
    avsvt_notes_free(g);
    avsvt_notes_free(n);
    avsvt_notes_free(m);
}

static void bad_arguments_are_refused(void **state)
{
    static const double rows[][3] = { { 0, 1, 60 } };
    avsvt_notes *n = notes_of(rows, 1);
    avsvt_notes_scores s = AVSVT_NOTES_SCORES_INIT;
    avsvt_metrics_options o = AVSVT_METRICS_OPTIONS_INIT;
    (void)state;
    assert_int_equal(avsvt_metrics_notes(NULL, n, n, NULL, NULL), AVSVT_E_ARG);
    assert_int_equal(avsvt_metrics_notes(&s, NULL, n, NULL, NULL), AVSVT_E_ARG);
    assert_int_equal(avsvt_metrics_notes(&s, n, NULL, NULL, NULL), AVSVT_E_ARG);
    o.onset_tolerance_s = -1;
    assert_int_equal(avsvt_metrics_notes(&s, n, n, &o, NULL), AVSVT_E_ARG);
    o.onset_tolerance_s = NAN;
    assert_int_equal(avsvt_metrics_notes(&s, n, n, &o, NULL), AVSVT_E_ARG);
    o.onset_tolerance_s = 0;
    o.reserved = 1;
    assert_int_equal(avsvt_metrics_notes(&s, n, n, &o, NULL), AVSVT_E_ARG);
    s.struct_size = 0;
    assert_int_equal(avsvt_metrics_notes(&s, n, n, NULL, NULL), AVSVT_E_ARG);
    avsvt_notes_free(n);
}

static void thousands_of_notes_that_all_compete_are_matched(void **state)
{
    enum { COUNT = 3000 };
    double (*rows)[3] = calloc(COUNT, sizeof(*rows));
    avsvt_notes_scores s = AVSVT_NOTES_SCORES_INIT;
    (void)state;
    assert_non_null(rows);
    for (int i = 0; i < COUNT; i++) {
        rows[i][0] = i / 100.0; /* ten others within reach */
        rows[i][1] = rows[i][0] + 500;
        rows[i][2] = 60 + i % 3;
    }
    avsvt_notes *a = notes_of(rows, COUNT);
    for (int i = 0; i < COUNT; i++)
        rows[i][2] = 60 + (i + 1) % 3;
    avsvt_notes *b = notes_of(rows, COUNT);
    assert_int_equal(avsvt_metrics_notes(&s, a, b, NULL, NULL), AVSVT_OK);
    assert_true(s.con.f1 > 1 - 1e-12 && s.coff.f1 > 1 - 1e-12);
    assert_true(s.conp.f1 > 1 - 1e-12); /* each takes a neighbour's partner */
    avsvt_notes_free(a);
    avsvt_notes_free(b);
    free(rows);
}

typedef struct two_lists {
    const double (*rows)[3];
    size_t count;
} two_lists;

static avsvt_status compare(const avsvt_allocator *a, void *user)
{
    const two_lists *lists = user;
    avsvt_context_options o = AVSVT_CONTEXT_OPTIONS_INIT;
    avsvt_context *context = NULL;
    avsvt_notes *notes = NULL;
    avsvt_notes_scores s = AVSVT_NOTES_SCORES_INIT;
    avsvt_note list[4];
    o.allocator = a;
    for (size_t i = 0; i < lists->count; i++) {
        list[i] = (avsvt_note)AVSVT_NOTE_INIT;
        list[i].onset_s = lists->rows[i][0];
        list[i].offset_s = lists->rows[i][1];
        list[i].pitch = lists->rows[i][2];
    }
    avsvt_status status = avsvt_context_create(&context, &o, NULL);
    if (status == AVSVT_OK)
        status = avsvt_notes_create(&notes, context, list, lists->count, NULL);
    if (status == AVSVT_OK)
        status = avsvt_metrics_notes(&s, notes, notes, NULL, NULL);
    assert_true((s.con.f1 > 0.5) == (status == AVSVT_OK));
    avsvt_context_free(context);
    avsvt_notes_free(notes);
    return status;
}

static void every_failing_allocation_is_told(void **state)
{
    static const double rows[][3] = { { 0, 1, 60 }, { 1, 2, 61 }, { 2, 3, 62 } };
    two_lists lists = { rows, 3 };
    (void)state;
    assert_true(failing_allocator_each(compare, &lists) > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scores_are_those_of_mir_eval),
        cmocka_unit_test(scores_are_those_of_the_reference),
        cmocka_unit_test(notes_that_mir_eval_refuses_are_named),
        cmocka_unit_test(bad_arguments_are_refused),
        cmocka_unit_test(thousands_of_notes_that_all_compete_are_matched),
        cmocka_unit_test(every_failing_allocation_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
