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
        cmocka_unit_test(every_failed_allocation_is_told),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
