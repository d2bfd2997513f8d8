/* SPDX-License-Identifier: MIT */
/* What passes from one thread to another: nothing twice, nothing out of order,
 * and what had no room is silence of the same length. */
#include "support/test.h"

#include <math.h>
#include <pthread.h>
#include <sched.h>

#include "job/sound_ring.h"

static int put(avsvti_ring *r, size_t spare, int x)
{
    int *to = avsvti_ring_room(r, spare);
    if (!to)
        return 0;
    *to = x;
    avsvti_ring_put(r);
    return 1;
}

static void items_come_out_in_order_and_a_full_ring_takes_none(void **state)
{
    avsvti_ring r;
    (void)state;
    assert_true(avsvti_ring_create(&r, avsvti_default_allocator(), sizeof(int), 3));
    assert_null(avsvti_ring_oldest(&r));
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < 3; i++)
            assert_true(put(&r, 0, 10 * round + i));
        assert_false(put(&r, 0, -1));
        for (int i = 0; i < 3; i++) {
            const int *x = avsvti_ring_oldest(&r);
            assert_non_null(x);
            assert_ptr_equal(x, avsvti_ring_oldest(&r)); /* until it is taken */
            assert_int_equal(*x, 10 * round + i);
            avsvti_ring_take(&r);
        }
        assert_null(avsvti_ring_oldest(&r));
    }
    avsvti_ring_release(&r, avsvti_default_allocator());
}

static void places_can_be_kept_and_a_reset_empties(void **state)
{
    avsvti_ring r;
    (void)state;
    assert_true(avsvti_ring_create(&r, avsvti_default_allocator(), sizeof(int), 4));
    assert_true(put(&r, 2, 1));
    assert_true(put(&r, 2, 2));
    assert_false(put(&r, 2, 3));
    assert_true(put(&r, 1, 3));
    avsvti_ring_reset(&r);
    assert_null(avsvti_ring_oldest(&r));
    assert_true(put(&r, 3, 4));
    assert_false(put(&r, 4, 5));
    avsvti_ring_release(&r, avsvti_default_allocator());
}

static void write_ramp(avsvti_sound_ring *r, int from, int count, int taken)
{
    float x[64];
    for (int i = 0; i < count; i++)
        x[i] = (float)(from + i);
    assert_int_equal(avsvti_sound_write(r, x, (size_t)count), taken);
}

static void what_has_no_room_is_silence_of_its_length(void **state)
{
    static const float want[] = { 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 13, 14, 0, 16, 17 };
    avsvti_sound_ring r;
    float x[64];
    (void)state;
    assert_true(avsvti_sound_create(&r, avsvti_default_allocator(), 8));
    write_ramp(&r, 1, 10, 8);
    write_ramp(&r, 11, 2, 0);
    assert_int_equal(atomic_load(&r.lost), 4);
    assert_int_equal(avsvti_sound_read(&r, x, 2), 2);
    write_ramp(&r, 13, 3, 2);
    assert_int_equal(avsvti_sound_read(&r, x + 2, 7), 7); /* into the silence */
    write_ramp(&r, 16, 2, 2);
    assert_int_equal(avsvti_sound_read(&r, x + 9, 50), 8);
    for (size_t i = 0; i < sizeof(want) / sizeof(*want); i++)
        assert_true(x[i] == want[i]);
    assert_int_equal(avsvti_sound_read(&r, x, 1), 0);
    assert_int_equal(atomic_load(&r.lost), 5);
    avsvti_sound_release(&r, avsvti_default_allocator());
}

/* A size_t of 32 bits has counted all that it can within a day. */
static void counts_that_begin_anew_move_nothing(void **state)
{
    static const float want[] = { 1, 2, 3, 4, 5, 6, 7, 8, 0, 10, 11 };
    float x[64];
    (void)state;
    for (size_t before = 0; before < 16; before++) {
        avsvti_sound_ring r;
        assert_true(avsvti_sound_create(&r, avsvti_default_allocator(), 6));
        atomic_store(&r.written, (size_t)0 - before);
        atomic_store(&r.read, (size_t)0 - before);
        write_ramp(&r, 1, 4, 4);
        assert_int_equal(avsvti_sound_read(&r, x, 2), 2);
        write_ramp(&r, 5, 5, 4);
        assert_int_equal(avsvti_sound_read(&r, x + 2, 4), 4);
        write_ramp(&r, 10, 2, 2);
        assert_int_equal(avsvti_sound_read(&r, x + 6, 50), 5);
        for (size_t i = 0; i < sizeof(want) / sizeof(*want); i++)
            assert_true(x[i] == want[i]);
        avsvti_sound_release(&r, avsvti_default_allocator());
    }
}

static void more_gaps_than_can_be_told_lose_no_time(void **state)
{
    avsvti_sound_ring r;
    float x[4];
    long read = 0;
    size_t taken = 0;
    (void)state;
    assert_true(avsvti_sound_create(&r, avsvti_default_allocator(), 1000));
    write_ramp(&r, 0, 50, 50);
    for (int i = 0; i < 19; i++)
        write_ramp(&r, 50 + i * 50, 50, 50);
    /* One sample is taken, five come: one has room, behind a gap each time. */
    for (int i = 0; i < 200; i++) {
        float five[5];
        for (int k = 0; k < 5; k++)
            five[k] = (float)(1000 + i * 5 + k);
        read += (long)avsvti_sound_read(&r, x, 1);
        taken += avsvti_sound_write(&r, five, 5);
    }
    assert_in_range(taken, 60, 70); /* then no gap more can be told */
    assert_int_equal(atomic_load(&r.lost), 1000 - taken);
    while (avsvti_sound_read(&r, x, 1)) {
        if (x[0] != 0)
            assert_true(x[0] == (float)read);
        read++;
    }
    write_ramp(&r, 2000, 4, 4);
    while (avsvti_sound_read(&r, x, 1)) {
        if (x[0] != 0)
            assert_true(x[0] == (float)read);
        read++;
    }
    assert_int_equal(read, 2004);
    avsvti_sound_release(&r, avsvti_default_allocator());
}

static void what_is_no_sound_is_silence(void **state)
{
    static const float bad[] = { NAN, INFINITY, -INFINITY, 1e30f, 0.5f };
    avsvti_sound_ring r;
    float x[5];
    (void)state;
    assert_true(avsvti_sound_create(&r, avsvti_default_allocator(), 8));
    assert_int_equal(avsvti_sound_write(&r, bad, 5), 5);
    assert_int_equal(avsvti_sound_read(&r, x, 5), 5);
    for (int i = 0; i < 4; i++)
        assert_true(x[i] == 0);
    assert_true(x[4] == 0.5f);
    avsvti_sound_release(&r, avsvti_default_allocator());
}

enum { TOTAL = 200000 };

static void *write_all(void *ring)
{
    for (int i = 0; i < TOTAL; i += 10) {
        float x[10];
        for (int k = 0; k < 10; k++)
            x[k] = (float)(i + k + 1);
        avsvti_sound_write(ring, x, 10);
        if (i % 1000 == 0)
            sched_yield();
    }
    return NULL;
}

static void two_threads_keep_every_sample_in_its_place(void **state)
{
    avsvti_sound_ring r;
    pthread_t thread;
    float x[97];
    int place = 0, joined = 0;
    (void)state;
    assert_true(avsvti_sound_create(&r, avsvti_default_allocator(), 500));
    assert_int_equal(pthread_create(&thread, NULL, write_all, &r), 0);
    for (;;) {
        size_t n = avsvti_sound_read(&r, x, 97);
        for (size_t i = 0; i < n; i++, place++)
            if (x[i] != 0 && x[i] != (float)(place + 1))
                fail_msg("sample %d is %g", place, (double)x[i]);
        if (!n && joined)
            break;
        if (!n && !joined && !pthread_join(thread, NULL))
            joined = 1;
    }
    assert_int_equal(place + (int)r.owed, TOTAL);
    avsvti_sound_release(&r, avsvti_default_allocator());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_come_out_in_order_and_a_full_ring_takes_none),
        cmocka_unit_test(places_can_be_kept_and_a_reset_empties),
        cmocka_unit_test(what_has_no_room_is_silence_of_its_length),
        cmocka_unit_test(counts_that_begin_anew_move_nothing),
        cmocka_unit_test(more_gaps_than_can_be_told_lose_no_time),
        cmocka_unit_test(what_is_no_sound_is_silence),
        cmocka_unit_test(two_threads_keep_every_sample_in_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
