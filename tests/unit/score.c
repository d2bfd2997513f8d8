/* SPDX-License-Identifier: MIT */
/* Points for singing: what is right, what is off, late, or not sung at all. */
#include "support/test.h"

#include <math.h>

#include <avsvt/avsvt.h>

#include "support/failing_allocator.h"
#include "support/note_lists.h"
#include "support/scratch.h"

/* Four notes in two lines, each half a second. */
static const double rows[][3] = { { 0.5, 1, 60 }, { 1, 1.5, 64 }, { 3, 3.5, 62 }, { 3.5, 4, 62 } };

static avsvt_chart *chart_of(const double (*notes)[3], size_t count)
{
    avsvt_notes *list = notes_of(notes, count);
    avsvt_chart *chart;
    assert_int_equal(avsvt_chart_create(&chart, NULL, list, NULL), AVSVT_OK);
    avsvt_notes_free(list);
    return chart;
}

static avsvt_chart *chart_text(const char *text)
{
    avsvt_chart *chart;
    assert_int_equal(avsvt_chart_open(&chart, NULL, scratch_write("s.txt", text, strlen(text)),
                                      NULL, NULL), AVSVT_OK);
    return chart;
}

static avsvt_scorer *scorer_of(avsvt_chart *chart, const avsvt_scorer_options *o)
{
    avsvt_scorer *s;
    assert_int_equal(avsvt_scorer_create(&s, chart, o, NULL), AVSVT_OK);
    avsvt_chart_free(chart); /* the scorer keeps it */
    return s;
}

static avsvt_line_points total(const avsvt_scorer *s)
{
    avsvt_line_points p = AVSVT_LINE_POINTS_INIT;
    assert_int_equal(avsvt_scorer_total(s, &p), AVSVT_OK);
    assert_true(fabs(p.possible - AVSVT_SCORE_POINTS) < 1e-6);
    return p;
}

static avsvt_note_points note(const avsvt_scorer *s, size_t i)
{
    avsvt_note_points p = AVSVT_NOTE_POINTS_INIT;
    assert_int_equal(avsvt_scorer_note(s, i, &p), AVSVT_OK);
    return p;
}

/* The four notes sung later and higher; the total. */
static avsvt_line_points sung(double later_s, double higher, const avsvt_scorer_options *o)
{
    avsvt_scorer *s = scorer_of(chart_of(rows, 4), o);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(avsvt_scorer_push(s, rows[i][0] + later_s, rows[i][1] + later_s,
                                           rows[i][2] + higher), AVSVT_OK);
    avsvt_line_points p = total(s);
    avsvt_scorer_free(s);
    return p;
}

static void near(double is, double want)
{
    if (!(fabs(is - want) < 1e-6))
        fail_msg("%.9g is not %.9g", is, want);
}

static void singing_it_exactly_gives_every_point(void **state)
{
    (void)state;
    avsvt_line_points p = sung(0, 0, NULL);
    near(p.points, AVSVT_SCORE_POINTS);
    near(p.line_points, 1000);
    near(p.cents, 0);
    near(p.late_s, 0);
    assert_int_equal(p.notes, 4);
    assert_int_equal(p.hits, 4);
}

static void silence_gives_none(void **state)
{
    (void)state;
    avsvt_scorer *s = scorer_of(chart_of(rows, 4), NULL);
    near(total(s).points, 0);
    near(total(s).so_far, 0);
    assert_int_equal(avsvt_scorer_push(s, 0, 10, (double)NAN), AVSVT_OK);
    near(total(s).points, 0);
    near(total(s).so_far, AVSVT_SCORE_POINTS);
    assert_int_equal(total(s).hits, 0);
    avsvt_scorer_free(s);
}

static void every_octave_is_right_unless_it_is_asked_for(void **state)
{
    avsvt_scorer_options strict = AVSVT_SCORER_OPTIONS_INIT;
    (void)state;
    near(sung(0, 12, NULL).points, AVSVT_SCORE_POINTS);
    near(sung(0, -24, NULL).points, AVSVT_SCORE_POINTS);
    strict.flags = AVSVT_SCORE_OCTAVE_STRICT;
    near(sung(0, 12, &strict).points, 0);
    near(sung(0, 0, &strict).points, AVSVT_SCORE_POINTS);
}

static void pitch_counts_fully_within_its_tolerance_and_fades_to_twice_that(void **state)
{
    avsvt_scorer_options wide = AVSVT_SCORER_OPTIONS_INIT;
    (void)state;
    near(sung(0, 0.5, NULL).points, AVSVT_SCORE_POINTS);
    near(sung(0, -0.75, NULL).points, AVSVT_SCORE_POINTS / 2);
    near(sung(0, 1, NULL).points, 0);
    near(sung(0, 0.2, NULL).cents, 20);
    wide.pitch_tolerance_cents = 100;
    near(sung(0, -1, &wide).points, AVSVT_SCORE_POINTS);
}

static void singing_late_costs_what_is_beyond_the_tolerance(void **state)
{
    avsvt_scorer_options o = AVSVT_SCORER_OPTIONS_INIT;
    (void)state;
    near(sung(0.1, 0, NULL).points, AVSVT_SCORE_POINTS);
    near(sung(-0.1, 0, NULL).points, AVSVT_SCORE_POINTS);
    avsvt_line_points p = sung(0.3, 0, NULL);
    assert_true(p.points < 0.75 * AVSVT_SCORE_POINTS && p.points > 0);
    assert_true(p.late_s > 0.15); /* 0.3, but for the note that repeats one */
    near(sung(2, 0, NULL).points < 4000, 1);
    o.delay_s = 0.3; /* known, and taken off */
    near(sung(0.3, 0, &o).points, AVSVT_SCORE_POINTS);
    o.transpose = -5;
    near(sung(0.3, -5, &o).points, AVSVT_SCORE_POINTS);
    o.delay_s = 0;
    o.time_tolerance_s = 0.5;
    near(sung(0.3, -5, &o).points, AVSVT_SCORE_POINTS);
}

static void a_moment_counts_for_one_note_only(void **state)
{
    (void)state;
    avsvt_scorer *s = scorer_of(chart_of(rows, 4), NULL);
    /* The third is left out; the fourth has the same pitch. */
    avsvt_scorer_push(s, 3.5, 4, 62);
    near(note(s, 2).share, 0);
    near(note(s, 3).share, 1);
    avsvt_scorer_reset(s);
    avsvt_scorer_push(s, 2.5, 3.5, 62);
    near(note(s, 2).share, 1);
    near(note(s, 3).share, 0.2); /* begun early, within the tolerance */
    avsvt_scorer_free(s);
}

static void golden_notes_count_twice_freestyle_nothing_rap_at_any_pitch(void **state)
{
    (void)state;
    avsvt_scorer *s = scorer_of(chart_text("#BPM:300\n: 0 10 0 a\n* 10 10 0 b\nF 20 10 0 c\n"
                                           "- 31\nR 40 10 0 d\n- 51\nF 60 10 0 e\n"), NULL);
    near(note(s, 0).possible, 9000.0 / 4);
    near(note(s, 1).possible, 9000.0 / 2);
    near(note(s, 2).possible, 0);
    avsvt_scorer_push(s, 0, 1.9, 67.5); /* until near the rap note */
    near(total(s).points, 0);
    avsvt_scorer_push(s, 2, 2.5, 67.5);
    near(note(s, 3).share, 1);
    near(total(s).points, 9000.0 / 4 + 500);
    avsvt_scorer_reset(s);
    near(total(s).points, 0);
    avsvt_scorer_push(s, 0.5, 1, 60);
    near(total(s).points, 9000.0 / 2 + 500 * 2.0 / 3);
    assert_int_equal(total(s).golden, 1);
    assert_int_equal(total(s).notes, 3);
    avsvt_line_points line = AVSVT_LINE_POINTS_INIT;
    assert_int_equal(avsvt_scorer_line(s, 2, &line), AVSVT_OK);
    near(line.possible, 0);
    assert_int_equal(avsvt_scorer_line(s, 3, &line), AVSVT_E_RANGE);
    avsvt_scorer_free(s);
}

static void lines_add_up_to_the_total(void **state)
{
    (void)state;
    avsvt_scorer *s = scorer_of(chart_of(rows, 4), NULL);
    avsvt_line_points a = AVSVT_LINE_POINTS_INIT, b = AVSVT_LINE_POINTS_INIT;
    avsvt_scorer_push(s, 0.5, 1, 60);
    avsvt_scorer_push(s, 3, 3.2, 62.3);
    assert_int_equal(avsvt_scorer_line(s, 0, &a), AVSVT_OK);
    assert_int_equal(avsvt_scorer_line(s, 1, &b), AVSVT_OK);
    near(a.points + b.points, total(s).points);
    near(a.points, 9000.0 / 4 + 250);
    assert_int_equal(b.first_note, 2);
    near(b.onset_s, 3);
    near(b.offset_s, 4);
    near(a.so_far, a.possible);
    near(b.so_far, 0);
    avsvt_scorer_free(s);
}

/* A wavering voice, told in spans of any length. */
static double wavering(double span_s)
{
    avsvt_scorer *s = scorer_of(chart_of(rows, 4), NULL);
    for (long i = 0; i < lround(5 / span_s); i++) {
        double at = floor((double)i * span_s / 0.05 + 1e-9) * 0.05;
        double pitch = at > 3.2 ? (double)NAN : 61 + 2.5 * sin(at * 3);
        assert_int_equal(avsvt_scorer_push(s, (double)i * span_s, (double)(i + 1) * span_s, pitch),
                         AVSVT_OK);
    }
    double points = total(s).points;
    avsvt_scorer_free(s);
    return points;
}

static void the_length_of_spans_makes_no_difference(void **state)
{
    (void)state;
    double points = wavering(0.05);
    assert_true(points > 500 && points < 9000);
    near(wavering(0.01), points);
    near(wavering(0.001), points);
}

/* Half a step of a double's from 2^24 s on is what is missing at the end. */
static void late_times_that_doubles_hardly_tell_apart_come_to_an_end(void **state)
{
    const double middle = 0x1p24, step = 0x1p-29;
    const double one[][3] = { { middle - 0.5 - step, middle + 0.5, 60 } };
    (void)state;
    avsvt_scorer *s = scorer_of(chart_of(one, 1), NULL);
    assert_int_equal(avsvt_scorer_push(s, middle - 0.5, middle + 0.55, 60), AVSVT_OK);
    near(note(s, 0).share, 1);
    avsvt_scorer_free(s);
}

static void notes_and_activations_are_pushed_whole(void **state)
{
    enum { FRAMES = 250 };
    static float logits[FRAMES * AVSVT_NOTE_LOGITS];
    (void)state;
    for (size_t i = 0; i < FRAMES; i++) {
        float *l = logits + i * AVSVT_NOTE_LOGITS;
        l[1] = 8;
        for (size_t k = 0; k < 4; k++) {
            double t = (double)i / 50;
            if (t < rows[k][0] - 1e-9 || t >= rows[k][1] - 1e-9)
                continue;
            l[1] = -8;
            l[2 + ((int)rows[k][2] - 36) / 12] = 8;
            l[7 + (int)rows[k][2] % 12] = 8;
        }
    }
    avsvt_activations *a = activations_of(logits, NULL, 0, NULL, FRAMES, 50);
    float pitch[3];
    assert_int_equal(avsvt_activations_pitch(a, 24, 3, pitch), AVSVT_OK);
    assert_true(isnan(pitch[0]) && pitch[1] == 60 && pitch[2] == 60);
    assert_int_equal(avsvt_activations_pitch(a, 249, 2, pitch), AVSVT_E_RANGE);
    assert_int_equal(avsvt_activations_pitch(a, -1, 1, pitch), AVSVT_E_RANGE);
    assert_int_equal(avsvt_activations_pitch(a, 0, 1, NULL), AVSVT_E_ARG);
    assert_int_equal(avsvt_activations_pitch(NULL, 0, 1, pitch), AVSVT_E_ARG);
    avsvt_scorer *s = scorer_of(chart_of(rows, 4), NULL);
    assert_int_equal(avsvt_scorer_push_activations(s, a, NULL), AVSVT_OK);
    near(total(s).points, AVSVT_SCORE_POINTS);
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_notes *notes = notes_of(rows, 4);
    assert_int_equal(avsvt_scorer_push_notes(s, notes, &err), AVSVT_E_ARG);
    assert_says(err, "avsvt_scorer_reset");
    avsvt_scorer_reset(s);
    assert_int_equal(avsvt_scorer_push_notes(s, notes, NULL), AVSVT_OK);
    near(total(s).points, AVSVT_SCORE_POINTS);
    avsvt_notes_free(notes);
    avsvt_activations_free(a);
    avsvt_scorer_free(s);
}

static void wrong_arguments_are_refused(void **state)
{
    const struct { double flags, pitch, time, delay, transpose; avsvt_status want; } bad[] = {
        { 2, 0, 0, 0, 0, AVSVT_E_UNSUPPORTED }, { 0, 601, 0, 0, 0, AVSVT_E_ARG },
        { 0, -1, 0, 0, 0, AVSVT_E_ARG }, { 0, 0, 1.5, 0, 0, AVSVT_E_ARG },
        { 0, 0, -0.1, 0, 0, AVSVT_E_ARG }, { 0, 0, 0, 11, 0, AVSVT_E_ARG },
        { 0, 0, 0, 0, (double)NAN, AVSVT_E_ARG } };
    avsvt_chart *chart = chart_of(rows, 4);
    avsvt_scorer *s;
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        avsvt_scorer_options o = AVSVT_SCORER_OPTIONS_INIT;
        o.flags = (uint32_t)bad[i].flags;
        o.pitch_tolerance_cents = bad[i].pitch;
        o.time_tolerance_s = bad[i].time;
        o.delay_s = bad[i].delay;
        o.transpose = bad[i].transpose;
        assert_int_equal(avsvt_scorer_create(&s, chart, &o, NULL), bad[i].want);
        assert_null(s);
    }
    assert_int_equal(avsvt_scorer_create(&s, NULL, NULL, NULL), AVSVT_E_ARG);
    assert_int_equal(avsvt_scorer_create(NULL, chart, NULL, NULL), AVSVT_E_ARG);
    s = scorer_of(chart, NULL);
    assert_int_equal(avsvt_scorer_push(s, 1, 0.5, 60), AVSVT_E_ARG);
    assert_int_equal(avsvt_scorer_push(s, 1, HUGE_VAL, 60), AVSVT_E_ARG);
    assert_int_equal(avsvt_scorer_push(s, (double)NAN, 2, 60), AVSVT_E_ARG);
    assert_int_equal(avsvt_scorer_push(s, 1, 2, HUGE_VAL), AVSVT_E_ARG);
    assert_int_equal(avsvt_scorer_push(NULL, 1, 2, 60), AVSVT_E_ARG);
    assert_int_equal(avsvt_scorer_push(s, 1, 2, 60), AVSVT_OK);
    assert_int_equal(avsvt_scorer_push(s, 1.5, 2.5, 60), AVSVT_E_ARG);
    assert_int_equal(avsvt_scorer_push(s, 2, 2, 60), AVSVT_OK);
    assert_int_equal(avsvt_scorer_push(s, 1.9995, 2.1, 60), AVSVT_OK);
    assert_int_equal(avsvt_scorer_push(s, 2.098, 2.1, 60), AVSVT_E_ARG);
    avsvt_note_points n = AVSVT_NOTE_POINTS_INIT;
    assert_int_equal(avsvt_scorer_note(s, 4, &n), AVSVT_E_RANGE);
    assert_int_equal(avsvt_scorer_note(NULL, 0, &n), AVSVT_E_ARG);
    assert_int_equal(avsvt_scorer_total(s, NULL), AVSVT_E_ARG);
    assert_int_equal(avsvt_scorer_push_notes(s, NULL, NULL), AVSVT_E_ARG);
    assert_int_equal(avsvt_scorer_push_activations(s, NULL, NULL), AVSVT_E_ARG);
    avsvt_scorer_reset(NULL);
    avsvt_scorer_free(NULL);
    avsvt_scorer_free(s);
}

static avsvt_status create_with(const avsvt_allocator *a, void *user)
{
    avsvt_context_options o = AVSVT_CONTEXT_OPTIONS_INIT;
    avsvt_context *context = NULL;
    avsvt_chart *chart = NULL;
    avsvt_scorer *s = NULL;
    o.allocator = a;
    avsvt_status status = avsvt_context_create(&context, &o, NULL);
    if (status == AVSVT_OK)
        status = avsvt_chart_create(&chart, context, user, NULL);
    if (status == AVSVT_OK)
        status = avsvt_scorer_create(&s, chart, NULL, NULL);
    avsvt_scorer_free(s);
    avsvt_chart_free(chart);
    avsvt_context_free(context);
    return status;
}

static void running_out_of_memory_leaves_nothing_behind(void **state)
{
    avsvt_notes *notes = notes_of(rows, 4);
    (void)state;
    assert_true(failing_allocator_each(create_with, notes) >= 6);
    avsvt_notes_free(notes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(singing_it_exactly_gives_every_point),
        cmocka_unit_test(silence_gives_none),
        cmocka_unit_test(every_octave_is_right_unless_it_is_asked_for),
        cmocka_unit_test(pitch_counts_fully_within_its_tolerance_and_fades_to_twice_that),
        cmocka_unit_test(singing_late_costs_what_is_beyond_the_tolerance),
        cmocka_unit_test(a_moment_counts_for_one_note_only),
        cmocka_unit_test(golden_notes_count_twice_freestyle_nothing_rap_at_any_pitch),
        cmocka_unit_test(lines_add_up_to_the_total),
        cmocka_unit_test(the_length_of_spans_makes_no_difference),
        cmocka_unit_test(late_times_that_doubles_hardly_tell_apart_come_to_an_end),
        cmocka_unit_test(notes_and_activations_are_pushed_whole),
        cmocka_unit_test(wrong_arguments_are_refused),
        cmocka_unit_test(running_out_of_memory_leaves_nothing_behind),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
