/* SPDX-License-Identifier: MIT */
/* Formats by name, options, titles, and files that can't be written. */
#define _DEFAULT_SOURCE
#include "export_support.h"
#include "support/scratch.h"

#include <dirent.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const int32_t all_formats[] = {
    AVSVT_FORMAT_CSV, AVSVT_FORMAT_JSON, AVSVT_FORMAT_MIDI, AVSVT_FORMAT_ULTRASTAR,
    AVSVT_FORMAT_MUSICXML, AVSVT_FORMAT_SVG, AVSVT_FORMAT_HTML, AVSVT_FORMAT_AUDACITY,
    AVSVT_FORMAT_JAMS,
};
#define FORMATS (sizeof(all_formats) / sizeof(all_formats[0]))

static void endings_and_names_tell_the_format(void **state)
{
    (void)state;
    assert_int_equal(avsvt_format_from_path("a/b.csv"), AVSVT_FORMAT_CSV);
    assert_int_equal(avsvt_format_from_path("B.MID"), AVSVT_FORMAT_MIDI);
    assert_int_equal(avsvt_format_from_path("b.midi"), AVSVT_FORMAT_MIDI);
    assert_int_equal(avsvt_format_from_path("b.jams"), AVSVT_FORMAT_JAMS);
    assert_int_equal(avsvt_format_from_name("audacity"), AVSVT_FORMAT_AUDACITY);
    assert_int_equal(avsvt_format_from_path("b.txt"), AVSVT_FORMAT_ULTRASTAR);
    assert_int_equal(avsvt_format_from_path("x.csv/b"), AVSVT_FORMAT_AUTO);
    assert_int_equal(avsvt_format_from_path("x.csvx"), AVSVT_FORMAT_AUTO);
    assert_int_equal(avsvt_format_from_path("csv"), AVSVT_FORMAT_AUTO);
    assert_int_equal(avsvt_format_from_path(""), AVSVT_FORMAT_AUTO);
    assert_int_equal(avsvt_format_from_path(NULL), AVSVT_FORMAT_AUTO);
    assert_int_equal(avsvt_format_from_name("json"), AVSVT_FORMAT_JSON);
    assert_int_equal(avsvt_format_from_name("SVG"), AVSVT_FORMAT_SVG);
    assert_int_equal(avsvt_format_from_name("wav"), AVSVT_FORMAT_AUTO);
    assert_int_equal(avsvt_format_from_name(NULL), AVSVT_FORMAT_AUTO);
}

static void csv_and_json_read_as_expected(void **state)
{
    avsvt_note n[2] = { make_note(0.5, 1.25, 60.125), make_note(2, 3, 61) };
    avsvt_export_options o = AVSVT_EXPORT_OPTIONS_INIT;
    struct avsvt_notes list = list_of(n, 2);
    (void)state;
    n[1].level_db = -12.5f;
    n[1].confidence = 0.75;
    avsvt_bytes csv = format_as(&list, AVSVT_FORMAT_CSV, NULL);
    assert_string_equal(csv.data, "onset,offset,pitch\n0.5,1.25,60.125\n2,3,61\n");
    avsvt_bytes_free(&csv);
    o.title = "A \"b\" \\ </script>\n\xFF\xC3\xA9";
    avsvt_bytes json = format_as(&list, AVSVT_FORMAT_JSON, &o);
    assert_non_null(strstr(json.data,
        "\"title\": \"A \\\"b\\\" \\\\ \\u003c/script> \xEF\xBF\xBD\xC3\xA9\","));
    assert_non_null(strstr(json.data, "\"duration\": 3,"));
    assert_non_null(strstr(json.data, "{\"onset\": 0.5, \"offset\": 1.25, \"pitch\": 60.125},"));
    assert_non_null(strstr(json.data, "\"pitch\": 61, \"level_db\": -12.5, \"confidence\": 0.75}\n]"));
    avsvt_bytes_free(&json);
}

static void audacity_and_jams_read_as_expected(void **state)
{
    avsvt_note n[3] = { make_note(0.5, 1.25, 69.12), make_note(2, 3, 57.88), make_note(3, 4, 0) };
    avsvt_note early[2] = { make_note(-2, -1, 60), make_note(-0.5, 1, 61) };
    avsvt_export_options o = AVSVT_EXPORT_OPTIONS_INIT;
    struct avsvt_notes list = list_of(n, 3);
    (void)state;
    n[1].confidence = 0.75;
    avsvt_bytes labels = format_as(&list, AVSVT_FORMAT_AUDACITY, NULL);
    assert_string_equal(labels.data, "0.5\t1.25\tA4+12\n2\t3\tA#3-12\n3\t4\tC-1\n");
    avsvt_bytes_free(&labels);
    o.title = "a \"b\"";
    avsvt_bytes jams = format_as(&list, AVSVT_FORMAT_JAMS, &o);
    assert_non_null(strstr(jams.data, "{\"title\": \"a \\\"b\\\"\", "));
    assert_non_null(strstr(jams.data, "\"namespace\": \"note_midi\""));
    assert_non_null(strstr(jams.data, "{\"time\": 0.5, \"duration\": 0.75, \"value\": 69.12, "
                                      "\"confidence\": null}"));
    assert_non_null(strstr(jams.data, "\"value\": 57.88, \"confidence\": 0.75}"));
    avsvt_bytes_free(&jams);
    list = list_of(early, 2); /* its times start at 0 */
    jams = format_as(&list, AVSVT_FORMAT_JAMS, NULL);
    assert_non_null(strstr(jams.data, "[\n{\"time\": 0, \"duration\": 1, \"value\": 61, "));
    avsvt_bytes_free(&jams);
}

static void what_is_written_can_be_read_again(void **state)
{
    static const struct { int32_t format; double pitch; } exact[] = {
        { AVSVT_FORMAT_CSV, 1e-4 }, { AVSVT_FORMAT_JSON, 1e-4 }, { AVSVT_FORMAT_JAMS, 1e-6 },
        { AVSVT_FORMAT_AUDACITY, 0.005 },
    };
    avsvt_note n[500];
    (void)state;
    random_notes(n, 500, 3);
    struct avsvt_notes list = list_of(n, 500);
    for (size_t f = 0; f < sizeof(exact) / sizeof(exact[0]); f++) {
        avsvt_bytes bytes = format_as(&list, exact[f].format, NULL);
        const char *path = scratch_write("again", bytes.data, bytes.size);
        avsvt_notes *again = NULL;
        assert_int_equal(avsvt_notes_read(&again, NULL, path, NULL), AVSVT_OK);
        assert_int_equal(avsvt_notes_count(again), 500);
        for (size_t i = 0; i < 500; i++) {
            avsvt_note note = AVSVT_NOTE_INIT;
            assert_int_equal(avsvt_notes_get(again, i, &note), AVSVT_OK);
            assert_true(fabs(note.onset_s - n[i].onset_s) <= 1.1e-6);
            assert_true(fabs(note.offset_s - n[i].offset_s) <= 1.1e-6);
            assert_true(fabs(note.pitch - n[i].pitch) <= exact[f].pitch * 1.01);
        }
        avsvt_notes_free(again);
        avsvt_bytes_free(&bytes);
    }
}

static void every_format_takes_few_and_many_notes(void **state)
{
    size_t many = 100000;
    avsvt_note *n = malloc(many * sizeof(*n));
    (void)state;
    random_notes(n, many, 7);
    for (size_t i = 0; i < FORMATS; i++) {
        struct avsvt_notes list = list_of(NULL, 0);
        avsvt_bytes bytes = format_as(&list, all_formats[i], NULL);
        if (all_formats[i] != AVSVT_FORMAT_AUDACITY) /* no labels, no lines */
            assert_true(bytes.size > 10);
        avsvt_bytes_free(&bytes);
        list = list_of(n, many);
        bytes = format_as(&list, all_formats[i], NULL);
        assert_true(bytes.size > many * 3);
        if (all_formats[i] != AVSVT_FORMAT_MIDI)
            assert_int_equal(strlen(bytes.data), bytes.size);
        avsvt_bytes_free(&bytes);
    }
    free(n);
}

static int is_utf8(const unsigned char *p)
{
    while (*p) {
        int more = *p < 0x80 ? 0 : *p >= 0xF0 ? 3 : *p >= 0xE0 ? 2 : *p >= 0xC2 ? 1 : -1;
        if (more < 0)
            return 0;
        for (p++; more; more--, p++)
            if ((*p & 0xC0) != 0x80)
                return 0;
    }
    return 1;
}

static void titles_of_any_bytes_stay_text(void **state)
{
    static const char *const titles[] = {
        "", "<&\"'>]]>--><script>alert(1)</script>", "line\nbreak\r\n\ttab",
        "\xFF\xFE", "\xC3", "\xE2\x82", "\xF0\x9F\x8E\xB5 song", "\xC0\xAF",
        "\xED\xA0\x80", "\xF4\x90\x80\x80", "\x01\x7F\xEF\xBF\xBF", "#E\n: 1 1 1 x",
    };
    avsvt_note n = make_note(0, 1, 60);
    struct avsvt_notes list = list_of(&n, 1);
    (void)state;
    for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++)
        for (size_t f = 0; f < FORMATS; f++) {
            avsvt_export_options o = AVSVT_EXPORT_OPTIONS_INIT;
            o.title = titles[i];
            avsvt_bytes bytes = format_as(&list, all_formats[f], &o);
            if (all_formats[f] != AVSVT_FORMAT_MIDI)
                assert_true(is_utf8((const unsigned char *)bytes.data));
            if (all_formats[f] >= AVSVT_FORMAT_MUSICXML &&
                all_formats[f] <= AVSVT_FORMAT_HTML) /* what is read as markup */
                assert_null(strstr(bytes.data, "<script>alert"));
            avsvt_bytes_free(&bytes);
        }
}

static avsvt_status try_options(const avsvt_export_options *o, avsvt_error *err)
{
    avsvt_note n = make_note(0, 1, 60);
    struct avsvt_notes list = list_of(&n, 1);
    avsvt_bytes out = { (char *)1, 1, NULL };
    avsvt_status status = avsvt_notes_format(&out, &list, o, err);
    if (status != AVSVT_OK) {
        assert_null(out.data);
        assert_int_equal(out.size, 0);
        assert_true(strlen(err->message) > 10);
    }
    avsvt_bytes_free(&out);
    return status;
}

static void options_out_of_range_are_refused(void **state)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_export_options o = AVSVT_EXPORT_OPTIONS_INIT;
    (void)state;
    assert_int_equal(try_options(NULL, &err), AVSVT_E_ARG);
    assert_int_equal(try_options(&o, &err), AVSVT_E_ARG);
    o.format = 99;
    assert_int_equal(try_options(&o, &err), AVSVT_E_ARG);
    o.format = AVSVT_FORMAT_MIDI;
    assert_int_equal(try_options(&o, &err), AVSVT_OK);
    static const double tempos[] = { 9.9, 960.1, -120, (double)NAN, (double)INFINITY };
    for (size_t i = 0; i < 5; i++) {
        o.tempo_bpm = tempos[i];
        assert_int_equal(try_options(&o, &err), AVSVT_E_ARG);
    }
    o.tempo_bpm = 0;
    static const double lengths[] = { -1, 360001, (double)NAN, (double)INFINITY };
    for (size_t i = 0; i < 4; i++) {
        o.duration_s = lengths[i];
        assert_int_equal(try_options(&o, &err), AVSVT_E_ARG);
    }
    o.duration_s = 0;
    o.flags = 2;
    assert_int_equal(try_options(&o, &err), AVSVT_E_UNSUPPORTED);
    o.flags = 0;
    o.reserved = 1;
    assert_int_equal(try_options(&o, &err), AVSVT_E_UNSUPPORTED);
    o.reserved = 0;
    o.struct_size = 0;
    assert_int_equal(try_options(&o, &err), AVSVT_E_ARG);
}

static void null_arguments_are_refused(void **state)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_export_options o = AVSVT_EXPORT_OPTIONS_INIT;
    struct avsvt_notes list = list_of(NULL, 0);
    avsvt_bytes out = AVSVT_BYTES_INIT;
    (void)state;
    o.format = AVSVT_FORMAT_CSV;
    assert_int_equal(avsvt_notes_format(NULL, &list, &o, &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_notes_format(&out, NULL, &o, &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_notes_write(NULL, "x.csv", NULL, &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_notes_write(&list, NULL, NULL, &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_notes_write(&list, "", &o, &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_notes_write(&list, "notes.wav", NULL, NULL), AVSVT_E_ARG);
}

static void pitches_that_a_format_cannot_tell_are_refused(void **state)
{
    static const double pitches[] = { -5, 200, 1e300, -1e300, 127.6, -0.6 };
    avsvt_export_options o = AVSVT_EXPORT_OPTIONS_INIT;
    avsvt_error err = AVSVT_ERROR_INIT;
    (void)state;
    for (size_t i = 0; i < sizeof(pitches) / sizeof(pitches[0]); i++) {
        avsvt_note n = make_note(0, 1, pitches[i]);
        struct avsvt_notes list = list_of(&n, 1);
        for (size_t f = 0; f < FORMATS; f++) {
            avsvt_bytes out = AVSVT_BYTES_INIT;
            int any = all_formats[f] == AVSVT_FORMAT_CSV || all_formats[f] == AVSVT_FORMAT_JSON ||
                      all_formats[f] == AVSVT_FORMAT_JAMS;
            o.format = all_formats[f];
            assert_int_equal(avsvt_notes_format(&out, &list, &o, &err),
                             any ? AVSVT_OK : AVSVT_E_RANGE);
            avsvt_bytes_free(&out);
        }
    }
}

static void times_at_the_edge_are_written_or_refused(void **state)
{
    avsvt_note n[3] = { make_note(-1, -0.5, 60), make_note(-0.2, 0, 60),
                        make_note(0, 1e-9, 60) };
    struct avsvt_notes list = list_of(n, 3);
    avsvt_export_options o = AVSVT_EXPORT_OPTIONS_INIT;
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_bytes out = AVSVT_BYTES_INIT;
    (void)state;
    for (size_t f = 0; f < FORMATS; f++) {
        avsvt_bytes bytes = format_as(&list, all_formats[f], NULL);
        assert_null(strstr(bytes.data, "nan"));
        avsvt_bytes_free(&bytes);
    }
    n[2] = make_note(0, 1e12, 60);
    o.format = AVSVT_FORMAT_MIDI;
    assert_int_equal(avsvt_notes_format(&out, &list, &o, &err), AVSVT_E_RANGE);
    n[2] = make_note(0, (double)NAN, 60);
    assert_int_equal(avsvt_notes_format(&out, &list, &o, &err), AVSVT_E_ARG);
}

static int entries(const char *folder)
{
    int n = 0;
    DIR *d = opendir(folder);
    assert_non_null(d);
    while (readdir(d))
        n++;
    closedir(d);
    return n - 2;
}

static void what_cannot_be_written_leaves_nothing(void **state)
{
    avsvt_note n = make_note(0, 1, 60);
    struct avsvt_notes list = list_of(&n, 1);
    avsvt_error err = AVSVT_ERROR_INIT;
    char folder[] = "/tmp/avsvt-export-XXXXXX", path[128];
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/missing/notes.csv", folder);
    assert_int_equal(avsvt_notes_write(&list, path, NULL, &err), AVSVT_E_IO);
    assert_non_null(strstr(err.message, path));
    snprintf(path, sizeof(path), "%s/notes.csv", folder);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(avsvt_notes_write(&list, path, NULL, &err), AVSVT_E_IO);
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(entries(folder), 0);
    if (geteuid() != 0) { /* permissions don't bind root */
        assert_int_equal(chmod(folder, 0500), 0);
        assert_int_equal(avsvt_notes_write(&list, path, NULL, &err), AVSVT_E_IO);
        assert_int_equal(chmod(folder, 0700), 0);
        assert_int_equal(entries(folder), 0);
    }
    assert_int_equal(avsvt_notes_write(&list, path, NULL, &err), AVSVT_OK);
    assert_int_equal(entries(folder), 1);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
}

static int is_link(const char *path)
{
    struct stat st;
    return !lstat(path, &st) && S_ISLNK(st.st_mode);
}

static void a_link_stays_and_what_it_leads_to_is_written(void **state)
{
    avsvt_note n = make_note(0, 1, 60);
    struct avsvt_notes list = list_of(&n, 1);
    char folder[] = "/tmp/avsvt-export-XXXXXX", path[128], other[128], inside[128];
    struct stat st;
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(inside, sizeof(inside), "%s/real", folder);
    assert_int_equal(mkdir(inside, 0700), 0);
    snprintf(other, sizeof(other), "%s/real/notes.csv", folder);
    snprintf(path, sizeof(path), "%s/link.csv", folder);
    assert_int_equal(symlink("real/notes.csv", path), 0);
    for (int i = 0; i < 2; i++) { /* at first it leads nowhere */
        assert_int_equal(avsvt_notes_write(&list, path, NULL, NULL), AVSVT_OK);
        assert_true(is_link(path) && !stat(other, &st) && st.st_size > 0);
        assert_int_equal(truncate(other, 0), 0);
    }
    assert_int_equal(entries(folder), 2);
    assert_int_equal(entries(inside), 1);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(unlink(other), 0);
    assert_int_equal(rmdir(inside), 0);
    assert_int_equal(rmdir(folder), 0);
}

static void a_file_that_must_not_be_written_stays(void **state)
{
    avsvt_note n = make_note(0, 1, 60);
    struct avsvt_notes list = list_of(&n, 1);
    char folder[] = "/tmp/avsvt-export-XXXXXX", path[128];
    int result = -1;
    (void)state;
    assert_non_null(mkdtemp(folder));
    assert_int_equal(chmod(folder, 0777), 0);
    snprintf(path, sizeof(path), "%s/notes.csv", folder);
    assert_int_equal(avsvt_notes_write(&list, path, NULL, NULL), AVSVT_OK);
    assert_int_equal(chmod(path, 0444), 0);
    pid_t child = fork(); /* root may write anything: be nobody for it */
    if (child == 0) {
        avsvt_error err = AVSVT_ERROR_INIT;
        if (geteuid() == 0 && setuid(65534))
            _exit(99);
        _exit(avsvt_notes_write(&list, path, NULL, &err) == AVSVT_E_IO &&
              strstr(err.message, "ermission") ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_int_equal(result, 0);
    assert_int_equal(entries(folder), 1);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
}

static void a_full_disk_is_an_error(void **state)
{
    avsvt_note n = make_note(0, 1, 60);
    struct avsvt_notes list = list_of(&n, 1);
    avsvt_export_options o = AVSVT_EXPORT_OPTIONS_INIT;
    avsvt_error err = AVSVT_ERROR_INIT;
    struct stat st;
    (void)state;
    o.format = AVSVT_FORMAT_CSV;
    if (stat("/dev/full", &st)) {
        print_message("left out: no /dev/full\n");
        skip();
    }
    assert_int_equal(avsvt_notes_write(&list, "/dev/full", &o, &err), AVSVT_E_IO);
    assert_non_null(strstr(err.message, "/dev/full"));
    assert_int_equal(stat("/dev/full", &st), 0);
    assert_true(S_ISCHR(st.st_mode));
}

static void every_locale_gives_the_same_bytes(void **state)
{
    avsvt_note n = make_note(0.5, 1.25, 60.5);
    struct avsvt_notes list = list_of(&n, 1);
    (void)state;
    for (size_t f = 0; f < FORMATS; f++) {
        avsvt_bytes plain = format_as(&list, all_formats[f], NULL);
        if (!setlocale(LC_ALL, "de_DE.UTF-8")) {
            avsvt_bytes_free(&plain);
            print_message("left out: the locale de_DE.UTF-8 is not installed\n");
            skip();
        }
        avsvt_bytes comma = format_as(&list, all_formats[f], NULL);
        setlocale(LC_ALL, "C");
        assert_int_equal(plain.size, comma.size);
        assert_memory_equal(plain.data, comma.data, plain.size);
        avsvt_bytes_free(&comma);
        avsvt_bytes_free(&plain);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(endings_and_names_tell_the_format),
        cmocka_unit_test(csv_and_json_read_as_expected),
        cmocka_unit_test(audacity_and_jams_read_as_expected),
        cmocka_unit_test(what_is_written_can_be_read_again),
        cmocka_unit_test(every_format_takes_few_and_many_notes),
        cmocka_unit_test(titles_of_any_bytes_stay_text),
        cmocka_unit_test(options_out_of_range_are_refused),
        cmocka_unit_test(null_arguments_are_refused),
        cmocka_unit_test(pitches_that_a_format_cannot_tell_are_refused),
        cmocka_unit_test(times_at_the_edge_are_written_or_refused),
        cmocka_unit_test(what_cannot_be_written_leaves_nothing),
        cmocka_unit_test(a_link_stays_and_what_it_leads_to_is_written),
        cmocka_unit_test(a_file_that_must_not_be_written_stays),
        cmocka_unit_test(a_full_disk_is_an_error),
        cmocka_unit_test(every_locale_gives_the_same_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
