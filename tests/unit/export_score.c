/* SPDX-License-Identifier: MIT */
/* Charts and scores: one note at a time, on the grid, nothing lost. */
#include "export_support.h"

#include "export/grid.h"

static void the_grid_never_holds_two_notes_at_once(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= 100; seed++) {
        avsvt_note n[300];
        avsvti_export e = { 0 };
        avsvti_grid_note *grid;
        size_t count;
        random_notes(n, 300, seed);
        e.notes = n;
        e.count = 300;
        assert_int_equal(avsvti_grid_place(&grid, &count, avsvti_default_allocator(),
                                           &e, 0.0, 0.1, NULL), AVSVT_OK);
        assert_true(count > 150 && count <= 300);
        for (size_t i = 0; i < count; i++) {
            assert_true(grid[i].start >= 0 && grid[i].end > grid[i].start);
            if (i)
                assert_true(grid[i].start >= grid[i - 1].end);
        }
        avsvti_release(avsvti_default_allocator(), grid);
    }
}

static void a_chart_reads_as_expected(void **state)
{
    avsvt_note n[] = { make_note(1.0, 1.25, 60), make_note(1.25, 1.5, 64.4),
                       make_note(3.0, 3.5, 57) };
    avsvt_export_options o = AVSVT_EXPORT_OPTIONS_INIT;
    struct avsvt_notes list = list_of(n, 3);
    (void)state;
    o.title = "A\nB";
    avsvt_bytes out = format_as(&list, AVSVT_FORMAT_ULTRASTAR, &o);
    const char *body = strstr(out.data, "#BPM:");
    assert_non_null(strstr(out.data, "#TITLE:A B\n"));
    assert_non_null(body);
    assert_string_equal(body, "#BPM:480\n#GAP:1000\n: 0 8 0 ~\n: 8 8 4 ~\n- 16\n"
                              ": 64 16 -3 ~\nE\n");
    assert_null(strstr(out.data, "#MP3"));
    avsvt_bytes_free(&out);
}

static void a_chart_names_its_recording_as_it_lies_beside(void **state)
{
    avsvt_note n[] = { make_note(1.0, 1.25, 60) };
    avsvt_export_options o = AVSVT_EXPORT_OPTIONS_INIT;
    struct avsvt_notes list = list_of(n, 1);
    (void)state;
    o.audio_path = "no/such/folder/a\nsong.mp3";
    avsvt_bytes out = format_as(&list, AVSVT_FORMAT_ULTRASTAR, &o);
    assert_non_null(strstr(out.data, "\n#MP3:a song.mp3\n#AUDIO:a song.mp3\n#BPM:"));
    avsvt_bytes_free(&out);
}

static void what_sounds_across_0_s_loses_only_what_is_before_it(void **state)
{
    avsvt_note n[] = { make_note(-2.0, -1.0, 60), make_note(-1.0, 1.0, 62),
                       make_note(1.0, 1.5, 64) };
    struct avsvt_notes list = list_of(n, 3);
    (void)state;
    avsvt_bytes out = format_as(&list, AVSVT_FORMAT_ULTRASTAR, NULL);
    assert_non_null(strstr(out.data, "#GAP:0\n: 0 32 2 ~\n: 32 16 4 ~\nE\n"));
    avsvt_bytes_free(&out);
    out = format_as(&list, AVSVT_FORMAT_MUSICXML, NULL);
    assert_null(strstr(out.data, "<step>C</step>"));
    assert_non_null(strstr(out.data, "<step>D</step>"));
    assert_non_null(strstr(out.data, "<step>E</step>"));
    avsvt_bytes_free(&out);
}

static int attribute_value(const char *p, const char *tag)
{
    const char *at = strstr(p, tag);
    return at ? atoi(at + strlen(tag)) : -1;
}

/* Walks the elements `note` and adds up. */
typedef struct score {
    int bars, notes, tied, full_bars;
    int64_t sung, rested;
} score;

static score read_score(char *xml)
{
    score s = { 0 };
    static const struct { const char *type; int length; } types[] = {
        { "whole", 16 }, { "half", 8 }, { "quarter", 4 }, { "eighth", 2 }, { "16th", 1 },
    };
    char *bar = strstr(xml, "<measure ");
    while (bar) {
        int length = 0;
        char *end = strstr(bar, "</measure>");
        assert_non_null(end);
        *end = '\0';
        assert_int_equal(attribute_value(bar, "number=\""), ++s.bars);
        for (char *p = strstr(bar, "<note>"); p; p = strstr(p + 1, "<note>")) {
            char *stop = strstr(p, "</note>"), type[16];
            assert_non_null(stop);
            *stop = '\0';
            int duration = attribute_value(p, "<duration>"), told = 0;
            assert_int_equal(sscanf(strstr(p, "<type>"), "<type>%15[^<]", type), 1);
            for (size_t i = 0; i < 5; i++)
                if (!strcmp(type, types[i].type))
                    told = types[i].length;
            if (strstr(p, "<dot/>"))
                told += told / 2;
            assert_int_equal(told, duration);
            length += duration;
            if (strstr(p, "<rest")) {
                s.rested += duration;
            } else {
                s.sung += duration;
                s.notes += !strstr(p, "<tie type=\"stop\"/>");
                s.tied += !!strstr(p, "<tie type=\"start\"/>");
            }
            *stop = '<';
        }
        s.full_bars += length == 16;
        bar = strstr(end + 1, "<measure ");
    }
    return s;
}

static void every_bar_of_a_score_is_full(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= 50; seed++) {
        avsvt_note n[120];
        struct avsvt_notes list = list_of(n, seed % 7 ? 120 : 0);
        avsvt_export_options o = AVSVT_EXPORT_OPTIONS_INIT;
        random_notes(n, 120, seed);
        o.tempo_bpm = 20.0 + seed * 18.0;
        avsvt_bytes out = format_as(&list, AVSVT_FORMAT_MUSICXML, &o);
        score s = read_score(out.data);
        assert_true(s.bars >= 1);
        assert_int_equal(s.full_bars, s.bars);
        assert_true(s.notes <= (int)list.count);
        avsvt_bytes_free(&out);
    }
}

static void a_note_across_a_bar_line_is_tied(void **state)
{
    avsvt_note n[] = { make_note(1.5, 2.5, 61), make_note(2.5, 6.5, 60) };
    struct avsvt_notes list = list_of(n, 2);
    (void)state;
    avsvt_bytes out = format_as(&list, AVSVT_FORMAT_MUSICXML, NULL);
    assert_non_null(strstr(out.data, "<step>C</step><alter>1</alter><octave>4</octave>"));
    score s = read_score(out.data);
    assert_int_equal(s.bars, 4);
    assert_int_equal(s.notes, 2);
    assert_int_equal(s.tied, 3);
    assert_int_equal(s.sung, 40);
    avsvt_bytes_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_grid_never_holds_two_notes_at_once),
        cmocka_unit_test(a_chart_reads_as_expected),
        cmocka_unit_test(a_chart_names_its_recording_as_it_lies_beside),
        cmocka_unit_test(what_sounds_across_0_s_loses_only_what_is_before_it),
        cmocka_unit_test(every_bar_of_a_score_is_full),
        cmocka_unit_test(a_note_across_a_bar_line_is_tied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
