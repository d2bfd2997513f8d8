/* SPDX-License-Identifier: MIT */
/* Networks run behind the table, and a backend that lies does no harm. */
#include "support/test.h"

#include <math.h>
#include <stdio.h>

#include "backend/registry.h"
#include "model/model.h"
#include "platform/thread.h"
#include "support/failing_allocator.h"
#include "support/model_file.h"

#define HEAD "avsvt: 1\nname: x\nrole: extractor\ninput: {hop: 320}\n"

static avsvt_model *null_model(const char *manifest)
{
    avsvt_context *context = model_file_null_context(NULL);
    avsvt_model *m = model_file_open(context, manifest);
    avsvt_context_free(context);
    return m;
}

static avsvt_tensor *samples(int64_t count, double hz)
{
    const int64_t shape[] = { 1, count };
    float *x = malloc(((size_t)count + 1) * sizeof(*x));
    avsvt_tensor *t = NULL;
    for (int64_t i = 0; i < count; i++)
        x[i] = (float)(0.3 * sin(6.283185307179586 * hz * (double)i / 16000));
    assert_int_equal(avsvt_tensor_create(&t, NULL, AVSVT_F32, 2, shape, x, NULL,
                                         NULL, NULL), AVSVT_OK);
    free(x);
    return t;
}

static void a_sine_becomes_note_logits_of_its_pitch(void **state)
{
    avsvt_tensor *in = samples(16000, 440), *out[4];
    avsvt_error err = AVSVT_ERROR_INIT;
    size_t count = 0;
    (void)state;
    avsvt_model *m = null_model(MODEL_FILE_NOTES);
    if (avsvt_model_run(out, 4, &count, m, &in, 1, &err) != AVSVT_OK)
        fail_msg("%s", err.message);
    assert_int_equal(count, 3);
    assert_null(out[3]);
    assert_int_equal(avsvt_tensor_size(out[0], 1), 51);
    assert_int_equal(avsvt_tensor_size(out[0], 2), 20);
    assert_int_equal(avsvt_tensor_size(out[1], 2), 150);
    assert_int_equal(avsvt_tensor_ndim(out[2]), 2);
    const float *logits = avsvt_tensor_data(out[0]);
    const float *fine = avsvt_tensor_data(out[1]);
    assert_true(logits[0] > 0);              /* an onset at the start only */
    assert_true(logits[25 * 20] < 0);
    assert_true(logits[25 * 20 + 1] < 0);    /* not silent */
    assert_true(logits[25 * 20 + 4] > 0);    /* A4 lies in the third octave */
    assert_true(logits[25 * 20 + 7 + 9] > 0);
    assert_true(fine[25 * 150 + 103] > 0);   /* (69 - 34.667) / 0.333 */
    avsvt_model_free(m); /* outputs outlive it */
    assert_true(logits[25 * 20 + 4] > 0);
    for (size_t i = 0; i < count; i++)
        avsvt_tensor_free(out[i]);
    avsvt_tensor_free(in);
}

static void shapes_follow_the_manifest(void **state)
{
    avsvt_tensor *in = samples(1600, 100), *out[2];
    size_t count;
    (void)state;
    avsvt_model *m = null_model(HEAD
        "null: {outputs: [[B, T, 4], [S, 2]], fill: 0.5}\n");
    assert_int_equal(avsvt_model_run(out, 2, &count, m, &in, 1, NULL), AVSVT_OK);
    assert_int_equal(count, 2);
    assert_int_equal(avsvt_tensor_size(out[0], 1), 6);
    assert_int_equal(avsvt_tensor_size(out[1], 0), 1600);
    assert_true(((const float *)avsvt_tensor_data(out[0]))[23] == 0.5f);
    avsvt_tensor_free(out[0]);
    avsvt_tensor_free(out[1]);
    avsvt_tensor_free(in);
    avsvt_model_free(m);
}

static void the_built_in_network_too_wants_room_for_all_it_gives(void **state)
{
    avsvt_tensor *in = samples(16000, 440), *out[3];
    avsvt_model *m;
    size_t count = 9;
    (void)state;
    assert_int_equal(avsvt_model_open(&m, NULL, NULL, NULL), AVSVT_OK);
    assert_int_equal(avsvt_model_run(out, 2, &count, m, &in, 1, NULL), AVSVT_E_RANGE);
    assert_int_equal(count, 0);
    assert_null(out[0]);
    assert_int_equal(avsvt_model_run(out, 3, &count, m, &in, 1, NULL), AVSVT_OK);
    assert_int_equal(count, 3);
    for (size_t i = 0; i < 3; i++)
        avsvt_tensor_free(out[i]);
    avsvt_tensor_free(in);
    avsvt_model_free(m);
}

static void wrong_arguments_are_refused(void **state)
{
    avsvt_tensor *in = samples(10, 100), *none = NULL, *out[2];
    size_t count = 9;
    (void)state;
    avsvt_model *m = null_model(HEAD);
    assert_int_equal(avsvt_model_run(NULL, 1, &count, m, &in, 1, NULL), AVSVT_E_ARG);
    assert_int_equal(avsvt_model_run(out, 0, &count, m, &in, 1, NULL), AVSVT_E_ARG);
    assert_int_equal(avsvt_model_run(out, SIZE_MAX, &count, m, &in, 1, NULL),
                     AVSVT_E_ARG);
    assert_int_equal(avsvt_model_run(out, 1, NULL, m, &in, 1, NULL), AVSVT_E_ARG);
    assert_int_equal(avsvt_model_run(out, 1, &count, NULL, &in, 1, NULL),
                     AVSVT_E_ARG);
    assert_int_equal(avsvt_model_run(out, 1, &count, m, NULL, 1, NULL), AVSVT_E_ARG);
    out[0] = out[1] = in;
    assert_int_equal(avsvt_model_run(out, 2, &count, m, &none, 1, NULL),
                     AVSVT_E_ARG);
    assert_null(out[0]);
    assert_null(out[1]);
    assert_int_equal(count, 0);
    avsvt_tensor *both[] = { in, in };
    assert_int_equal(avsvt_model_run(out, 1, &count, m, both, 2, NULL),
                     AVSVT_E_RANGE);
    assert_null(out[0]);
    assert_int_equal(avsvt_model_run(out, 1, &count, m, NULL, 0, NULL), AVSVT_OK);
    assert_int_equal(count, 0);
    avsvt_tensor_free(in);
    avsvt_model_free(m);
}

static void impossible_outputs_are_refused_and_freed(void **state)
{
    static const char *const lies[] = { "dtype", "rank", "negative", "huge",
                                        "missing", "many" };
    (void)state;
    for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
        avsvt_tensor *in = samples(640, 100), *out[3];
        avsvt_error err = AVSVT_ERROR_INIT;
        char manifest[200];
        size_t count;
        snprintf(manifest, sizeof(manifest), HEAD
                 "null: {outputs: [[1, 3, 4], [2]], lie: %s}\n", lies[i]);
        avsvt_model *m = null_model(manifest);
        assert_int_equal(avsvt_model_run(out, 3, &count, m, &in, 1, &err),
            strcmp(lies[i], "many") ? AVSVT_E_BACKEND : AVSVT_E_RANGE);
        assert_says(err, "test.pt");
        for (int k = 0; k < 3; k++)
            assert_null(out[k]);
        avsvt_tensor_free(in);
        avsvt_model_free(m);
    }
}

static void failures_name_the_model_and_leave_it_usable(void **state)
{
    static const char *const stages[] = { "open", "instance", "run" };
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        avsvt_tensor *in = samples(640, 100), *out[1];
        char manifest[200];
        size_t count;
        snprintf(manifest, sizeof(manifest), HEAD "null: {fail: %s}\n",
                 stages[i]);
        avsvt_model *m = null_model(manifest);
        for (int again = 0; again < 2; again++) {
            avsvt_error err = AVSVT_ERROR_INIT;
            assert_int_equal(avsvt_model_run(out, 1, &count, m, &in, 1, &err),
                             AVSVT_E_BACKEND);
            assert_says(err, "test.pt");
            assert_says(err, "asks for a failure");
            assert_null(out[0]);
        }
        avsvt_tensor_free(in);
        avsvt_model_free(m);
    }
}

static void a_backends_unknown_status_becomes_a_failure(void **state)
{
    avsvt_context_options opts = AVSVT_CONTEXT_OPTIONS_INIT;
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_context *context = NULL;
    avsvt_tensor *out[1];
    size_t count;
    (void)state;
    opts.module_path = TEST_MODULES "/good";
    assert_int_equal(avsvt_context_create(&context, &opts, NULL), AVSVT_OK);
    avsvt_model *m = model_file_open(context, HEAD);
    assert_int_equal(avsvt_model_run(out, 1, &count, m, NULL, 0, &err),
                     AVSVT_E_BACKEND);
    assert_says(err, "test.pt");
    avsvt_model_free(m);
    avsvt_context_free(context);
}

static avsvt_status run_int8_on(const char *device, avsvt_error *err)
{
    avsvt_context_options opts = AVSVT_CONTEXT_OPTIONS_INIT;
    avsvt_context *context = NULL;
    avsvt_tensor *out[1];
    size_t count;
    opts.backend = "null";
    opts.device = device;
    assert_int_equal(avsvt_context_create(&context, &opts, NULL), AVSVT_OK);
    avsvt_model *m = model_file_open(context, HEAD "encoder: {int8: true}\n");
    avsvt_status status = avsvt_model_run(out, 1, &count, m, NULL, 0, err);
    avsvt_model_free(m);
    avsvt_context_free(context);
    return status;
}

static void weights_of_8_bits_stay_on_the_cpu(void **state)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    (void)state;
    assert_int_equal(run_int8_on("auto", &err), AVSVT_OK);
    assert_int_equal(run_int8_on("cpu", &err), AVSVT_OK);
    assert_int_equal(run_int8_on("cuda:1", &err), AVSVT_E_UNSUPPORTED);
    assert_says(err, "cuda:1");
    assert_says(err, "use device cpu or auto");
}

/* A process of a training has a GPU of its own. */
static void a_backend_is_told_the_place_of_the_process(void **state)
{
    avsvt_tensor *out[1];
    size_t count;
    (void)state;
    for (int32_t rank = 0; rank < 2; rank++) {
        avsvt_model *m = null_model(HEAD "null: {local_rank: 1}\n");
        avsvti_model_set_local_rank(m, rank);
        assert_int_equal(avsvt_model_run(out, 1, &count, m, NULL, 0, NULL),
                         rank == 1 ? AVSVT_OK : AVSVT_E_BACKEND);
        avsvt_model_free(m);
    }
}

static void a_missing_module_is_told_when_the_network_is_wanted(void **state)
{
    avsvt_context_options opts = AVSVT_CONTEXT_OPTIONS_INIT;
    avsvt_context *context = NULL;
    avsvti_network n;
    (void)state;
    opts.module_path = "/nowhere";
    assert_int_equal(avsvt_context_create(&context, &opts, NULL), AVSVT_OK);
    avsvt_model *m = model_file_open(context, HEAD);
    assert_int_equal(avsvti_network_open(&n, m, NULL), AVSVT_E_MODULE);
    avsvti_network_close(&n); /* what failed to open may be closed */
    avsvt_model_free(m);
    avsvt_context_free(context);
}

static void instances_keep_their_model(void **state)
{
    avsvti_network one, two;
    avsvt_backend_tensor in, out;
    const float x[4] = { 1, 2, 3, 4 };
    size_t count;
    (void)state;
    avsvt_model *m = null_model(HEAD);
    assert_int_equal(avsvti_network_open(&one, m, NULL), AVSVT_OK);
    assert_int_equal(avsvti_network_open(&two, m, NULL), AVSVT_OK);
    assert_ptr_not_equal(one.instance, two.instance);
    avsvt_model_free(m);
    avsvti_network_close(&one);
    memset(&in, 0, sizeof(in));
    in.struct_size = sizeof(in);
    in.ndim = 1;
    in.shape[0] = 4;
    in.data = x;
    assert_int_equal(avsvti_network_run(&two, &in, 1, &out, 1, &count, NULL),
                     AVSVT_OK);
    assert_memory_equal(out.data, x, sizeof(x));
    out.release(out.owner);
    avsvti_network_close(&two);
    avsvti_network_close(&two);
}

static void *run_often(void *argument)
{
    avsvt_model *m = argument;
    size_t count;
    for (int i = 0; i < 200; i++) {
        avsvt_tensor *in = samples(640 + i, 100), *out[1];
        if (avsvt_model_run(out, 1, &count, m, &in, 1, NULL) != AVSVT_OK ||
            avsvt_tensor_size(out[0], 1) != 640 + i)
            return argument;
        avsvt_tensor_free(out[0]);
        avsvt_tensor_free(in);
    }
    return NULL;
}

static void threads_may_share_a_model(void **state)
{
    pthread_t threads[4];
    (void)state;
    avsvt_model *m = null_model(HEAD);
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, run_often, m), 0);
    for (int i = 0; i < 4; i++) {
        void *failed = NULL;
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    avsvt_model_free(m);
}

static avsvt_status run_notes(const avsvt_allocator *a, void *user)
{
    avsvt_context_options opts = AVSVT_CONTEXT_OPTIONS_INIT;
    avsvt_context *context = NULL;
    avsvt_model *model = NULL;
    avsvt_tensor *out[3], *in = user;
    size_t size, count;
    opts.allocator = a;
    opts.backend = "null";
    avsvt_status status = avsvt_context_create(&context, &opts, NULL);
    if (status != AVSVT_OK)
        return status;
    unsigned char *data = model_file_make(MODEL_FILE_NOTES, &size);
    status = avsvt_model_open_memory(&model, context, data, size, "x", NULL);
    free(data);
    avsvt_context_free(context);
    if (status != AVSVT_OK)
        return status;
    status = avsvt_model_run(out, 3, &count, model, &in, 1, NULL);
    avsvt_model_free(model);
    for (size_t i = 0; i < 3; i++)
        avsvt_tensor_free(out[i]);
    return status;
}

static void every_failed_allocation_is_told_and_leaks_nothing(void **state)
{
    avsvt_tensor *in = samples(1000, 440);
    (void)state;
    assert_true(failing_allocator_each(run_notes, in) >= 15);
    avsvt_tensor_free(in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sine_becomes_note_logits_of_its_pitch),
        cmocka_unit_test(shapes_follow_the_manifest),
        cmocka_unit_test(the_built_in_network_too_wants_room_for_all_it_gives),
        cmocka_unit_test(wrong_arguments_are_refused),
        cmocka_unit_test(impossible_outputs_are_refused_and_freed),
        cmocka_unit_test(failures_name_the_model_and_leave_it_usable),
        cmocka_unit_test(a_backends_unknown_status_becomes_a_failure),
        cmocka_unit_test(weights_of_8_bits_stay_on_the_cpu),
        cmocka_unit_test(a_backend_is_told_the_place_of_the_process),
        cmocka_unit_test(a_missing_module_is_told_when_the_network_is_wanted),
        cmocka_unit_test(instances_keep_their_model),
        cmocka_unit_test(threads_may_share_a_model),
        cmocka_unit_test(every_failed_allocation_is_told_and_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
