/* SPDX-License-Identifier: MIT */
/* Lists of notes: ordered, checked, copied out by size. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "decode/notes.h"
#include "support/failing_allocator.h"
#include "support/note_lists.h"

static void notes_are_sorted_by_onset_and_equals_keep_their_order(void **state)
{
    double rows[300][3];
    (void)state;
    for (int i = 0; i < 300; i++) {
        rows[i][0] = (i * 37) % 50;
        rows[i][1] = rows[i][0] + 1;
        rows[i][2] = i / 4.0;
    }
    avsvt_notes *notes = notes_of(rows, 300);
    assert_int_equal(avsvt_notes_count(notes), 300);
    for (size_t i = 1; i < 300; i++) {
        avsvt_note a = note_at(notes, i - 1), b = note_at(notes, i);
        assert_true(a.onset_s <= b.onset_s);
        if (!(a.onset_s < b.onset_s))
            assert_true(a.pitch < b.pitch);
    }
    avsvt_notes_free(notes);
}

static void an_empty_list_is_a_list(void **state)
{
    avsvt_notes *notes = NULL;
    avsvt_note note = AVSVT_NOTE_INIT;
    (void)state;
    assert_int_equal(avsvt_notes_create(&notes, NULL, NULL, 0, NULL), AVSVT_OK);
    assert_non_null(notes);
    assert_int_equal(avsvt_notes_count(notes), 0);
    assert_int_equal(avsvt_notes_get(notes, 0, &note), AVSVT_E_RANGE);
    avsvt_notes_free(notes);
    avsvt_notes_free(NULL);
    assert_int_equal(avsvt_notes_count(NULL), 0);
}

static void bad_notes_are_refused_by_number(void **state)
{
    avsvt_note good = AVSVT_NOTE_INIT;
    (void)state;
    good.offset_s = 1;
    good.pitch = 60;
    for (int i = 0; i < 6; i++) {
        avsvt_error err = AVSVT_ERROR_INIT;
        avsvt_note notes[2] = { good, good };
        avsvt_notes *out = (avsvt_notes *)notes;
        switch (i) {
        case 0: notes[1].onset_s = NAN; break;
        case 1: notes[1].offset_s = HUGE_VAL; break;
        case 2: notes[1].pitch = NAN; break;
        case 3: notes[1].offset_s = -0.5; break;
        case 4: notes[1].struct_size = 8; break;
        default: notes[1].confidence = NAN; break;
        }
        assert_int_equal(avsvt_notes_create(&out, NULL, notes, 2, &err),
                         AVSVT_E_ARG);
        assert_null(out);
        assert_non_null(strstr(err.message, "note 1"));
    }
    avsvt_notes *out;
    assert_int_equal(avsvt_notes_create(&out, NULL, NULL, 1, NULL), AVSVT_E_ARG);
    assert_int_equal(avsvt_notes_create(NULL, NULL, &good, 1, NULL), AVSVT_E_ARG);
    good.struct_size = 0;
    assert_int_equal(avsvt_notes_create(&out, NULL, &good, 1, NULL), AVSVT_E_ARG);
}

/* A caller of a later version, whose note has more members. */
typedef struct later_note {
    avsvt_note note;
    double more;
} later_note;

static void records_of_another_size_are_read_and_written(void **state)
{
    later_note given[2] = { { AVSVT_NOTE_INIT, 0 }, { AVSVT_NOTE_INIT, 0 } };
    avsvt_notes *notes = NULL;
    (void)state;
    for (int i = 0; i < 2; i++) {
        given[i].note.struct_size = (uint32_t)sizeof(given[i]);
        given[i].note.onset_s = 2 - i;
        given[i].note.offset_s = 3;
        given[i].note.pitch = 60 + i;
    }
    assert_int_equal(avsvt_notes_create(&notes, NULL, &given[0].note, 2, NULL),
                     AVSVT_OK);
    later_note got = { .more = 5 };
    got.note.struct_size = (uint32_t)sizeof(got);
    assert_int_equal(avsvt_notes_get(notes, 0, &got.note), AVSVT_OK);
    assert_true(fabs(got.note.pitch - 61) < 1e-12 && !(got.more > 0));
    avsvt_note old = { .pitch = -1 };
    old.struct_size = (uint32_t)offsetof(avsvt_note, pitch);
    assert_int_equal(avsvt_notes_get(notes, 0, &old), AVSVT_OK);
    assert_true(old.onset_s > 0.5 && old.pitch < 0);
    old.struct_size = 0;
    assert_int_equal(avsvt_notes_get(notes, 0, &old), AVSVT_E_ARG);
    assert_int_equal(avsvt_notes_get(notes, 0, NULL), AVSVT_E_ARG);
    assert_int_equal(avsvt_notes_get(NULL, 0, &old), AVSVT_E_ARG);
    avsvt_notes_free(notes);
    given[1].more = 1;
    assert_int_equal(avsvt_notes_create(&notes, NULL, &given[0].note, 2, NULL),
                     AVSVT_E_UNSUPPORTED);
}

static avsvt_status make_unsorted(const avsvt_allocator *a, void *user)
{
    avsvt_context_options o = AVSVT_CONTEXT_OPTIONS_INIT;
    avsvt_context *context = NULL;
    avsvt_notes *notes = NULL;
    o.allocator = a;
    avsvt_status status = avsvt_context_create(&context, &o, NULL);
    if (status == AVSVT_OK)
        status = avsvt_notes_create(&notes, context, user, 100, NULL);
    avsvt_context_free(context);
    avsvt_notes_free(notes);
    return status;
}

static void every_failing_allocation_is_told(void **state)
{
    avsvt_note notes[100];
    (void)state;
    for (int i = 0; i < 100; i++) {
        notes[i] = (avsvt_note)AVSVT_NOTE_INIT;
        notes[i].onset_s = 100 - i;
        notes[i].offset_s = 101;
    }
    assert_true(failing_allocator_each(make_unsorted, notes) > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(notes_are_sorted_by_onset_and_equals_keep_their_order),
        cmocka_unit_test(an_empty_list_is_a_list),
        cmocka_unit_test(bad_notes_are_refused_by_number),
        cmocka_unit_test(records_of_another_size_are_read_and_written),
        cmocka_unit_test(every_failing_allocation_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
