/* SPDX-License-Identifier: MIT */
/* A feed gives what a direct call gives, however it is pushed and polled, and
 * ends in order whenever it is asked to. */
#include "support/test.h"

#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/model_file.h"
#include "support/note_lists.h"

#define RATE 16000
#define COUNT (RATE * 20 + 123)

static float song[COUNT];

static int make_song(void **state)
{
    (void)state;
    for (int i = 0; i < COUNT; i++)
        song[i] = i % RATE < RATE / 2 ? (float)(0.3 * sin(i * (0.1 + 0.02 * (i / RATE % 3)))) : 0.0f;
    return 0;
}

static avsvt_pipeline *make_pipeline(const avsvt_allocator *a)
{
    avsvt_context *context = model_file_null_context(a);
    avsvt_model *model = model_file_open(context, MODEL_FILE_NOTES);
    avsvt_pipeline *p;
    assert_int_equal(avsvt_pipeline_create(&p, model, NULL, NULL), AVSVT_OK);
    avsvt_model_free(model);
    avsvt_context_free(context);
    return p;
}

static avsvt_notes *direct(avsvt_pipeline *p, double rate_hz)
{
    avsvt_audio *audio;
    avsvt_notes *notes;
    assert_int_equal(avsvt_audio_open_samples(&audio, NULL, song, COUNT, 1, rate_hz, NULL), AVSVT_OK);
    assert_int_equal(avsvt_pipeline_notes_audio(&notes, p, audio, NULL, NULL), AVSVT_OK);
    avsvt_audio_free(audio);
    return notes;
}

static avsvt_feed *open_feed(avsvt_pipeline *p, double rate_hz)
{
    avsvt_feed_options o = AVSVT_FEED_OPTIONS_INIT;
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_feed *feed;
    o.rate_hz = rate_hz;
    o.buffer_s = 120;
    if (avsvt_feed_open(&feed, p, &o, &err))
        fail_msg("%s", err.message);
    return feed;
}

static void push_all(avsvt_feed *feed, size_t block)
{
    for (size_t i = 0; i < COUNT; i += block)
        assert_int_equal(avsvt_feed_push(feed, song + i, COUNT - i < block ? COUNT - i : block),
                         AVSVT_OK);
    avsvt_feed_finish(feed);
}

static avsvt_feed_info info_of(const avsvt_feed *feed)
{
    avsvt_feed_info info = AVSVT_FEED_INFO_INIT;
    assert_int_equal(avsvt_feed_describe(feed, &info), AVSVT_OK);
    return info;
}

static void any_blocks_at_any_rate_give_the_notes_of_a_direct_call(void **state)
{
    static const size_t blocks[] = { 64, 1000, 8192, COUNT };
    static const double rates[] = { 16000, 11025, 48000 };
    avsvt_pipeline *p = make_pipeline(NULL);
    (void)state;
    for (size_t k = 0; k < 6; k++) {
        double rate = rates[k < 3 ? k : 0];
        avsvt_notes *notes = direct(p, rate);
        avsvt_feed *feed = open_feed(p, rate);
        push_all(feed, blocks[k < 3 ? 1 : k - 3]);
        assert_int_equal(avsvt_feed_wait(feed, NULL), AVSVT_OK);
        assert_int_equal(info_of(feed).state, AVSVT_JOB_DONE);
        assert_int_equal(info_of(feed).pushed, COUNT);
        assert_int_equal(info_of(feed).lost, 0);
        assert_true(fabs(info_of(feed).final_s - COUNT / rate) < 0.05);
        avsvt_note n = AVSVT_NOTE_INIT;
        size_t count = 0;
        while (avsvt_feed_poll(feed, &n) == AVSVT_OK) {
            avsvt_note want = note_at(notes, count++);
            assert_true(n.onset_s == want.onset_s && n.offset_s == want.offset_s);
            assert_true(fabs(n.pitch - want.pitch) < 1e-6);
        }
        assert_true(count > 5);
        assert_int_equal(count, avsvt_notes_count(notes));
        avsvt_feed_free(feed);
        avsvt_notes_free(notes);
    }
    avsvt_pipeline_free(p);
}

static void the_last_note_ends_with_the_sound(void **state)
{
    static const double rates[] = { 16000, 11025, 44100 };
    avsvt_pipeline *p = make_pipeline(NULL);
    (void)state;
    for (size_t k = 0; k < 3 * 40; k++) {
        avsvt_feed *feed = open_feed(p, rates[k % 3]);
        size_t count = 7000 + k / 3; /* of the 8000 that sound */
        avsvt_note n = AVSVT_NOTE_INIT;
        assert_int_equal(avsvt_feed_push(feed, song, count), AVSVT_OK);
        avsvt_feed_finish(feed);
        assert_int_equal(avsvt_feed_wait(feed, NULL), AVSVT_OK);
        assert_int_equal(avsvt_feed_poll(feed, &n), AVSVT_OK);
        assert_true(n.offset_s <= (double)count / rates[k % 3]);
        assert_true(n.offset_s > (double)count / rates[k % 3] - 0.03);
        avsvt_feed_free(feed);
    }
    avsvt_pipeline_free(p);
}

static void the_curve_has_a_point_for_each_frame(void **state)
{
    avsvt_pipeline *p = make_pipeline(NULL);
    avsvt_feed *feed = open_feed(p, RATE);
    avsvt_feed_frame f = AVSVT_FEED_FRAME_INIT;
    size_t count = 0, sung = 0;
    (void)state;
    push_all(feed, 777);
    assert_int_equal(avsvt_feed_wait(feed, NULL), AVSVT_OK);
    for (; avsvt_feed_poll_frame(feed, &f) == AVSVT_OK; count++) {
        assert_true(fabs(f.time_s - (double)count / 50) < 1e-9);
        sung += !isnan(f.pitch);
        if (f.time_s > 1.1 && f.time_s < 1.4)
            assert_true(fabs(f.pitch - (69 + 12 * log2(0.12 * RATE / (2 * 3.14159265) / 440))) < 0.4);
    }
    assert_int_equal(count, COUNT / 320 + 1);
    assert_true(sung > count / 3 && sung < count * 2 / 3);
    assert_true(info_of(feed).latency_s > 2 && info_of(feed).latency_s < 2.5);
    avsvt_feed_free(feed);
    avsvt_pipeline_free(p);
}

static void more_notes_than_the_queue_holds_are_not_lost(void **state)
{
    enum { NOTES = 1500, EACH = 2400 };
    static float x[EACH];
    avsvt_pipeline *p = make_pipeline(NULL);
    avsvt_feed_options o = AVSVT_FEED_OPTIONS_INIT;
    avsvt_note n = AVSVT_NOTE_INIT;
    avsvt_feed *feed;
    double last = -1;
    int count = 0;
    (void)state;
    for (int i = 0; i < EACH; i++)
        x[i] = i < 1600 ? (float)(0.3 * sin(i * 0.12)) : 0.0f;
    o.rate_hz = RATE;
    o.step_s = 30;
    o.buffer_s = 600;
    assert_int_equal(avsvt_feed_open(&feed, p, &o, NULL), AVSVT_OK);
    for (int i = 0; i < NOTES; i++)
        assert_int_equal(avsvt_feed_push(feed, x, EACH), AVSVT_OK);
    avsvt_feed_finish(feed);
    assert_int_equal(avsvt_feed_wait(feed, NULL), AVSVT_OK);
    for (; avsvt_feed_poll(feed, &n) == AVSVT_OK; count++) {
        assert_true(n.onset_s > last);
        last = n.onset_s;
    }
    assert_int_equal(count, NOTES);
    assert_int_equal(info_of(feed).lost_frames, NOTES * EACH / 320 + 1 - 3000);
    avsvt_feed_free(feed);
    avsvt_pipeline_free(p);
}

static void a_block_without_room_is_told_of(void **state)
{
    avsvt_pipeline *p = make_pipeline(NULL);
    avsvt_feed_options o = AVSVT_FEED_OPTIONS_INIT;
    avsvt_feed *feed;
    (void)state;
    o.rate_hz = RATE;
    o.buffer_s = 1;
    assert_int_equal(avsvt_feed_open(&feed, p, &o, NULL), AVSVT_OK);
    assert_int_equal(avsvt_feed_push(feed, song, COUNT), AVSVT_E_RANGE);
    avsvt_feed_finish(feed);
    assert_int_equal(avsvt_feed_wait(feed, NULL), AVSVT_OK);
    assert_int_equal(info_of(feed).pushed, RATE);
    assert_int_equal(info_of(feed).lost, COUNT - RATE);
    avsvt_feed_free(feed);
    avsvt_pipeline_free(p);
}

static void nothing_and_no_sound_are_harmless(void **state)
{
    static float bad[5000];
    avsvt_pipeline *p = make_pipeline(NULL);
    avsvt_note n = AVSVT_NOTE_INIT;
    (void)state;
    avsvt_feed *feed = open_feed(p, RATE);
    avsvt_feed_finish(feed);
    assert_int_equal(avsvt_feed_wait(feed, NULL), AVSVT_OK);
    assert_int_equal(avsvt_feed_poll(feed, &n), AVSVT_E_NOT_FOUND);
    avsvt_feed_free(feed);
    feed = open_feed(p, RATE);
    for (int i = 0; i < 5000; i++)
        bad[i] = i % 3 ? NAN : i % 2 ? INFINITY : -1e30f;
    assert_int_equal(avsvt_feed_push(feed, NULL, 0), AVSVT_OK);
    assert_int_equal(avsvt_feed_push(feed, bad, 5000), AVSVT_OK);
    avsvt_feed_finish(feed);
    assert_int_equal(avsvt_feed_push(feed, bad, 1), AVSVT_E_ARG);
    assert_int_equal(avsvt_feed_wait(feed, NULL), AVSVT_OK);
    assert_int_equal(avsvt_feed_poll(feed, &n), AVSVT_E_NOT_FOUND);
    avsvt_feed_free(feed);
    avsvt_pipeline_free(p);
}

static void cancelled_or_freed_while_busy_it_frees_the_pipeline(void **state)
{
    avsvt_pipeline *p = make_pipeline(NULL);
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_notes *notes;
    avsvt_feed *feed, *other;
    avsvt_feed_options o = AVSVT_FEED_OPTIONS_INIT;
    (void)state;
    o.rate_hz = RATE;
    feed = open_feed(p, RATE);
    assert_int_equal(avsvt_feed_open(&other, p, &o, &err), AVSVT_E_BUSY);
    assert_null(other);
    avsvt_feed_push(feed, song, COUNT / 2);
    avsvt_feed_cancel(feed);
    assert_int_equal(avsvt_feed_wait(feed, &err), AVSVT_E_CANCELLED);
    assert_int_equal(info_of(feed).state, AVSVT_JOB_CANCELLED);
    avsvt_feed_free(feed);
    for (int i = 0; i < 10; i++) {
        feed = open_feed(p, RATE);
        avsvt_feed_push(feed, song, (size_t)(i * 30000));
        avsvt_feed_free(feed);
    }
    notes = direct(p, RATE); /* it is free again */
    avsvt_notes_free(notes);
    avsvt_pipeline_free(p);
}

typedef struct shared {
    avsvt_feed *feed;
    atomic_long taken;
    atomic_int done;
} shared;

static void *push_pieces(void *argument)
{
    shared *s = argument;
    for (int i = 0; i < 2000; i++)
        if (avsvt_feed_push(s->feed, song + i * 50, 50) == AVSVT_OK)
            atomic_fetch_add(&s->taken, 50);
    return NULL;
}

static void *poll_all(void *argument)
{
    shared *s = argument;
    avsvt_feed_frame f = AVSVT_FEED_FRAME_INIT;
    avsvt_note n = AVSVT_NOTE_INIT;
    double last = -1;
    long count = 0;
    for (;;) {
        int done = atomic_load(&s->done);
        while (avsvt_feed_poll(s->feed, &n) == AVSVT_OK)
            count++;
        while (avsvt_feed_poll_frame(s->feed, &f) == AVSVT_OK) {
            assert_true(f.time_s > last);
            last = f.time_s;
        }
        avsvt_feed_describe(s->feed, &(avsvt_feed_info)AVSVT_FEED_INFO_INIT);
        if (done)
            return (void *)count;
        sched_yield();
    }
}

static void threads_that_push_and_poll_at_once_do_no_harm(void **state)
{
    avsvt_pipeline *p = make_pipeline(NULL);
    shared s = { open_feed(p, RATE), 0, 0 };
    pthread_t pushers[2], poller;
    void *count;
    (void)state;
    assert_int_equal(pthread_create(&poller, NULL, poll_all, &s), 0);
    for (int i = 0; i < 2; i++) /* a second one is refused, or comes between */
        assert_int_equal(pthread_create(&pushers[i], NULL, push_pieces, &s), 0);
    for (int i = 0; i < 2; i++)
        pthread_join(pushers[i], NULL);
    avsvt_feed_finish(s.feed);
    assert_int_equal(avsvt_feed_wait(s.feed, NULL), AVSVT_OK);
    atomic_store(&s.done, 1);
    pthread_join(poller, &count);
    assert_int_equal(info_of(s.feed).pushed, atomic_load(&s.taken));
    assert_int_equal(info_of(s.feed).lost, 0);
    assert_true((long)count > 0);
    avsvt_feed_free(s.feed);
    avsvt_pipeline_free(p);
}

static void what_no_record_could_take_stays_to_be_polled(void **state)
{
    static uint64_t beyond[9000]; /* more bytes than any struct has */
    const uint32_t size = sizeof(beyond);
    avsvt_pipeline *p = make_pipeline(NULL);
    avsvt_notes *notes = direct(p, RATE);
    avsvt_feed *feed = open_feed(p, RATE);
    avsvt_feed_frame f = AVSVT_FEED_FRAME_INIT;
    avsvt_note n = AVSVT_NOTE_INIT;
    (void)state;
    push_all(feed, 8192);
    assert_int_equal(avsvt_feed_wait(feed, NULL), AVSVT_OK);
    memcpy(beyond, &size, sizeof(size));
    assert_int_equal(avsvt_feed_poll(feed, (avsvt_note *)(void *)beyond), AVSVT_E_ARG);
    assert_int_equal(avsvt_feed_poll_frame(feed, (avsvt_feed_frame *)(void *)beyond), AVSVT_E_ARG);
    assert_int_equal(avsvt_feed_poll(feed, &n), AVSVT_OK);
    assert_true(n.onset_s == note_at(notes, 0).onset_s);
    assert_int_equal(avsvt_feed_poll_frame(feed, &f), AVSVT_OK);
    assert_true(f.time_s == 0);
    avsvt_feed_free(feed);
    avsvt_notes_free(notes);
    avsvt_pipeline_free(p);
}

static void wrong_arguments_are_refused(void **state)
{
    static const struct { double rate, step, look, context, buffer; } bad[] = {
        { 0, 0, 0, 0, 0 }, { 1000, 0, 0, 0, 0 }, { (double)NAN, 0, 0, 0, 0 },
        { RATE, 0.01, 0, 0, 0 }, { RATE, 0, -1, 0, 0 }, { RATE, 0, 0, 601, 0 },
        { RATE, 0, 0, 0, 0.5 }, { RATE, (double)NAN, 0, 0, 0 } };
    avsvt_pipeline *p = make_pipeline(NULL);
    avsvt_notes_options notes = AVSVT_NOTES_OPTIONS_INIT;
    avsvt_feed_options o = AVSVT_FEED_OPTIONS_INIT;
    avsvt_feed_info info = AVSVT_FEED_INFO_INIT;
    avsvt_note n = AVSVT_NOTE_INIT;
    avsvt_feed *feed;
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        o.rate_hz = bad[i].rate;
        o.step_s = bad[i].step;
        o.lookahead_s = bad[i].look;
        o.context_s = bad[i].context;
        o.buffer_s = bad[i].buffer;
        assert_int_equal(avsvt_feed_open(&feed, p, &o, NULL), AVSVT_E_ARG);
        assert_null(feed);
    }
    o = (avsvt_feed_options)AVSVT_FEED_OPTIONS_INIT;
    o.rate_hz = RATE;
    notes.onset_threshold = 2;
    o.notes = &notes;
    assert_int_equal(avsvt_feed_open(&feed, p, &o, NULL), AVSVT_E_ARG);
    assert_int_equal(avsvt_feed_open(&feed, p, NULL, NULL), AVSVT_E_ARG);
    assert_int_equal(avsvt_feed_open(&feed, NULL, &o, NULL), AVSVT_E_ARG);
    assert_int_equal(avsvt_feed_open(NULL, p, &o, NULL), AVSVT_E_ARG);
    assert_int_equal(avsvt_feed_push(NULL, song, 1), AVSVT_E_ARG);
    assert_int_equal(avsvt_feed_poll(NULL, &n), AVSVT_E_ARG);
    assert_int_equal(avsvt_feed_poll_frame(NULL, NULL), AVSVT_E_ARG);
    assert_int_equal(avsvt_feed_describe(NULL, &info), AVSVT_E_ARG);
    assert_int_equal(avsvt_feed_wait(NULL, NULL), AVSVT_E_ARG);
    avsvt_feed_finish(NULL);
    avsvt_feed_cancel(NULL);
    avsvt_feed_free(NULL);
    feed = open_feed(p, RATE);
    assert_int_equal(avsvt_feed_push(feed, NULL, 1), AVSVT_E_ARG);
    assert_int_equal(avsvt_feed_poll(feed, NULL), AVSVT_E_ARG);
    avsvt_feed_free(feed);
    avsvt_pipeline_free(p);
}

static void a_forked_process_does_not_wait_for_the_feed(void **state)
{
    avsvt_pipeline *p = make_pipeline(NULL);
    avsvt_feed *feed = open_feed(p, RATE);
    avsvt_error err = AVSVT_ERROR_INIT;
    int result = -1;
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        avsvt_feed_finish(feed);
        avsvt_status status = avsvt_feed_wait(feed, &err);
        avsvt_feed_free(feed);
        _exit(status == AVSVT_E_INTERNAL && strstr(err.message, "forked") ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_int_equal(result, 0);
    push_all(feed, 1000);
    avsvt_feed_finish(feed);
    assert_int_equal(avsvt_feed_wait(feed, NULL), AVSVT_OK);
    child = fork();
    if (child == 0) {
        avsvt_feed_free(feed);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_int_equal(result, 0);
    avsvt_feed_free(feed);
    avsvt_pipeline_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_blocks_at_any_rate_give_the_notes_of_a_direct_call),
        cmocka_unit_test(the_last_note_ends_with_the_sound),
        cmocka_unit_test(the_curve_has_a_point_for_each_frame),
        cmocka_unit_test(more_notes_than_the_queue_holds_are_not_lost),
        cmocka_unit_test(a_block_without_room_is_told_of),
        cmocka_unit_test(nothing_and_no_sound_are_harmless),
        cmocka_unit_test(cancelled_or_freed_while_busy_it_frees_the_pipeline),
        cmocka_unit_test(threads_that_push_and_poll_at_once_do_no_harm),
        cmocka_unit_test(what_no_record_could_take_stays_to_be_polled),
        cmocka_unit_test(wrong_arguments_are_refused),
        cmocka_unit_test(a_forked_process_does_not_wait_for_the_feed),
    };
    return cmocka_run_group_tests(tests, make_song, NULL);
}
