/* SPDX-License-Identifier: MIT */
/* Bad files, inputs, devices and failing networks end in a status and one
 * plain line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "backend.h"

static const avsvt_backend *backend;
static char message[504];

/* One line in plain words that says part. */
static void assert_says(const char *part)
{
    static const char *const inside[] = { "\n", "Traceback", "Exception raised", ".cpp", "frame #",
                                          "__torch__", "enforce fail" };
    if (!strstr(message, part))
        print_message("'%s' is not in: %s\n", part, message);
    assert_non_null(strstr(message, part));
    assert_true(message[0]);
    for (size_t i = 0; i < sizeof(inside) / sizeof(inside[0]); i++)
        assert_null(strstr(message, inside[i]));
}

static avsvt_status open_as(void **model, const char *name, void (*change)(avsvt_backend_open *))
{
    size_t size;
    char *bytes = torch_model_bytes(name, &size);
    assert_non_null(bytes);
    avsvt_status status = torch_open_bytes(backend, model, bytes, size, change, message,
                                           sizeof(message));
    free(bytes);
    return status;
}

static avsvt_status run_with(const char *name, const avsvt_backend_tensor *in, size_t count)
{
    void *model, *instance;
    avsvt_backend_tensor out[8];
    size_t outputs = 99;
    message[0] = 0;
    assert_int_equal(open_as(&model, name, NULL), AVSVT_OK);
    assert_int_equal(backend->instance_create(&instance, model, message, sizeof(message)), AVSVT_OK);
    avsvt_status status = backend->run(instance, in, count, out, 8, &outputs, message,
                                       sizeof(message));
    if (status != AVSVT_OK)
        assert_int_equal(outputs, 0);
    else
        for (size_t i = 0; i < outputs; i++)
            out[i].release(out[i].owner);
    backend->instance_free(instance);
    backend->free(model);
    return status;
}

static const float four[4] = { 1, 2, 3, 4 };

static avsvt_status run_four(const char *name)
{
    avsvt_backend_tensor in = torch_input(AVSVT_F32, four, 1, 4, 0);
    return run_with(name, &in, 1);
}

static void what_the_script_raises_is_told(void **state)
{
    (void)state;
    assert_int_equal(run_four("raises"), AVSVT_E_BACKEND);
    assert_string_equal(message, "at most three, please");
}

static void a_run_after_a_failure_works(void **state)
{
    void *model, *instance;
    avsvt_backend_tensor out, in = torch_input(AVSVT_F32, four, 1, 4, 0);
    size_t count;
    (void)state;
    assert_int_equal(open_as(&model, "raises", NULL), AVSVT_OK);
    assert_int_equal(backend->instance_create(&instance, model, message, sizeof(message)), AVSVT_OK);
    assert_int_equal(backend->run(instance, &in, 1, &out, 1, &count, message, sizeof(message)),
                     AVSVT_E_BACKEND);
    in.shape[0] = 2;
    assert_int_equal(backend->run(instance, &in, 1, &out, 1, &count, message, sizeof(message)), AVSVT_OK);
    out.release(out.owner);
    backend->instance_free(instance);
    backend->free(model);
}

static void wrong_shapes_and_types_are_told(void **state)
{
    const int64_t whole[4] = { 1, 2, 3, 4 };
    avsvt_backend_tensor in = torch_input(AVSVT_I64, whole, 2, 2, 2);
    (void)state;
    assert_int_equal(run_four("shapes"), AVSVT_E_BACKEND);
    assert_says("4");
    assert_int_equal(run_with("shapes", &in, 1), AVSVT_E_BACKEND);
}

static void a_wrong_number_of_inputs_is_told(void **state)
{
    avsvt_backend_tensor in[4];
    (void)state;
    for (int i = 0; i < 4; i++)
        in[i] = torch_input(AVSVT_F32, four, 1, 4, 0);
    assert_int_equal(run_with("two_inputs", in, 1), AVSVT_E_ARG);
    assert_says("2 to 3 input(s) (a, b, scale), not 1");
    assert_int_equal(run_with("two_inputs", in, 4), AVSVT_E_ARG);
    assert_int_equal(run_with("double", NULL, 0), AVSVT_E_ARG);
    assert_says("1 input(s) (x), not 0");
    assert_int_equal(run_with("two_inputs", in, 3), AVSVT_E_ARG);
    assert_says("'scale' must be one number");
}

static void wrong_names_are_told(void **state)
{
    avsvt_backend_tensor in[2] = { torch_input(AVSVT_F32, four, 1, 4, 0),
                                   torch_input(AVSVT_F32, four, 1, 4, 0) };
    (void)state;
    in[0].name = "a";
    in[1].name = "c";
    assert_int_equal(run_with("two_inputs", in, 2), AVSVT_E_ARG);
    assert_says("no input 'c'; it has a, b, scale");
    in[1].name = "a";
    assert_int_equal(run_with("two_inputs", in, 2), AVSVT_E_ARG);
    assert_says("'a' is given twice");
    in[0].name = NULL;
    assert_int_equal(run_with("two_inputs", in, 2), AVSVT_E_ARG);
    assert_says("'a' is given twice");
}

static void impossible_inputs_are_told(void **state)
{
    avsvt_backend_tensor in = torch_input(17, four, 1, 4, 0);
    (void)state;
    assert_int_equal(run_with("double", &in, 1), AVSVT_E_ARG);
    assert_says("unknown type 17");
    in = torch_input(AVSVT_F32, four, 9, 4, 0);
    assert_int_equal(run_with("double", &in, 1), AVSVT_E_ARG);
    in = torch_input(AVSVT_F32, four, 2, 4, -1);
    assert_int_equal(run_with("double", &in, 1), AVSVT_E_ARG);
    in = torch_input(AVSVT_F32, four, 2, INT64_MAX, 2);
    assert_int_equal(run_with("double", &in, 1), AVSVT_E_ARG);
    in = torch_input(AVSVT_F32, NULL, 1, 4, 0);
    assert_int_equal(run_with("double", &in, 1), AVSVT_E_ARG);
    assert_says("input 1 has no data");
}

static void outputs_that_are_no_tensors_are_told(void **state)
{
    (void)state;
    assert_int_equal(run_four("nothing"), AVSVT_E_UNSUPPORTED);
    assert_says("output 1 is nothing (None)");
    assert_int_equal(run_four("deep"), AVSVT_E_UNSUPPORTED);
    assert_says("nested once");
    assert_int_equal(run_four("complex"), AVSVT_E_UNSUPPORTED);
    assert_says("ComplexFloat");
}

static void want_of_memory_is_told(void **state)
{
    (void)state;
    assert_int_equal(run_four("huge"), AVSVT_E_NOMEM);
    assert_int_equal(run_four("starved"), AVSVT_E_NOMEM);
    assert_says("ALLOC_FAILED");
}

static void files_of_other_kinds_are_refused(void **state)
{
    /* The smallest zip: no members. */
    static const char zip[22] = { 'P', 'K', 5, 6 };
    void *model = &model;
    (void)state;
    assert_int_equal(torch_open_bytes(backend, &model, zip, sizeof(zip), NULL, message,
                                      sizeof(message)), AVSVT_E_FORMAT);
    assert_null(model);
    assert_says("");
    assert_int_equal(torch_open_bytes(backend, &model, "no zip at all", 13, NULL, message,
                                      sizeof(message)), AVSVT_E_FORMAT);
    assert_says("");
    assert_int_equal(torch_open_bytes(backend, &model, NULL, 0, NULL, message, sizeof(message)),
                     AVSVT_E_ARG);
}

/* One stored member, as a zip that holds a manifest and no network. */
static size_t zip_with_manifest(unsigned char *zip)
{
    static const char name[] = "m/extra/avsvt.yaml", text[] = "avsvt: 1\n";
    const unsigned char crc[4] = { 0, 0, 0, 0 }, n = sizeof(name) - 1, s = sizeof(text) - 1;
    size_t at = 0;
    unsigned char local[30] = { 'P', 'K', 3, 4, 20 }, central[46] = { 'P', 'K', 1, 2, 20, 0, 20 };
    unsigned char end[22] = { 'P', 'K', 5, 6, 0, 0, 0, 0, 1, 0, 1 };
    memcpy(local + 14, crc, 4);
    local[18] = local[22] = s;
    local[26] = n;
    central[20] = central[24] = s;
    central[28] = n;
    memcpy(zip, local, sizeof(local));
    at += sizeof(local);
    memcpy(zip + at, name, n);
    at += n;
    memcpy(zip + at, text, s);
    at += s;
    end[16] = (unsigned char)at;
    memcpy(zip + at, central, sizeof(central));
    memcpy(zip + at + sizeof(central), name, n);
    at += sizeof(central) + n;
    end[12] = (unsigned char)(sizeof(central) + n);
    memcpy(zip + at, end, sizeof(end));
    return at + sizeof(end);
}

static void a_zip_without_a_network_is_refused(void **state)
{
    unsigned char zip[256];
    void *model = &model;
    size_t size = zip_with_manifest(zip);
    (void)state;
    assert_int_equal(torch_open_bytes(backend, &model, zip, size, NULL, message, sizeof(message)),
                     AVSVT_E_FORMAT);
    assert_null(model);
    assert_says("");
}

static void truncated_files_are_refused(void **state)
{
    size_t size;
    char *bytes = torch_model_bytes("weights", &size);
    (void)state;
    assert_non_null(bytes);
    for (size_t i = 1; i < 16; i++) {
        void *model = &model;
        assert_int_equal(torch_open_bytes(backend, &model, bytes, size * i / 16, NULL, message,
                                          sizeof(message)), AVSVT_E_FORMAT);
        assert_null(model);
        assert_says("");
    }
    free(bytes);
}

static void a_network_without_forward_is_refused(void **state)
{
    void *model;
    (void)state;
    assert_int_equal(open_as(&model, "no_forward", NULL), AVSVT_E_FORMAT);
    assert_says("no method 'forward'");
}

static void other_device(avsvt_backend_open *args) { args->device = "toaster"; }
static void bad_number(avsvt_backend_open *args) { args->device = "cuda:x"; }
static void far_gpu(avsvt_backend_open *args) { args->device = "cuda:999"; }
static void fp16(avsvt_backend_open *args) { args->precision = AVSVT_PRECISION_FP16; }
static void odd_precision(avsvt_backend_open *args) { args->precision = 9; }
static void no_room(avsvt_backend_open *args)
{
    args->device = "toaster";
    args->message = NULL;
    args->message_size = 0;
}
static void little_room(avsvt_backend_open *args)
{
    args->device = "\xc3\xa4\xc3\xa4\xc3\xa4";
    args->message_size = 22;
}

static void devices_that_are_not_there_are_told(void **state)
{
    void *model;
    (void)state;
    assert_int_equal(open_as(&model, "double", other_device), AVSVT_E_DEVICE);
    assert_says("no device 'toaster'; devices are");
    assert_int_equal(open_as(&model, "double", bad_number), AVSVT_E_DEVICE);
    assert_int_equal(open_as(&model, "double", far_gpu), AVSVT_E_DEVICE);
    assert_says("cuda:999");
    if (!strstr(message, "this machine has")) /* so many GPUs */
        assert_says(AVSVT_TEST_CUDA ? "no NVIDIA GPU" : "built without CUDA");
    assert_int_equal(open_as(&model, "double", fp16), AVSVT_E_UNSUPPORTED);
    assert_says("fp16 needs a GPU");
    assert_int_equal(open_as(&model, "double", odd_precision), AVSVT_E_UNSUPPORTED);
}

static void messages_fit_where_they_go(void **state)
{
    void *model;
    (void)state;
    assert_int_equal(open_as(&model, "double", no_room), AVSVT_E_DEVICE);
    assert_int_equal(open_as(&model, "double", little_room), AVSVT_E_DEVICE);
    assert_string_equal(message, "there is no device '"); /* no half character */
}

static int open_module(void **state)
{
    (void)state;
    backend = torch_backend();
    return backend ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_script_raises_is_told),
        cmocka_unit_test(a_run_after_a_failure_works),
        cmocka_unit_test(wrong_shapes_and_types_are_told),
        cmocka_unit_test(a_wrong_number_of_inputs_is_told),
        cmocka_unit_test(wrong_names_are_told),
        cmocka_unit_test(impossible_inputs_are_told),
        cmocka_unit_test(outputs_that_are_no_tensors_are_told),
        cmocka_unit_test(want_of_memory_is_told),
        cmocka_unit_test(files_of_other_kinds_are_refused),
        cmocka_unit_test(a_zip_without_a_network_is_refused),
        cmocka_unit_test(truncated_files_are_refused),
        cmocka_unit_test(a_network_without_forward_is_refused),
        cmocka_unit_test(devices_that_are_not_there_are_told),
        cmocka_unit_test(messages_fit_where_they_go),
    };
    return cmocka_run_group_tests(tests, open_module, NULL);
}
