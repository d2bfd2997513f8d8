/* SPDX-License-Identifier: MIT */
/* Tensors of NumPy's files. What the files may hold is tested with videos. */
#include "support/test.h"

#include <avsvt/avsvt.h>

#include "support/failing_allocator.h"
#include "support/model_file.h"
#include "support/scratch.h"

static const char head[] =
    "\x93NUMPY\x01\x00\x46\x00{'descr': '<f2', 'fortran_order': False, "
    "'shape': (2, 1), }          \n";

/* An .npy of the halves 1.5 and -2. */
static const void *halves(size_t *size)
{
    static unsigned char data[sizeof(head) + 3];
    memcpy(data, head, sizeof(head) - 1);
    memcpy(data + sizeof(head) - 1, "\x00\x3e\x00\xc0", 4);
    *size = sizeof(head) + 3;
    return data;
}

static void an_array_becomes_a_tensor(void **state)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_tensor *t;
    size_t size;
    const void *data = halves(&size);
    const model_file_part parts[] = { { "x.npy", data, size }, { "y.npy", data, size } };
    (void)state;
    const char *path = scratch_write("halves.npy", data, size);
    if (avsvt_tensor_read(&t, NULL, path, NULL, &err) != AVSVT_OK)
        fail_msg("%s", err.message);
    assert_int_equal(avsvt_tensor_dtype(t), AVSVT_F32);
    assert_int_equal(avsvt_tensor_ndim(t), 2);
    assert_true(((const float *)avsvt_tensor_data(t))[0] == 1.5f);
    assert_true(((const float *)avsvt_tensor_data(t))[1] == -2.0f);
    avsvt_tensor_free(t);

    unsigned char *zip = model_file_zip(parts, 2, &size);
    path = scratch_write("halves.npz", zip, size);
    free(zip);
    assert_int_equal(avsvt_tensor_read(&t, NULL, path, "y", &err), AVSVT_OK);
    assert_int_equal(avsvt_tensor_size(t, 0), 2);
    avsvt_tensor_free(t);
    assert_int_equal(avsvt_tensor_read(&t, NULL, path, NULL, &err), AVSVT_E_FORMAT);
    assert_says(err, "x, y");
    assert_null(t);
    assert_int_equal(avsvt_tensor_read(&t, NULL, path, "z", &err), AVSVT_E_NOT_FOUND);
}

static void what_can_not_be_read_is_told(void **state)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_tensor *t;
    size_t size;
    const void *data = halves(&size);
    (void)state;
    const char *path = scratch_write("short.npy", data, size - 1);
    assert_int_equal(avsvt_tensor_read(&t, NULL, path, NULL, &err), AVSVT_E_FORMAT);
    assert_says(err, "short.npy");
    assert_null(t);
    path = scratch_write("text.npy", "no array", 8);
    assert_int_equal(avsvt_tensor_read(&t, NULL, path, NULL, &err), AVSVT_E_FORMAT);
    assert_int_equal(avsvt_tensor_read(&t, NULL, scratch_path("no"), NULL, &err),
                     AVSVT_E_NOT_FOUND);
    assert_int_equal(avsvt_tensor_read(NULL, NULL, path, NULL, &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_tensor_read(&t, NULL, NULL, NULL, &err), AVSVT_E_ARG);
}

/* Memory of a small machine: no block of more than 16 MiB. */
static void *little_resize(void *user, void *block, size_t size)
{
    (void)user;
    return size > 16 << 20 ? NULL : realloc(block, size);
}

static void *little_alloc(void *user, size_t size)
{
    return little_resize(user, NULL, size);
}

static void little_release(void *user, void *block)
{
    (void)user;
    free(block);
}

static avsvt_status read_with_little(const void *data, size_t size, avsvt_error *err)
{
    const avsvt_allocator small = { sizeof(small), little_alloc, little_resize,
                                    little_release, NULL };
    avsvt_context_options o = AVSVT_CONTEXT_OPTIONS_INIT;
    avsvt_context *context;
    avsvt_tensor *t;
    o.allocator = &small;
    assert_int_equal(avsvt_context_create(&context, &o, NULL), AVSVT_OK);
    const char *path = scratch_write("packed.npz", data, size);
    avsvt_status status = avsvt_tensor_read(&t, context, path, NULL, err);
    assert_true((t != NULL) == (status == AVSVT_OK));
    avsvt_tensor_free(t);
    avsvt_context_free(context);
    return status;
}

/* An .npz of a deflated array that says to be of two halves, and has n bytes. */
static unsigned char *packed(size_t n, size_t *size, size_t *directory)
{
    size_t have;
    const void *data = halves(&have);
    unsigned char *long_one = calloc(1, n);
    assert_non_null(long_one);
    memcpy(long_one, data, have < n ? have : n);
    unsigned char *zip = model_file_zip_deflated("x.npy", long_one, n, size, directory);
    free(long_one);
    return zip;
}

static void nothing_is_unpacked_beyond_what_the_header_says(void **state)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    size_t size, directory;
    (void)state;
    unsigned char *zip = packed(sizeof(head) + 3, &size, &directory);
    assert_int_equal(read_with_little(zip, size, &err), AVSVT_OK);
    free(zip);
    zip = packed(sizeof(head) + 2, &size, &directory);
    assert_int_equal(read_with_little(zip, size, &err), AVSVT_E_FORMAT);
    assert_says(err, "cut short");
    free(zip);
    zip = packed(32 << 20, &size, &directory);
    assert_int_equal(read_with_little(zip, size, &err), AVSVT_E_FORMAT);
    assert_says(err, "packed.npz");
    assert_says(err, "33554432 bytes unpacked");
    free(zip);
}

static void there_is_a_limit_to_what_is_unpacked(void **state)
{
    const char huge[] = "{'descr': '<u1', 'fortran_order': False, 'shape': (4294967166,), }";
    avsvt_error err = AVSVT_ERROR_INIT;
    size_t size, directory, n = 8 << 20;
    (void)state;
    /* What can't be deflated makes the file long enough for its claim. */
    unsigned char *data = malloc(n);
    uint32_t x = 1;
    for (size_t i = 0; i < n; i++)
        data[i] = (unsigned char)((x = x * 1664525u + 1013904223u) >> 24);
    memcpy(data, "\x93NUMPY\x01\x00\x76\x00", 10);
    memset(data + 10, ' ', 118);
    memcpy(data + 10, huge, sizeof(huge) - 1);
    unsigned char *zip = model_file_zip_deflated("x.npy", data, n, &size, &directory);
    memset(zip + 22, 0xFF, 4);
    memset(zip + directory + 24, 0xFF, 4);
    zip[22] = zip[directory + 24] = 0xFE;
    assert_int_equal(read_with_little(zip, size, &err), AVSVT_E_UNSUPPORTED);
    assert_says(err, "without compression");
    free(zip);
    free(data);
}

static avsvt_status without_memory(const avsvt_allocator *a, void *user)
{
    avsvt_context_options o = AVSVT_CONTEXT_OPTIONS_INIT;
    avsvt_context *context;
    avsvt_tensor *t = NULL;
    o.allocator = a;
    avsvt_status status = avsvt_context_create(&context, &o, NULL);
    if (status != AVSVT_OK)
        return status;
    status = avsvt_tensor_read(&t, context, user, NULL, NULL);
    avsvt_tensor_free(t);
    avsvt_context_free(context);
    return status;
}

static void every_failed_allocation_is_told(void **state)
{
    size_t size;
    const void *data = halves(&size);
    char path[4096];
    (void)state;
    strcpy(path, scratch_write("memory.npy", data, size));
    assert_true(failing_allocator_each(without_memory, path) > 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_array_becomes_a_tensor),
        cmocka_unit_test(what_can_not_be_read_is_told),
        cmocka_unit_test(nothing_is_unpacked_beyond_what_the_header_says),
        cmocka_unit_test(there_is_a_limit_to_what_is_unpacked),
        cmocka_unit_test(every_failed_allocation_is_told),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
