/* SPDX-License-Identifier: MIT */
/* Songs to be sung: charts and MIDI files become notes in lines. */
#include "support/test.h"

#include <math.h>
#include <stdio.h>

#include <avsvt/avsvt.h>

#include "support/failing_allocator.h"
#include "support/note_lists.h"
#include "support/scratch.h"

static avsvt_chart *open_text(const char *name, const void *data, size_t size, uint32_t voice)
{
    avsvt_chart_options o = AVSVT_CHART_OPTIONS_INIT;
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_chart *chart;
    o.voice = voice;
    if (avsvt_chart_open(&chart, NULL, scratch_write(name, data, size), &o, &err))
        fail_msg("%s", err.message);
    return chart;
}

static avsvt_chart_info info_of(const avsvt_chart *chart)
{
    avsvt_chart_info info = AVSVT_CHART_INFO_INIT;
    assert_int_equal(avsvt_chart_describe(chart, &info), AVSVT_OK);
    return info;
}

static avsvt_chart_note at(const avsvt_chart *chart, size_t i)
{
    avsvt_chart_note note = AVSVT_CHART_NOTE_INIT;
    assert_int_equal(avsvt_chart_get(chart, i, &note), AVSVT_OK);
    return note;
}

static void is(const avsvt_chart *chart, size_t i, double onset, double offset, double pitch,
               int kind, unsigned line, const char *word)
{
    avsvt_chart_note n = at(chart, i);
    if (fabs(n.onset_s - onset) > 1e-9 || fabs(n.offset_s - offset) > 1e-9 ||
        fabs(n.pitch - pitch) > 1e-9 || n.kind != kind || n.line != line || strcmp(n.word, word))
        fail_msg("note %zu: %g..%g %g kind %d line %u '%s'", i, n.onset_s, n.offset_s, n.pitch,
                 (int)n.kind, (unsigned)n.line, n.word);
}

static const char song[] =
    "#TITLE:A Song\r\n#ARTIST:Some One \n#MP3:a.ogg\n#BPM:300\n#GAP:1000\n"
    ": 0 4 0 Hal\n* 4 4 2 lo \n- 10\nF 12 4 5 you\nR 16 2 0  rap\nG 18 2 0 per\n- 30\n- 31\n"
    ": 40 4 -5 end\xE9\nE\n: 60 4 0 no\n";

static void an_ultrastar_chart_keeps_kinds_lines_and_words(void **state)
{
    (void)state;
    avsvt_chart *chart = open_text("song.txt", song, strlen(song), 0);
    avsvt_chart_info info = info_of(chart);
    assert_string_equal(info.title, "A Song");
    assert_string_equal(info.artist, "Some One");
    assert_string_equal(info.audio, "a.ogg");
    assert_int_equal(info.notes, 6);
    assert_int_equal(info.lines, 3);
    assert_int_equal(info.voices, 1);
    assert_true(fabs(info.duration_s - 3.2) < 1e-9);
    is(chart, 0, 1.0, 1.2, 60, AVSVT_CHART_NORMAL, 0, "Hal");
    is(chart, 1, 1.2, 1.4, 62, AVSVT_CHART_GOLDEN, 0, "lo ");
    is(chart, 2, 1.6, 1.8, 65, AVSVT_CHART_FREESTYLE, 1, "you");
    is(chart, 3, 1.8, 1.9, 60, AVSVT_CHART_RAP, 1, " rap");
    is(chart, 4, 1.9, 2.0, 60, AVSVT_CHART_RAP_GOLDEN, 1, "per");
    is(chart, 5, 3.0, 3.2, 55, AVSVT_CHART_NORMAL, 2, "end\xC3\xA9");
    avsvt_chart_note note = AVSVT_CHART_NOTE_INIT;
    assert_int_equal(avsvt_chart_get(chart, 6, &note), AVSVT_E_RANGE);
    avsvt_chart *same = avsvt_chart_ref(chart);
    avsvt_chart_free(chart);
    is(same, 0, 1.0, 1.2, 60, AVSVT_CHART_NORMAL, 0, "Hal");
    avsvt_chart_free(same);
}

static void old_songs_have_their_letters(void **state)
{
    static const char old[] = "#TITLE:Caf\xE9 \x80\x81\n#ARTIST:\xC3\x89t\xC3\xA9\n#BPM:300\n"
                              ": 0 4 0 \x93\xFC\x94\n: 4 4 0  \xC3\xBC\n";
    (void)state;
    avsvt_chart *chart = open_text("old.txt", old, strlen(old), 0);
    assert_string_equal(info_of(chart).title, "Caf\xC3\xA9 \xE2\x82\xAC\xEF\xBF\xBD");
    assert_string_equal(info_of(chart).artist, "\xC3\x89t\xC3\xA9");
    assert_string_equal(at(chart, 0).word, "\xE2\x80\x9C\xC3\xBC\xE2\x80\x9D");
    assert_string_equal(at(chart, 1).word, " \xC3\xBC");
    avsvt_chart_free(chart);
}

/* A whole text says by itself whether it is UTF-8, also where the tag was left behind
 * in a file that an editor has converted. */
static void old_songs_may_name_their_code_page(void **state)
{
    static const char body[] = "#TITLE:\xB9\xB3\n#ENCODING:%s\n#ARTIST:\xC5\x82\n#BPM:300\n"
                               ": 0 4 0 \x9C\xEA\n: 4 4 0 \x88\n";
    static const struct { const char *name, *title, *word; } pages[] = {
        { "CP1250", "\xC4\x85\xC5\x82", "\xC5\x9B\xC4\x99" },
        { " cp1250 \r", "\xC4\x85\xC5\x82", "\xC5\x9B\xC4\x99" },
        { "CP1252", "\xC2\xB9\xC2\xB3", "\xC5\x93\xC3\xAA" },
        { "AUTO", "\xC2\xB9\xC2\xB3", "\xC5\x93\xC3\xAA" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(pages) / sizeof(*pages); i++) {
        char text[200];
        snprintf(text, sizeof(text), body, pages[i].name);
        avsvt_chart *chart = open_text("page.txt", text, strlen(text), 0);
        assert_string_equal(info_of(chart).title, pages[i].title);
        assert_string_equal(info_of(chart).artist, "\xC5\x82");
        assert_string_equal(at(chart, 0).word, pages[i].word);
        assert_string_equal(at(chart, 1).word, i < 2 ? "\xEF\xBF\xBD" : "\xCB\x86");
        avsvt_chart_free(chart);
    }
}

/* Karaoke programs have tags of their own. */
static void a_tag_is_taken_by_its_whole_name(void **state)
{
    static const char others[] = "#TITLES:t\n#ARTISTSORT:s\n#AUDIOURL:u\n#MP3S:m\n"
        "#ENCODINGS:CP1250\n#BPMX:100\n#BPM:300\n#GAPLESS:500\n#RELATIVELY:YES\n: 0 4 0 \x9C\n"
        "- 4\n: 8 4 0 b\n";
    static const char page[] = "#ENCODING:CP12500\n#BPM:300\n: 0 4 0 \x9C\n";
    (void)state;
    avsvt_chart *chart = open_text("others.txt", others, strlen(others), 0);
    assert_string_equal(info_of(chart).title, "");
    assert_string_equal(info_of(chart).artist, "");
    assert_string_equal(info_of(chart).audio, "");
    is(chart, 0, 0, 0.2, 60, AVSVT_CHART_NORMAL, 0, "\xC5\x93");
    is(chart, 1, 0.4, 0.6, 60, AVSVT_CHART_NORMAL, 1, "b");
    avsvt_chart_free(chart);
    chart = open_text("page.txt", page, strlen(page), 0);
    assert_string_equal(at(chart, 0).word, "\xC5\x93");
    avsvt_chart_free(chart);
}

static void a_duet_gives_the_voice_that_is_asked_for(void **state)
{
    static const char duet[] = "#BPM:300\nP1\n: 0 4 0 one\n- 5\nP2\n: 4 4 7 two\n- 9\nP3\n"
                               ": 20 4 3 both\nE\n";
    avsvt_chart_options o = AVSVT_CHART_OPTIONS_INIT;
    avsvt_error err = AVSVT_ERROR_INIT;
    (void)state;
    avsvt_chart *first = open_text("duet.txt", duet, strlen(duet), 0);
    assert_int_equal(info_of(first).voices, 2);
    assert_int_equal(info_of(first).notes, 2);
    is(first, 0, 0, 0.2, 60, 0, 0, "one");
    is(first, 1, 1, 1.2, 63, 0, 1, "both");
    avsvt_chart *second = open_text("duet.txt", duet, strlen(duet), 2);
    is(second, 0, 0.2, 0.4, 67, 0, 0, "two");
    is(second, 1, 1, 1.2, 63, 0, 1, "both");
    avsvt_chart_free(first);
    avsvt_chart_free(second);
    o.voice = 3;
    assert_int_equal(avsvt_chart_open(&first, NULL, scratch_path("duet.txt"), &o, &err),
                     AVSVT_E_RANGE);
    assert_null(first);
    assert_says(err, "no voice 3; it has 2");
}

static void notes_before_a_singer_are_the_first_ones(void **state)
{
    static const char duet[] = "#BPM:300\n: 0 4 0 one\n- 5\nP2\n: 4 4 7 two\nE\n";
    (void)state;
    avsvt_chart *first = open_text("half.txt", duet, strlen(duet), 1);
    assert_int_equal(info_of(first).notes, 1);
    is(first, 0, 0, 0.2, 60, 0, 0, "one");
    avsvt_chart *second = open_text("half.txt", duet, strlen(duet), 2);
    assert_int_equal(info_of(second).notes, 1);
    is(second, 0, 0.2, 0.4, 67, 0, 0, "two");
    avsvt_chart_free(first);
    avsvt_chart_free(second);
}

static void the_newer_name_of_the_sound_is_taken(void **state)
{
    static const char *const heads[] = { "#MP3:old.mp3\n#AUDIO:new.ogg\n", "#AUDIO:new.ogg\n#MP3:old.mp3\n",
                                         "#AUDIO:\n#MP3:new.ogg\n", "#MP3:new.ogg\n#AUDIO: \n" };
    char text[100];
    (void)state;
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        snprintf(text, sizeof text, "%s#BPM:300\n: 0 4 0 la\n", heads[i]);
        avsvt_chart *chart = open_text("sound.txt", text, strlen(text), 0);
        assert_string_equal(info_of(chart).audio, "new.ogg");
        avsvt_chart_free(chart);
    }
}

/* Format 1 at 480 ticks: tempo and name; chords named "Piano"; words and a
 * melody on channel 2; drums. */
static const unsigned char midi[] =
    "MThd\0\0\0\6\0\1\0\4\x01\xE0"
    "MTrk\0\0\0\x1A"
    "\0\xFF\3\4Tune"
    "\0\xFF\x51\3\x07\xA1\x20"           /* 500000 */
    "\x87\x40\xFF\x51\3\x0F\x42\x40"     /* at 960: 1000000 */
    "\0\xFF\x2F"                          /* cut off: its length is in the next */
    "\0";
static const unsigned char chords[] =
    "MTrk\0\0\0\x1F"
    "\0\xFF\3\5Piano"
    "\0\x90\x30\x40\0\x34\x40"
    "\x83\x60\x80\x30\x40\0\x34\x40"
    "\0\x90\x32\x40\x83\x60\x32\0";
static const unsigned char melody[] =
    "MTrk\0\0\0\x38"
    "\0\xFF\5\3Hal"
    "\0\x91\x3C\x40"
    "\x83\x60\xFF\5\3lo "
    "\0\x3E\x40"
    "\0\x81\x3C\x40"
    "\x83\x60\xFF\5\4/you"
    "\0\x91\x3E\0\0\x40\x40"
    "\x83\x60\x40\0"
    "\0\xF0\3\1\2\xF7"
    "\0\xFF\x2F\0";
static const unsigned char drums[] = "MTrk\0\0\0\x09\0\x99\x28\x40\x83\x60\x89\x28\x40";

static size_t put_midi(unsigned char *to)
{
    size_t n = 0;
    const struct { const unsigned char *data; size_t size; } parts[] = {
        { midi, sizeof(midi) - 1 }, { chords, sizeof(chords) - 1 },
        { melody, sizeof(melody) - 1 }, { drums, sizeof(drums) - 1 } };
    for (size_t i = 0; i < 4; i++) {
        memcpy(to + n, parts[i].data, parts[i].size);
        /* The lengths of the tracks are what they are. */
        size_t at = n + (i ? 4 : 18), head = i ? 8 : 22;
        to[at + 3] = (unsigned char)(parts[i].size - head);
        n += parts[i].size;
    }
    return n;
}

static void a_midi_file_gives_the_part_that_has_the_words(void **state)
{
    unsigned char data[512];
    (void)state;
    size_t size = put_midi(data);
    avsvt_chart *chart = open_text("song.mid", data, size, 0);
    avsvt_chart_info info = info_of(chart);
    assert_string_equal(info.title, "Tune");
    assert_int_equal(info.voices, 2);
    assert_int_equal(info.voice, 2);
    assert_int_equal(info.lines, 2);
    assert_int_equal(info.notes, 3);
    is(chart, 0, 0, 0.5, 60, 0, 0, "Hal");
    is(chart, 1, 0.5, 1.0, 62, 0, 0, "lo ");
    is(chart, 2, 1.0, 2.0, 64, 0, 1, "you"); /* the tempo has halved */
    avsvt_chart_free(chart);
}

static void another_part_of_a_midi_file_can_be_asked_for(void **state)
{
    unsigned char data[512];
    (void)state;
    size_t size = put_midi(data);
    avsvt_chart *chart = open_text("song.mid", data, size, 1);
    assert_int_equal(info_of(chart).notes, 2);
    is(chart, 0, 0, 0.5, 52, 0, 0, "Hal"); /* the highest of the chord */
    is(chart, 1, 0.5, 1.0, 50, 0, 0, "lo ");
    avsvt_chart_free(chart);
}

static void a_midi_file_as_plain_notes_holds_all_but_the_drums(void **state)
{
    unsigned char data[512];
    avsvt_notes *notes;
    (void)state;
    size_t size = put_midi(data);
    assert_int_equal(avsvt_notes_read(&notes, NULL, scratch_write("song.mid", data, size), NULL),
                     AVSVT_OK);
    assert_int_equal(avsvt_notes_count(notes), 6);
    assert_true(fabs(note_at(notes, 5).offset_s - 2.0) < 1e-9);
    avsvt_notes_free(notes);
}

static void what_we_write_as_midi_comes_back(void **state)
{
    static const double rows[][3] = { { 0.25, 0.75, 60 }, { 1, 1.5, 62 }, { 3, 4, 59 } };
    avsvt_notes *notes = notes_of(rows, 3);
    avsvt_chart *chart;
    (void)state;
    const char *path = scratch_path("ours.mid");
    assert_int_equal(avsvt_notes_write(notes, path, NULL, NULL), AVSVT_OK);
    assert_int_equal(avsvt_chart_open(&chart, NULL, path, NULL, NULL), AVSVT_OK);
    assert_int_equal(info_of(chart).lines, 2); /* a pause of 1.5 s */
    for (size_t i = 0; i < 3; i++) {
        avsvt_chart_note n = at(chart, i);
        assert_true(fabs(n.onset_s - rows[i][0]) < 1e-3 && fabs(n.offset_s - rows[i][1]) < 1e-3);
        assert_true(n.pitch == rows[i][2]);
    }
    avsvt_chart_free(chart);
    avsvt_notes_free(notes);
}

/* Half a quarter each: bent before it, bent again while it sounds, by a wheel of 12
 * semitones. */
static const unsigned char bent[] =
    "MThd\0\0\0\6\0\0\0\1\0\2"
    "MTrk\0\0\0\x35"
    "\0\xE0\0\x50" "\0\x90\x3C\x40" "\1\x80\x3C\x40"
    "\0\x90\x3E\x40" "\0\xE0\0\x40" "\1\x80\x3E\x40"
    "\0\xB0\x65\0\0\x64\0\0\6\x0C" "\0\xE0\0\x30"
    "\0\x90\x3C\x40" "\1\x80\x3C\x40";

static void a_bend_that_rests_belongs_to_the_pitch(void **state)
{
    static const double pitches[] = { 60.5, 62, 57 };
    avsvt_chart *chart;
    avsvt_notes *notes;
    (void)state;
    const char *path = scratch_write("bent.mid", bent, sizeof(bent) - 1);
    assert_int_equal(avsvt_notes_read(&notes, NULL, path, NULL), AVSVT_OK);
    assert_int_equal(avsvt_notes_count(notes), 3);
    for (size_t i = 0; i < 3; i++)
        assert_true(note_at(notes, i).pitch == pitches[i]);
    avsvt_notes_free(notes);
    assert_int_equal(avsvt_chart_open(&chart, NULL, path, NULL, NULL), AVSVT_OK);
    assert_true(at(chart, 0).pitch == 60); /* it is sung by keys */
    avsvt_chart_free(chart);
}

static void our_own_bends_come_back(void **state)
{
    static const double rows[][3] = { { 0.25, 1, 60.3 }, { 1, 1.5, 61.62 }, { 3, 4, 0.1 } };
    avsvt_notes *notes = notes_of(rows, 3), *again;
    avsvt_export_options o = AVSVT_EXPORT_OPTIONS_INIT;
    (void)state;
    const char *path = scratch_path("ours.mid");
    o.flags = AVSVT_EXPORT_PITCH_BEND;
    assert_int_equal(avsvt_notes_write(notes, path, &o, NULL), AVSVT_OK);
    assert_int_equal(avsvt_notes_read(&again, NULL, path, NULL), AVSVT_OK);
    for (size_t i = 0; i < 3; i++)
        assert_true(fabs(note_at(again, i).pitch - rows[i][2]) < 2e-4);
    avsvt_notes_free(again);
    avsvt_notes_free(notes);
}

static void damaged_midi_files_are_refused_by_byte(void **state)
{
    static const struct { const char *data; size_t size; const char *why; } cases[] = {
        { "MThd\0\0\0\6\0", 9, "header" },
        { "MThd\0\0\0\6\0\0\0\1\0\0", 14, "no ticks" },
        { "MThd\0\0\0\6\0\0\0\1\0\x60", 14, "no notes" },
        { "MThd\0\0\0\6\0\0\0\1\0\x60MTrk\0\0\0\3\0\x90\x40", 25, "cut off" },
        { "MThd\0\0\0\6\0\0\0\1\0\x60MTrk\0\0\0\3\0\x40\x40", 25, "without a message" },
        { "MThd\0\0\0\6\0\0\0\1\0\x60MTrk\0\0\0\4\0\xFF\5\x7F", 26, "cut off" },
        { "MThd\0\0\0\6\0\0\0\1\0\x60MTrk\0\0\0\5\xFF\xFF\xFF\xFF\xFF", 27, "cut off" },
        { "MThd\0\0\0\6\0\0\0\1\0\x60MTrk\0\0\0\3\0\xF1\x40", 25, "no file may hold" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        avsvt_error err = AVSVT_ERROR_INIT;
        avsvt_chart *chart;
        const char *path = scratch_write("bad.mid", cases[i].data, cases[i].size);
        assert_int_equal(avsvt_chart_open(&chart, NULL, path, NULL, &err), AVSVT_E_FORMAT);
        assert_null(chart);
        assert_says(err, "bad.mid: ");
        assert_says(err, cases[i].why);
    }
}

static void overlapping_notes_become_one_at_a_time(void **state)
{
    static const double rows[][3] = { { 0, 1, 60 }, { 0.5, 2, 62 }, { 2, 3, 50 }, { 2.01, 2.5, 64 },
                                      { 2.02, 3, 63 }, { 4, 4.0005, 60 } };
    avsvt_notes *notes = notes_of(rows, 6);
    avsvt_chart *chart;
    (void)state;
    assert_int_equal(avsvt_chart_create(&chart, NULL, notes, NULL), AVSVT_OK);
    assert_int_equal(info_of(chart).notes, 3);
    is(chart, 0, 0, 0.5, 60, 0, 0, "");
    is(chart, 1, 0.5, 2, 62, 0, 0, "");
    is(chart, 2, 2, 2.5, 64, 0, 0, "");
    avsvt_chart_free(chart);
    avsvt_notes_free(notes);
}

static void what_holds_no_song_is_refused(void **state)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_notes *none = notes_of(NULL, 0);
    avsvt_chart *chart;
    (void)state;
    assert_int_equal(avsvt_chart_create(&chart, NULL, none, &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_chart_open(&chart, NULL, scratch_write("e.txt", "#BPM:300\nE\n", 11),
                                      NULL, &err), AVSVT_E_FORMAT);
    assert_says(err, "no notes to be sung");
    assert_int_equal(avsvt_chart_open(&chart, NULL, scratch_path("none"), NULL, &err),
                     AVSVT_E_NOT_FOUND);
    assert_int_equal(avsvt_chart_open(&chart, NULL, NULL, NULL, &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_chart_open(NULL, NULL, "x", NULL, &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_chart_create(&chart, NULL, NULL, &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_chart_describe(NULL, NULL), AVSVT_E_ARG);
    avsvt_chart_free(NULL);
    assert_null(avsvt_chart_ref(NULL));
    avsvt_notes_free(none);
}

static avsvt_status open_with(const avsvt_allocator *a, void *user)
{
    avsvt_context_options o = AVSVT_CONTEXT_OPTIONS_INIT;
    avsvt_context *context = NULL;
    avsvt_chart *chart = NULL;
    o.allocator = a;
    avsvt_status status = avsvt_context_create(&context, &o, NULL);
    if (status == AVSVT_OK)
        status = avsvt_chart_open(&chart, context, user, NULL, NULL);
    avsvt_chart_free(chart);
    avsvt_context_free(context);
    return status;
}

static void running_out_of_memory_leaves_nothing_behind(void **state)
{
    unsigned char data[512];
    char path[4096];
    (void)state;
    snprintf(path, sizeof(path), "%s", scratch_write("song.txt", song, strlen(song)));
    assert_true(failing_allocator_each(open_with, path) > 5);
    snprintf(path, sizeof(path), "%s", scratch_write("song.mid", data, put_midi(data)));
    assert_true(failing_allocator_each(open_with, path) > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_ultrastar_chart_keeps_kinds_lines_and_words),
        cmocka_unit_test(old_songs_have_their_letters),
        cmocka_unit_test(old_songs_may_name_their_code_page),
        cmocka_unit_test(a_tag_is_taken_by_its_whole_name),
        cmocka_unit_test(a_duet_gives_the_voice_that_is_asked_for),
        cmocka_unit_test(notes_before_a_singer_are_the_first_ones),
        cmocka_unit_test(the_newer_name_of_the_sound_is_taken),
        cmocka_unit_test(a_midi_file_gives_the_part_that_has_the_words),
        cmocka_unit_test(another_part_of_a_midi_file_can_be_asked_for),
        cmocka_unit_test(a_midi_file_as_plain_notes_holds_all_but_the_drums),
        cmocka_unit_test(what_we_write_as_midi_comes_back),
        cmocka_unit_test(a_bend_that_rests_belongs_to_the_pitch),
        cmocka_unit_test(our_own_bends_come_back),
        cmocka_unit_test(damaged_midi_files_are_refused_by_byte),
        cmocka_unit_test(overlapping_notes_become_one_at_a_time),
        cmocka_unit_test(what_holds_no_song_is_refused),
        cmocka_unit_test(running_out_of_memory_leaves_nothing_behind),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
