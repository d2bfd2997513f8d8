/* SPDX-License-Identifier: MIT */
/* Notes as they are sung, through the public interface. */
#include <math.h>
#include <stdio.h>

#include <avsvt/avsvt.h>

#include "support/test.h"

#define MELODY "../examples/data/melody"
#define MOST 4000 /* events or frames of the melody */

typedef struct events {
    avsvt_stream_event list[MOST];
    size_t count;
} events;

typedef struct sound {
    float *x;
    size_t count;
    double rate;
} sound;

static sound melody(double rate)
{
    avsvt_audio *audio = NULL;
    avsvt_error err = AVSVT_ERROR_INIT;
    sound s = { malloc(sizeof(float) * (size_t)(rate * 12)), 0, rate };
    size_t n = 1;
    assert_non_null(s.x);
    if (avsvt_audio_open(&audio, NULL, MELODY ".flac", &err) ||
        avsvt_audio_set_rate(audio, rate, &err))
        fail_msg("%s", err.message);
    while (n) {
        assert_int_equal(avsvt_audio_read(audio, s.x + s.count, 4096, &n, &err), AVSVT_OK);
        s.count += n;
    }
    avsvt_audio_free(audio);
    return s;
}

static avsvt_stream *stream_at(double rate)
{
    avsvt_stream *s = NULL;
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_stream_options o = AVSVT_STREAM_OPTIONS_INIT;
    o.rate_hz = rate;
    o.queue = 4096;
    if (avsvt_stream_open(&s, NULL, NULL, &o, &err) != AVSVT_OK)
        fail_msg("%s", err.message);
    return s;
}

static void drain(avsvt_stream *s, events *to)
{
    avsvt_stream_event e = AVSVT_STREAM_EVENT_INIT;
    while (avsvt_stream_poll(s, &e) == AVSVT_OK) {
        assert_true(to->count < MOST);
        to->list[to->count++] = e;
    }
}

/* block 0: of any size from 1 to 8192. */
static void push_all(avsvt_stream *s, const sound *x, size_t block, events *to)
{
    uint32_t seed = 5;
    for (size_t done = 0; done < x->count;) {
        seed = seed * 1664525u + 1013904223u;
        size_t n = block ? block : 1 + (seed >> 8) % 8192;
        n = n < x->count - done ? n : x->count - done;
        assert_int_equal(avsvt_stream_push(s, x->x + done, n), AVSVT_OK);
        done += n;
        drain(s, to);
    }
    assert_int_equal(avsvt_stream_finish(s), AVSVT_OK);
    drain(s, to);
}

static void assert_same(const events *a, const events *b)
{
    assert_int_equal(a->count, b->count);
    for (size_t i = 0; i < a->count; i++) {
        const avsvt_stream_event *x = &a->list[i], *y = &b->list[i];
        assert_int_equal(x->kind, y->kind);
        assert_int_equal(x->note, y->note);
        assert_int_equal(x->sample, y->sample);
        assert_int_equal(x->found_at, y->found_at);
        assert_int_equal(x->flags, y->flags);
        assert_memory_equal(&x->time_s, &y->time_s, 3 * sizeof(double));
        assert_memory_equal(&x->level_db, &y->level_db, 2 * sizeof(float));
    }
}

/* How many notes of the score, which begins at start_s, begin within 60 ms of a
 * note of its pitch. */
static size_t found(const events *got, double start_s, size_t *score_notes)
{
    avsvt_notes *score = NULL;
    size_t right = 0;
    assert_int_equal(avsvt_notes_read(&score, NULL, MELODY ".csv", NULL), AVSVT_OK);
    *score_notes = avsvt_notes_count(score);
    for (size_t i = 0; i < *score_notes; i++) {
        avsvt_note n = AVSVT_NOTE_INIT;
        double onset = -1;
        int hit = 0;
        avsvt_notes_get(score, i, &n);
        for (size_t j = 0; j < got->count; j++) {
            const avsvt_stream_event *e = &got->list[j];
            if (e->kind == AVSVT_STREAM_NOTE_ON)
                onset = e->time_s;
            if (e->kind == AVSVT_STREAM_NOTE_OFF && fabs(onset - start_s - n.onset_s) < 0.06 &&
                fabs(e->pitch - n.pitch) < 0.5)
                hit = 1;
        }
        right += hit;
    }
    avsvt_notes_free(score);
    return right;
}

static void check_order(const events *got)
{
    uint64_t note = 0;
    int sounding = 0;
    for (size_t i = 0; i < got->count; i++) {
        const avsvt_stream_event *e = &got->list[i];
        assert_true(e->pitch > 30 && e->pitch < 90 && e->level_db < 0);
        assert_true(e->confidence >= 0 && e->confidence <= 1);
        if (e->kind == AVSVT_STREAM_NOTE_ON) {
            assert_false(sounding);
            assert_int_equal(e->note, ++note);
        } else
            assert_true(sounding && e->note == note);
        sounding = e->kind != AVSVT_STREAM_NOTE_OFF;
    }
    assert_false(sounding);
}

static void a_melody_is_heard_at_every_rate(void **state)
{
    static const double rates[] = { 8000, 44099.9, 48000, 192000 };
    (void)state;
    for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
        static events got;
        size_t notes, right;
        sound x = melody(rates[i]);
        avsvt_stream *s = stream_at(rates[i]);
        got.count = 0;
        push_all(s, &x, 512, &got);
        check_order(&got);
        right = found(&got, 0, &notes);
        if (right + 3 < notes)
            fail_msg("%zu of %zu notes at %.1f Hz", right, notes, rates[i]);
        avsvt_stream_free(s);
        free(x.x);
    }
}

/* After a while: what comes first is not known to be quiet. */
static void a_quiet_melody_is_heard_too(void **state)
{
    static events got;
    size_t notes, right;
    sound x = melody(48000);
    avsvt_stream *s = stream_at(48000);
    (void)state;
    x.x = realloc(x.x, sizeof(float) * x.count * 2);
    assert_non_null(x.x);
    for (size_t i = 0; i < x.count; i++)
        x.x[i] *= 0.01f;
    memcpy(x.x + x.count, x.x, sizeof(float) * x.count);
    double start_s = (double)x.count / 48000;
    x.count *= 2;
    got.count = 0;
    push_all(s, &x, 512, &got);
    check_order(&got);
    right = found(&got, start_s, &notes);
    if (right + 3 < notes)
        fail_msg("%zu of %zu notes", right, notes);
    for (size_t i = 0; i < got.count; i++)
        assert_true(got.list[i].level_db < -45);
    avsvt_stream_free(s);
    free(x.x);
}

static void the_size_of_blocks_changes_nothing(void **state)
{
    static const double rates[] = { 8000, 22050, 44099.9, 192000 };
    static const size_t blocks[] = { 1, 64, 441, 8192, 10000000, 0 };
    static events first, other;
    (void)state;
    for (size_t r = 0; r < sizeof(rates) / sizeof(rates[0]); r++) {
        sound x = melody(rates[r]);
        avsvt_stream *s = stream_at(rates[r]);
        x.count = (size_t)(3 * rates[r]);
        first.count = 0;
        push_all(s, &x, 100, &first);
        assert_true(first.count > 80);
        for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++) {
            other.count = 0;
            assert_int_equal(avsvt_stream_reset(s), AVSVT_OK);
            push_all(s, &x, blocks[i], &other);
            assert_same(&first, &other);
        }
        avsvt_stream_free(s);
        free(x.x);
    }
}

static void no_note_ends_after_the_last_sample(void **state)
{
    static events got;
    size_t ends = 0;
    sound x = melody(44100);
    avsvt_stream *s = stream_at(x.rate);
    (void)state;
    for (size_t cut = 20000; cut < 130000; cut += 9973) {
        sound part = { x.x, cut, x.rate };
        got.count = 0;
        assert_int_equal(avsvt_stream_reset(s), AVSVT_OK);
        push_all(s, &part, 512, &got);
        check_order(&got);
        for (size_t i = 0; i < got.count; i++) {
            assert_in_range(got.list[i].sample, 0, cut);
            ends += got.list[i].sample == (int64_t)cut;
        }
    }
    assert_true(ends > 3); /* those that were cut */
    avsvt_stream_free(s);
    free(x.x);
}

static void what_is_told_comes_within_the_latency_told(void **state)
{
    static events got;
    avsvt_stream_info info = AVSVT_STREAM_INFO_INIT;
    sound x = melody(48000);
    avsvt_stream *s = stream_at(48000);
    size_t prompt = 0, notes = 0;
    (void)state;
    got.count = 0;
    push_all(s, &x, 64, &got);
    assert_int_equal(avsvt_stream_describe(s, &info), AVSVT_OK);
    assert_int_equal(info.pushed, x.count);
    assert_int_equal(info.lost_events, 0);
    assert_true(info.frame_latency < info.note_latency);
    assert_true(info.frame_latency >= (int64_t)(info.lookahead_s * 48000));
    for (size_t i = 0; i < got.count; i++) {
        const avsvt_stream_event *e = &got.list[i];
        if (e->kind != AVSVT_STREAM_NOTE_ON)
            continue;
        assert_true(e->found_at - e->sample <= info.longest_latency + 480);
        prompt += e->found_at - e->sample <= info.note_latency + 480;
        notes++;
    }
    assert_true(prompt > 0 && notes > 10);
    avsvt_stream_free(s);
    free(x.x);
}

static void a_stream_that_got_nothing_tells_nothing(void **state)
{
    avsvt_stream_event e = AVSVT_STREAM_EVENT_INIT;
    avsvt_stream_frame f = AVSVT_STREAM_FRAME_INIT;
    avsvt_stream *s = stream_at(44100);
    (void)state;
    assert_int_equal(avsvt_stream_finish(s), AVSVT_OK);
    assert_int_equal(avsvt_stream_poll_frame(s, &f), AVSVT_E_NOT_FOUND);
    assert_int_equal(avsvt_stream_poll(s, &e), AVSVT_E_NOT_FOUND);
    avsvt_stream_free(s);
}

static void the_curve_follows_the_melody(void **state)
{
    static events got;
    avsvt_stream_frame f = AVSVT_STREAM_FRAME_INIT;
    sound x = melody(16000);
    avsvt_stream *s = stream_at(16000);
    int64_t frames = 0, near = 0, in_notes = 0;
    size_t i = 0;
    double begin = -1;
    (void)state;
    got.count = 0;
    push_all(s, &x, 160, &got);
    for (; avsvt_stream_poll_frame(s, &f) == AVSVT_OK; frames++) {
        assert_int_equal(f.sample, frames * 320);
        assert_true(f.voicing >= 0 && f.voicing <= 1 && f.onset >= 0 && f.onset <= 1);
        assert_true(f.level_db >= -120 && f.level_db <= 1);
        for (; i < got.count && got.list[i].time_s < f.time_s; i++)
            begin = got.list[i].kind == AVSVT_STREAM_NOTE_OFF ? -1 : got.list[i].time_s;
        if (begin < 0 || i >= got.count || got.list[i].kind != AVSVT_STREAM_NOTE_UPDATE)
            continue;
        in_notes++;
        near += f.voicing > 0.5f && fabs(f.pitch - got.list[i].pitch) < 1;
    }
    assert_int_equal(frames, x.count / 320 + 1);
    assert_true(in_notes > 100 && near * 10 > in_notes * 9);
    avsvt_stream_free(s);
    free(x.x);
}

static void a_full_queue_keeps_the_oldest_and_counts_the_rest(void **state)
{
    static events all, some;
    avsvt_stream_info info = AVSVT_STREAM_INFO_INIT;
    avsvt_stream_options o = AVSVT_STREAM_OPTIONS_INIT;
    sound x = melody(16000);
    avsvt_stream *s = stream_at(16000);
    (void)state;
    all.count = some.count = 0;
    push_all(s, &x, 1000, &all);
    avsvt_stream_free(s);
    o.rate_hz = 16000;
    o.queue = 20; /* becomes 32 */
    assert_int_equal(avsvt_stream_open(&s, NULL, NULL, &o, NULL), AVSVT_OK);
    assert_int_equal(avsvt_stream_push(s, x.x, x.count), AVSVT_OK);
    assert_int_equal(avsvt_stream_finish(s), AVSVT_OK);
    drain(s, &some);
    assert_int_equal(some.count, 32);
    assert_int_equal(avsvt_stream_describe(s, &info), AVSVT_OK);
    assert_int_equal(info.lost_events, all.count - 32);
    assert_int_equal(info.lost_frames, x.count / 320 + 1 - 32);
    for (size_t i = 0; i < 24; i++) /* from then on updates give way */
        assert_int_equal(some.list[i].sample, all.list[i].sample);
    for (size_t i = 24; i < 32; i++)
        assert_true(some.list[i].kind != AVSVT_STREAM_NOTE_UPDATE);
    avsvt_stream_free(s);
    free(x.x);
}

static void what_is_no_sound_does_no_harm(void **state)
{
    static events clean, after;
    const float bad[] = { NAN, INFINITY, -INFINITY, 3e38f, -3e38f, 1e-42f, -0.0f };
    sound x = melody(16000);
    float *noise = malloc(16000 * sizeof(float));
    avsvt_stream *s = stream_at(16000);
    avsvt_stream_frame f = AVSVT_STREAM_FRAME_INIT;
    (void)state;
    assert_non_null(noise);
    clean.count = after.count = 0;
    push_all(s, &x, 320, &clean);
    assert_int_equal(avsvt_stream_reset(s), AVSVT_OK);
    for (size_t i = 0; i < 16000; i++)
        noise[i] = bad[i % 7];
    assert_int_equal(avsvt_stream_push(s, noise, 16000), AVSVT_OK);
    while (avsvt_stream_poll_frame(s, &f) == AVSVT_OK)
        assert_true(isfinite(f.pitch) && isfinite(f.voicing) && isfinite(f.level_db));
    memset(noise, 0, 16000 * sizeof(float));
    for (int i = 0; i < 5; i++)
        assert_int_equal(avsvt_stream_push(s, noise, 16000), AVSVT_OK);
    drain(s, &after);
    for (size_t i = 0; i < after.count; i++)
        assert_true(isfinite(after.list[i].pitch) && isfinite(after.list[i].level_db));
    after.count = 0;
    push_all(s, &x, 320, &after);
    size_t notes, right = found(&clean, 0, &notes), on = 0, on_after = 0;
    for (size_t i = 0; i < clean.count; i++)
        on += clean.list[i].kind == AVSVT_STREAM_NOTE_ON;
    for (size_t i = 0; i < after.count; i++)
        on_after += after.list[i].kind == AVSVT_STREAM_NOTE_ON;
    assert_true(right > 0 && on_after + 2 >= on && on_after <= on + 2);
    avsvt_stream_free(s);
    free(noise);
    free(x.x);
}

static void what_is_asked_at_the_wrong_time_is_refused(void **state)
{
    static const float x[2000];
    avsvt_stream_event e = AVSVT_STREAM_EVENT_INIT;
    avsvt_stream_frame f = AVSVT_STREAM_FRAME_INIT;
    avsvt_stream_info info = AVSVT_STREAM_INFO_INIT;
    avsvt_stream *s = stream_at(48000);
    (void)state;
    assert_int_equal(avsvt_stream_push(s, NULL, 0), AVSVT_OK);
    assert_int_equal(avsvt_stream_push(s, NULL, 1), AVSVT_E_ARG);
    assert_int_equal(avsvt_stream_push(NULL, x, 1), AVSVT_E_ARG);
    assert_int_equal(avsvt_stream_poll(s, &e), AVSVT_E_NOT_FOUND);
    assert_int_equal(avsvt_stream_poll_frame(s, &f), AVSVT_E_NOT_FOUND);
    assert_int_equal(avsvt_stream_poll(s, NULL), AVSVT_E_ARG);
    assert_int_equal(avsvt_stream_poll(NULL, &e), AVSVT_E_ARG);
    assert_int_equal(avsvt_stream_poll_frame(NULL, &f), AVSVT_E_ARG);
    assert_int_equal(avsvt_stream_describe(s, NULL), AVSVT_E_ARG);
    assert_int_equal(avsvt_stream_reset(NULL), AVSVT_E_ARG);
    assert_int_equal(avsvt_stream_finish(NULL), AVSVT_E_ARG);
    assert_int_equal(avsvt_stream_finish(s), AVSVT_OK);
    assert_int_equal(avsvt_stream_finish(s), AVSVT_E_ARG);
    assert_int_equal(avsvt_stream_push(s, x, 2000), AVSVT_E_ARG);
    assert_int_equal(avsvt_stream_poll_frame(s, &f), AVSVT_E_NOT_FOUND);
    assert_int_equal(avsvt_stream_reset(s), AVSVT_OK);
    assert_int_equal(avsvt_stream_push(s, x, 2000), AVSVT_OK);
    assert_int_equal(avsvt_stream_describe(s, &info), AVSVT_OK);
    assert_int_equal(info.pushed, 2000);
    avsvt_stream_free(s);
    avsvt_stream_free(NULL);
}

static void check_refused(const avsvt_stream_options *o, const char *words)
{
    avsvt_stream *s = (avsvt_stream *)(uintptr_t)1;
    avsvt_error err = AVSVT_ERROR_INIT;
    assert_int_equal(avsvt_stream_open(&s, NULL, NULL, o, &err), AVSVT_E_ARG);
    assert_null(s);
    assert_says(err, words);
}

static void settings_out_of_range_are_refused(void **state)
{
    avsvt_stream_options o = AVSVT_STREAM_OPTIONS_INIT;
    const double rates[] = { 0, 7999, 192001, -48000, NAN, INFINITY };
    (void)state;
    check_refused(NULL, "rate_hz");
    for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
        o.rate_hz = rates[i];
        check_refused(&o, "from 8000 to 192000");
    }
    o.rate_hz = 7999.9;
    check_refused(&o, "not 7999.9");
    o.rate_hz = 48000;
    o.onset_threshold = 1.5;
    check_refused(&o, "thresholds");
    o.onset_threshold = 0;
    o.offset_threshold = NAN;
    check_refused(&o, "thresholds");
    o.offset_threshold = 0;
    o.min_duration_s = NAN;
    check_refused(&o, "min_duration_s");
    o.min_duration_s = 0;
    o.queue = 15;
    check_refused(&o, "queue");
    o.queue = 65537;
    check_refused(&o, "queue");
    o.queue = 0;
    o.struct_size = 0;
    check_refused(&o, "struct_size");
    assert_int_equal(avsvt_stream_open(NULL, NULL, NULL, &o, NULL), AVSVT_E_ARG);
}

static void models_that_cannot_run_live_are_refused(void **state)
{
    avsvt_stream *s = NULL;
    avsvt_model *whole = NULL;
    avsvt_context *context = NULL;
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_context_options c = AVSVT_CONTEXT_OPTIONS_INIT;
    avsvt_stream_options o = AVSVT_STREAM_OPTIONS_INIT;
    (void)state;
    o.rate_hz = 48000;
    assert_int_equal(avsvt_model_open(&whole, NULL, NULL, NULL), AVSVT_OK);
    assert_int_equal(avsvt_stream_create(&s, whole, &o, &err), AVSVT_E_UNSUPPORTED);
    assert_null(s);
    assert_says(err, "whole sound");
    avsvt_model_free(whole);
    assert_int_equal(avsvt_stream_create(&s, NULL, &o, &err), AVSVT_E_ARG);
    c.backend = "null";
    assert_int_equal(avsvt_context_create(&context, &c, NULL), AVSVT_OK);
    assert_int_equal(avsvt_stream_open(&s, context, NULL, &o, &err), AVSVT_E_UNSUPPORTED);
    assert_null(s);
    assert_says(err, "native");
    avsvt_context_free(context);
    assert_int_equal(avsvt_stream_open(&s, NULL, "no/such.pt", &o, &err),
                     AVSVT_E_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_melody_is_heard_at_every_rate),
        cmocka_unit_test(a_quiet_melody_is_heard_too),
        cmocka_unit_test(the_size_of_blocks_changes_nothing),
        cmocka_unit_test(no_note_ends_after_the_last_sample),
        cmocka_unit_test(what_is_told_comes_within_the_latency_told),
        cmocka_unit_test(a_stream_that_got_nothing_tells_nothing),
        cmocka_unit_test(the_curve_follows_the_melody),
        cmocka_unit_test(a_full_queue_keeps_the_oldest_and_counts_the_rest),
        cmocka_unit_test(what_is_no_sound_does_no_harm),
        cmocka_unit_test(what_is_asked_at_the_wrong_time_is_refused),
        cmocka_unit_test(settings_out_of_range_are_refused),
        cmocka_unit_test(models_that_cannot_run_live_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
