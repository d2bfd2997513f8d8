/* SPDX-License-Identifier: MIT */
/* Threads with an instance each of one cold network get what one thread gets. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "backend.h"

#define THREADS 4
#define RUNS 100

static const avsvt_backend *backend;
static char message[504];

struct worker {
    pthread_t thread;
    void *model;
    float results[RUNS][8];
    int failures;
};

static void fill(float *x, int run)
{
    for (int i = 0; i < 8; i++)
        x[i] = 0.01f * (float)(run + i);
}

static void *work(void *argument)
{
    struct worker *w = argument;
    void *instance = NULL;
    char why[504];
    if (backend->instance_create(&instance, w->model, why, sizeof(why)) != AVSVT_OK) {
        w->failures = RUNS;
        return NULL;
    }
    for (int r = 0; r < RUNS; r++) {
        float x[8];
        avsvt_backend_tensor in = torch_input(AVSVT_F32, x, 2, 1, 8), out[2];
        size_t count;
        fill(x, r);
        if (backend->run(instance, &in, 1, out, 2, &count, why, sizeof(why)) != AVSVT_OK) {
            w->failures++;
            continue;
        }
        memcpy(w->results[r], out[0].data, sizeof(w->results[r]));
        for (size_t i = 0; i < count; i++)
            out[i].release(out[i].owner);
    }
    backend->instance_free(instance);
    return NULL;
}

static void threads_agree(void **state)
{
    static struct worker workers[THREADS], alone;
    size_t size;
    char *bytes = torch_model_bytes("weights", &size);
    void *model;
    (void)state;
    assert_non_null(bytes);
    assert_int_equal(torch_open_bytes(backend, &model, bytes, size, NULL, message, sizeof(message)),
                     AVSVT_OK);
    for (int i = 0; i < THREADS; i++) {
        workers[i].model = model;
        assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(workers[i].thread, NULL);
    alone.model = model;
    work(&alone);
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(workers[i].failures, 0);
        assert_memory_equal(workers[i].results, alone.results, sizeof(alone.results));
    }
    backend->free(model);
    free(bytes);
}

static void *open_and_close(void *argument)
{
    struct worker *w = argument;
    size_t size;
    char *bytes = torch_model_bytes("weights", &size);
    for (int r = 0; bytes && r < 5; r++) {
        char why[504];
        void *model;
        if (torch_open_bytes(backend, &model, bytes, size, NULL, why, sizeof(why)) != AVSVT_OK)
            w->failures++;
        else
            backend->free(model);
    }
    free(bytes);
    return bytes ? NULL : w;
}

static void networks_open_side_by_side(void **state)
{
    static struct worker workers[THREADS];
    (void)state;
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&workers[i].thread, NULL, open_and_close, &workers[i]), 0);
    for (int i = 0; i < THREADS; i++) {
        void *failed;
        pthread_join(workers[i].thread, &failed);
        assert_null(failed);
        assert_int_equal(workers[i].failures, 0);
    }
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
        cmocka_unit_test(threads_agree),
        cmocka_unit_test(networks_open_side_by_side),
    };
    return cmocka_run_group_tests(tests, open_module, NULL);
}
