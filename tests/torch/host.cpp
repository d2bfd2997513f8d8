/* SPDX-License-Identifier: MIT */
/* A host that uses the same libtorch itself finds its settings untouched. */
#include <torch/script.h>
#include <torch/utils.h>

#include <cstdlib>
#include <cstring>
#include <thread>

#include <csetjmp>
#include <cstdarg>
extern "C" {
#include <cmocka.h>
}

#include "backend.h"
#include "probe_op.hpp"

static const avsvt_backend *backend;
static char message[504];

static void many_threads(avsvt_backend_open *args)
{
    args->threads = 5;
}

/* Opens and runs the network once; answers its first number. */
static double run_once(const char *name, size_t which, void (*change)(avsvt_backend_open *))
{
    static const float x[16] = { 1 };
    avsvt_backend_tensor in = torch_input(AVSVT_F32, x, 2, 4, 4), out[2];
    void *model = nullptr, *instance = nullptr;
    size_t size = 0, count = 0;
    char *bytes = torch_model_bytes(name, &size);
    double answer = -1;
    if (bytes && torch_open_bytes(backend, &model, bytes, size, change, message,
                                  sizeof(message)) == AVSVT_OK &&
        backend->instance_create(&instance, model, message, sizeof(message)) == AVSVT_OK &&
        backend->run(instance, &in, 1, out, 2, &count, message, sizeof(message)) == AVSVT_OK) {
        const avsvt_backend_tensor &o = out[which];
        answer = o.dtype == AVSVT_I64 ? (double)*(const int64_t *)o.data : *(const uint8_t *)o.data;
        for (size_t i = 0; i < count; i++)
            out[i].release(out[i].owner);
    }
    backend->instance_free(instance);
    backend->free(model);
    free(bytes);
    return answer;
}

static void the_network_gets_the_threads_asked_for(void **)
{
    assert_true(run_once("threads", 1, many_threads) == 5);
    assert_true(run_once("threads", 1, nullptr) == 1);
}

static void the_host_keeps_its_threads(void **)
{
    at::set_num_threads(3);
    run_once("threads", 1, many_threads);
    assert_int_equal(at::get_num_threads(), 3);
    run_once("raises", 0, many_threads); /* fails: 4 rows */
    assert_int_equal(at::get_num_threads(), 3);
}

static void new_threads_of_the_host_get_its_number(void **)
{
    int before = 0, after = 0, fresh = 0;
    at::set_num_threads(3);
    std::thread([&] {
        run_once("threads", 1, many_threads); /* the first use of libtorch here */
        after = at::get_num_threads();
    }).join();
    std::thread([&] { fresh = at::get_num_threads(); }).join();
    before = at::get_num_threads();
    assert_int_equal(before, 3);
    assert_int_equal(after, 3);
    assert_int_equal(fresh, 3);
}

static void calls_at_once_leave_the_number_alone(void **)
{
    int after[4] = { 0 };
    std::thread threads[4];
    at::set_num_threads(3);
    for (int i = 0; i < 4; i++)
        threads[i] = std::thread([&, i] {
            for (int r = 0; r < 5; r++)
                run_once("threads", 1, i % 2 ? many_threads : nullptr);
            after[i] = at::get_num_threads();
        });
    for (std::thread &t : threads)
        t.join();
    int fresh = 0;
    std::thread([&] { fresh = at::get_num_threads(); }).join();
    for (int n : after)
        assert_int_equal(n, 3);
    assert_int_equal(fresh, 3);
}

static void the_host_keeps_gradients_and_executor(void **)
{
    bool profiling = torch::jit::getProfilingMode();
    at::GradMode::set_enabled(true);
    assert_true(run_once("grad", 0, nullptr) == 0);
    assert_true(at::GradMode::is_enabled());
    assert_false(c10::InferenceMode::is_enabled());
    assert_int_equal(torch::jit::getProfilingMode(), profiling);
}

static void the_host_keeps_its_environment(void **)
{
    assert_null(getenv("OMP_WAIT_POLICY"));
    assert_null(getenv("OPENBLAS_CORETYPE"));
}

static int open_module(void **)
{
    unsetenv("OMP_WAIT_POLICY");
    unsetenv("OPENBLAS_CORETYPE");
    backend = torch_backend();
    return backend ? 0 : -1;
}

int main()
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_network_gets_the_threads_asked_for),
        cmocka_unit_test(the_host_keeps_its_threads),
        cmocka_unit_test(new_threads_of_the_host_get_its_number),
        cmocka_unit_test(calls_at_once_leave_the_number_alone),
        cmocka_unit_test(the_host_keeps_gradients_and_executor),
        cmocka_unit_test(the_host_keeps_its_environment),
    };
    return cmocka_run_group_tests(tests, open_module, nullptr);
}
