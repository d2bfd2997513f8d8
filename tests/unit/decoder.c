/* SPDX-License-Identifier: MIT */
/* Frames become the notes that the rules say, however they are pushed. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "decode/decoder.h"
#include "head/activations.h"
#include "support/failing_allocator.h"
#include "support/note_lists.h"

static avsvt_notes *decode(const avsvt_activations *acts,
                           const avsvt_notes_options *o)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_notes *notes = NULL;
    if (avsvt_notes_decode(&notes, acts, o, &err) != AVSVT_OK)
        fail_msg("%s", err.message);
    return notes;
}

/* --- the precise rule on frames made by hand ---------------------------- */

#define FRAMES 200
#define BINS 150

typedef struct made {
    float logits[FRAMES][AVSVT_NOTE_LOGITS];
    float fine[FRAMES][BINS];
    float level[FRAMES];
    float voice[FRAMES];
} made;

static made *silent_frames(void)
{
    made *m = calloc(1, sizeof(*m));
    assert_non_null(m);
    for (int i = 0; i < FRAMES; i++) {
        m->logits[i][0] = -6;
        m->logits[i][1] = 6;
        m->level[i] = -60;
    }
    return m;
}

/* A note from frame to frame; pitch may have a fraction. */
static void sing(made *m, int from, int to, double pitch, float onset)
{
    int semitone = (int)floor(pitch + 0.5);
    double rest = pitch - semitone;
    m->logits[from][0] = onset;
    for (int i = from; i < to; i++) {
        m->logits[i][1] = -6;
        for (int k = -1; k <= 1; k++) { /* the neighbour it leans towards */
            float weight = k == 0 ? 8 : (k < 0) == (rest < 0) ?
                (float)(8 + log(fabs(rest) / (1 - fabs(rest)) + 1e-9)) : -9;
            int s = semitone + k - 36;
            if (weight > m->logits[i][7 + s % 12])
                m->logits[i][7 + s % 12] = weight;
            if (weight > m->logits[i][2 + s / 12])
                m->logits[i][2 + s / 12] = weight;
        }
        for (int b = 0; b < BINS; b++) {
            double d = 35.0 - 1.0 / 3.0 + b / 3.0 - pitch;
            m->fine[i][b] = (float)(8 - d * d / (2 * 0.3 * 0.3));
        }
        m->level[i] = -20;
    }
}

static avsvt_notes *decode_made(const made *m, int with_fine,
                                const avsvt_notes_options *o)
{
    avsvt_activations_info info = AVSVT_ACTIVATIONS_INFO_INIT;
    avsvt_activations *acts;
    info.frames = FRAMES;
    info.frame_rate_hz = 50;
    info.fine_bins = with_fine ? BINS : 0;
    info.fine_lowest = 35.0 - 1.0 / 3.0;
    info.fine_step = 1.0 / 3.0;
    assert_int_equal(avsvt_activations_create_heard(&acts, NULL, &info, m->logits[0],
        with_fine ? m->fine[0] : NULL, m->level, m->voice, NULL), AVSVT_OK);
    avsvt_notes *notes = decode(acts, o);
    avsvt_activations_free(acts);
    return notes;
}

static void assert_within(double value, double want, double tolerance)
{
    if (!(fabs(value - want) <= tolerance))
        fail_msg("%g is not within %g of %g", value, tolerance, want);
}

static void precise_rule_finds_time_pitch_and_level(void **state)
{
    made *m = silent_frames();
    (void)state;
    sing(m, 50, 80, 60.3, 4);
    sing(m, 100, 150, 71.8, 5);
    for (int fine = 0; fine < 2; fine++) {
        avsvt_notes *notes = decode_made(m, fine, NULL);
        assert_int_equal(avsvt_notes_count(notes), 2);
        avsvt_note a = note_at(notes, 0), b = note_at(notes, 1);
        assert_within(a.onset_s, 1.0, 1e-9);
        assert_within(a.offset_s, 1.59, 1e-9); /* between frames 79 and 80 */
        assert_within(a.pitch, 60.3, fine ? 0.02 : 0.1);
        assert_within((double)a.level_db, -20, 1e-4);
        assert_within(b.onset_s, 2.0, 1e-9);
        assert_within(b.pitch, 71.8, fine ? 0.02 : 0.1);
        assert_true(a.confidence > 0 && b.confidence <= 1);
        if (fine) /* the second onset is surer */
            assert_true(a.confidence > 0.5 && a.confidence < b.confidence);
        avsvt_notes_free(notes);
    }
    free(m);
}

static void pitch_between_octaves_is_not_an_octave_off(void **state)
{
    made *m = silent_frames();
    (void)state;
    sing(m, 50, 80, 71.5, 4);
    sing(m, 100, 130, 59.49, 4);
    avsvt_notes *notes = decode_made(m, 0, NULL);
    assert_int_equal(avsvt_notes_count(notes), 2);
    assert_within(note_at(notes, 0).pitch, 71.5, 0.1);
    assert_within(note_at(notes, 1).pitch, 59.5, 0.1);
    avsvt_notes_free(notes);
    free(m);
}

static void onset_lies_between_frames(void **state)
{
    made *m = silent_frames();
    (void)state;
    sing(m, 50, 80, 60, 4);
    m->logits[51][0] = 4; /* as high as its neighbour: half-way */
    sing(m, 100, 130, 60, 4);
    m->logits[99][0] = 3.5f;
    avsvt_notes *notes = decode_made(m, 1, NULL);
    assert_int_equal(avsvt_notes_count(notes), 2); /* the first of equals */
    assert_within(note_at(notes, 0).onset_s, 1.01, 1e-9);
    assert_within(note_at(notes, 1).onset_s, 1.99, 1e-9);
    avsvt_notes_free(notes);
    free(m);
}

static void next_onset_ends_a_note_without_overlap(void **state)
{
    made *m = silent_frames();
    (void)state;
    sing(m, 50, 100, 60, 4);
    sing(m, 70, 100, 64, 4);
    m->logits[69][0] = 3.9f; /* the top lies before frame 70 */
    avsvt_notes *notes = decode_made(m, 1, NULL);
    assert_int_equal(avsvt_notes_count(notes), 2);
    assert_within(note_at(notes, 0).offset_s, note_at(notes, 1).onset_s, 1e-12);
    assert_true(note_at(notes, 1).onset_s < 1.4);
    avsvt_notes_free(notes);
    free(m);
}

static void what_sounds_in_the_first_frame_is_a_note_from_there(void **state)
{
    (void)state;
    for (int onset = 0; onset < 4; onset++) { /* none, or an onset here or near */
        made *m = silent_frames();
        sing(m, 0, 40, 62, -1);
        if (onset)
            m->logits[onset - 1][0] = 4;
        avsvt_notes *notes = decode_made(m, 1, NULL);
        assert_int_equal(avsvt_notes_count(notes), 1);
        assert_within(note_at(notes, 0).onset_s, onset ? 0.02 * (onset - 1) : 0, 0.011);
        assert_within(note_at(notes, 0).offset_s, 0.79, 1e-9);
        assert_within(note_at(notes, 0).pitch, 62, 0.02);
        avsvt_notes_free(notes);
        free(m);
    }
}

static void digital_silence_is_no_note_whatever_the_network_says(void **state)
{
    made *m = silent_frames();
    (void)state;
    sing(m, 50, 80, 60, 4);
    sing(m, 80, 100, 60, 4);
    for (int i = 80; i < 100; i++)
        m->level[i] = -120;
    avsvt_notes *notes = decode_made(m, 1, NULL);
    assert_int_equal(avsvt_notes_count(notes), 1);
    assert_within(note_at(notes, 0).offset_s, 1.6, 0.011);
    avsvt_notes_free(notes);
    free(m);
}

static void an_onset_without_sound_is_no_note(void **state)
{
    made *m = silent_frames();
    (void)state;
    m->logits[20][0] = 5;
    m->logits[FRAMES - 1][0] = 5;
    avsvt_notes *notes = decode_made(m, 1, NULL);
    assert_int_equal(avsvt_notes_count(notes), 0);
    avsvt_notes_free(notes);
    free(m);
}

static void short_notes_are_dropped_when_asked(void **state)
{
    made *m = silent_frames();
    avsvt_notes_options o = AVSVT_NOTES_OPTIONS_INIT;
    (void)state;
    sing(m, 50, 54, 60, 4);
    sing(m, 100, 130, 60, 4);
    avsvt_notes *notes = decode_made(m, 1, &o);
    assert_int_equal(avsvt_notes_count(notes), 2);
    avsvt_notes_free(notes);
    o.min_duration_s = 0.1;
    notes = decode_made(m, 1, &o);
    assert_int_equal(avsvt_notes_count(notes), 1);
    avsvt_notes_free(notes);
    free(m);
}

static void an_offset_may_be_later_but_never_after_the_next_onset(void **state)
{
    static const struct { double delay, first, last; } cases[] = {
        { 0, 1.59, 3.97 }, { 0.01, 1.60, 3.98 }, { 0.04, 1.63, 4.0 },
        { 0.05, 1.64, 4.0 }, { 0.4, 1.64, 4.0 }, { -1, 1.59, 3.97 },
    };
    made *m = silent_frames();
    avsvt_notes_options o = AVSVT_NOTES_OPTIONS_INIT;
    (void)state;
    sing(m, 50, 80, 60, 4);
    sing(m, 83, 130, 62, 4);            /* the peak lies between two frames: */
    m->logits[82][0] = m->logits[83][0]; /* 82 and a half */
    sing(m, 150, FRAMES - 1, 64, 4);    /* the sound ends at 4.0 */
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        o.offset_delay_s = cases[i].delay;
        for (int32_t window = 1; window < 5; window++) {
            o.window_frames = window;
            avsvt_notes *notes = decode_made(m, 1, &o);
            assert_int_equal(avsvt_notes_count(notes), 3);
            assert_within(note_at(notes, 0).offset_s, cases[i].first, 0.0101);
            assert_true(note_at(notes, 0).offset_s <= note_at(notes, 1).onset_s);
            assert_within(note_at(notes, 1).pitch, 62, 0.02);
            assert_within(note_at(notes, 2).offset_s, cases[i].last, 1e-9);
            avsvt_notes_free(notes);
        }
    }
    free(m);
}

static void a_delay_saves_a_short_note(void **state)
{
    made *m = silent_frames();
    avsvt_notes_options o = AVSVT_NOTES_OPTIONS_INIT;
    (void)state;
    sing(m, 50, 52, 60, 4);
    o.min_duration_s = 0.05;
    avsvt_notes *notes = decode_made(m, 1, &o);
    assert_int_equal(avsvt_notes_count(notes), 0);
    avsvt_notes_free(notes);
    o.offset_delay_s = 0.03;
    notes = decode_made(m, 1, &o);
    assert_int_equal(avsvt_notes_count(notes), 1);
    assert_within(note_at(notes, 0).offset_s, 1.06, 1e-9);
    avsvt_notes_free(notes);
    free(m);
}

/* A note of 60 from 1.0 s to 1.59 s, and a voice in frames 78 to 89: its pitch
 * ends at 1.8 s. */
static void a_pitch_that_goes_on_in_the_sound_holds_its_note(void **state)
{
    static const struct { double hold, delay, voice; int next; double offset; } cases[] = {
        { 0, 0, 60, 0, 1.59 },     { -1, 0, 60, 0, 1.59 },
        { 0.3, 0, 60, 0, 1.75 },   { 0.3, 0.02, 60.4, 0, 1.75 },
        { 0.3, 0.02, 61, 0, 1.61 }, /* of another pitch */
        { 0.3, 0.02, 48, 0, 1.61 },
        { 0.3, 0.02, 0, 0, 1.61 },  /* there is none */
        { 0.1, 0.02, 60, 0, 1.65 }, /* from 1.6 s on for 0.1 s */
        { 0.04, 0.02, 60, 0, 1.61 },
        { 0.3, 0.3, 60, 0, 1.89 },  /* the delay ends it later */
        { 0.3, 0.02, 60, 84, 1.63 }, { 0.3, 0.3, 60, 84, 1.68 }, /* an onset comes */
    };
    avsvt_notes_options o = AVSVT_NOTES_OPTIONS_INIT;
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        made *m = silent_frames();
        sing(m, 50, 80, 60, 4);
        if (cases[i].next)
            sing(m, cases[i].next, 120, 62, 4);
        for (int k = 78; k < 90; k++)
            m->voice[k] = (float)cases[i].voice;
        o.hold_s = cases[i].hold;
        o.offset_delay_s = cases[i].delay;
        avsvt_notes *notes = decode_made(m, 1, &o);
        assert_int_equal(avsvt_notes_count(notes), cases[i].next ? 2 : 1);
        assert_within(note_at(notes, 0).offset_s, cases[i].offset, 0.0101);
        assert_within(note_at(notes, 0).pitch, 60, 0.02);
        if (cases[i].next)
            assert_true(note_at(notes, 0).offset_s <= note_at(notes, 1).onset_s);
        avsvt_notes_free(notes);
        free(m);
    }
}

static void a_voice_that_comes_back_holds_nothing(void **state)
{
    avsvt_notes_options o = AVSVT_NOTES_OPTIONS_INIT;
    made *m = silent_frames();
    (void)state;
    sing(m, 50, 80, 60, 4);
    for (int k = 82; k < 90; k++)
        m->voice[k] = 60;
    o.hold_s = 0.5;
    avsvt_notes *notes = decode_made(m, 1, &o);
    assert_int_equal(avsvt_notes_count(notes), 1);
    assert_within(note_at(notes, 0).offset_s, 1.59, 0.0101);
    avsvt_notes_free(notes);
    free(m);
}

static void defaults_of_the_model_count_for_its_own_rule(void **state)
{
    made *m = silent_frames();
    avsvt_notes_options o = AVSVT_NOTES_OPTIONS_INIT;
    (void)state;
    sing(m, 50, 80, 60, 0.1f); /* probability 0.52 */
    sing(m, 100, 130, 60, 4);
    avsvt_activations *acts = activations_of(m->logits[0], m->fine[0], BINS,
                                             NULL, FRAMES, 50);
    acts->defaults.onset_threshold = 0.6;
    static const struct { int rule; double onset; size_t notes; } cases[] = {
        { AVSVT_RULE_DEFAULT, 0, 1 }, { AVSVT_RULE_PRECISE, 0, 1 },
        { AVSVT_RULE_PRECISE, 0.5, 2 }, { AVSVT_RULE_PUBLISHED, 0, 2 },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        o.rule = cases[i].rule;
        o.onset_threshold = cases[i].onset;
        avsvt_notes *notes = decode(acts, &o);
        assert_int_equal(avsvt_notes_count(notes), cases[i].notes);
        if (i == 0) /* no level was given */
            assert_true(!(note_at(notes, 0).level_db < 0));
        avsvt_notes_free(notes);
    }
    avsvt_activations_free(acts);
    free(m);
}

/* --- streaming ---------------------------------------------------------- */

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static made *random_frames(uint32_t seed)
{
    made *m = calloc(1, sizeof(*m));
    assert_non_null(m);
    for (int i = 0; i < FRAMES; i++) {
        for (int k = 0; k < AVSVT_NOTE_LOGITS; k++)
            m->logits[i][k] = (float)(next_random(&seed) % 17) / 2 - 5;
        for (int k = 0; k < BINS; k++)
            m->fine[i][k] = (float)(next_random(&seed) % 100) / 20;
        m->fine[i][i / 8 % 5 * 4] += 8;
        m->level[i] = -(float)(next_random(&seed) % 80);
        m->voice[i] = next_random(&seed) % 3 ? 35 + (float)(i / 8 % 5 * 4) / 3 : 0;
    }
    return m;
}

static avsvt_notes *pushed(const made *m, const avsvt_notes_options *o,
                           uint32_t seed, int largest)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_activations_info info = AVSVT_ACTIVATIONS_INFO_INIT;
    avsvti_decoder *d = NULL;
    avsvti_note_list list;
    avsvt_notes *notes = NULL;
    info.frame_rate_hz = 50;
    info.fine_bins = BINS;
    info.fine_lowest = 35.0 - 1.0 / 3.0;
    info.fine_step = 1.0 / 3.0;
    avsvti_note_list_init(&list, avsvti_default_allocator());
    assert_int_equal(avsvti_decoder_create(&d, list.allocator, &info, o, NULL,
                                           &err), AVSVT_OK);
    for (int i = 0, n; i < FRAMES; i += n) {
        n = (int)(next_random(&seed) % (uint32_t)(largest + 1));
        if (n > FRAMES - i)
            n = FRAMES - i;
        avsvti_frame_rows rows = { m->logits[i], m->fine[i], m->level + i, m->voice + i };
        assert_int_equal(avsvti_decoder_push(d, &rows, n, &list, &err), AVSVT_OK);
    }
    assert_int_equal(avsvti_decoder_finish(d, INFINITY, &list, &err), AVSVT_OK);
    avsvti_decoder_free(d);
    assert_int_equal(avsvti_notes_from_list(&notes, NULL, &list, &err), AVSVT_OK);
    return notes;
}

static void any_block_sizes_give_the_same_notes(void **state)
{
    size_t found = 0;
    (void)state;
    for (uint32_t seed = 1; seed <= 20; seed++) {
        made *m = random_frames(seed);
        avsvt_notes_options o = AVSVT_NOTES_OPTIONS_INIT;
        o.rule = seed % 2 ? AVSVT_RULE_PRECISE : AVSVT_RULE_PUBLISHED;
        o.window_frames = 1 + (int)(seed % 7);
        o.offset_threshold = 0.9;
        o.offset_delay_s = 0.015 * (int)(seed % 6);
        o.sung_share = 0.1 * (int)(seed % 4);
        o.fill_s = 0.04 * (int)(seed % 3);
        o.hold_s = 0.05 * (int)(seed % 5);
        avsvt_notes *whole = decode_made(m, 1, &o);
        found += avsvt_notes_count(whole);
        for (int largest = 1; largest <= 64; largest *= 4) {
            avsvt_notes *parts = pushed(m, &o, seed, largest);
            assert_same_notes(whole, parts);
            avsvt_notes_free(parts);
        }
        avsvt_notes_free(whole);
        free(m);
    }
    assert_true(found > 100);
}

static void precise_notes_have_length_and_do_not_overlap(void **state)
{
    size_t found = 0;
    (void)state;
    for (uint32_t seed = 1; seed <= 20; seed++) {
        made *m = random_frames(seed);
        avsvt_notes_options o = AVSVT_NOTES_OPTIONS_INIT;
        o.onset_threshold = 0.2;
        o.offset_threshold = 0.3 + seed * 0.03;
        o.window_frames = 1 + (int)(seed % 3);
        o.offset_delay_s = 0.013 * (int)(seed % 5);
        o.fill_s = 0.03 * (int)(seed % 4);
        o.hold_s = 0.07 * (int)(seed % 3);
        avsvt_notes *notes = decode_made(m, 1, &o);
        found += avsvt_notes_count(notes);
        for (size_t i = 0; i < avsvt_notes_count(notes); i++) {
            avsvt_note note = note_at(notes, i);
            assert_true(note.offset_s > note.onset_s);
            if (i > 0)
                assert_true(note.onset_s > note_at(notes, i - 1).offset_s - 1e-9);
        }
        avsvt_notes_free(notes);
        free(m);
    }
    assert_true(found > 100);
}

static void an_endless_note_takes_no_more_memory(void **state)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_activations_info info = AVSVT_ACTIVATIONS_INFO_INIT;
    failing_allocator f;
    avsvti_decoder *d = NULL;
    avsvti_note_list list;
    made *m = silent_frames();
    (void)state;
    sing(m, 0, FRAMES, 64.2, -6);
    failing_allocator_init(&f, 0);
    avsvti_note_list_init(&list, &f.allocator);
    info.frame_rate_hz = 50;
    info.fine_bins = BINS;
    info.fine_lowest = 35.0 - 1.0 / 3.0;
    info.fine_step = 1.0 / 3.0;
    assert_int_equal(avsvti_decoder_create(&d, &f.allocator, &info, NULL, NULL,
                                           &err), AVSVT_OK);
    long before = f.calls;
    for (int i = 0; i < 300; i++) { /* 20 minutes */
        m->logits[0][0] = i ? -6.0f : 5.0f;
        avsvti_frame_rows rows = { m->logits[0], m->fine[0], m->level, NULL };
        assert_int_equal(avsvti_decoder_push(d, &rows, FRAMES, &list, &err), AVSVT_OK);
    }
    assert_int_equal(f.calls, before);
    assert_int_equal(avsvti_decoder_finish(d, INFINITY, &list, &err), AVSVT_OK);
    assert_int_equal(list.count, 1);
    assert_within(list.notes[0].pitch, 64.2, 0.02);
    assert_within(list.notes[0].offset_s, 1200, 0.011);
    avsvti_decoder_free(d);
    avsvti_note_list_free(&list);
    assert_int_equal(f.living, 0);
    free(m);
}

static void frames_that_are_no_numbers_do_no_harm(void **state)
{
    made *m = random_frames(3);
    avsvt_notes_options o = AVSVT_NOTES_OPTIONS_INIT;
    (void)state;
    for (int i = 0; i < FRAMES; i += 3)
        for (int k = 0; k < 20; k++)
            m->logits[i][k] = m->fine[i][k] = k % 2 ? NAN : HUGE_VALF;
    for (o.rule = AVSVT_RULE_PRECISE; o.rule <= AVSVT_RULE_PUBLISHED; o.rule++) {
        avsvt_notes *notes = pushed(m, &o, 1, 10);
        for (size_t i = 0; i < avsvt_notes_count(notes); i++) {
            avsvt_note note = note_at(notes, i);
            assert_true(isfinite(note.pitch) && isfinite(note.confidence));
        }
        avsvt_notes_free(notes);
    }
    free(m);
}

/* --- arguments and memory ----------------------------------------------- */

static void bad_options_are_refused(void **state)
{
    made *m = silent_frames();
    avsvt_activations *acts = activations_of(m->logits[0], NULL, 0, NULL, 9, 50);
    avsvt_notes *notes = (avsvt_notes *)m;
    avsvt_notes_options bad[15];
    (void)state;
    for (int i = 0; i < 15; i++)
        bad[i] = (avsvt_notes_options)AVSVT_NOTES_OPTIONS_INIT;
    bad[0].rule = 3;
    bad[1].onset_threshold = 1.5;
    bad[2].offset_threshold = NAN;
    bad[3].min_duration_s = HUGE_VAL;
    bad[4].window_frames = -1;
    bad[5].window_frames = 1000000;
    bad[6].reserved = 1;
    bad[7].offset_delay_s = NAN;
    bad[8].offset_delay_s = 11;
    bad[9].sung_share = 1.1;
    bad[10].sung_share = NAN;
    bad[11].fill_s = NAN;
    bad[12].fill_s = 11;
    bad[13].hold_s = NAN;
    bad[14].hold_s = 11;
    for (int i = 0; i < 15; i++) {
        avsvt_error err = AVSVT_ERROR_INIT;
        assert_int_equal(avsvt_notes_decode(&notes, acts, &bad[i], &err),
                         AVSVT_E_ARG);
        assert_null(notes);
        assert_true(err.message[0]);
    }
    avsvt_error err = AVSVT_ERROR_INIT; /* names the value that was given */
    bad[8].offset_delay_s = 10.0000001;
    avsvt_notes_decode(&notes, acts, &bad[8], &err);
    assert_memory_equal(err.message, "offset_delay_s is 10.0000001: ", 30);
    bad[9].sung_share = 1.0000001;
    avsvt_notes_decode(&notes, acts, &bad[9], &err);
    assert_memory_equal(err.message, "sung_share is 1.0000001: ", 25);
    assert_int_equal(avsvt_notes_decode(NULL, acts, NULL, NULL), AVSVT_E_ARG);
    assert_int_equal(avsvt_notes_decode(&notes, NULL, NULL, NULL), AVSVT_E_ARG);
    avsvt_activations_free(acts);
    free(m);
}

static avsvt_status make_and_decode(const avsvt_allocator *a, void *user)
{
    made *m = user;
    avsvt_context *context = NULL;
    avsvt_activations *acts = NULL;
    avsvt_notes *notes = NULL;
    avsvt_context_options o = AVSVT_CONTEXT_OPTIONS_INIT;
    avsvt_activations_info info = AVSVT_ACTIVATIONS_INFO_INIT;
    o.allocator = a;
    info.frames = FRAMES;
    info.frame_rate_hz = 50;
    avsvt_status status = avsvt_context_create(&context, &o, NULL);
    if (status == AVSVT_OK)
        status = avsvt_activations_create(&acts, context, &info, m->logits[0],
                                          NULL, m->level, NULL);
    if (status == AVSVT_OK)
        status = avsvt_notes_decode(&notes, acts, NULL, NULL);
    assert_true((status == AVSVT_OK) == (notes != NULL));
    avsvt_activations_free(acts);
    avsvt_context_free(context);
    avsvt_notes_free(notes); /* outlives what it came from */
    return status;
}

static void every_failing_allocation_is_told(void **state)
{
    made *m = random_frames(2);
    (void)state;
    assert_true(failing_allocator_each(make_and_decode, m) > 8);
    free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(precise_rule_finds_time_pitch_and_level),
        cmocka_unit_test(pitch_between_octaves_is_not_an_octave_off),
        cmocka_unit_test(onset_lies_between_frames),
        cmocka_unit_test(next_onset_ends_a_note_without_overlap),
        cmocka_unit_test(what_sounds_in_the_first_frame_is_a_note_from_there),
        cmocka_unit_test(digital_silence_is_no_note_whatever_the_network_says),
        cmocka_unit_test(an_onset_without_sound_is_no_note),
        cmocka_unit_test(short_notes_are_dropped_when_asked),
        cmocka_unit_test(an_offset_may_be_later_but_never_after_the_next_onset),
        cmocka_unit_test(a_delay_saves_a_short_note),
        cmocka_unit_test(a_pitch_that_goes_on_in_the_sound_holds_its_note),
        cmocka_unit_test(a_voice_that_comes_back_holds_nothing),
        cmocka_unit_test(defaults_of_the_model_count_for_its_own_rule),
        cmocka_unit_test(any_block_sizes_give_the_same_notes),
        cmocka_unit_test(precise_notes_have_length_and_do_not_overlap),
        cmocka_unit_test(an_endless_note_takes_no_more_memory),
        cmocka_unit_test(frames_that_are_no_numbers_do_no_harm),
        cmocka_unit_test(bad_options_are_refused),
        cmocka_unit_test(every_failing_allocation_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
