/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
/* Models open when they are whole and their manifest is right, else not. */
#include "support/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "model/model.h"
#include "models/builtin.h"
#include "support/failing_allocator.h"
#include "support/model_file.h"

#define GOOD "avsvt: 1\nname: x\nrole: extractor\n"

static avsvt_status try_manifest(const char *text, avsvt_error *err)
{
    avsvt_model *model = NULL;
    size_t size;
    unsigned char *data = model_file_make(text, &size);
    avsvt_status status = avsvt_model_open_memory(&model, NULL, data, size,
                                                  "some.pt", err);
    free(data);
    assert_true((model != NULL) == (status == AVSVT_OK));
    avsvt_model_free(model);
    return status;
}

static void a_model_tells_its_manifest(void **state)
{
    (void)state;
    avsvt_model *m = model_file_open(NULL, MODEL_FILE_NOTES);
    assert_string_equal(avsvt_model_get(m, "name"), "test-notes");
    assert_string_equal(avsvt_model_get(m, "input.sample_rate"), "16000");
    assert_string_equal(avsvt_model_manifest(m), MODEL_FILE_NOTES);
    assert_string_equal(avsvt_model_path(m), "test.pt");
    assert_null(avsvt_model_get(m, "none"));
    assert_null(avsvt_model_get(m, NULL));
    assert_ptr_equal(avsvt_model_ref(m), m);
    avsvt_model_free(m);
    assert_string_equal(avsvt_model_get(m, "role"), "pipeline");
    avsvt_model_free(m);
}

static void null_is_answered_not_followed(void **state)
{
    avsvt_model *m = NULL;
    (void)state;
    assert_null(avsvt_model_get(NULL, "name"));
    assert_null(avsvt_model_manifest(NULL));
    assert_null(avsvt_model_path(NULL));
    assert_null(avsvt_model_ref(NULL));
    avsvt_model_free(NULL);
    assert_int_equal(avsvt_model_open(NULL, NULL, "x", NULL), AVSVT_E_ARG);
    assert_int_equal(avsvt_model_open_memory(NULL, NULL, "x", 1, NULL, NULL),
                     AVSVT_E_ARG);
    assert_int_equal(avsvt_model_open_memory(&m, NULL, NULL, 1, NULL, NULL),
                     AVSVT_E_ARG);
    assert_int_equal(avsvt_model_open_memory(&m, NULL, NULL, 0, NULL, NULL),
                     AVSVT_E_FORMAT);
}

static void the_compiled_in_model_opens(void **state)
{
    avsvt_model *m = NULL;
    (void)state;
    assert_int_equal(avsvt_model_open(&m, NULL, NULL, NULL), AVSVT_OK);
    assert_string_equal(avsvt_model_path(m), "(built in)");
    assert_true(avsvti_model_is(m, "task", "notes"));
    avsvt_model_free(m);
}

static void newer_and_missing_format_versions_are_told_apart(void **state)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    (void)state;
    assert_int_equal(try_manifest(GOOD, &err), AVSVT_OK);
    assert_int_equal(try_manifest("avsvt: 2\nname: x\nrole: extractor\n", &err),
                     AVSVT_E_UNSUPPORTED);
    assert_says(err, "some.pt");
    assert_says(err, "update the library");
    assert_int_equal(try_manifest("name: x\nrole: extractor\n", &err),
                     AVSVT_E_FORMAT);
    assert_int_equal(try_manifest("just text\n", &err), AVSVT_E_FORMAT);
    assert_int_equal(try_manifest("[1, 2]\n", &err), AVSVT_E_FORMAT);
    assert_int_equal(try_manifest("", &err), AVSVT_E_FORMAT);
    assert_int_equal(try_manifest("a: [\n", &err), AVSVT_E_FORMAT);
    assert_says(err, "some.pt");
}

static void wrong_values_are_refused_by_their_key(void **state)
{
    static const struct { const char *text, *key; } wrong[] = {
        { "avsvt: 0\nname: x\nrole: extractor\n", "avsvt" },
        { "avsvt: -1\nname: x\nrole: extractor\n", "avsvt" },
        { "avsvt: 1.5\nname: x\nrole: extractor\n", "avsvt" },
        { "avsvt: one\nname: x\nrole: extractor\n", "avsvt" },
        { "avsvt: [1]\nname: x\nrole: extractor\n", "avsvt" },
        { "avsvt: 1\nrole: extractor\n", "name" },
        { "avsvt: 1\nname:\nrole: extractor\n", "name" },
        { "avsvt: 1\nname: [x]\nrole: extractor\n", "name" },
        { "avsvt: 1\nname: x\n", "role" },
        { "avsvt: 1\nname: x\nrole: king\n", "role" },
        { "avsvt: 1\nname: x\nrole: pipeline\n", "task" },
        { "avsvt: 1\nname: x\nrole: head\ntask: dance\n", "task" },
        { GOOD "task: dance\n", "task" },
        { GOOD "task: [notes]\n", "task" },
        { GOOD "input: {sample_rate: 0}\n", "input.sample_rate" },
        { GOOD "input: {sample_rate: -16000}\n", "input.sample_rate" },
        { GOOD "input: {sample_rate: 1e12}\n", "input.sample_rate" },
        { GOOD "input: {sample_rate: nan}\n", "input.sample_rate" },
        { GOOD "input: {sample_rate: 16000.5}\n", "input.sample_rate" },
        { GOOD "input: {sample_rate: 16 kHz}\n", "input.sample_rate" },
        { GOOD "input: {sample_rate: {hz: 1}}\n", "input.sample_rate" },
        { GOOD "input: {hop: 0}\n", "input.hop" },
        { GOOD "input: {hop: 0x140}\n", "input.hop" },
        { GOOD "output: {frame_rate: 0}\n", "output.frame_rate" },
        { GOOD "output: {frame_rate: -.inf}\n", "output.frame_rate" },
        { GOOD "output: {fine: {bins: 1e9}}\n", "output.fine.bins" },
        { GOOD "output: {fine: {step: 0}}\n", "output.fine.step" },
        { GOOD "chunk: {length_s: 0}\n", "chunk.length_s" },
        { GOOD "chunk: {context_s: -1}\n", "chunk.context_s" },
        { GOOD "decode: {onset_threshold: 1.01}\n", "decode.onset_threshold" },
        { GOOD "decode: {offset_delay_s: -1}\n", "decode.offset_delay_s" },
        { GOOD "decode: {sung_share: most}\n", "decode.sung_share" },
        { GOOD "decode: {fill_s: 60}\n", "decode.fill_s" },
        { GOOD "decode: {hold_s: .nan}\n", "decode.hold_s" },
        { GOOD "decode: {window: 2.5}\n", "decode.window" },
        { GOOD "decode: {window: 1001}\n", "decode.window" },
        { GOOD "decode: {min_duration_s: -1}\n", "decode.min_duration_s" },
        { GOOD "output: {fine: {bins: 4097}}\n", "output.fine.bins" },
        { GOOD "decode: {rule: mine}\n", "decode.rule" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        avsvt_error err = AVSVT_ERROR_INIT;
        if (try_manifest(wrong[i].text, &err) != AVSVT_E_FORMAT)
            fail_msg("not refused: %s", wrong[i].text);
        assert_says(err, "some.pt");
        assert_says(err, wrong[i].key);
    }
}

static void typed_getters_keep_what_is_absent(void **state)
{
    double number = 7;
    int64_t whole = INT64_C(9007199254740993);
    avsvt_error err = AVSVT_ERROR_INIT;
    (void)state;
    avsvt_model *m = model_file_open(NULL, GOOD "n: 0.25\nw: -3\nt: 1,5\n");
    assert_int_equal(avsvti_model_number(m, "none", 0, 1, &number, &err), AVSVT_OK);
    assert_true(number == 7);
    assert_int_equal(avsvti_model_integer(m, "none", 0, 1, &whole, &err), AVSVT_OK);
    assert_true(whole == INT64_C(9007199254740993));
    assert_int_equal(avsvti_model_number(m, "n", 0, 1, &number, &err), AVSVT_OK);
    assert_true(number == 0.25);
    assert_int_equal(avsvti_model_integer(m, "w", -3, 1, &whole, &err), AVSVT_OK);
    assert_true(whole == -3);
    assert_int_equal(avsvti_model_integer(m, "w", -2, 1, &whole, &err),
                     AVSVT_E_FORMAT);
    assert_says(err, "-2 to 1");
    assert_int_equal(avsvti_model_integer(m, "n", 0, 1, &whole, &err),
                     AVSVT_E_FORMAT);
    assert_int_equal(avsvti_model_number(m, "t", 0, 9, &number, &err),
                     AVSVT_E_FORMAT);
    assert_true(whole == -3 && number == 0.25);
    avsvt_model_free(m);
}

static void files_that_are_no_models_are_told_apart(void **state)
{
    const model_file_part other[] = { { "a/b", "text", 4 } };
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_model *m = NULL;
    size_t size;
    (void)state;
    assert_int_equal(avsvt_model_open(&m, NULL, "/no/such/file.pt", &err),
                     AVSVT_E_NOT_FOUND);
    assert_says(err, "/no/such/file.pt");
    assert_int_equal(avsvt_model_open(&m, NULL, "", &err), AVSVT_E_NOT_FOUND);
    assert_int_equal(avsvt_model_open(&m, NULL, "/", &err), AVSVT_E_IO);
    assert_int_equal(avsvt_model_open(&m, NULL, "/dev/null", &err), AVSVT_E_IO);
    assert_int_equal(avsvt_model_open_memory(&m, NULL, "RIFFxxxxWAVE", 12,
                                             "a.wav", &err), AVSVT_E_FORMAT);
    assert_says(err, "a.wav");
    assert_says(err, "not a model file");
    unsigned char *data = model_file_zip(other, 1, &size);
    assert_int_equal(avsvt_model_open_memory(&m, NULL, data, size, NULL, &err),
                     AVSVT_E_FORMAT);
    assert_says(err, "(memory)");
    assert_says(err, "without a manifest");
    assert_null(m);
    free(data);
}

static void truncations_and_flipped_bytes_of_parts_are_refused(void **state)
{
    avsvt_model *m = NULL;
    size_t size;
    (void)state;
    unsigned char *data = model_file_make(GOOD, &size);
    for (size_t n = 0; n < size; n++)
        assert_int_equal(avsvt_model_open_memory(&m, NULL, data, n, NULL, NULL),
                         AVSVT_E_FORMAT);
    const unsigned char *weights = (const unsigned char *)"weights";
    size_t at = 0;
    while (memcmp(data + at, weights, 7))
        at++;
    for (size_t i = at; i < at + 7; i++) {
        data[i] ^= 0x10;
        assert_int_equal(avsvt_model_open_memory(&m, NULL, data, size, NULL,
                                                 NULL), AVSVT_E_FORMAT);
        data[i] ^= 0x10;
    }
    assert_int_equal(avsvt_model_open_memory(&m, NULL, data, size, NULL, NULL),
                     AVSVT_OK);
    avsvt_model_free(m);
    free(data);
}

static void a_file_opens_like_memory_and_may_vanish_afterwards(void **state)
{
    char path[] = "/tmp/avsvt-model-XXXXXX";
    avsvt_model *m = NULL;
    size_t size;
    (void)state;
    unsigned char *data = model_file_make(GOOD, &size);
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_true(write(fd, data, size) == (ssize_t)size);
    assert_int_equal(avsvt_model_open(&m, NULL, path, NULL), AVSVT_OK);
    assert_int_equal(ftruncate(fd, 0), 0);
    close(fd);
    assert_string_equal(avsvt_model_path(m), path);
    unlink(path);
    assert_string_equal(avsvt_model_get(m, "name"), "x");
    avsvt_model_free(m);
    free(data);
}

static avsvt_status open_in_context(const avsvt_allocator *a, void *user)
{
    avsvt_context_options opts = AVSVT_CONTEXT_OPTIONS_INIT;
    avsvt_context *context = NULL;
    avsvt_model *model = NULL;
    size_t size;
    (void)user;
    opts.allocator = a;
    avsvt_status status = avsvt_context_create(&context, &opts, NULL);
    if (status != AVSVT_OK)
        return status;
    unsigned char *data = model_file_make(MODEL_FILE_NOTES, &size);
    status = avsvt_model_open_memory(&model, context, data, size, "x", NULL);
    avsvt_context_free(context);
    avsvt_model_free(model);
    free(data);
    return status;
}

static void every_failed_allocation_is_told_and_leaks_nothing(void **state)
{
    (void)state;
    assert_true(failing_allocator_each(open_in_context, NULL) >= 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_model_tells_its_manifest),
        cmocka_unit_test(null_is_answered_not_followed),
        cmocka_unit_test(the_compiled_in_model_opens),
        cmocka_unit_test(newer_and_missing_format_versions_are_told_apart),
        cmocka_unit_test(wrong_values_are_refused_by_their_key),
        cmocka_unit_test(typed_getters_keep_what_is_absent),
        cmocka_unit_test(files_that_are_no_models_are_told_apart),
        cmocka_unit_test(truncations_and_flipped_bytes_of_parts_are_refused),
        cmocka_unit_test(a_file_opens_like_memory_and_may_vanish_afterwards),
        cmocka_unit_test(every_failed_allocation_is_told_and_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
