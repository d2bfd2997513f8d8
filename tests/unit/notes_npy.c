/* SPDX-License-Identifier: MIT */
/* Arrays of NumPy as lists of notes. */
#include "support/test.h"

#include <math.h>
#include <stdio.h>

#include "import/read.h"
#include "support/npz.h"

typedef struct file {
    unsigned char bytes[512];
    size_t size;
} file;

static file array(const char *descr, const char *shape, const void *data, size_t size)
{
    file f;
    memset(&f, ' ', sizeof(f));
    memcpy(f.bytes, "\x93NUMPY\x01\x00\x76\x00", 10);
    int n = snprintf((char *)f.bytes + 10, 110, "{'descr': '%s', 'fortran_order': False, "
                     "'shape': %s, }", descr, shape);
    f.bytes[10 + n] = ' ';
    f.bytes[127] = '\n';
    memcpy(f.bytes + 128, data, size);
    f.size = 128 + size;
    return f;
}

static avsvt_status parse(const file *f, avsvti_note_list *list, avsvt_error *err)
{
    char *copy = malloc(f->size + 1);
    assert_non_null(copy);
    memcpy(copy, f->bytes, f->size);
    copy[f->size] = '\0';
    avsvti_note_list_init(list, avsvti_default_allocator());
    avsvt_status status = avsvti_notes_parse(list, copy, f->size, "f.npy", err);
    free(copy);
    return status;
}

static void check(const file *f, size_t count)
{
    avsvti_note_list list;
    avsvt_error err = AVSVT_ERROR_INIT;
    if (parse(f, &list, &err))
        fail_msg("%s", err.message);
    assert_int_equal(list.count, count);
    for (size_t i = 0; i < count; i++) {
        assert_true(fabs(list.notes[i].onset_s - (double)i) < 1e-9);
        assert_true(fabs(list.notes[i].offset_s - (double)i - 1) < 1e-9);
        assert_true(fabs(list.notes[i].pitch - 60 - (double)i) < 1e-9);
    }
    avsvti_note_list_free(&list);
}

static const double doubles[6] = { 0, 1, 60, 1, 2, 61 };

static void arrays_of_every_kind_are_read(void **state)
{
    static const float floats[8] = { 0, 1, 60, 7, 1, 2, 61, 7 };
    static const int64_t longs[6] = { 0, 1, 60, 1, 2, 61 };
    static const int32_t ints[6] = { 0, 1, 60, 1, 2, 61 };
    file f = array("<f8", "(2, 3)", doubles, sizeof(doubles));
    (void)state;
    check(&f, 2);
    f = array("<f4", "(2, 4)", floats, sizeof(floats));
    check(&f, 2);
    f = array("<i8", "(2, 3)", longs, sizeof(longs));
    check(&f, 2);
    f = array("<i4", "(2,3)", ints, sizeof(ints));
    check(&f, 2);
    f = array("|u1", "(2, 3)", "\0\1\74\1\2\75", 6); /* as all arrays elsewhere */
    check(&f, 2);
    f = array("<f8", "(0,)", doubles, 0);
    check(&f, 0);
    f = array("<f8", "(0, 3)", doubles, 0);
    check(&f, 0);
}

static void refuses_as(avsvt_status status, file f, const char *why)
{
    avsvti_note_list list;
    avsvt_error err = AVSVT_ERROR_INIT;
    assert_int_equal(parse(&f, &list, &err), status);
    assert_says(err, why);
    avsvti_note_list_free(&list);
}

static void refuses(file f, const char *why)
{
    refuses_as(AVSVT_E_FORMAT, f, why);
}

static void other_arrays_are_refused(void **state)
{
    static const double bad[6] = { 0, 1, 60, 1, 0.5, 61 };
    static const double nan_time[3] = { NAN, 1, 60 };
    file f = array("<f8", "(2, 3)", doubles, sizeof(doubles));
    (void)state;
    for (size_t n = 6; n < f.size; n++) { /* cut anywhere */
        file g = f;
        g.size = n;
        refuses(g, "f.npy: ");
    }
    refuses(array("<f8", "(3, 3)", doubles, sizeof(doubles)), "cut short");
    refuses(array("<f8", "(99999999999, 3)", doubles, sizeof(doubles)), "cut short");
    refuses(array("<f8", "(99999999999999999999, 3)", doubles, 8), "can't be read");
    refuses(array("<f8", "(0, 2)", doubles, 0), "rows of onset");
    refuses(array("<f8", "()", doubles, 8), "rows of onset");
    refuses(array("<f8", "(6,)", doubles, sizeof(doubles)), "rows of onset");
    refuses(array("<f8", "(3, 2)", doubles, sizeof(doubles)), "rows of onset");
    refuses_as(AVSVT_E_UNSUPPORTED, array(">f8", "(2, 3)", doubles, sizeof(doubles)),
               "its elements are '>f8'");
    refuses_as(AVSVT_E_UNSUPPORTED, array("|O", "(2, 3)", doubles, sizeof(doubles)),
               "its elements are '|O'");
    refuses_as(AVSVT_E_RANGE, array("<f8", "(99999999999999999, 3)", doubles, 8), "memory");
    refuses(array("<f8", "(2, 3)", bad, sizeof(bad)), "ends before");
    refuses(array("<f8", "(1, 3)", nan_time, sizeof(nan_time)), "out of range");
    f.bytes[6] = 9;
    refuses(f, "newer");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arrays_of_every_kind_are_read),
        cmocka_unit_test(other_arrays_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
