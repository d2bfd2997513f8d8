/* SPDX-License-Identifier: MIT */
/* The right backend is chosen, and a module that is no good is told why. */
#define _GNU_SOURCE
#include "support/test.h"

#include "backend/registry.h"
#include "support/failing_allocator.h"

typedef struct choice {
    const char *backend, *device, *modules, *family;
} choice;

static avsvt_status choose(const avsvt_backend **out, choice c,
                           avsvt_error *err)
{
    avsvt_context_options opts = AVSVT_CONTEXT_OPTIONS_INIT;
    avsvt_context *context = NULL;
    opts.backend = c.backend;
    opts.device = c.device;
    opts.module_path = c.modules;
    assert_int_equal(avsvt_context_create(&context, &opts, NULL), AVSVT_OK);
    avsvt_status status = avsvti_backend_choose(out, context, c.family, err);
    avsvt_context_free(context);
    assert_true((*out != NULL) == (status == AVSVT_OK));
    return status;
}

static void compiled_in_backends_need_no_module(void **state)
{
    const avsvt_backend *b;
    choice c = { "null", NULL, "/nowhere", NULL };
    (void)state;
    assert_int_equal(choose(&b, c, NULL), AVSVT_OK);
    assert_ptr_equal(b, &avsvti_backend_null);
    c.backend = "native";
    assert_int_equal(choose(&b, c, NULL), AVSVT_OK);
    assert_ptr_equal(b, &avsvti_backend_native);
}

static void unknown_backends_are_refused_by_name(void **state)
{
    const avsvt_backend *b;
    choice c = { "../evil", NULL, NULL, NULL };
    avsvt_error err = AVSVT_ERROR_INIT;
    (void)state;
    assert_int_equal(choose(&b, c, &err), AVSVT_E_ARG);
    assert_says(err, "../evil");
}

static void auto_takes_torch_unless_native_knows_the_family(void **state)
{
    const avsvt_backend *b;
    choice c = { NULL, NULL, TEST_MODULES "/good", NULL };
    (void)state;
    assert_int_equal(choose(&b, c, NULL), AVSVT_OK);
    assert_string_equal(b->name, "test");
    c.family = "no such family";
    assert_int_equal(choose(&b, c, NULL), AVSVT_OK);
    assert_string_equal(b->name, "test");
    c.family = "harmonic-gru-1";
    assert_int_equal(choose(&b, c, NULL), AVSVT_OK);
    assert_string_equal(b->name, avsvti_native_has_family(c.family) ? "native"
                                                                    : "test");
    c.device = "cuda:0"; /* native is for the CPU */
    assert_int_equal(choose(&b, c, NULL), AVSVT_OK);
    assert_string_equal(b->name, "test");
}

static void a_module_is_loaded_once(void **state)
{
    const avsvt_backend *first, *second;
    choice c = { "torch", NULL, TEST_MODULES "/good", NULL };
    (void)state;
    assert_int_equal(choose(&first, c, NULL), AVSVT_OK);
    assert_int_equal(choose(&second, c, NULL), AVSVT_OK);
    assert_ptr_equal(first, second);
}

static void a_missing_module_names_the_file_and_what_brings_it(void **state)
{
    const avsvt_backend *b;
    choice c = { "torch", NULL, "/no/such/folder", NULL };
    avsvt_error err = AVSVT_ERROR_INIT;
    (void)state;
    assert_int_equal(choose(&b, c, &err), AVSVT_E_MODULE);
    assert_says(err, "/no/such/folder/avsvt_torch.so");
    assert_says(err, "libtorch-dev");
    assert_says(err, "AVSVT_TORCH");
}

static void modules_that_are_no_good_say_why(void **state)
{
    static const struct { const char *folder, *words; avsvt_status status; }
    bad[] = {
        { TEST_MODULES "/no_library", "can't be loaded", AVSVT_E_MODULE },
        { TEST_MODULES "/other_interface", "interface", AVSVT_E_MODULE },
        { TEST_MODULES "/no_entry", "not a module", AVSVT_E_MODULE },
        { TEST_MODULES "/incomplete", "incomplete", AVSVT_E_MODULE },
        { TEST_MODULES "/refuses", "another copy", AVSVT_E_CONFLICT },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const avsvt_backend *b;
        choice c = { "torch", NULL, bad[i].folder, NULL };
        avsvt_error err = AVSVT_ERROR_INIT;
        assert_int_equal(choose(&b, c, &err), bad[i].status);
        assert_says(err, bad[i].words);
        assert_says(err, bad[i].folder);
    }
}

static void the_variable_is_looked_at_when_the_context_names_no_folder(void **state)
{
    const avsvt_backend *b;
    choice c = { "torch", NULL, NULL, NULL };
    avsvt_error err = AVSVT_ERROR_INIT;
    (void)state;
    setenv("AVSVT_MODULE_PATH", TEST_MODULES "/good", 1);
    assert_int_equal(choose(&b, c, NULL), AVSVT_OK);
    assert_string_equal(b->name, "test");
    c.modules = TEST_MODULES "/refuses";
    assert_int_equal(choose(&b, c, NULL), AVSVT_E_CONFLICT);
    c.modules = NULL;
    setenv("AVSVT_MODULE_PATH", "/nowhere", 1);
    assert_int_equal(choose(&b, c, &err), AVSVT_E_MODULE);
    assert_says(err, "/nowhere/avsvt_torch.so");
}

static avsvt_status choose_with(const avsvt_allocator *a, void *user)
{
    avsvt_context_options opts = AVSVT_CONTEXT_OPTIONS_INIT;
    avsvt_context *context = NULL;
    const avsvt_backend *b;
    (void)user;
    opts.allocator = a;
    opts.module_path = TEST_MODULES "/good";
    avsvt_status status = avsvt_context_create(&context, &opts, NULL);
    if (status == AVSVT_OK)
        status = avsvti_backend_choose(&b, context, NULL, NULL);
    avsvt_context_free(context);
    return status;
}

static void every_failed_allocation_is_told_and_leaks_nothing(void **state)
{
    (void)state;
    assert_true(failing_allocator_each(choose_with, NULL) >= 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compiled_in_backends_need_no_module),
        cmocka_unit_test(unknown_backends_are_refused_by_name),
        cmocka_unit_test(auto_takes_torch_unless_native_knows_the_family),
        cmocka_unit_test(a_module_is_loaded_once),
        cmocka_unit_test(a_missing_module_names_the_file_and_what_brings_it),
        cmocka_unit_test(modules_that_are_no_good_say_why),
        cmocka_unit_test(the_variable_is_looked_at_when_the_context_names_no_folder),
        cmocka_unit_test(every_failed_allocation_is_told_and_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
