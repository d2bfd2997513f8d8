/* SPDX-License-Identifier: MIT */
/* What a network misses while somebody sings alone is filled in; nothing is
 * where people talk, or play. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "decode/fill.h"
#include "support/failing_allocator.h"

#define RATE 50
#define START_S 0.5
#define HELD 100 /* frames that notes have lasted, which is enough */
#define COUNT(x) (int)(sizeof(x) / sizeof((x)[0]))

/* What happens for so many frames: nothing, a note that was found, a clear
 * pitch in none, or one that is less clear. */
typedef enum what { REST, NOTE, MISSED, FAINT } what;
typedef struct part {
    what what;
    int frames;
    float pitch, level_db, silence; /* 0: 60, -20 (of a rest -60), 0.7 */
} part;

typedef struct fixture {
    failing_allocator memory;
    avsvti_heard heard;
    avsvti_fill *fill;
    avsvti_note_list found, list;
    const avsvt_allocator *allocator;
    int now, alone; /* alone: nobody talks */
    double note_s;  /* notes are at least so long */
} fixture;

static avsvt_status open_fixture(fixture *f, const avsvt_allocator *a)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_activations_info info = AVSVT_ACTIVATIONS_INFO_INIT;
    info.frame_rate_hz = RATE;
    info.start_s = START_S;
    info.fine_bins = 9;
    f->allocator = a;
    f->fill = NULL;
    f->now = 0;
    avsvti_note_list_init(&f->found, a);
    avsvti_note_list_init(&f->list, a);
    avsvt_status status = avsvti_heard_create(&f->heard, a, &info, &err);
    return status == AVSVT_OK ? avsvti_fill_create(&f->fill, a, &info, 0.1, f->note_s,
                                                   f->alone ? 0 : 0.5, &err) : status;
}

static void close_fixture(fixture *f)
{
    avsvti_fill_free(f->fill);
    avsvti_heard_free(&f->heard, f->allocator);
    avsvti_note_list_free(&f->found);
    avsvti_note_list_free(&f->list);
}

static float or_else(float value, float otherwise)
{
    return value != 0 ? value : otherwise;
}

/* A note is found with the first frame after it. */
static avsvt_status go_on(fixture *f, const part *parts, int count)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_status status = AVSVT_OK;
    avsvt_note note = AVSVT_NOTE_INIT;
    static const float clear[] = { 0.1f, 0.5f, 0.5f, 0.15f };
    int has_note = 0;
    for (int p = 0; p < count; p++)
        for (int i = 0; i < parts[p].frames && status == AVSVT_OK; i++, f->now++) {
            float level = or_else(parts[p].level_db, parts[p].what == REST ? -60 : -20);
            float silence = or_else(parts[p].silence, parts[p].what == NOTE ? 0.1f : 0.7f);
            float logits[AVSVT_NOTE_LOGITS] = { -5, logf(silence / (1 - silence)) };
            avsvti_clarity clarity = { clear[parts[p].what], or_else(parts[p].pitch, 60) };
            avsvti_note_state state = parts[p].what == NOTE ? AVSVTI_NOTE_SOUNDS
                                                            : AVSVTI_NO_NOTE;
            if (i == 0 && has_note) {
                note.offset_s = START_S + (double)f->now / RATE;
                status = avsvti_note_list_append(&f->found, &note, &err);
                has_note = 0;
            }
            if (i == 0 && parts[p].what == NOTE) {
                note.onset_s = START_S + (double)f->now / RATE;
                note.pitch = (double)clarity.midi;
                note.level_db = level;
                has_note = 1;
            }
            avsvti_heard_push(&f->heard, clarity, state == AVSVTI_NOTE_SOUNDS ? HELD : 0,
                              1 - silence, level);
            if (status == AVSVT_OK)
                status = avsvti_fill_push(f->fill, &f->heard, logits, clarity, state, level,
                                          &f->found, &f->list, &err);
        }
    return status;
}

static avsvt_status finish(fixture *f)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    return avsvti_fill_finish(f->fill, &f->heard, &f->found, &f->list, &err);
}

/* Six notes and rests of singing, and then what is asked. */
static const part song[] = { { .what = NOTE, .frames = 40 }, { .what = REST, .frames = 10 },
                             { .what = NOTE, .frames = 40 }, { .what = REST, .frames = 10 } };

static void sing_and(fixture *f, const part *parts, int count)
{
    failing_allocator_init(&f->memory, 0);
    assert_int_equal(open_fixture(f, &f->memory.allocator), AVSVT_OK);
    for (int i = 0; i < 3; i++)
        assert_int_equal(go_on(f, song, 4), AVSVT_OK);
    assert_int_equal(go_on(f, parts, count), AVSVT_OK);
    assert_int_equal(finish(f), AVSVT_OK);
    for (size_t i = 1; i < f->list.count; i++)
        assert_true(f->list.notes[i].onset_s >= f->list.notes[i - 1].offset_s);
}

static avsvt_note last(const fixture *f)
{
    assert_true(f->list.count > 0);
    return f->list.notes[f->list.count - 1];
}

#define SING_AND(f, ...) do { \
        const part parts_[] = { __VA_ARGS__ }; \
        sing_and(f, parts_, COUNT(parts_)); \
    } while (0)

static const double NOW_S = START_S + 300.0 / RATE; /* the song has ended */

static void a_missed_pitch_after_a_note_becomes_a_note(void **state)
{
    fixture f = { .alone = 0 };
    (void)state;
    SING_AND(&f, { NOTE, 40, 60, 0, 0 }, { REST, 5, 0, 0, 0 },
             { MISSED, 20, 64.3f, -22, 0.79f }, { REST, 50, 0, 0, 0 });
    avsvt_note note = last(&f);
    assert_int_equal(f.list.count, 8);
    assert_float_equal(note.onset_s, NOW_S + 45.0 / RATE, 1e-9);
    assert_float_equal(note.offset_s, NOW_S + 64.5 / RATE, 1e-9);
    assert_float_equal(note.pitch, 64.3, 1e-5);
    assert_float_equal(note.level_db, -22, 1e-4);
    assert_float_equal(note.confidence, 0.21 * 0.5, 1e-6);
    close_fixture(&f);
    assert_int_equal(f.memory.living, 0);
}

static void the_same_pitch_makes_the_note_longer(void **state)
{
    fixture f = { .alone = 0 };
    (void)state;
    SING_AND(&f, { NOTE, 40, 60, 0, 0 }, { MISSED, 20, 60.4f, 0, 0 }, { REST, 50, 0, 0, 0 });
    assert_int_equal(f.list.count, 7);
    assert_float_equal(last(&f).onset_s, NOW_S, 1e-9);
    assert_float_equal(last(&f).offset_s, NOW_S + 59.5 / RATE, 1e-9);
    assert_float_equal(last(&f).pitch, 60, 1e-9);
    close_fixture(&f);
}

/* Nobody wants shorter ones; more of a note is welcome however short it is. */
static void what_is_filled_in_is_as_long_as_notes_must_be(void **state)
{
    (void)state;
    for (int frames = 15; frames < 24; frames++) {
        fixture f = { .note_s = 0.4 };
        const part missed[] = { { NOTE, 40, 60, 0, 0 }, { REST, 5, 0, 0, 0 },
                                { MISSED, frames, 64, 0, 0 }, { REST, 50, 0, 0, 0 } };
        sing_and(&f, missed, 4);
        assert_int_equal(f.list.count, frames - 0.5 < 0.4 * RATE ? 7 : 8);
        close_fixture(&f);
    }
    fixture f = { .note_s = 0.4 };
    SING_AND(&f, { NOTE, 40, 60, 0, 0 }, { MISSED, 8, 60, 0, 0 }, { REST, 50, 0, 0, 0 });
    assert_int_equal(f.list.count, 7);
    assert_float_equal(last(&f).offset_s, NOW_S + 47.5 / RATE, 1e-9);
    close_fixture(&f);
}

static void a_missed_pitch_far_from_notes_counts_as_it_ends(void **state)
{
    const part far[] = { { REST, 50, 0, 0, 0 }, { MISSED, 10, 64, 0, 0 } };
    const part rest = { REST, 1, 0, 0, 0 };
    fixture f = { .alone = 0 };
    (void)state;
    sing_and(&f, NULL, 0);
    assert_int_equal(go_on(&f, far, 2), AVSVT_OK);
    assert_int_equal(f.list.count, 6);
    assert_int_equal(go_on(&f, &rest, 1), AVSVT_OK);
    assert_int_equal(f.list.count, 7);
    assert_float_equal(last(&f).pitch, 64, 1e-5);
    close_fixture(&f);
}

/* What begins clearly goes on where it is less clear. */
static void a_pitch_need_not_stay_as_clear(void **state)
{
    fixture f = { .alone = 0 };
    (void)state;
    SING_AND(&f, { REST, 5, 0, 0, 0 }, { FAINT, 10, 64, 0, 0 }, { MISSED, 10, 64, 0, 0 },
             { FAINT, 10, 64, 0, 0 }, { REST, 50, 0, 0, 0 });
    assert_int_equal(f.list.count, 7);
    assert_float_equal(last(&f).onset_s, NOW_S + 15.0 / RATE, 1e-9);
    assert_float_equal(last(&f).offset_s, NOW_S + 34.5 / RATE, 1e-9);
    close_fixture(&f);
}

static void another_pitch_is_another_note(void **state)
{
    fixture f = { .alone = 0 };
    (void)state;
    SING_AND(&f, { NOTE, 40, 60, 0, 0 }, { REST, 5, 0, 0, 0 }, { MISSED, 10, 64, 0, 0 },
             { MISSED, 10, 62, 0, 0 }, { REST, 50, 0, 0, 0 });
    assert_int_equal(f.list.count, 9);
    assert_float_equal(f.list.notes[7].offset_s, NOW_S + 54.5 / RATE, 1e-9);
    assert_float_equal(last(&f).onset_s, NOW_S + 55.0 / RATE, 1e-9);
    assert_float_equal(last(&f).pitch, 62, 1e-5);
    close_fixture(&f);
}

static void nothing_is_filled_in(void **state)
{
    static const part cases[][4] = {
        /* too short, or not clear */
        { { NOTE, 40, 60, 0, 0 }, { REST, 5, 0, 0, 0 }, { MISSED, 4, 64, 0, 0 } },
        { { NOTE, 40, 60, 0, 0 }, { REST, 5, 0, 0, 0 }, { FAINT, 20, 64, 0, 0 } },
        /* far softer, or rather silent, or of an unknown level */
        { { NOTE, 40, 60, 0, 0 }, { REST, 5, 0, 0, 0 }, { MISSED, 20, 64, -29, 0 } },
        { { NOTE, 40, 60, 0, 0 }, { REST, 5, 0, 0, 0 }, { MISSED, 20, 64, 0, 0.81f } },
        { { NOTE, 40, 60, 0, 0 }, { REST, 5, 0, 0, 0 }, { MISSED, 20, 64, NAN, 0 } },
        /* never long enough on one pitch */
        { { NOTE, 40, 60, 0, 0 }, { MISSED, 4, 64, 0, 0 }, { MISSED, 4, 66, 0, 0 },
          { MISSED, 4, 68, 0, 0 } },
    };
    (void)state;
    for (int i = 0; i < COUNT(cases); i++) {
        fixture f = { .alone = 0 };
        sing_and(&f, cases[i], 4);
        assert_int_equal(f.list.count, 7);
        assert_float_equal(last(&f).offset_s, NOW_S + 40.0 / RATE, 1e-9);
        close_fixture(&f);
    }
}

/* For 12 s something else goes on; what is then missed is not singing. */
static void check_after(const part *other, int count, size_t notes)
{
    static const part then[] = { { NOTE, 40, 60, 0, 0 }, { REST, 5, 0, 0, 0 },
                                 { MISSED, 20, 64, 0, 0 }, { REST, 20, 0, 0, 0 } };
    fixture f = { .alone = 0 };
    failing_allocator_init(&f.memory, 0);
    assert_int_equal(open_fixture(&f, &f.memory.allocator), AVSVT_OK);
    for (int i = 0; i < 12; i++)
        assert_int_equal(go_on(&f, other, count), AVSVT_OK);
    assert_int_equal(go_on(&f, then, 4), AVSVT_OK);
    assert_int_equal(finish(&f), AVSVT_OK);
    assert_int_equal(f.list.count, notes);
    close_fixture(&f);
}

static void only_singing_alone_is_filled_in(void **state)
{
    static const part alone[] = { { NOTE, 40, 0, 0, 0 }, { REST, 10, 0, 0, 0 } },
        legato[] = { { NOTE, 49, 0, 0, 0 }, { REST, 1, 0, 0, 0 } },
        with_a_band[] = { { NOTE, 40, 0, 0, 0 }, { REST, 10, 0, -30, 0 } },
        in_talk[] = { { NOTE, 15, 0, 0, 0 }, { REST, 12, 0, 0, 0 },
                      { MISSED, 40, 65, 0, 0.99f }, { REST, 12, 0, 0, 0 } },
        in_a_rest[] = { { REST, 50, 0, 0, 0 } };
    (void)state;
    check_after(alone, 2, 12 + 2);
    check_after(legato, 2, 12 + 2);
    check_after(with_a_band, 2, 12 + 1);
    check_after(in_talk, 4, 12 + 1);
    check_after(in_a_rest, 1, 1);
}

/* Most of it in no note, and the network nearly sure that it is none. */
static void where_nobody_talks_all_of_it_is_filled_in(void **state)
{
    static const part missed[] = { { NOTE, 55, 0, 0, 0 }, { REST, 50, 0, 0, 0 },
                                   { MISSED, 60, 65, 0, 0.97f }, { REST, 50, 0, 0, 0 },
                                   { MISSED, 60, 67, 0, 0.97f }, { REST, 50, 0, 0, 0 } };
    (void)state;
    for (int alone = 0; alone < 2; alone++) {
        fixture f = { .alone = alone };
        failing_allocator_init(&f.memory, 0);
        assert_int_equal(open_fixture(&f, &f.memory.allocator), AVSVT_OK);
        assert_int_equal(go_on(&f, missed, COUNT(missed)), AVSVT_OK);
        assert_int_equal(finish(&f), AVSVT_OK);
        assert_int_equal(f.list.count, alone ? 3 : 1);
        close_fixture(&f);
    }
}

/* A steady tune that nobody sings. */
static void hours_take_no_more_memory(void **state)
{
    static const part minute[] = { { MISSED, 500, 64, 0, 0.9f },
                                   { MISSED, 10, 66, 0, 0.9f },
                                   { MISSED, 990, 60, 0, 0.9f }, { REST, 50, 0, 0, 0 } };
    fixture f = { .alone = 0 };
    (void)state;
    sing_and(&f, NULL, 0);
    assert_int_equal(go_on(&f, minute, 4), AVSVT_OK);
    long before = f.memory.calls;
    for (int i = 0; i < 200; i++)
        assert_int_equal(go_on(&f, minute, i % 8 == 7 ? 4 : 3), AVSVT_OK);
    assert_int_equal(f.memory.calls, before);
    assert_int_equal(f.list.count, 6);
    close_fixture(&f);
}

static avsvt_status one_song(const avsvt_allocator *a, void *user)
{
    static const part end[] = { { MISSED, 10, 64, 0, 0 }, { REST, 4, 0, 0, 0 },
                                { NOTE, 5, 0, 0, 0 }, { REST, 4, 0, 0, 0 } };
    fixture f = { .alone = 0 };
    (void)user;
    avsvt_status status = open_fixture(&f, a);
    for (int i = 0; i < 3 && status == AVSVT_OK; i++)
        status = go_on(&f, song, 4);
    if (status == AVSVT_OK)
        status = go_on(&f, end, 4);
    if (status == AVSVT_OK)
        status = finish(&f);
    close_fixture(&f);
    return status;
}

static void every_failing_allocation_is_told(void **state)
{
    (void)state;
    assert_true(failing_allocator_each(one_song, NULL) > 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_missed_pitch_after_a_note_becomes_a_note),
        cmocka_unit_test(the_same_pitch_makes_the_note_longer),
        cmocka_unit_test(what_is_filled_in_is_as_long_as_notes_must_be),
        cmocka_unit_test(a_missed_pitch_far_from_notes_counts_as_it_ends),
        cmocka_unit_test(a_pitch_need_not_stay_as_clear),
        cmocka_unit_test(another_pitch_is_another_note),
        cmocka_unit_test(nothing_is_filled_in),
        cmocka_unit_test(only_singing_alone_is_filled_in),
        cmocka_unit_test(where_nobody_talks_all_of_it_is_filled_in),
        cmocka_unit_test(hours_take_no_more_memory),
        cmocka_unit_test(every_failing_allocation_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
