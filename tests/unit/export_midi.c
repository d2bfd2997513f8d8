/* SPDX-License-Identifier: MIT */
/* A MIDI file, read back by a parser that shares nothing with the writer. */
#include "export_support.h"

typedef struct midi_event {
    uint64_t tick;
    int status, a, b;
} midi_event;

typedef struct midi_file {
    midi_event *events; /* channel messages only */
    size_t count;
    unsigned division, tempo_us;
    uint64_t end_tick;
    char title[64];
} midi_file;

static uint32_t big_endian(const unsigned char *p, int bytes)
{
    uint32_t v = 0;
    while (bytes--)
        v = v << 8 | *p++;
    return v;
}

static uint32_t variable_length(const unsigned char **p)
{
    uint32_t v = 0;
    int bytes = 0;
    do {
        assert_true(++bytes <= 4);
        v = v << 7 | (**p & 0x7Fu);
    } while (*(*p)++ & 0x80);
    return v;
}

static void read_meta(midi_file *m, const unsigned char **p, uint64_t tick, int *ended)
{
    int type = *(*p)++;
    uint32_t n = variable_length(p);
    if (type == 0x51) {
        assert_int_equal(n, 3);
        m->tempo_us = big_endian(*p, 3);
    } else if (type == 0x2F) {
        assert_int_equal(n, 0);
        m->end_tick = tick;
        *ended = 1;
    } else if (type == 0x03) {
        snprintf(m->title, sizeof(m->title), "%.*s", (int)n, (const char *)*p);
    }
    *p += n;
}

static midi_file parse(const avsvt_bytes *bytes)
{
    midi_file m = { 0 };
    const unsigned char *p = (const unsigned char *)bytes->data;
    const unsigned char *end = p + bytes->size;
    uint64_t tick = 0;
    int ended = 0;
    assert_true(bytes->size > 22);
    assert_memory_equal(p, "MThd\0\0\0\6\0\0\0\1", 12);
    m.division = big_endian(p + 12, 2);
    assert_memory_equal(p + 14, "MTrk", 4);
    assert_int_equal(big_endian(p + 18, 4), bytes->size - 22);
    m.events = malloc(bytes->size * sizeof(*m.events));
    for (p += 22; p < end && !ended;) {
        tick += variable_length(&p);
        int status = *p++;
        assert_true(status >= 0x80);
        if (status == 0xFF) {
            read_meta(&m, &p, tick, &ended);
            continue;
        }
        assert_true(status < 0xF0);
        midi_event *v = &m.events[m.count++];
        *v = (midi_event){ tick, status, *p++, 0 };
        if ((status & 0xF0) != 0xC0)
            v->b = *p++;
        assert_true(v->a < 128 && v->b < 128);
    }
    assert_true(ended);
    assert_ptr_equal(p, end);
    return m;
}

static double seconds(const midi_file *m, uint64_t tick)
{
    return (double)tick * m->tempo_us / 1e6 / m->division;
}

/* Every note-on of a silent key, every note-off of a sounding one. Returns
 * the number of notes. */
static size_t check_pairs(const midi_file *m)
{
    int sounding[128] = { 0 };
    size_t notes = 0;
    for (size_t i = 0; i < m->count; i++) {
        const midi_event *v = &m->events[i];
        if ((v->status & 0xF0) == 0x90) {
            assert_true(v->b > 0);
            assert_false(sounding[v->a]);
            sounding[v->a] = 1;
            notes++;
        } else if ((v->status & 0xF0) == 0x80) {
            assert_true(sounding[v->a]);
            sounding[v->a] = 0;
        }
    }
    for (int k = 0; k < 128; k++)
        assert_false(sounding[k]);
    return notes;
}

static void times_keys_and_loudness_come_back(void **state)
{
    avsvt_note n[3] = { make_note(0.5, 1.0, 60), make_note(1.0, 1.75, 64.3),
                        make_note(2.25, 2.5, 59.5) };
    avsvt_export_options o = AVSVT_EXPORT_OPTIONS_INIT;
    (void)state;
    n[1].level_db = -20.0f;
    o.title = "Song";
    o.duration_s = 4.0;
    for (double tempo = 10; tempo <= 960; tempo *= 2) {
        o.tempo_bpm = tempo;
        struct avsvt_notes list = list_of(n, 3);
        avsvt_bytes bytes = format_as(&list, AVSVT_FORMAT_MIDI, &o);
        midi_file m = parse(&bytes);
        double tick_s = seconds(&m, 1);
        assert_true(fabs(60e6 / m.tempo_us - tempo) < 1e-3);
        assert_string_equal(m.title, "Song");
        assert_int_equal(m.count, 7);
        assert_int_equal(m.events[0].status, 0xC0);
        assert_int_equal(m.events[0].a, 53);
        for (int i = 0; i < 3; i++) {
            const midi_event *on = &m.events[1 + 2 * i], *off = on + 1;
            assert_int_equal(on->status, 0x90);
            assert_int_equal(off->status, 0x80);
            assert_int_equal(on->a, (int)floor(n[i].pitch + 0.5));
            assert_true(fabs(seconds(&m, on->tick) - n[i].onset_s) <= tick_s);
            assert_true(fabs(seconds(&m, off->tick) - n[i].offset_s) <= tick_s);
        }
        assert_int_equal(m.events[3].b, 97);
        assert_true(fabs(seconds(&m, m.end_tick) - 4.0) <= tick_s);
        free(m.events);
        avsvt_bytes_free(&bytes);
    }
}

static void a_velocity_is_told_without_a_file(void **state)
{
    (void)state;
    assert_int_equal(avsvt_midi_velocity(-20.0f), 97);
    assert_int_equal(avsvt_midi_velocity(-300.0f), 1);
    assert_int_equal(avsvt_midi_velocity(6.0f), 127);
    assert_int_equal(avsvt_midi_velocity(0.0f), 90);
    assert_int_equal(avsvt_midi_velocity(NAN), 90);
}

static void bends_carry_the_fraction_of_pitch(void **state)
{
    avsvt_note n[2] = { make_note(0, 1, 60.25), make_note(1, 2, 61.9) };
    avsvt_export_options o = AVSVT_EXPORT_OPTIONS_INIT;
    struct avsvt_notes list = list_of(n, 2);
    size_t bends = 0;
    (void)state;
    o.flags = AVSVT_EXPORT_PITCH_BEND;
    avsvt_bytes bytes = format_as(&list, AVSVT_FORMAT_MIDI, &o);
    midi_file m = parse(&bytes);
    assert_int_equal(m.count, 1 + 6 + 2 * 3);
    assert_int_equal(m.events[1].a, 101);
    assert_int_equal(m.events[2].a, 100);
    assert_int_equal(m.events[3].a, 6);
    assert_int_equal(m.events[3].b, 2);
    for (size_t i = 0; i + 1 < m.count; i++) {
        const midi_event *v = &m.events[i];
        if (v->status != 0xE0)
            continue;
        double semitones = ((v->a | v->b << 7) - 8192) / 8192.0 * 2.0;
        assert_int_equal(v[1].status, 0x90);
        assert_int_equal(v[1].tick, v->tick);
        assert_true(fabs(v[1].a + semitones - n[bends].pitch) < 0.001);
        bends++;
    }
    assert_int_equal(bends, 2);
    free(m.events);
    avsvt_bytes_free(&bytes);
}

static void a_key_never_sounds_twice_at_once(void **state)
{
    avsvt_note n[] = { make_note(0, 2, 60), make_note(0, 1, 60.2), make_note(1, 3, 60),
                       make_note(3, 4, 60), make_note(4, 4.00001, 60) };
    struct avsvt_notes list = list_of(n, 5);
    (void)state;
    avsvt_bytes bytes = format_as(&list, AVSVT_FORMAT_MIDI, NULL);
    midi_file m = parse(&bytes);
    assert_int_equal(check_pairs(&m), 4);
    free(m.events);
    avsvt_bytes_free(&bytes);
}

static void any_notes_make_a_sound_file(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= 50; seed++) {
        avsvt_note n[200];
        avsvt_export_options o = AVSVT_EXPORT_OPTIONS_INIT;
        struct avsvt_notes list = list_of(n, 200);
        random_notes(n, 200, seed);
        o.flags = seed % 2 ? AVSVT_EXPORT_PITCH_BEND : 0;
        avsvt_bytes bytes = format_as(&list, AVSVT_FORMAT_MIDI, &o);
        midi_file m = parse(&bytes);
        size_t notes = check_pairs(&m);
        assert_true(notes > 150 && notes <= 200);
        free(m.events);
        avsvt_bytes_free(&bytes);
    }
}

static void a_pause_longer_than_a_delta_is_kept(void **state)
{
    avsvt_note n[2] = { make_note(0, 1, 60), make_note(300000, 300001, 60) };
    avsvt_export_options o = AVSVT_EXPORT_OPTIONS_INIT;
    struct avsvt_notes list = list_of(n, 2);
    (void)state;
    o.tempo_bpm = 960;
    avsvt_bytes bytes = format_as(&list, AVSVT_FORMAT_MIDI, &o);
    midi_file m = parse(&bytes);
    assert_true(fabs(seconds(&m, m.events[3].tick) - 300000) < 1e-3);
    free(m.events);
    avsvt_bytes_free(&bytes);
}

static void no_notes_are_a_file_too(void **state)
{
    struct avsvt_notes list = list_of(NULL, 0);
    (void)state;
    avsvt_bytes bytes = format_as(&list, AVSVT_FORMAT_MIDI, NULL);
    midi_file m = parse(&bytes);
    assert_int_equal(m.count, 1);
    free(m.events);
    avsvt_bytes_free(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_keys_and_loudness_come_back),
        cmocka_unit_test(a_velocity_is_told_without_a_file),
        cmocka_unit_test(bends_carry_the_fraction_of_pitch),
        cmocka_unit_test(a_key_never_sounds_twice_at_once),
        cmocka_unit_test(any_notes_make_a_sound_file),
        cmocka_unit_test(a_pause_longer_than_a_delta_is_kept),
        cmocka_unit_test(no_notes_are_a_file_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
