/* SPDX-License-Identifier: MIT */
/* Landmarks of detectors: the formats that are read, and what is refused. */
#include "support/test.h"

#include <math.h>
#include <stdio.h>

#include <avsvt/avsvt.h>

#include "support/failing_allocator.h"
#include "support/scratch.h"

/* [[0, 0.5], [1, 1.5], ... 68] and the numbers after it */
static size_t json_set(char *to)
{
    size_t n = (size_t)sprintf(to, "[");
    for (int i = 0; i < 68; i++)
        n += (size_t)sprintf(to + n, "%s[%d, %d.5]", i ? ", " : "", i, i);
    return n + (size_t)sprintf(to + n, "]");
}

static avsvt_tensor *read_ok(const char *path, int64_t count)
{
    avsvt_tensor *t = NULL;
    avsvt_error err = AVSVT_ERROR_INIT;
    if (avsvt_landmarks_read(&t, NULL, path, &err))
        fail_msg("%s", err.message);
    assert_int_equal(avsvt_tensor_dtype(t), AVSVT_F64);
    assert_int_equal(avsvt_tensor_size(t, 0), count);
    assert_int_equal(avsvt_tensor_size(t, 1), 68);
    assert_int_equal(avsvt_tensor_size(t, 2), 2);
    return t;
}

static void assert_set(const avsvt_tensor *t, size_t set, double shift)
{
    const double *p = (const double *)avsvt_tensor_data(t) + set * 136;
    for (int i = 0; i < 68; i++) {
        assert_true(p[2 * i] == i + shift);
        assert_true(p[2 * i + 1] == i + shift + 0.5);
    }
}

static void json_holds_sets_and_null(void **state)
{
    char text[4000];
    (void)state;
    size_t n = (size_t)sprintf(text, " [null,\n");
    n += json_set(text + n);
    sprintf(text + n, "\n]\n");
    avsvt_tensor *t = read_ok(scratch_write("l.json", text, strlen(text)), 2);
    assert_true(isnan(*(const double *)avsvt_tensor_data(t)));
    assert_set(t, 1, 0);
    avsvt_tensor_free(t);
}

static size_t csv_text(char *to)
{
    size_t n = (size_t)sprintf(to, "frame, success");
    for (int i = 0; i < 68; i++)
        n += (size_t)sprintf(to + n, ", x_%d", i);
    for (int i = 0; i < 68; i++)
        n += (size_t)sprintf(to + n, ", y_%d", i);
    for (int line = 0; line < 3; line++) {
        n += (size_t)sprintf(to + n, "\r\n%d, %d", line + 1, line != 1);
        for (int i = 0; i < 68; i++)
            n += (size_t)sprintf(to + n, ", %d", i + line);
        for (int i = 0; i < 68; i++)
            n += (size_t)sprintf(to + n, ", %d.5", i + line);
    }
    return n;
}

static void csv_is_read_as_openface_writes_it(void **state)
{
    char text[8000];
    (void)state;
    avsvt_tensor *t = read_ok(scratch_write("l.csv", text, csv_text(text)), 3);
    assert_set(t, 0, 0);
    assert_true(isnan(((const double *)avsvt_tensor_data(t))[136])); /* success 0 */
    assert_set(t, 2, 2);
    avsvt_tensor_free(t);
}

static void byte_order_marks_and_endings_in_capitals_are_passed(void **state)
{
    char text[8000] = "\xEF\xBB\xBF[";
    (void)state;
    size_t n = 4 + json_set(text + 4);
    strcpy(text + n, "]");
    avsvt_tensor_free(read_ok(scratch_write("l.JSON", text, strlen(text)), 1));
    n = (size_t)sprintf(text, "\xEF\xBB\xBF");
    for (int i = 0; i < 68; i++)
        n += (size_t)sprintf(text + n, "x%d,y%d,", i, i);
    n += (size_t)sprintf(text + n, "more\n");
    for (int i = 0; i < 68; i++)
        n += (size_t)sprintf(text + n, "%d,%d.5,", i, i);
    sprintf(text + n, "0\n");
    avsvt_tensor *t = read_ok(scratch_write("l.Csv", text, strlen(text)), 1);
    assert_set(t, 0, 0);
    avsvt_tensor_free(t);
}

static void arrays_of_floats_and_whole_numbers_are_read(void **state)
{
    static const int32_t types[] = { AVSVT_F32, AVSVT_F64, AVSVT_I32, AVSVT_I64 };
    static const int64_t shape[] = { 2, 68, 2 };
    (void)state;
    for (size_t k = 0; k < 4; k++) {
        union { float f[272]; double d[272]; int32_t i[272]; int64_t l[272]; } data;
        for (int i = 0; i < 272; i++) {
            switch (types[k]) {
            case AVSVT_F32: data.f[i] = (float)i; break;
            case AVSVT_F64: data.d[i] = i; break;
            case AVSVT_I32: data.i[i] = i; break;
            default: data.l[i] = i; break;
            }
        }
        avsvt_tensor *t = NULL;
        const char *path = scratch_path("l.npy");
        assert_int_equal(avsvt_tensor_create(&t, NULL, types[k], 3, shape, &data, NULL, NULL,
                                             NULL), AVSVT_OK);
        assert_int_equal(avsvt_tensor_write(t, path, NULL), AVSVT_OK);
        avsvt_tensor_free(t);
        t = read_ok(path, 2);
        for (int i = 0; i < 272; i++)
            assert_true(((const double *)avsvt_tensor_data(t))[i] == i);
        avsvt_tensor_free(t);
    }
}

static void what_is_no_landmarks_says_what_is_wrong(void **state)
{
    static const struct { const char *name, *text, *words; } bad[] = {
        { "a.json", "{}", "is no list" }, { "a.json", "[]", "no landmarks" },
        { "a.json", "[[[1, 2]]]", "picture 0 are not 68" }, { "a.json", "[null null]", "comma" },
        { "a.json", "[null] x", "after the list" }, { "a.json", "[null", "comma" },
        { "a.json", "[nul]", "picture 0" }, { "a.json", "", "" },
        { "a.csv", "frame,x_0\n1,2\n", "x_0 to x_67" }, { "a.csv", "x,y\n", "first line" },
        { "a.npy", "not numpy", "neither" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        avsvt_error err = AVSVT_ERROR_INIT;
        avsvt_tensor *t;
        const char *path = scratch_write(bad[i].name, bad[i].text, strlen(bad[i].text));
        assert_int_equal(avsvt_landmarks_read(&t, NULL, path, &err), AVSVT_E_FORMAT);
        assert_says(err, bad[i].words);
        assert_null(t);
    }
}

static void a_bad_line_is_named(void **state)
{
    char text[8000];
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_tensor *t;
    (void)state;
    size_t n = csv_text(text);
    assert_int_equal(avsvt_landmarks_read(&t, NULL, scratch_write("a.csv", text, n - 10), &err),
                     AVSVT_E_FORMAT); /* a column too few */
    assert_says(err, "picture 2");
    memcpy(strstr(text, "\r\n2, 0, ") + 8, "x", 1);
    assert_int_equal(avsvt_landmarks_read(&t, NULL, scratch_write("a.csv", text, n), &err),
                     AVSVT_E_FORMAT);
    assert_says(err, "picture 1");
}

static void arguments_are_checked(void **state)
{
    avsvt_tensor *t;
    (void)state;
    assert_int_equal(avsvt_landmarks_read(NULL, NULL, "x.npy", NULL), AVSVT_E_ARG);
    assert_int_equal(avsvt_landmarks_read(&t, NULL, NULL, NULL), AVSVT_E_ARG);
    assert_int_equal(avsvt_landmarks_read(&t, NULL, scratch_path("no.json"), NULL),
                     AVSVT_E_NOT_FOUND);
    assert_int_equal(avsvt_tensor_read(&t, NULL, scratch_path("no.npy"), NULL, NULL),
                     AVSVT_E_NOT_FOUND);
    assert_int_equal(avsvt_tensor_read(&t, NULL, "", NULL, NULL), AVSVT_E_ARG);
}

static void tensors_are_written_as_numpy_and_as_pictures(void **state)
{
    static const int64_t shape[] = { 3, 2, 3 };
    unsigned char data[18];
    avsvt_tensor *t = NULL, *back = NULL;
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_bytes bytes;
    (void)state;
    for (size_t i = 0; i < 18; i++)
        data[i] = (unsigned char)(14 * i);
    assert_int_equal(avsvt_tensor_create(&t, NULL, AVSVT_U8, 3, shape, data, NULL, NULL, NULL),
                     AVSVT_OK);
    assert_int_equal(avsvt_tensor_format(&bytes, t, AVSVT_TENSOR_PNG, &err), AVSVT_OK);
    assert_memory_equal(bytes.data, "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\2\0\0\0\3\10\2", 26);
    assert_memory_equal(bytes.data + bytes.size - 8, "IEND\xae\x42\x60\x82", 8);
    avsvt_bytes_free(&bytes);
    assert_int_equal(avsvt_tensor_format(&bytes, t, AVSVT_TENSOR_NPY, &err), AVSVT_OK);
    assert_int_equal((bytes.size - 18) % 64, 0);
    avsvt_bytes_free(&bytes);
    assert_int_equal(avsvt_tensor_format(&bytes, t, 3, &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_tensor_write(t, scratch_path("t.jpg"), &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_tensor_write(NULL, "t.npy", &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_tensor_write(t, scratch_path("t.npy"), &err), AVSVT_OK);
    assert_int_equal(avsvt_tensor_read(&back, NULL, scratch_path("t.npy"), NULL, &err), AVSVT_OK);
    assert_memory_equal(avsvt_tensor_data(back), data, 18);
    avsvt_tensor_free(back);
    avsvt_tensor_free(t);
    assert_int_equal(avsvt_tensor_create(&t, NULL, AVSVT_F32, 0, NULL, data, NULL, NULL, NULL),
                     AVSVT_OK);
    assert_int_equal(avsvt_tensor_write(t, scratch_path("t.npy"), &err), AVSVT_OK);
    assert_int_equal(avsvt_tensor_read(&back, NULL, scratch_path("t.npy"), NULL, &err), AVSVT_OK);
    assert_int_equal(avsvt_tensor_ndim(back), 0);
    assert_int_equal(avsvt_tensor_format(&bytes, t, AVSVT_TENSOR_PNG, &err), AVSVT_E_ARG);
    avsvt_tensor_free(back);
    avsvt_tensor_free(t);
}

static avsvt_status read_with(const avsvt_allocator *a, void *user)
{
    avsvt_context_options opts = AVSVT_CONTEXT_OPTIONS_INIT;
    avsvt_context *context = NULL;
    avsvt_tensor *t = NULL;
    avsvt_bytes bytes = AVSVT_BYTES_INIT;
    opts.allocator = a;
    avsvt_status status = avsvt_context_create(&context, &opts, NULL);
    if (status == AVSVT_OK)
        status = avsvt_landmarks_read(&t, context, user, NULL);
    if (status == AVSVT_OK)
        status = avsvt_tensor_format(&bytes, t, AVSVT_TENSOR_NPY, NULL);
    avsvt_bytes_free(&bytes);
    avsvt_tensor_free(t);
    avsvt_context_free(context);
    return status;
}

static void every_failed_allocation_is_told_and_leaks_nothing(void **state)
{
    char text[8000], path[4096];
    (void)state;
    snprintf(path, sizeof(path), "%s", scratch_write("l.csv", text, csv_text(text)));
    assert_true(failing_allocator_each(read_with, path) >= 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_holds_sets_and_null),
        cmocka_unit_test(csv_is_read_as_openface_writes_it),
        cmocka_unit_test(byte_order_marks_and_endings_in_capitals_are_passed),
        cmocka_unit_test(arrays_of_floats_and_whole_numbers_are_read),
        cmocka_unit_test(what_is_no_landmarks_says_what_is_wrong),
        cmocka_unit_test(a_bad_line_is_named),
        cmocka_unit_test(arguments_are_checked),
        cmocka_unit_test(tensors_are_written_as_numpy_and_as_pictures),
        cmocka_unit_test(every_failed_allocation_is_told_and_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
