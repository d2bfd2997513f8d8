/* SPDX-License-Identifier: MIT */
/* Notes count where people sing, and not where they talk or play. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "decode/sung.h"
#include "support/failing_allocator.h"

#define RATE 10 /* frames a second: 16 s are 160 frames */
#define BINS 9
#define LEVEL_DB (-20)
#define HELD 2 /* frames that a held note lasts */

/* What happens for so many frames. */
typedef enum what {
    REST, TALK,
    NOTE,   /* counts from its first frame on, which keeps numbers round */
    UNSURE, /* the same, half heard */
    BRIEF,  /* as it is: its first two frames, 0.2 s, count less */
} what;
typedef struct part { what what; int frames; } part;

typedef struct fixture {
    failing_allocator memory;
    avsvti_heard heard;
    avsvti_sung *sung;
    const avsvt_allocator *allocator;
    avsvt_activations_info info;
    avsvti_note_list found, list;
    int now;
} fixture;

static avsvt_status open_fixture(fixture *f, const avsvt_allocator *a, double share)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_activations_info info = AVSVT_ACTIVATIONS_INFO_INIT;
    info.frame_rate_hz = RATE;
    info.start_s = 0.5;
    info.fine_bins = BINS;
    f->info = info;
    f->allocator = a;
    f->sung = NULL;
    f->now = 0;
    avsvti_note_list_init(&f->found, a);
    avsvti_note_list_init(&f->list, a);
    avsvt_status status = avsvti_heard_create(&f->heard, a, &info, &err);
    return status == AVSVT_OK ? avsvti_sung_create(&f->sung, a, &info, share, &err) : status;
}

static void close_fixture(fixture *f)
{
    avsvti_sung_free(f->sung);
    avsvti_heard_free(&f->heard, f->allocator);
    avsvti_note_list_free(&f->found);
    avsvti_note_list_free(&f->list);
}

static avsvt_status hear(fixture *f, const float *fine, what now, int64_t lasted)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvti_heard_push(&f->heard, avsvti_clarity_of(fine, &f->info),
                      now == BRIEF ? lasted : now >= NOTE ? HELD : 0,
                      now == UNSURE ? 0.5 : 1, LEVEL_DB);
    return avsvti_sung_push(f->sung, &f->heard, &f->found, &f->list, &err);
}

/* A note is found with the first frame after it. */
static avsvt_status go_on(fixture *f, const part *parts, int count)
{
    static const float flat[BINS], peak[BINS] = { [4] = 5 };
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_status status = AVSVT_OK;
    avsvt_note note = AVSVT_NOTE_INIT;
    int has_note = 0;
    for (int p = 0; p < count; p++)
        for (int i = 0; i < parts[p].frames && status == AVSVT_OK; i++, f->now++) {
            if (i == 0 && has_note) {
                note.offset_s = 0.5 + (double)f->now / RATE;
                status = avsvti_note_list_append(&f->found, &note, &err);
                has_note = 0;
            }
            if (i == 0 && parts[p].what >= NOTE) {
                note.onset_s = 0.5 + (double)f->now / RATE;
                has_note = 1;
            }
            if (status == AVSVT_OK)
                status = hear(f, parts[p].what == REST ? flat : peak, parts[p].what, i + 1);
        }
    return status;
}

static avsvt_status finish(fixture *f)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    return avsvti_sung_finish(f->sung, &f->heard, &f->found, &f->list, &err);
}

static void check(const part *parts, int count, double share, size_t at_once,
                  size_t at_last)
{
    fixture f;
    failing_allocator_init(&f.memory, 0);
    assert_int_equal(open_fixture(&f, &f.memory.allocator, share), AVSVT_OK);
    assert_int_equal(go_on(&f, parts, count), AVSVT_OK);
    assert_int_equal(f.list.count, at_once);
    assert_int_equal(finish(&f), AVSVT_OK);
    assert_int_equal(f.list.count, at_last);
    for (size_t i = 1; i < f.list.count; i++)
        assert_true(f.list.notes[i].onset_s > f.list.notes[i - 1].onset_s);
    close_fixture(&f);
    assert_int_equal(f.memory.living, 0);
}

#define CHECK(share, at_once, at_last, ...) do { \
        const part parts[] = { __VA_ARGS__ }; \
        check(parts, sizeof(parts) / sizeof(parts[0]), share, at_once, at_last); \
    } while (0)

static void a_note_by_itself_counts(void **state)
{
    (void)state;
    CHECK(0.5, 1, 1, { REST, 160 }, { NOTE, 3 }, { REST, 1 });
    CHECK(0.5, 0, 1, { REST, 100 }, { NOTE, 3 }, { REST, 1 });
    CHECK(1.0, 0, 1, { NOTE, 3 }, { REST, 1 });
}

static void a_short_sound_that_is_all_there_is_does_not(void **state)
{
    (void)state;
    CHECK(0.5, 0, 0, { REST, 5 }, { NOTE, 1 }, { REST, 5 });
    CHECK(0.5, 0, 1, { REST, 5 }, { NOTE, 2 }, { REST, 5 });
    CHECK(0.5, 0, 0, { REST, 5 }, { UNSURE, 10 }, { REST, 5 });
    CHECK(0.5, 1, 1, { REST, 160 }, { NOTE, 1 }, { REST, 5 }); /* there is more */
}

static void a_note_in_talk_does_not(void **state)
{
    (void)state;
    CHECK(0.5, 0, 0, { TALK, 40 }, { NOTE, 3 }, { TALK, 40 });
    CHECK(0.5, 0, 0, { TALK, 4 }, { REST, 30 }, { NOTE, 3 }, { REST, 30 }, { TALK, 4 });
    /* a note of many seconds has nothing else around it */
    CHECK(0.5, 1, 1, { TALK, 200 }, { NOTE, 160 }, { TALK, 200 });
}

/* Where a recording begins or ends there is less around a note, but not nothing. */
static void the_first_or_last_sound_in_talk_does_not(void **state)
{
    (void)state;
    CHECK(0.5, 0, 0, { NOTE, 3 }, { TALK, 40 });
    CHECK(0.5, 0, 0, { TALK, 40 }, { NOTE, 3 }, { REST, 1 });
    CHECK(0.5, 0, 0, { NOTE, 3 }, { TALK, 200 });
    CHECK(0.5, 0, 0, { TALK, 200 }, { NOTE, 3 }, { REST, 1 });
    CHECK(0.5, 0, 2, { NOTE, 3 }, { TALK, 20 }, { NOTE, 19 }, { REST, 1 });
    /* not beyond the seconds that are heard */
    CHECK(0.5, 1, 1, { NOTE, 3 }, { TALK, 20 }, { REST, 140 }, { NOTE, 17 }, { REST, 1 });
}

static void the_first_and_last_notes_of_a_song_in_talk_count(void **state)
{
    (void)state;
    CHECK(0.5, 4, 4, { TALK, 100 }, { NOTE, 20 }, { NOTE, 20 }, { REST, 5 },
          { NOTE, 20 }, { NOTE, 20 }, { TALK, 100 });
}

/* 160 frames after its start the first is decided: 24 of 44 are sung. */
static void what_is_not_sure_waits_and_keeps_its_place(void **state)
{
    static const part first[] = { { TALK, 100 }, { NOTE, 10 }, { TALK, 20 }, { REST, 111 },
                                  { NOTE, 14 }, { REST, 4 } }, last = { REST, 1 };
    fixture f;
    (void)state;
    failing_allocator_init(&f.memory, 0);
    assert_int_equal(open_fixture(&f, &f.memory.allocator, 0.5), AVSVT_OK);
    assert_int_equal(go_on(&f, first, 6), AVSVT_OK);
    assert_int_equal(f.list.count, 0);
    assert_int_equal(go_on(&f, &last, 1), AVSVT_OK);
    assert_int_equal(f.list.count, 2);
    assert_true(f.list.notes[0].onset_s == 10.5 && f.list.notes[1].onset_s == 24.6);
    close_fixture(&f);
}

static void the_share_is_the_limit(void **state)
{
    (void)state;
    /* of the first: 10 of 40 frames after its start */
    CHECK(0.25, 1, 2, { TALK, 160 }, { NOTE, 5 }, { NOTE, 5 }, { TALK, 30 }, { REST, 120 });
    CHECK(0.26, 0, 0, { TALK, 160 }, { NOTE, 5 }, { NOTE, 5 }, { TALK, 30 }, { REST, 120 });
    /* of both: 10 of 50 frames */
    CHECK(0.2, 2, 2, { REST, 110 }, { TALK, 20 }, { NOTE, 5 }, { NOTE, 5 }, { TALK, 20 });
    CHECK(0.21, 0, 0, { REST, 110 }, { TALK, 20 }, { NOTE, 5 }, { NOTE, 5 }, { TALK, 20 });
}

/* 1.2 s more than the share, and nothing around it changes that. */
static void enough_singing_counts_at_once(void **state)
{
    (void)state;
    CHECK(0.5, 0, 0, { TALK, 200 }, { NOTE, 24 }, { TALK, 200 });
    CHECK(0.5, 1, 1, { TALK, 200 }, { NOTE, 25 }, { TALK, 200 });
    /* before a note's end as well as after its start */
    CHECK(0.5, 2, 2, { TALK, 200 }, { NOTE, 20 }, { NOTE, 5 }, { TALK, 15 },
          { NOTE, 5 }, { TALK, 200 });
    CHECK(0.5, 3, 3, { TALK, 200 }, { NOTE, 20 }, { NOTE, 5 }, { TALK, 4 },
          { NOTE, 5 }, { TALK, 200 });
}

static void what_the_network_half_hears_counts_half(void **state)
{
    (void)state;
    CHECK(0.5, 1, 1, { REST, 160 }, { UNSURE, 10 }, { REST, 1 });
    CHECK(0.51, 0, 0, { REST, 160 }, { UNSURE, 10 }, { REST, 1 });
    CHECK(0.6, 2, 2, { REST, 110 }, { NOTE, 10 }, { UNSURE, 40 }, { REST, 1 });
    CHECK(0.61, 0, 0, { REST, 110 }, { NOTE, 10 }, { UNSURE, 40 }, { REST, 1 });
}

/* The first frame of a note counts half, the second in full. */
static void what_is_held_counts_more(void **state)
{
    (void)state;
    CHECK(0.5, 3, 3, { REST, 160 }, { BRIEF, 1 }, { BRIEF, 1 }, { BRIEF, 1 }, { REST, 1 });
    CHECK(0.51, 0, 0, { REST, 160 }, { BRIEF, 1 }, { BRIEF, 1 }, { BRIEF, 1 }, { REST, 1 });
    CHECK(0.75, 1, 1, { REST, 160 }, { BRIEF, 2 }, { REST, 1 });
    CHECK(0.76, 0, 0, { REST, 160 }, { BRIEF, 2 }, { REST, 1 });
    CHECK(0.95, 1, 1, { REST, 160 }, { BRIEF, 10 }, { REST, 1 });
    CHECK(0.96, 0, 0, { REST, 160 }, { BRIEF, 10 }, { REST, 1 });
}

static void hours_of_talk_take_no_more_memory(void **state)
{
    static const part minute[] = { { TALK, 10 }, { NOTE, 2 }, { TALK, 28 }, { NOTE, 2 },
                                   { TALK, 18 } };
    fixture f;
    (void)state;
    failing_allocator_init(&f.memory, 0);
    assert_int_equal(open_fixture(&f, &f.memory.allocator, 0.5), AVSVT_OK);
    assert_int_equal(go_on(&f, minute, 5), AVSVT_OK);
    long before = f.memory.calls;
    for (int i = 0; i < 1000; i++)
        assert_int_equal(go_on(&f, minute, 5), AVSVT_OK);
    assert_int_equal(f.memory.calls, before);
    assert_int_equal(f.list.count, 0);
    close_fixture(&f);
}

static void no_numbers_have_no_pitch(void **state)
{
    float none[BINS];
    fixture f;
    (void)state;
    failing_allocator_init(&f.memory, 0);
    assert_int_equal(open_fixture(&f, &f.memory.allocator, 0.5), AVSVT_OK);
    for (int bad = 0; bad < 3; bad++)
        for (int i = 0; i < 200; i++) {
            for (int k = 0; k < BINS; k++)
                none[k] = bad == 0 || (bad == 1 && k == 3) ? NAN : HUGE_VALF;
            assert_int_equal(hear(&f, none, TALK, 0), AVSVT_OK);
            f.now++;
        }
    const part sung[] = { { NOTE, 3 }, { REST, 1 } };
    assert_int_equal(go_on(&f, sung, 2), AVSVT_OK);
    assert_int_equal(f.list.count, 1);
    close_fixture(&f);
}

static avsvt_status one_song(const avsvt_allocator *a, void *user)
{
    static const part song[] = { { NOTE, 4 }, { TALK, 100 }, { NOTE, 4 }, { TALK, 3 },
                                 { REST, 100 }, { NOTE, 4 }, { REST, 1 } };
    fixture f;
    (void)user;
    avsvt_status status = open_fixture(&f, a, 0.5);
    if (status == AVSVT_OK)
        status = go_on(&f, song, 7);
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
        cmocka_unit_test(a_note_by_itself_counts),
        cmocka_unit_test(a_short_sound_that_is_all_there_is_does_not),
        cmocka_unit_test(a_note_in_talk_does_not),
        cmocka_unit_test(the_first_or_last_sound_in_talk_does_not),
        cmocka_unit_test(the_first_and_last_notes_of_a_song_in_talk_count),
        cmocka_unit_test(what_is_not_sure_waits_and_keeps_its_place),
        cmocka_unit_test(the_share_is_the_limit),
        cmocka_unit_test(enough_singing_counts_at_once),
        cmocka_unit_test(what_the_network_half_hears_counts_half),
        cmocka_unit_test(what_is_held_counts_more),
        cmocka_unit_test(hours_of_talk_take_no_more_memory),
        cmocka_unit_test(no_numbers_have_no_pitch),
        cmocka_unit_test(every_failing_allocation_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
