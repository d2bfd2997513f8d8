/* SPDX-License-Identifier: MIT */
/* The torch module in a process that has another libtorch, the same, or none.
 * Arguments: foreign, same or alone, and the libtorch_cpu.so to load first. */
#define _POSIX_C_SOURCE 200809L
#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <avsvt/sys/backend.h>

static const char *first; /* the libtorch that the host has loaded, or "" */
static avsvt_module_entry_fn entry;
static avsvt_status status;
static char message[1024];

static const avsvt_backend *enter(void)
{
    return entry(AVSVT_BACKEND_INTERFACE, &status, message, sizeof(message));
}

static void another_interface_is_refused(void **state)
{
    (void)state;
    assert_null(entry(AVSVT_BACKEND_INTERFACE + 1, &status, message, sizeof(message)));
    assert_int_equal(status, AVSVT_E_MODULE);
    assert_non_null(strstr(message, "interface"));
}

static void another_libtorch_is_refused_by_name(void **state)
{
    (void)state;
    if (!first[0]) {
        print_message("left out: this machine has only one libtorch\n");
        skip();
    }
    for (int i = 0; i < 2; i++) { /* and again */
        assert_null(enter());
        assert_int_equal(status, AVSVT_E_CONFLICT);
        assert_non_null(strstr(message, "libtorch_cpu.so"));
        assert_null(strchr(message, '\n'));
    }
    assert_null(entry(AVSVT_BACKEND_INTERFACE, NULL, NULL, 0));
}

static void the_module_works(void **state)
{
    (void)state;
    const avsvt_backend *backend = enter();
    if (!backend)
        print_message("%s\n", message);
    assert_non_null(backend);
    assert_int_equal(status, AVSVT_OK);
    assert_string_equal(backend->name, "torch");
    assert_int_equal(strncmp(backend->description, "libtorch ", 9), 0);
    assert_ptr_equal(enter(), backend);
}

static void the_environment_is_as_before(void **state)
{
    (void)state;
    assert_null(getenv("OMP_WAIT_POLICY"));
    assert_string_equal(getenv("OPENBLAS_CORETYPE"), "Haswell"); /* the user's */
}

static int prepare(void **state)
{
    const char *module = getenv("AVSVT_TEST_TORCH_MODULE");
    union { void *object; avsvt_module_entry_fn function; } symbol = { NULL };
    (void)state;
    unsetenv("OMP_WAIT_POLICY");
    setenv("OPENBLAS_CORETYPE", "Haswell", 1);
    if (first[0] && !dlopen(first, RTLD_NOW | RTLD_GLOBAL)) {
        print_message("%s\n", dlerror());
        return -1;
    }
    void *handle = module ? dlopen(module, RTLD_NOW | RTLD_LOCAL) : NULL;
    if (handle)
        symbol.object = dlsym(handle, AVSVT_MODULE_ENTRY);
    entry = symbol.function;
    return entry ? 0 : -1;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest foreign[] = {
        cmocka_unit_test(another_interface_is_refused),
        cmocka_unit_test(another_libtorch_is_refused_by_name),
        cmocka_unit_test(the_environment_is_as_before),
    };
    const struct CMUnitTest fine[] = {
        cmocka_unit_test(another_interface_is_refused),
        cmocka_unit_test(the_module_works),
        cmocka_unit_test(the_environment_is_as_before),
    };
    if (argc < 2) {
        fprintf(stderr, "usage: torch_conflict foreign|same|alone [LIBTORCH]\n");
        return 2;
    }
    first = argc > 2 ? argv[2] : "";
    return !strcmp(argv[1], "foreign") ? cmocka_run_group_tests(foreign, prepare, NULL)
                                       : cmocka_run_group_tests(fine, prepare, NULL);
}
