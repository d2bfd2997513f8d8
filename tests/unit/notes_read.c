/* SPDX-License-Identifier: MIT */
/* Lists of notes are read from the forms that people have, and what is none of
 * them is told by line. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "import/read.h"
#include "support/failing_allocator.h"
#include "support/scratch.h"

typedef struct row {
    double onset, offset, pitch;
} row;

static avsvt_status parse(avsvti_note_list *list, const char *text, size_t size,
                          avsvt_error *err)
{
    char *copy = malloc(size + 1); /* so that a look beyond it is caught */
    assert_non_null(copy);
    memcpy(copy, text, size);
    copy[size] = '\0';
    avsvti_note_list_init(list, avsvti_default_allocator());
    avsvt_status status = avsvti_notes_parse(list, copy, size, "f.txt", err);
    free(copy);
    return status;
}

static void reads(const char *text, const row *want, size_t count)
{
    avsvti_note_list list;
    avsvt_error err = AVSVT_ERROR_INIT;
    if (parse(&list, text, strlen(text), &err) != AVSVT_OK)
        fail_msg("%s: %s", text, err.message);
    assert_int_equal(list.count, count);
    for (size_t i = 0; i < count; i++) {
        const avsvt_note *n = &list.notes[i];
        if (!(fabs(n->onset_s - want[i].onset) < 1e-9 &&
              fabs(n->offset_s - want[i].offset) < 1e-9 &&
              fabs(n->pitch - want[i].pitch) < 1e-9))
            fail_msg("%s: note %zu is %g %g %g", text, i, n->onset_s,
                     n->offset_s, n->pitch);
    }
    avsvti_note_list_free(&list);
}

static void refuses(const char *text, const char *why)
{
    avsvti_note_list list;
    avsvt_error err = AVSVT_ERROR_INIT;
    assert_int_equal(parse(&list, text, strlen(text), &err), AVSVT_E_FORMAT);
    if (!strstr(err.message, why) || !strstr(err.message, "f.txt: line "))
        fail_msg("%s: says '%s', not '%s'", text, err.message, why);
    avsvti_note_list_free(&list);
}

static const row two[] = { { 0.5, 1, 60 }, { 1, 2, 61.25 } };

static void columns_with_any_separator_are_read(void **state)
{
    (void)state;
    reads("0.5,1,60\n1,2,61.25\n", two, 2);
    reads("0.5\t1\t60\t59.9\n1\t2\t61.25\t61\n", two, 2);
    reads("  0.5 1   60\r\n1 2 61.25", two, 2);
    reads("onset offset pitch\r0.5 1 60\r1 2 61.25\r", two, 2); /* as old Macs wrote */
    reads("0.5; 1; 60; la\n1 ;2 ;61.25; le lu\n", two, 2);
    reads("\xEF\xBB\xBF" "0.5,1,60\n\n# between\n1,2,6.125e1\n", two, 2);
    reads("# only a remark\n", NULL, 0);
    reads("", NULL, 0);
}

static void a_header_is_passed_and_may_name_the_columns(void **state)
{
    (void)state;
    reads("onset,offset,pitch\n0.5,1,60\n1,2,61.25\n", two, 2);
    reads("from to what\n0.5 1 60\n1 2 61.25\n", two, 2);
    reads("\"Pitch\";word;\"start\";\"end\"\n60;a;0.5;1\n61.25;b;1;2\n", two, 2);
    reads("onset,offset,pitch", NULL, 0);
    reads("from to what\n", NULL, 0);
    reads(",onset,offset,pitch\n0,0.5,1,60\n1,1,2,61.25\n", two, 2); /* as pandas writes */
}

static void lengths_and_frequencies_are_taken_where_a_header_says_so(void **state)
{
    static const row notes[] = { { 0.5, 1, 69 }, { 1, 2, 57 } };
    (void)state;
    reads("onset,duration,pitch\n0.5,0.5,60\n1,1,61.25\n", two, 2);
    reads("time frequency duration\n0.5 440 0.5\n1 220 1\n", notes, 2);
    reads("Onset (s),Pitch (Hz),Duration [s]\n0.5,440,0.5\n1,220,1\n", notes, 2);
    reads("onset,offset,hz\n0.5,1,440\n1,2,220\n", notes, 2);
    reads("frequency,onset,offset,duration,midi\n9,0.5,1,7,60\n9,1,2,7,61.25\n", two, 2);
    refuses("onset,offset,hz\n0,1,0\n", "line 2: the frequency must be above 0");
    refuses("onset,hz,duration\n1,220,-0.5\n", "line 2: the note ends before");
}

static void a_header_that_names_too_little_is_refused(void **state)
{
    (void)state;
    refuses("pitch,onset,stop\n60,0.5,1\n", "line 1: it names some");
    refuses("TIME,VALUE,DURATION,LEVEL,LABEL\n0.5,440,0.5,1,la\n", "line 1: it names some");
    reads("onset,until,midi\n0.5,1,60\n1,2,61.25\n", two, 2);
}

static void quotes_hold_fields_together(void **state)
{
    (void)state;
    reads("\"0.5\",\"1\",\"60\"\n\"1\",\"2\",\"61.25\"\n", two, 2);
    reads("\"\",\"onset\",\"offset\",\"pitch\"\n\"1\",0.5,1,60\n\"2\",1,2,61.25\n", two, 2);
    reads("\"a word\",onset,offset,pitch\n\"la, \"\"le\",0.5,1,60\nla le,1,2,61.25\n",
          two, 2);
    reads("the word;start;end;midi\nla;0.5;1;60\nla, le lu;1;2;61.25\n", two, 2);
    refuses("onset,offset,pitch\n0.5,1,\"60\n", "line 2: a quotation mark");
}

static void what_tony_writes_is_read(void **state)
{
    static const row a[] = { { 0.5, 0.75, 69 }, { 300.25, 300.5, 57 }, { 301, 321, 57 } };
    static const row low[] = { { 0.5, 31, 15 } };
    (void)state;
    reads("0.5,440,0.25\n300.25,220,0.25\n301,220,20\n", a, 3);
    reads("0.500000000\t440.000\t0.250000000\t1\n300.25\t220\t.25\n301\t220\t20\n", a, 3);
    reads("0.5 31 15\n", low, 1); /* no frequency */
    reads("onset offset pitch\n0.5 64 15\n", (row[]){ { 0.5, 64, 15 } }, 1); /* says so */
    refuses("0.5,1,60\n300,440,0.25\n301,220,0.25\n", "line 3: the note ends before");
}

static void pitches_may_be_names(void **state)
{
    static const row a[] = { { 0, 1, 69 }, { 1, 2, 69.88 }, { 2, 3, 70 }, { 3, 4, 0.5 } };
    (void)state;
    reads("0\t1\tA4\n1\t2\tA#4-12\n\\\t80\t900\n2\t3\tbb4\n3\t4\tC-1+50\n", a, 4);
    refuses("0 1 la\n", "the pitch is not a number or a name");
    refuses("0 1 60\nC4 60 60\n", "line 2: the onset is not a number");
    refuses("onset duration hz\n0 1 A4\n", "not a number");
    refuses("0 1 H4\n", "not a number or a name");
    refuses("0 1 A\n", "not a number or a name");
    refuses("0 1 A4+\n", "not a number or a name");
    refuses("0 1 A44\n", "not a number or a name");
}

static void ultrastar_charts_are_read(void **state)
{
    static const row notes[] = { { 1, 1.2, 60 }, { 1.4, 1.6, 55 } };
    static const row relative[] = { { 0, 0.2, 60 }, { 1, 1.1, 61 } };
    static const row early[] = { { -0.0005, 0.1995, 60 } };
    static const row tempo[] = { { 0, 0.2, 60 }, { 0.5, 1, 62 } };
    (void)state;
    /* a grid step of 0.05 s */
    reads("#TITLE:x\r\n#BPM:300\r\n#GAP:1000\r\n: 0 4 0 a\r\nF 2 2 5 b\r\n"
          "- 6\r\n* 8 4 -5 c\r\nE\r\n: 99 1 0\r\n", notes, 2);
    reads("#TITLE:x\r#BPM:300\r#GAP:1000\r: 0 4 0 a\rF 2 2 5 b\r"
          "- 6\r* 8 4 -5 c\rE\r: 99 1 0\r", notes, 2);
    reads("#BPM:300,0\n#RELATIVE:yes\n: 0 4 0 a\n- 10 20\n: 0 2 1 b\n",
          relative, 2);
    reads("#BPM:300\n: 0 4 0 a\nB 10 150\n: 10 5 2 b\n", tempo, 2);
    reads("#BPM:300\n#GAP:-0,5\n: 0 4 0 a\n", early, 1);
    reads("#BPM:150\n", NULL, 0);
}

static void pitches_outside_of_midi_come_back_by_octaves(void **state)
{
    static const row notes[] = { { 0, 0.2, 66 }, { 0.2, 0.4, 71 } };
    (void)state;
    reads("#BPM:300\n: 0 4 90 a\n: 4 4 -61 a\n", notes, 2);
}

static void json_is_read(void **state)
{
    (void)state;
    reads("{\"generator\": \"x\", \"notes\": [\n"
          "{\"onset\": 0.5, \"offset\": 1, \"pitch\": 60},\n"
          "{\"pitch\": 61.25, \"word\": {\"a\": [1, {}]}, \"offset\": 2, "
          "\"onset\": 1, \"level_db\": -3.5}]\n, \"z\": null}", two, 2);
    reads(" [[0.5, 1, 60], [1, 2, 61.25, \"la\"]]\n", two, 2);
    reads("{\"notes\": []}", NULL, 0);
}

static void jams_is_read(void **state)
{
    static const row a[] = { { 0.5, 0.75, 69 }, { 1, 2, 57 } };
    (void)state;
    reads("{\"file_metadata\": {}, \"annotations\": ["
          "{\"namespace\": \"beat\", \"data\": [{\"time\": 0}]},\n"
          "{\"data\": [{\"time\": 0.5, \"duration\": 0.25, \"value\": 440, \"confidence\": null},"
          "{\"value\": 220, \"duration\": 1, \"time\": 1, \"confidence\": 0.5}],"
          "\"namespace\": \"note_hz\"},"
          "{\"namespace\": \"note_midi\", \"data\": []}], \"sandbox\": {}}", a, 2);
    reads("{\"annotations\": [{\"namespace\": \"note_midi\", \"sandbox\": {}, \"data\":"
          "[{\"time\": 0.5, \"duration\": 0.25, \"value\": 69}]}]}", a, 1);
    refuses("{\"annotations\": [\n{\"data\": [\n{\"time\": 0.5, \"value\": 60}],\n"
            "\"namespace\": \"note_midi\"}]}", "line 3: a note needs time, duration and value");
    refuses("{\"annotations\": [{\"namespace\": \"pitch_contour\", \"data\": [1, 2]}]}",
            "note_midi or note_hz");
}

static void members_beside_time_and_pitch_are_kept(void **state)
{
    static const char text[] = "[{\"onset\": 0, \"offset\": 1, \"pitch\": 60,"
                               "\"level_db\": -3.5, \"confidence\": 0.75}]";
    avsvti_note_list list;
    (void)state;
    assert_int_equal(parse(&list, text, strlen(text), NULL), AVSVT_OK);
    assert_int_equal(list.count, 1);
    assert_true(fabs((double)list.notes[0].level_db + 3.5) < 1e-6);
    assert_true(fabs(list.notes[0].confidence - 0.75) < 1e-12);
    avsvti_note_list_free(&list);
}

static void faults_are_told_by_line(void **state)
{
    (void)state;
    refuses("0,1,60\n0,1\n", "line 2: a column is missing");
    refuses("0,1,60\n\n0,x,60\n", "line 3: the offset is not a number");
    refuses("0,1,0x10\n", "line 1: the pitch is not a number");
    refuses("0,1,440\n", "MIDI number");
    refuses("2,1,60\n", "ends before it starts");
    refuses("0,1e300,60\n", "out of range");
    refuses("0,5;1;60\n", "with a point");
    refuses("onset;offset;pitch\n0;1;60,5\n", "line 2: its columns are parted by");
    refuses("0,5\t1,25\t60\n", "with a point");
    refuses("0\t1\t60,5\n", "with a point");
    refuses("hello\n", "line 1");
    refuses("a b c\nd e f\n", "line 2: the onset is not a number");
    refuses("\x01\x02\x03 1 2\n", "not text");
    char sound[2000] = "fLaC\x01";
    memset(sound + 5, 'x', sizeof(sound) - 6);
    refuses(sound, "not text");
    refuses(sound + 5, "neither numbers nor a header");
    refuses("#BPM:fast\n", "line 1: #BPM is not a number");
    refuses("#BPM:300\n: 0 4\n", "line 2: a note needs");
    refuses("#BPM:0\n", "tempo");
    refuses("#BPM:300\n: 0 -4 0\n", "out of range");
}

static void broken_json_is_refused(void **state)
{
    static const char *const texts[] = {
        "{}", "{\"notes\": 1}", "{\"notes\": [{}]}", "[[1,2]]", "[[1,2,60}",
        "[[1,2,60]] x", "{\"notes\": [", "[{\"onset\": \"1\"}]", "[1]",
        "{\"notes\": [], \"a\": tru}", "{\"a\": 1}", "{\"a", "[[1,2,60,[]",
        "{\"notes\": []", "[{\"onset\":1,\"offset\":2}]", "{\"a\":{]}",
    };
    char deep[200] = "{\"a\":";
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        refuses(texts[i], "line 1");
    memset(deep + 5, '[', 100);
    refuses(deep, "nested too deep");
}

static void every_beginning_of_a_file_is_survived(void **state)
{
    static const char *const texts[] = {
        "onset,offset,pitch\n0.5,1,60\n", "#BPM:300,5\n#GAP:1\n: 0 4 0 a\nB 3 4\n",
        "{\"a\": [\"\\\"\", -1e2], \"notes\": [{\"onset\": 1, \"offset\": 2, "
        "\"pitch\": 60}]}",
        "0.5\t440\t0.25\n", "0\t1\tA#4-12\n",
        "{\"annotations\": [{\"data\": [{\"time\": 0.5, \"duration\": 0.25, \"value\": 69,"
        "\"confidence\": null}], \"namespace\": \"note_midi\"}]}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        for (size_t n = 0; n < strlen(texts[i]); n++) {
            avsvti_note_list list;
            avsvt_status status = parse(&list, texts[i], n, NULL);
            assert_true(status == AVSVT_OK || status == AVSVT_E_FORMAT);
            avsvti_note_list_free(&list);
        }
}

static void files_are_read_and_missing_ones_told(void **state)
{
    static const char text[] = "1,2,61.25\n0.5,1,60\n";
    avsvt_notes *notes = NULL;
    avsvt_note note = AVSVT_NOTE_INIT;
    (void)state;
    const char *path = scratch_write("notes.csv", text, strlen(text));
    assert_int_equal(avsvt_notes_read(&notes, NULL, path, NULL), AVSVT_OK);
    assert_int_equal(avsvt_notes_count(notes), 2);
    assert_int_equal(avsvt_notes_get(notes, 0, &note), AVSVT_OK);
    assert_true(note.onset_s < 0.6); /* sorted */
    avsvt_notes_free(notes);
    path = scratch_path("none.csv");
    assert_int_equal(avsvt_notes_read(&notes, NULL, path, NULL),
                     AVSVT_E_NOT_FOUND);
    assert_null(notes);
    assert_int_equal(avsvt_notes_read(&notes, NULL, "/", NULL), AVSVT_E_IO);
    assert_int_equal(avsvt_notes_read(&notes, NULL, NULL, NULL), AVSVT_E_ARG);
    assert_int_equal(avsvt_notes_read(NULL, NULL, path, NULL), AVSVT_E_ARG);
}

static avsvt_status parse_with(const avsvt_allocator *a, void *user)
{
    static const char text[] = "1,2,61.25\n0.5,1,60\n";
    avsvti_note_list list;
    (void)user;
    avsvti_note_list_init(&list, a);
    avsvt_status status = avsvti_notes_parse(&list, text, strlen(text), "f", NULL);
    avsvti_note_list_free(&list);
    return status;
}

static void every_failing_allocation_is_told(void **state)
{
    (void)state;
    assert_true(failing_allocator_each(parse_with, NULL) >= 1);
}

static void charts_of_the_recordings_are_read(void **state)
{
    char path[1024];
    const char *data = getenv("AVSVT_TEST_DATA");
    avsvt_notes *notes = NULL;
    avsvt_error err = AVSVT_ERROR_INIT;
    (void)state;
    snprintf(path, sizeof(path), "%s/data/karaoke/jonathan_coulton_code_monkey/"
             "song.txt", data ? data : ".");
    FILE *there = data ? fopen(path, "rb") : NULL;
    if (!there) {
        print_message("left out: no chart at %s\n", path);
        skip();
    }
    fclose(there);
    if (avsvt_notes_read(&notes, NULL, path, &err) != AVSVT_OK)
        fail_msg("%s", err.message);
    assert_int_equal(avsvt_notes_count(notes), 436);
    avsvt_notes_free(notes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_with_any_separator_are_read),
        cmocka_unit_test(a_header_is_passed_and_may_name_the_columns),
        cmocka_unit_test(what_tony_writes_is_read),
        cmocka_unit_test(pitches_may_be_names),
        cmocka_unit_test(lengths_and_frequencies_are_taken_where_a_header_says_so),
        cmocka_unit_test(a_header_that_names_too_little_is_refused),
        cmocka_unit_test(quotes_hold_fields_together),
        cmocka_unit_test(ultrastar_charts_are_read),
        cmocka_unit_test(pitches_outside_of_midi_come_back_by_octaves),
        cmocka_unit_test(json_is_read),
        cmocka_unit_test(jams_is_read),
        cmocka_unit_test(members_beside_time_and_pitch_are_kept),
        cmocka_unit_test(faults_are_told_by_line),
        cmocka_unit_test(broken_json_is_refused),
        cmocka_unit_test(every_beginning_of_a_file_is_survived),
        cmocka_unit_test(files_are_read_and_missing_ones_told),
        cmocka_unit_test(every_failing_allocation_is_told),
        cmocka_unit_test(charts_of_the_recordings_are_read),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
