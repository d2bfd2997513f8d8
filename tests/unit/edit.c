/* SPDX-License-Identifier: MIT */
/* Notes changed by hand: a new list each time, pitch from the activations. */
#include "support/test.h"

#include <math.h>

#include <avsvt/avsvt.h>

#include "support/failing_allocator.h"
#include "support/note_lists.h"

enum { FRAMES = 200 };

/* At 50 frames a second: MIDI 60 from 0.4 s, gliding to 62 at 1 s, until 2 s;
 * 67 from 2.4 s to 3 s. */
static avsvt_activations *make_activations(void)
{
    static float logits[FRAMES * AVSVT_NOTE_LOGITS], level[FRAMES];
    for (int i = 0; i < FRAMES; i++) {
        float *l = logits + i * AVSVT_NOTE_LOGITS;
        int pitch = i >= 20 && i < 50 ? 60 : i >= 50 && i < 100 ? 62 : i >= 120 && i < 150 ? 67 : 0;
        for (int k = 0; k < AVSVT_NOTE_LOGITS; k++)
            l[k] = -8;
        l[0] = i == 20 || i == 120 ? 8.0f : -8.0f;
        l[1] = pitch ? -8.0f : 8.0f;
        l[pitch ? 2 + (pitch - 36) / 12 : 6] = 8;
        l[pitch ? 7 + pitch % 12 : 19] = 8;
        level[i] = pitch ? -20.0f : -80.0f;
    }
    return activations_of(logits, NULL, 0, level, FRAMES, 50);
}

static avsvt_notes *decode(const avsvt_activations *a)
{
    avsvt_notes *notes;
    assert_int_equal(avsvt_notes_decode(&notes, a, NULL, NULL), AVSVT_OK);
    assert_int_equal(avsvt_notes_count(notes), 2);
    return notes;
}

static void is(const avsvt_notes *notes, size_t i, double onset, double offset, double pitch)
{
    avsvt_note n = note_at(notes, i);
    if (fabs(n.onset_s - onset) > 1e-9 || fabs(n.offset_s - offset) > 1e-9 ||
        fabs(n.pitch - pitch) > 0.01)
        fail_msg("note %zu is %g..%g %g", i, n.onset_s, n.offset_s, n.pitch);
}

static void a_note_measured_where_it_is_stays_what_it_is(void **state)
{
    avsvt_activations *a = make_activations();
    avsvt_notes *notes = decode(a), *same;
    size_t at;
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        avsvt_note n = note_at(notes, i);
        assert_int_equal(avsvt_notes_move(&same, notes, i, n.onset_s, n.offset_s, a, &at, NULL),
                         AVSVT_OK);
        avsvt_note m = note_at(same, at);
        assert_int_equal(at, i);
        assert_true(fabs(m.pitch - n.pitch) < 1e-6);
        assert_true(fabs(m.confidence - n.confidence) < 0.02);
        assert_true(fabs((double)m.level_db + 20) < 1e-3);
        avsvt_notes_free(same);
    }
    avsvt_notes_free(notes);
    avsvt_activations_free(a);
}

static void moved_boundaries_change_the_pitch(void **state)
{
    avsvt_activations *a = make_activations();
    avsvt_notes *notes = decode(a), *moved, *back;
    size_t at;
    (void)state;
    assert_int_equal(avsvt_notes_move(&moved, notes, 0, 0.4, 1.0, a, NULL, NULL), AVSVT_OK);
    is(moved, 0, 0.4, 1.0, 60);
    avsvt_notes_free(moved);
    assert_int_equal(avsvt_notes_move(&moved, notes, 0, 1.0, 2.0, a, NULL, NULL), AVSVT_OK);
    is(moved, 0, 1.0, 2.0, 62);
    is(notes, 1, 2.4, note_at(notes, 1).offset_s, 67); /* the old list is as it was */
    /* Past the other note: its number is another. */
    assert_int_equal(avsvt_notes_move(&back, moved, 0, 2.5, 2.6, NULL, &at, NULL), AVSVT_OK);
    assert_int_equal(at, 1);
    is(back, 1, 2.5, 2.6, 62); /* without activations the pitch stays */
    avsvt_notes_free(back);
    avsvt_notes_free(moved);
    avsvt_notes_free(notes);
    avsvt_activations_free(a);
}

static void a_note_is_split_and_merged_again(void **state)
{
    avsvt_activations *a = make_activations();
    avsvt_notes *notes = decode(a), *two, *one;
    size_t at = 7;
    (void)state;
    avsvt_note whole = note_at(notes, 0);
    assert_int_equal(avsvt_notes_split(&two, notes, 0, 1.0, a, &at, NULL), AVSVT_OK);
    assert_int_equal(at, 0);
    assert_int_equal(avsvt_notes_count(two), 3);
    is(two, 0, whole.onset_s, 1.0, 60);
    is(two, 1, 1.0, whole.offset_s, 62);
    assert_int_equal(avsvt_notes_merge(&one, two, 0, 2, a, &at, NULL), AVSVT_OK);
    is(one, 0, whole.onset_s, whole.offset_s, whole.pitch);
    avsvt_notes_free(one);
    assert_int_equal(avsvt_notes_merge(&one, two, 1, 2, NULL, &at, NULL), AVSVT_OK);
    assert_int_equal(at, 1);
    assert_int_equal(avsvt_notes_count(one), 2);
    avsvt_note n = note_at(one, 1);
    assert_true(n.pitch > 62.5 && n.pitch < 65);
    assert_true(n.onset_s == 1.0 && n.offset_s == note_at(notes, 1).offset_s);
    avsvt_notes_free(one);
    avsvt_notes_free(two);
    avsvt_notes_free(notes);
    avsvt_activations_free(a);
}

static void notes_are_removed_and_added(void **state)
{
    avsvt_activations *a = make_activations();
    avsvt_notes *notes = decode(a), *less, *more;
    avsvt_note n = AVSVT_NOTE_INIT;
    size_t at;
    (void)state;
    assert_int_equal(avsvt_notes_remove(&less, notes, 0, NULL), AVSVT_OK);
    assert_int_equal(avsvt_notes_count(less), 1);
    is(less, 0, 2.4, note_at(notes, 1).offset_s, 67);
    n.onset_s = 1.2;
    n.offset_s = 1.6;
    assert_int_equal(avsvt_notes_add(&more, less, &n, a, &at, NULL), AVSVT_OK);
    assert_int_equal(at, 0);
    is(more, 0, 1.2, 1.6, 62);
    avsvt_notes_free(more);
    n.pitch = 71.5;
    assert_int_equal(avsvt_notes_add(&more, less, &n, NULL, &at, NULL), AVSVT_OK);
    is(more, 0, 1.2, 1.6, 71.5);
    avsvt_notes_free(more);
    avsvt_notes_free(less);
    avsvt_notes_free(notes);
    avsvt_activations_free(a);
}

static void a_silent_place_has_a_pitch_too(void **state)
{
    avsvt_activations *a = make_activations();
    avsvt_note n = AVSVT_NOTE_INIT;
    (void)state;
    assert_int_equal(avsvt_activations_note(a, 3.2, 3.4, &n, NULL), AVSVT_OK);
    assert_true(isfinite(n.pitch) && n.confidence < 0.01);
    assert_true(fabs((double)n.level_db + 80) < 1e-3);
    /* Shorter than a frame: the one that is nearest. */
    assert_int_equal(avsvt_activations_note(a, 0.6, 0.601, &n, NULL), AVSVT_OK);
    assert_true(fabs(n.pitch - 60) < 0.01);
    avsvt_activations_free(a);
}

static void wrong_edits_are_refused(void **state)
{
    avsvt_activations *a = make_activations();
    avsvt_notes *notes = decode(a), *out;
    avsvt_note n = AVSVT_NOTE_INIT;
    avsvt_error err = AVSVT_ERROR_INIT;
    (void)state;
    assert_int_equal(avsvt_notes_move(&out, notes, 2, 0, 1, a, NULL, &err), AVSVT_E_RANGE);
    assert_says(err, "no note 2");
    assert_null(out);
    assert_int_equal(avsvt_notes_move(&out, notes, 0, 1, 1, a, NULL, &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_notes_move(&out, notes, 0, (double)NAN, 1, NULL, NULL, &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_notes_move(&out, notes, 0, 0, HUGE_VAL, NULL, NULL, &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_notes_move(&out, notes, 0, 50, 60, a, NULL, &err), AVSVT_E_RANGE);
    assert_int_equal(avsvt_notes_move(&out, NULL, 0, 0, 1, a, NULL, &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_notes_move(NULL, notes, 0, 0, 1, a, NULL, &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_notes_split(&out, notes, 0, 0.4, a, NULL, &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_notes_split(&out, notes, 0, (double)NAN, a, NULL, &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_notes_merge(&out, notes, 0, 3, a, NULL, &err), AVSVT_E_RANGE);
    assert_int_equal(avsvt_notes_merge(&out, notes, 0, 0, a, NULL, &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_notes_merge(&out, notes, 1, SIZE_MAX, a, NULL, &err), AVSVT_E_RANGE);
    assert_non_null(strstr(err.message, "no note 2;")); /* the first that is missing */
    assert_int_equal(avsvt_notes_remove(&out, notes, 2, &err), AVSVT_E_RANGE);
    n.offset_s = 1;
    n.pitch = (double)NAN;
    assert_int_equal(avsvt_notes_add(&out, notes, &n, NULL, NULL, &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_notes_add(&out, notes, NULL, NULL, NULL, &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_activations_note(NULL, 0, 1, &n, &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_activations_note(a, 1, 0, &n, &err), AVSVT_E_ARG);
    assert_null(out);
    avsvt_notes_free(notes);
    avsvt_activations_free(a);
}

static void activations_without_frames_have_no_note(void **state)
{
    avsvt_activations *a = activations_of(NULL, NULL, 0, NULL, 0, 50);
    avsvt_note n = AVSVT_NOTE_INIT;
    avsvt_error err = AVSVT_ERROR_INIT;
    (void)state;
    /* Before the beginning, across it, after it. */
    assert_int_equal(avsvt_activations_note(a, -2, -1, &n, &err), AVSVT_E_RANGE);
    assert_int_equal(avsvt_activations_note(a, -1, 1, &n, &err), AVSVT_E_RANGE);
    assert_int_equal(avsvt_activations_note(a, 1, 2, &n, &err), AVSVT_E_RANGE);
    assert_says(err, "no frame");
    avsvt_activations_free(a);
}

static avsvt_status edit_with(const avsvt_allocator *a, void *user)
{
    static const float logits[AVSVT_NOTE_LOGITS * 10];
    avsvt_activations_info info = AVSVT_ACTIVATIONS_INFO_INIT;
    avsvt_context_options o = AVSVT_CONTEXT_OPTIONS_INIT;
    avsvt_context *context = NULL;
    avsvt_activations *activations = NULL;
    avsvt_notes *notes = NULL, *out = NULL;
    avsvt_note n = AVSVT_NOTE_INIT;
    (void)user;
    o.allocator = a;
    n.offset_s = 0.1;
    info.frames = 10;
    info.frame_rate_hz = 50;
    avsvt_status status = avsvt_context_create(&context, &o, NULL);
    if (status == AVSVT_OK)
        status = avsvt_activations_create(&activations, context, &info, logits, NULL, NULL, NULL);
    if (status == AVSVT_OK)
        status = avsvt_notes_create(&notes, context, &n, 1, NULL);
    if (status == AVSVT_OK)
        status = avsvt_notes_split(&out, notes, 0, 0.05, activations, NULL, NULL);
    avsvt_notes_free(out);
    avsvt_notes_free(notes);
    avsvt_activations_free(activations);
    avsvt_context_free(context);
    return status;
}

static void running_out_of_memory_leaves_nothing_behind(void **state)
{
    (void)state;
    assert_true(failing_allocator_each(edit_with, NULL) > 6);
}

/* So sure of one pitch that no float holds the chance of another. */
static void a_pitch_beyond_doubt_is_taken(void **state)
{
    static float logits[FRAMES * AVSVT_NOTE_LOGITS];
    avsvt_note n = AVSVT_NOTE_INIT;
    (void)state;
    for (int i = 0; i < FRAMES; i++) {
        float *l = logits + i * AVSVT_NOTE_LOGITS;
        l[0] = l[2 + 2] = l[7 + 4] = 5000;
        l[1] = -5000;
    }
    avsvt_activations *a = activations_of(logits, NULL, 0, NULL, FRAMES, 50);
    assert_int_equal(avsvt_activations_note(a, 1, 2, &n, NULL), AVSVT_OK);
    assert_true(n.pitch == 64 && n.confidence == 1);
    avsvt_activations_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_note_measured_where_it_is_stays_what_it_is),
        cmocka_unit_test(moved_boundaries_change_the_pitch),
        cmocka_unit_test(a_note_is_split_and_merged_again),
        cmocka_unit_test(notes_are_removed_and_added),
        cmocka_unit_test(a_silent_place_has_a_pitch_too),
        cmocka_unit_test(wrong_edits_are_refused),
        cmocka_unit_test(activations_without_frames_have_no_note),
        cmocka_unit_test(a_pitch_beyond_doubt_is_taken),
        cmocka_unit_test(running_out_of_memory_leaves_nothing_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
