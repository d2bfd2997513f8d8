/* SPDX-License-Identifier: MIT */
/* Zip files are read where they are whole, and refused where they are not. */
#include "support/test.h"

#include <stdio.h>

#include <zlib.h>

#include "core/archive.h"
#include "core/archive_write.h"
#include "support/failing_allocator.h"
#include "support/model_file.h"

static const model_file_part two_parts[] = {
    { "top/extra/avsvt.yaml", "avsvt: 1\n", 9 },
    { "top/data/0", "0123456789", 10 },
};

static avsvt_status open_bytes(avsvti_archive *z, const void *data, size_t size,
                               avsvt_error *err)
{
    return avsvti_archive_open(z, avsvti_default_allocator(), data, size,
                               "file.pt", err);
}

/* Everything that can be done with bytes that are perhaps a zip. */
static avsvt_status read_all(const void *data, size_t size)
{
    avsvti_archive z;
    avsvt_status status = open_bytes(&z, data, size, NULL);
    if (status != AVSVT_OK)
        return status;
    status = avsvti_archive_verify(&z, NULL);
    for (size_t i = 0; i < z.count && status == AVSVT_OK; i++) {
        char *text = NULL;
        size_t n = 0;
        status = avsvti_archive_extract(&text, &n, &z, &z.entries[i], 1 << 20,
                                        NULL);
        assert_true((status == AVSVT_OK) == (text != NULL));
        free(text);
    }
    avsvti_archive_close(&z);
    return status;
}

static void finds_and_unpacks_parts_below_the_first_folder(void **state)
{
    avsvti_archive z;
    size_t size, n;
    char *text;
    (void)state;
    unsigned char *data = model_file_zip(two_parts, 2, &size);
    assert_int_equal(open_bytes(&z, data, size, NULL), AVSVT_OK);
    assert_int_equal(z.count, 2);
    const avsvti_archive_entry *e = avsvti_archive_find(&z, "extra/avsvt.yaml");
    assert_ptr_equal(e, &z.entries[0]);
    assert_ptr_equal(avsvti_archive_find(&z, "top/data/0"), &z.entries[1]);
    assert_null(avsvti_archive_find(&z, "avsvt.yaml"));
    assert_null(avsvti_archive_find(&z, ""));
    assert_int_equal(avsvti_archive_extract(&text, &n, &z, e, 9, NULL), AVSVT_OK);
    assert_int_equal(n, 9);
    assert_string_equal(text, "avsvt: 1\n");
    free(text);
    assert_int_equal(avsvti_archive_extract(&text, &n, &z, e, 8, NULL),
                     AVSVT_E_UNSUPPORTED);
    assert_null(text);
    avsvti_archive_close(&z);
    free(data);
}

static void every_truncation_is_refused(void **state)
{
    size_t size;
    (void)state;
    unsigned char *data = model_file_zip(two_parts, 2, &size);
    for (size_t n = 0; n < size; n++) {
        unsigned char *part = malloc(n ? n : 1);
        memcpy(part, data, n);
        if (read_all(part, n) != AVSVT_E_FORMAT)
            fail_msg("%zu of %zu bytes were not refused", n, size);
        free(part);
    }
    assert_int_equal(read_all(data, size), AVSVT_OK);
    free(data);
}

static void a_flipped_bit_of_data_name_or_sum_is_refused(void **state)
{
    size_t size;
    (void)state;
    unsigned char *data = model_file_zip(two_parts, 2, &size);
    for (size_t bit = 0; bit < size * 8; bit++) {
        data[bit / 8] ^= (unsigned char)(1u << bit % 8);
        avsvt_status status = read_all(data, size);
        data[bit / 8] ^= (unsigned char)(1u << bit % 8);
        /* In the first part: 14..25 sum and sizes, from 26 names and data. */
        if (bit / 8 >= 14 && bit / 8 < 30 + 20 + 9)
            assert_int_equal(status, AVSVT_E_FORMAT);
        assert_true(status == AVSVT_OK || status == AVSVT_E_FORMAT ||
                    status == AVSVT_E_UNSUPPORTED);
    }
    free(data);
}

static void random_bytes_are_refused(void **state)
{
    unsigned char data[600];
    uint32_t seed = 1;
    (void)state;
    for (int round = 0; round < 2000; round++) {
        for (size_t i = 0; i < sizeof(data); i++)
            data[i] = (unsigned char)((seed = seed * 1664525u + 1013904223u) >> 24);
        if (round & 1)
            memcpy(data, "PK\3\4", 4);
        if (round & 2)
            memcpy(data + sizeof(data) - 22, "PK\5\6\0\0\0\0\1\0\1\0", 12);
        if (round & 2)
            memset(data + sizeof(data) - 2, 0, 2);
        assert_int_equal(read_all(data, sizeof(data)), AVSVT_E_FORMAT);
    }
    assert_int_equal(read_all("", 0), AVSVT_E_FORMAT);
    assert_int_equal(read_all(NULL, 0), AVSVT_E_FORMAT);
}

static void put32(unsigned char *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (unsigned char)(v >> 8 * i);
}

static void deflated_parts_are_unpacked_and_their_sizes_not_believed(void **state)
{
    static char text[100000];
    avsvti_archive z;
    size_t size, at, n;
    char *out;
    (void)state;
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = (char)("abcdefg"[i % 7] + i / 9999);
    unsigned char *data = model_file_zip_deflated("x/a", text, sizeof(text), &size, &at);
    assert_int_equal(open_bytes(&z, data, size, NULL), AVSVT_OK);
    assert_int_equal(avsvti_archive_verify(&z, NULL), AVSVT_OK);
    assert_int_equal(avsvti_archive_extract(&out, &n, &z, z.entries, 1 << 20,
                                            NULL), AVSVT_OK);
    assert_int_equal(n, sizeof(text));
    assert_memory_equal(out, text, n);
    free(out);
    avsvti_archive_close(&z);
    for (int more = -1; more <= 1; more += 2) {
        put32(data + 22, (uint32_t)((long)sizeof(text) + more));
        put32(data + at + 24, (uint32_t)((long)sizeof(text) + more));
        assert_int_equal(read_all(data, size), AVSVT_E_FORMAT);
    }
    /* No deflating makes so much of so little. */
    put32(data + 22, 0xFFFFFFFEu);
    put32(data + at + 24, 0xFFFFFFFEu);
    assert_int_equal(open_bytes(&z, data, size, NULL), AVSVT_E_FORMAT);
    free(data);
}

/* The same two parts with a directory in 64-bit form. */
static unsigned char *zip64(size_t *size)
{
    size_t old;
    unsigned char *data = model_file_zip(two_parts, 2, &old);
    unsigned char *more = calloc(1, old + 56 + 20);
    uint32_t length, offset;
    memcpy(&length, data + old - 10, 4);
    memcpy(&offset, data + old - 6, 4);
    memcpy(more, data, old - 22);
    unsigned char *p = more + old - 22;
    put32(p, 0x06064b50u);
    p[4] = 44;
    p[24] = p[32] = 2;
    put32(p + 40, length);
    put32(p + 48, offset);
    put32(p + 56, 0x07064b50u);
    put32(p + 64, (uint32_t)old - 22);
    p[72] = 1;
    memcpy(p + 76, data + old - 22, 22);
    memset(p + 76 + 8, 0xFF, 12);
    free(data);
    *size = old + 76;
    return more;
}

static void the_64_bit_form_is_read_and_its_truncations_refused(void **state)
{
    size_t size;
    (void)state;
    unsigned char *data = zip64(&size);
    assert_int_equal(read_all(data, size), AVSVT_OK);
    for (size_t n = 0; n < size; n++)
        assert_int_equal(read_all(data, n), AVSVT_E_FORMAT);
    for (size_t at = size - 98; at < size; at++) {
        unsigned char old = data[at];
        data[at] = 0xFF;
        avsvt_status status = read_all(data, size);
        assert_true(status == AVSVT_OK || status == AVSVT_E_FORMAT);
        data[at] = old;
    }
    /* Sizes near 2^64 must not wrap around. */
    memset(data + size - 98 + 40, 0xFF, 16);
    assert_int_equal(read_all(data, size), AVSVT_E_FORMAT);
    free(data);
}

static void parts_that_overlap_are_refused(void **state)
{
    size_t size;
    (void)state;
    /* A directory that tells of one part twice. */
    model_file_part big = { "x/a", calloc(1, 5000), 5000 };
    unsigned char *data = model_file_zip(&big, 1, &size);
    unsigned char *bad = malloc(size + 49);
    memcpy(bad, data, size - 22);
    memcpy(bad + size - 22, data + 30 + 3 + 5000, 49);
    memcpy(bad + size - 22 + 49, data + size - 22, 22);
    bad[size + 49 - 22 + 8] = bad[size + 49 - 22 + 10] = 2;
    put32(bad + size + 49 - 10, 98);
    assert_int_equal(read_all(bad, size + 49), AVSVT_E_FORMAT);
    free(bad);
    free(data);
    free((void *)(uintptr_t)big.data);
}

static avsvt_status open_and_unpack(const avsvt_allocator *a, void *user)
{
    avsvti_archive z;
    char *out = NULL;
    size_t n, size, at;
    (void)user;
    unsigned char *data = model_file_zip_deflated("x/a", "some text, some text", 20,
                                                  &size, &at);
    avsvt_status status = avsvti_archive_open(&z, a, data, size, "f", NULL);
    if (status == AVSVT_OK)
        status = avsvti_archive_verify(&z, NULL);
    if (status == AVSVT_OK)
        status = avsvti_archive_extract(&out, &n, &z, z.entries, 100, NULL);
    avsvti_release(a, out);
    avsvti_archive_close(&z);
    free(data);
    return status;
}

static void every_failed_allocation_is_told_and_leaks_nothing(void **state)
{
    (void)state;
    assert_true(failing_allocator_each(open_and_unpack, NULL) >= 4);
}

/* Parts beyond the first are as if they lay beyond 4 GB. */
static void what_lies_far_is_written_in_the_64_bit_form(void **state)
{
    avsvti_archive_writer w;
    avsvti_archive z;
    (void)state;
    avsvti_archive_write_begin(&w, avsvti_default_allocator());
    w.most32 = 100;
    avsvti_archive_write_part(&w, "top/a", 5, "0123456789", 10);
    avsvti_archive_write_part(&w, "top/b", 5, "abc", 3);
    avsvti_archive_write_part(&w, "top/c", 5, "", 0);
    assert_int_equal(avsvti_archive_write_end(&w, "f", NULL), AVSVT_OK);
    assert_int_equal(open_bytes(&z, w.bytes.data, w.bytes.size, NULL), AVSVT_OK);
    assert_int_equal(z.count, 3);
    assert_memory_equal(avsvti_archive_find(&z, "a")->data, "0123456789", 10);
    assert_memory_equal(avsvti_archive_find(&z, "b")->data, "abc", 3);
    assert_int_equal(avsvti_archive_verify(&z, NULL), AVSVT_OK);
    avsvti_archive_close(&z);
    for (size_t n = 0; n < w.bytes.size; n++)
        assert_int_equal(read_all(w.bytes.data, n), AVSVT_E_FORMAT);
    avsvti_archive_write_free(&w);
}

static void more_parts_than_16_bits_count_are_written(void **state)
{
    enum { COUNT = 70000 };
    avsvti_archive_writer w;
    avsvti_archive z;
    char name[16];
    (void)state;
    avsvti_archive_write_begin(&w, avsvti_default_allocator());
    for (int i = 0; i < COUNT; i++) {
        int length = snprintf(name, sizeof(name), "top/%d", i);
        avsvti_archive_write_part(&w, name, (size_t)length, &i, sizeof(i));
    }
    assert_int_equal(avsvti_archive_write_end(&w, "f", NULL), AVSVT_OK);
    assert_int_equal(open_bytes(&z, w.bytes.data, w.bytes.size, NULL), AVSVT_OK);
    assert_int_equal(z.count, COUNT);
    int last = COUNT - 1;
    assert_memory_equal(avsvti_archive_find(&z, "69999")->data, &last, sizeof(last));
    avsvti_archive_close(&z);
    avsvti_archive_write_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_and_unpacks_parts_below_the_first_folder),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(a_flipped_bit_of_data_name_or_sum_is_refused),
        cmocka_unit_test(random_bytes_are_refused),
        cmocka_unit_test(deflated_parts_are_unpacked_and_their_sizes_not_believed),
        cmocka_unit_test(the_64_bit_form_is_read_and_its_truncations_refused),
        cmocka_unit_test(what_lies_far_is_written_in_the_64_bit_form),
        cmocka_unit_test(more_parts_than_16_bits_count_are_written),
        cmocka_unit_test(parts_that_overlap_are_refused),
        cmocka_unit_test(every_failed_allocation_is_told_and_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
