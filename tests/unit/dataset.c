/* SPDX-License-Identifier: MIT */
/* Cutting, labels and characters are those of the published programs. */
#include "support/test.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include <jansson.h>

#include "dataset/npy.h"
#include "dataset/tokens.h"
#include "dataset/utterance.h"
#include "support/npz.h"
#include "support/tree.h"

static json_t *golden(const char *name)
{
    char path[1024];
    const char *data = getenv("AVSVT_TEST_DATA");
    snprintf(path, sizeof(path), "%s/reference/%s", data ? data : "", name);
    if (access(path, R_OK)) {
        print_message("left out: %s is not there\n", path);
        skip();
    }
    json_t *all = json_load_file(path, 0, NULL);
    assert_non_null(all);
    return all;
}

static void check_rows(const json_t *rows, double duration, int video)
{
    int64_t count = video ? avsvti_video_utterances(duration, 5)
                          : avsvti_utterances(duration, 5);
    assert_int_equal(count, json_array_size(rows));
    for (int64_t i = 1; i <= count; i++) {
        const json_t *row = json_array_get(rows, (size_t)i - 1);
        char text[AVSVTI_NUMBER_SIZE], number[24];
        avsvti_utterance_duration(text, i, count, duration, 5);
        assert_string_equal(text, json_string_value(json_array_get(row, 1)));
        snprintf(number, sizeof(number), "%d", (int)i);
        assert_string_equal(number, json_string_value(json_array_get(row, 2)));
        snprintf(number, sizeof(number), "%d", (int)count);
        assert_string_equal(number, json_string_value(json_array_get(row, 3)));
    }
}

static void check_slices(const json_t *slices, int64_t samples, int64_t frames)
{
    int64_t count = avsvti_utterances((double)samples / 16000, 5), got[4];
    assert_int_equal(count, json_array_size(slices));
    for (int64_t i = 1; i <= count; i++) {
        const json_t *slice = json_array_get(slices, (size_t)i - 1);
        avsvti_utterance_range(&got[0], &got[1], i, count, 16000, 5, samples);
        avsvti_utterance_range(&got[2], &got[3], i, count, 49.8, 5, frames);
        for (size_t k = 0; k < 4; k++)
            assert_int_equal(got[k], json_integer_value(json_array_get(slice, k)));
    }
}

static void songs_are_cut_as_published(void **state)
{
    json_t *all = golden("svt/golden/case11_chunks.json"), *song, *list = NULL;
    const char *key;
    json_t *value;
    size_t i;
    (void)state;
    json_object_foreach(all, key, value)
        if (json_is_array(value))
            list = value;
    assert_int_equal(json_array_size(list), 13);
    json_array_foreach(list, i, song) {
        int64_t samples = json_integer_value(json_object_get(song, "samples"));
        double duration = (double)samples / 16000;
        int64_t frames = (int64_t)avsvti_round_even(duration * 49.8);
        int64_t pictures = json_integer_value(json_object_get(song, "video_frames"));
        assert_int_equal(frames, json_integer_value(json_object_get(song, "label_frames")));
        check_rows(json_object_get(song, "audio"), duration, 0);
        check_rows(json_object_get(song, "video"), (double)pictures / 50, 1);
        check_slices(json_object_get(song, "audio_slices_sample_and_label"), samples, frames);
    }
    json_decref(all);
}

static void check_tokens(const avsvti_tokens *t, const json_t *rows)
{
    size_t i, k;
    json_t *row;
    json_array_foreach(rows, i, row) {
        const char *text = json_string_value(json_object_get(row, "text"));
        const json_t *want = json_object_get(row, "tokens");
        int32_t got[256];
        assert_int_equal(avsvti_tokens_encode(t, text, got), -1);
        assert_int_equal(strlen(text), json_array_size(want));
        for (k = 0; k < strlen(text); k++)
            assert_int_equal(got[k], json_integer_value(json_array_get(want, k)));
        assert_int_equal(t->bos, json_integer_value(json_array_get(
            json_object_get(row, "tokens_bos"), 0)));
        assert_int_equal(t->eos, json_integer_value(json_array_get(
            json_object_get(row, "tokens_eos"), k)));
    }
}

/* Every line of a is one of b, in whatever order. */
static void assert_lines_in(const char *a, const char *b)
{
    for (const char *line = a; *line; line += strcspn(line, "\n") + 1) {
        size_t n = strcspn(line, "\n") + 1;
        const char *at = b;
        while (*at && strncmp(at, line, n))
            at += strcspn(at, "\n") + 1;
        if (!*at)
            fail_msg("there is no line '%.*s'", (int)n - 1, line);
    }
}

static void labels_are_those_of_the_table(void **state)
{
    json_t *all = golden("alt/golden/case12_labels.json");
    avsvti_buffer b;
    char path[1024], text[2000] = "";
    (void)state;
    snprintf(path, sizeof(path), "%s/reference/alt/data/label_encoder.txt",
             getenv("AVSVT_TEST_DATA"));
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    assert_in_range(fread(text, 1, sizeof(text) - 1, f), 100, 1900);
    fclose(f);
    avsvti_buffer_init(&b, avsvti_default_allocator());
    avsvti_tokens_print(&b, &avsvti_lyric_tokens);
    avsvti_buffer_append(&b, "", 1);
    assert_lines_in(text, b.data);
    assert_lines_in(b.data, text);
    avsvti_buffer_free(&b);
    assert_int_equal(avsvti_lyric_tokens.count, json_integer_value(json_object_get(all, "size")));
    check_tokens(&avsvti_lyric_tokens, json_object_get(all, "rows"));
    json_decref(all);
}

static void other_characters_are_found(void **state)
{
    (void)state;
    assert_int_equal(avsvti_tokens_encode(&avsvti_lyric_tokens, "AB-C", NULL), 2);
    assert_int_equal(avsvti_tokens_encode(&avsvti_lyric_tokens, "a", NULL), 0);
    assert_int_equal(avsvti_tokens_encode(&avsvti_lyric_tokens, "\xC3\x84", NULL), 0);
    assert_int_equal(avsvti_tokens_encode(&avsvti_lyric_tokens, "", NULL), -1);
}

static void numbers_are_written_as_python_does(void **state)
{
    static const struct { double x; const char *text; } cases[] = {
        { 5, "5.0" }, { 0.1, "0.1" }, { 2.5199999999999996, "2.5199999999999996" },
        { 6.369999999999997, "6.369999999999997" }, { 1e5, "100000.0" },
        { 1.0 / 3, "0.3333333333333333" }, { 0, "0.0" }, { -2.5, "-2.5" },
        { 100.0 / 44100, "0.0022675736961451248" }, { 1 / 3e3, "0.0003333333333333333" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[AVSVTI_NUMBER_SIZE];
        avsvti_python_float(text, cases[i].x);
        assert_string_equal(text, cases[i].text);
    }
    assert_true(avsvti_round_even(2.5) == 2 && avsvti_round_even(3.5) == 4);
    assert_true(avsvti_round_even(2.4) == 2 && avsvti_round_even(2.6) == 3);
    assert_true(avsvti_round_even(-0.5) == 0 && avsvti_round_even(-1.5) == -2);
}

static void arrays_are_numpys(void **state)
{
    static const double x[6] = { 0, 1, -2, 3, 4, 5.5 };
    npz_file f;
    npz_array array;
    int64_t rows;
    (void)state;
    for (int fractions = 0; fractions < 2; fractions++) {
        const char *path = tree_path("x.npy");
        assert_int_equal(avsvti_npy_write(path, x, 3, 2, fractions, NULL, NULL), AVSVT_OK);
        assert_int_equal(avsvti_npy_rows(&rows, path, NULL, NULL), AVSVT_OK);
        assert_int_equal(rows, 3);
        assert_true(npz_open(&f, path) && npz_get(&f, "x", &array));
        assert_int_equal(array.type, fractions ? NPZ_F64 : NPZ_I64);
        assert_true(array.ndim == 2 && array.shape[0] == 3 && array.shape[1] == 2);
        for (size_t i = 0; i < 6; i++)
            assert_true(npz_value(&array, i) == (fractions ? x[i] : trunc(x[i])));
        npz_array_free(&array);
        npz_close(&f);
    }
    tree_text("bad.npy", "\x93NUMPY no array");
    assert_int_equal(avsvti_npy_rows(&rows, tree_path("bad.npy"), NULL, NULL), AVSVT_E_FORMAT);
    tree_text("empty.npy", "");
    assert_int_equal(avsvti_npy_rows(&rows, tree_path("empty.npy"), NULL, NULL), AVSVT_E_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(songs_are_cut_as_published),
        cmocka_unit_test(labels_are_those_of_the_table),
        cmocka_unit_test(other_characters_are_found),
        cmocka_unit_test(numbers_are_written_as_python_does),
        cmocka_unit_test(arrays_are_numpys),
    };
    return cmocka_run_group_tests(tests, tree_make, tree_remove);
}
