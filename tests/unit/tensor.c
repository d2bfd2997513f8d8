/* SPDX-License-Identifier: MIT */
/* Tensors hold what they are given, once, and go through DLPack uncopied. */
#include "support/test.h"

#include "core/dlpack.h"
#include "core/tensor.h"
#include "support/failing_allocator.h"

static void count_release(void *user)
{
    ++*(int *)user;
}

static const int64_t two_by_three[] = { 2, 3 };
static const float six[] = { 1, 2, 3, 4, 5, 6 };

static void a_copy_is_independent_of_its_source(void **state)
{
    avsvt_tensor *t = NULL;
    float source[6];
    (void)state;
    memcpy(source, six, sizeof(six));
    assert_int_equal(avsvt_tensor_create(&t, NULL, AVSVT_F32, 2, two_by_three,
                                         source, NULL, NULL, NULL), AVSVT_OK);
    memset(source, 0, sizeof(source));
    assert_memory_equal(avsvt_tensor_data(t), six, sizeof(six));
    assert_int_equal(avsvt_tensor_dtype(t), AVSVT_F32);
    assert_int_equal(avsvt_tensor_ndim(t), 2);
    assert_int_equal(avsvt_tensor_size(t, 0), 2);
    assert_int_equal(avsvt_tensor_size(t, 1), 3);
    assert_int_equal(avsvt_tensor_size(t, 2), 0);
    assert_int_equal(avsvt_tensor_size(t, -1), 0);
    avsvt_tensor_free(t);
}

static void borrowed_memory_is_released_once_by_the_last_user(void **state)
{
    avsvt_tensor *t = NULL;
    int released = 0;
    (void)state;
    assert_int_equal(avsvt_tensor_create(&t, NULL, AVSVT_F32, 2, two_by_three,
        six, count_release, &released, NULL), AVSVT_OK);
    assert_ptr_equal(avsvt_tensor_data(t), six);
    assert_ptr_equal(avsvt_tensor_ref(t), t);
    avsvt_tensor_free(t);
    assert_int_equal(released, 0);
    avsvt_tensor_free(t);
    assert_int_equal(released, 1);
}

static void scalars_and_empty_tensors_are_tensors(void **state)
{
    const int64_t empty[] = { 3, 0, INT64_C(1) << 20 };
    avsvt_tensor *t = NULL;
    double value = 2.5;
    (void)state;
    assert_int_equal(avsvt_tensor_create(&t, NULL, AVSVT_F64, 0, NULL, &value,
                                         NULL, NULL, NULL), AVSVT_OK);
    assert_true(*(const double *)avsvt_tensor_data(t) == 2.5);
    avsvt_tensor_free(t);
    assert_int_equal(avsvt_tensor_create(&t, NULL, AVSVT_U8, 3, empty, NULL,
                                         NULL, NULL, NULL), AVSVT_OK);
    assert_null(avsvt_tensor_data(t));
    avsvt_tensor_free(t);
}

static void wrong_arguments_are_refused_and_nothing_is_released(void **state)
{
    const int64_t negative[] = { 2, -3 };
    const int64_t huge[] = { INT64_MAX / 2, 3 };
    const int64_t wraps[] = { INT64_C(1) << 33, INT64_C(1) << 33 };
    avsvt_tensor *t = NULL;
    int released = 0;
    (void)state;
    struct { int32_t dtype, ndim; const int64_t *shape; const void *data;
             avsvt_status status; } wrong[] = {
        { -1, 2, two_by_three, six, AVSVT_E_ARG },
        { 6, 2, two_by_three, six, AVSVT_E_ARG },
        { AVSVT_F32, -1, two_by_three, six, AVSVT_E_ARG },
        { AVSVT_F32, 9, two_by_three, six, AVSVT_E_ARG },
        { AVSVT_F32, 2, NULL, six, AVSVT_E_ARG },
        { AVSVT_F32, 2, two_by_three, NULL, AVSVT_E_ARG },
        { AVSVT_F32, 2, negative, six, AVSVT_E_ARG },
        { AVSVT_F32, 2, huge, six, AVSVT_E_RANGE },
        { AVSVT_F64, 2, wraps, six, AVSVT_E_RANGE },
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        t = (avsvt_tensor *)(uintptr_t)&t;
        assert_int_equal(avsvt_tensor_create(&t, NULL, wrong[i].dtype,
            wrong[i].ndim, wrong[i].shape, wrong[i].data, count_release,
            &released, NULL), wrong[i].status);
        assert_null(t);
    }
    assert_int_equal(avsvt_tensor_create(NULL, NULL, AVSVT_F32, 2, two_by_three,
                                         six, NULL, NULL, NULL), AVSVT_E_ARG);
    assert_int_equal(released, 0);
}

static void null_is_answered_not_followed(void **state)
{
    struct DLManagedTensor *lent = NULL;
    avsvt_tensor *t = NULL;
    (void)state;
    assert_int_equal(avsvt_tensor_dtype(NULL), -1);
    assert_int_equal(avsvt_tensor_ndim(NULL), 0);
    assert_int_equal(avsvt_tensor_size(NULL, 0), 0);
    assert_null(avsvt_tensor_data(NULL));
    assert_null(avsvt_tensor_ref(NULL));
    avsvt_tensor_free(NULL);
    assert_int_equal(avsvt_tensor_to_dlpack(&lent, NULL, NULL), AVSVT_E_ARG);
    assert_int_equal(avsvt_tensor_from_dlpack(&t, NULL, NULL, NULL), AVSVT_E_ARG);
}

static void the_dlpack_struct_has_the_layout_of_its_specification(void **state)
{
    (void)state;
    assert_int_equal(offsetof(avsvti_dl_tensor, device), 8);
    assert_int_equal(offsetof(avsvti_dl_tensor, ndim), 16);
    assert_int_equal(offsetof(avsvti_dl_tensor, dtype), 20);
    assert_int_equal(offsetof(avsvti_dl_tensor, shape), 24);
    assert_int_equal(offsetof(avsvti_dl_tensor, strides), 32);
    assert_int_equal(offsetof(avsvti_dl_tensor, byte_offset), 40);
    assert_int_equal(offsetof(struct DLManagedTensor, manager_ctx), 48);
    assert_int_equal(sizeof(struct DLManagedTensor), 64);
}

static void a_loan_keeps_the_tensor_until_its_deleter(void **state)
{
    struct DLManagedTensor *lent = NULL;
    avsvt_tensor *t = NULL, *back = NULL;
    int released = 0;
    (void)state;
    assert_int_equal(avsvt_tensor_create(&t, NULL, AVSVT_F32, 2, two_by_three,
        six, count_release, &released, NULL), AVSVT_OK);
    assert_int_equal(avsvt_tensor_to_dlpack(&lent, t, NULL), AVSVT_OK);
    avsvt_tensor_free(t);
    assert_int_equal(released, 0);
    assert_ptr_equal(lent->dl_tensor.data, six);
    assert_int_equal(lent->dl_tensor.strides[0], 3);
    assert_int_equal(lent->dl_tensor.strides[1], 1);
    assert_int_equal(avsvt_tensor_from_dlpack(&back, NULL, lent, NULL), AVSVT_OK);
    assert_ptr_equal(avsvt_tensor_data(back), six);
    assert_int_equal(avsvt_tensor_size(back, 1), 3);
    avsvt_tensor_free(back);
    assert_int_equal(released, 1);
}

static int deleted;

static void count_delete(struct DLManagedTensor *self)
{
    (void)self;
    deleted++;
}

static struct DLManagedTensor foreign(int64_t *shape, int64_t *strides)
{
    struct DLManagedTensor m;
    memset(&m, 0, sizeof(m));
    m.dl_tensor.data = (void *)(uintptr_t)six;
    m.dl_tensor.device.device_type = AVSVTI_DL_CPU;
    m.dl_tensor.ndim = 2;
    m.dl_tensor.dtype.code = AVSVTI_DL_FLOAT;
    m.dl_tensor.dtype.bits = 32;
    m.dl_tensor.dtype.lanes = 1;
    m.dl_tensor.shape = shape;
    m.dl_tensor.strides = strides;
    m.deleter = count_delete;
    deleted = 0;
    return m;
}

static void foreign_tensors_are_taken_with_their_offset(void **state)
{
    int64_t shape[] = { 1, 3 }, strides[] = { 77, 1 };
    struct DLManagedTensor m = foreign(shape, strides);
    avsvt_tensor *t = NULL;
    (void)state;
    m.dl_tensor.byte_offset = 12;
    assert_int_equal(avsvt_tensor_from_dlpack(&t, NULL, &m, NULL), AVSVT_OK);
    assert_true(*(const float *)avsvt_tensor_data(t) == 4.0f);
    assert_int_equal(deleted, 0);
    avsvt_tensor_free(t);
    assert_int_equal(deleted, 1);
    m.deleter = NULL;
    assert_int_equal(avsvt_tensor_from_dlpack(&t, NULL, &m, NULL), AVSVT_OK);
    avsvt_tensor_free(t);
}

static void foreign_tensors_of_other_kinds_stay_the_callers(void **state)
{
    int64_t shape[] = { 2, 3 }, turned[] = { 1, 2 };
    avsvt_tensor *t = NULL;
    (void)state;
    for (int i = 0; i < 8; i++) {
        struct DLManagedTensor m = foreign(shape, NULL);
        avsvti_dl_tensor *d = &m.dl_tensor;
        int64_t bad[] = { 2, -3 };
        avsvt_status want = i < 5 ? AVSVT_E_UNSUPPORTED : AVSVT_E_ARG;
        switch (i) {
        case 0: d->device.device_type = 2; break;
        case 1: d->dtype.bits = 16; break;
        case 2: d->dtype.lanes = 4; break;
        case 3: d->strides = turned; break;
        case 4: d->ndim = 9; break;
        case 5: d->data = NULL; break;
        case 6: d->shape = NULL; break;
        default: d->shape = bad; break;
        }
        assert_int_equal(avsvt_tensor_from_dlpack(&t, NULL, &m, NULL), want);
        assert_null(t);
        assert_int_equal(deleted, 0);
    }
}

static avsvt_status round_trip(const avsvt_allocator *a, void *user)
{
    avsvt_context_options opts = AVSVT_CONTEXT_OPTIONS_INIT;
    struct DLManagedTensor *lent = NULL;
    avsvt_context *context = NULL;
    avsvt_tensor *t = NULL;
    (void)user;
    opts.allocator = a;
    avsvt_status status = avsvt_context_create(&context, &opts, NULL);
    if (status == AVSVT_OK)
        status = avsvt_tensor_create(&t, context, AVSVT_F32, 2, two_by_three,
                                     six, NULL, NULL, NULL);
    avsvt_context_free(context);
    if (status == AVSVT_OK)
        status = avsvt_tensor_to_dlpack(&lent, t, NULL);
    avsvt_tensor_free(t);
    if (status == AVSVT_OK)
        lent->deleter(lent);
    return status;
}

static void every_failed_allocation_is_told_and_leaks_nothing(void **state)
{
    (void)state;
    assert_true(failing_allocator_each(round_trip, NULL) >= 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_copy_is_independent_of_its_source),
        cmocka_unit_test(borrowed_memory_is_released_once_by_the_last_user),
        cmocka_unit_test(scalars_and_empty_tensors_are_tensors),
        cmocka_unit_test(wrong_arguments_are_refused_and_nothing_is_released),
        cmocka_unit_test(null_is_answered_not_followed),
        cmocka_unit_test(the_dlpack_struct_has_the_layout_of_its_specification),
        cmocka_unit_test(a_loan_keeps_the_tensor_until_its_deleter),
        cmocka_unit_test(foreign_tensors_are_taken_with_their_offset),
        cmocka_unit_test(foreign_tensors_of_other_kinds_stay_the_callers),
        cmocka_unit_test(every_failed_allocation_is_told_and_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
