/* SPDX-License-Identifier: MIT */
/* The native backend answers what PyTorch does, for every length and every
 * instruction set, and refuses what is no sound. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "native/native.h"
#include "native_small.h"
#include "platform/thread.h"
#include "support/failing_allocator.h"
#include "support/npz.h"

#define BACKEND (&avsvti_backend_native)
#define TOLERANCE 1e-4

typedef struct answer {
    avsvt_backend_tensor parts[3];
    size_t count;
} answer;

static char message[400];

static avsvt_status open_model(void **model, const char *manifest, const void *file,
                               size_t size, const avsvt_allocator *a)
{
    const avsvt_backend_open args = {
        .struct_size = (uint32_t)sizeof(args), .threads = 1, .device = "auto",
        .path = "test.pt", .manifest = manifest, .archive = file, .archive_size = size,
        .allocator = a, .message = message, .message_size = sizeof(message),
    };
    return BACKEND->open(model, &args);
}

static void *open_small_of(int live)
{
    void *model = NULL;
    size_t size;
    small_model *s = small_make_of(live);
    unsigned char *file = small_file(s, &size);
    avsvt_status status = open_model(&model, s->manifest, file, size,
                                     avsvti_default_allocator());
    if (status != AVSVT_OK)
        fail_msg("%s", message);
    free(file); /* nothing of it is needed any more */
    small_free(s);
    return model;
}

static void *open_small(void)
{
    return open_small_of(0);
}

static void *open_default(void)
{
    avsvti_archive z;
    void *model = NULL;
    char *manifest = NULL;
    size_t size, length;
    const void *file = avsvti_builtin_model(&size);
    const avsvt_allocator *a = avsvti_default_allocator();
    assert_int_equal(avsvti_archive_open(&z, a, file, size, "model", NULL), AVSVT_OK);
    assert_int_equal(avsvti_archive_extract(&manifest, &length, &z,
        avsvti_archive_find(&z, "extra/avsvt.yaml"), 1u << 20, NULL), AVSVT_OK);
    if (open_model(&model, manifest, file, size, a) != AVSVT_OK)
        fail_msg("%s", message);
    free(manifest);
    avsvti_archive_close(&z);
    return model;
}

static void *make_instance(void *model)
{
    void *instance = NULL;
    assert_int_equal(BACKEND->instance_create(&instance, model, message, sizeof(message)),
                     AVSVT_OK);
    return instance;
}

static avsvt_status run(answer *out, void *instance, const float *x, int64_t batch,
                        int64_t n)
{
    const avsvt_backend_tensor input = {
        .struct_size = (uint32_t)sizeof(input), .dtype = AVSVT_F32, .ndim = 2,
        .shape = { batch, n }, .data = x,
    };
    message[0] = '\0';
    return BACKEND->run(instance, &input, 1, out->parts, 3, &out->count, message,
                        sizeof(message));
}

static void release(answer *a)
{
    for (size_t i = 0; i < a->count; i++)
        a->parts[i].release(a->parts[i].owner);
    a->count = 0;
}

static size_t numbers(const avsvt_backend_tensor *t)
{
    size_t n = 1;
    for (int32_t i = 0; i < t->ndim; i++)
        n *= (size_t)t->shape[i];
    return n;
}

static void check_layout(const answer *a, int64_t batch, int64_t frames)
{
    static const int64_t widths[3] = { 20, 150, 1 };
    assert_int_equal(a->count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(a->parts[i].dtype, AVSVT_F32);
        assert_int_equal(a->parts[i].ndim, i < 2 ? 3 : 2);
        assert_int_equal(a->parts[i].shape[0], batch);
        assert_int_equal(a->parts[i].shape[1], frames);
        if (i < 2)
            assert_int_equal(a->parts[i].shape[2], widths[i]);
        const float *x = a->parts[i].data;
        for (size_t j = 0; j < numbers(&a->parts[i]); j++)
            assert_true(isfinite(x[j]));
    }
}

static void check_same_bits(const answer *a, const answer *b)
{
    assert_int_equal(a->count, b->count);
    for (size_t i = 0; i < a->count; i++) {
        size_t n = numbers(&a->parts[i]);
        assert_int_equal(n, numbers(&b->parts[i]));
        assert_memory_equal(a->parts[i].data, b->parts[i].data, n * sizeof(float));
    }
}

static void check_golden(const npz_file *golden, const char *prefix, const answer *a)
{
    static const char *const names[3] = { "logits", "fine", "offset" };
    for (size_t i = 0; i < 3; i++) {
        npz_array want;
        char name[40];
        const float *got = a->parts[i].data;
        snprintf(name, sizeof(name), "%s%s", prefix, names[i]);
        assert_true(npz_get(golden, name, &want));
        assert_int_equal(want.count, numbers(&a->parts[i]));
        for (size_t j = 0; j < want.count; j++) {
            double w = npz_value(&want, j);
            if (!(fabs(got[j] - w) <= TOLERANCE))
                fail_msg("%s[%zu] is %.7g, not %.7g", name, j, (double)got[j], w);
        }
        npz_array_free(&want);
    }
}

/* Every instruction set that this processor has. */
static void default_model_answers_as_pytorch(void **state)
{
    npz_file golden;
    avsvti_native_model *m = open_default();
    float *x = native_sound(32000);
    (void)state;
    assert_true(npz_open(&golden, "golden/native/default.npz"));
    for (unsigned limit = 1; limit <= 3; limit++) {
        answer a;
        m->kernels = avsvti_native_kernels_choose(limit);
        void *instance = make_instance(m);
        assert_int_equal(run(&a, instance, x, 1, 32000), AVSVT_OK);
        check_layout(&a, 1, 101);
        check_golden(&golden, "", &a);
        release(&a);
        BACKEND->instance_free(instance);
    }
    npz_close(&golden);
    free(x);
    BACKEND->free(m);
}

static void check_small(int live, const char *path)
{
    static const int64_t lengths[] = { 1, 319, 320, 321, 17920, 20480 };
    npz_file golden;
    avsvti_native_model *m = open_small_of(live);
    assert_true(npz_open(&golden, path));
    for (unsigned limit = 1; limit <= 3; limit++) {
        m->kernels = avsvti_native_kernels_choose(limit);
        void *instance = make_instance(m);
        for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
            answer a;
            char prefix[24];
            float *x = native_sound((size_t)lengths[i]);
            snprintf(prefix, sizeof(prefix), "n%d_", (int)lengths[i]);
            assert_int_equal(run(&a, instance, x, 1, lengths[i]), AVSVT_OK);
            check_layout(&a, 1, lengths[i] / 320 + 1);
            check_golden(&golden, prefix, &a);
            release(&a);
            free(x);
        }
        BACKEND->instance_free(instance);
    }
    npz_close(&golden);
    BACKEND->free(m);
}

static void odd_sizes_and_lengths_answer_as_pytorch(void **state)
{
    (void)state;
    check_small(0, "golden/native/small.npz");
}

static void live_networks_answer_as_pytorch_on_the_whole(void **state)
{
    (void)state;
    check_small(1, "golden/native/live.npz");
}

static void check_no_trace(int live)
{
    void *m = open_small_of(live), *used = make_instance(m), *fresh = make_instance(m);
    float *x = native_sound(50000);
    answer a, b;
    assert_int_equal(run(&a, used, x, 1, 50000), AVSVT_OK);
    release(&a);
    assert_int_equal(run(&a, used, x, 1, 9000), AVSVT_OK);
    assert_int_equal(run(&b, fresh, x, 1, 9000), AVSVT_OK);
    check_same_bits(&a, &b);
    BACKEND->instance_free(used);
    BACKEND->instance_free(fresh);
    BACKEND->free(m);
    release(&a); /* results outlive what made them */
    release(&b);
    free(x);
}

static void earlier_sounds_leave_no_trace(void **state)
{
    (void)state;
    check_no_trace(0);
    check_no_trace(1);
}

static void a_batch_is_its_sounds_one_by_one(void **state)
{
    void *m = open_small(), *instance = make_instance(m);
    float *x = native_sound(2 * 7000);
    answer both, one;
    (void)state;
    assert_int_equal(run(&both, instance, x, 2, 7000), AVSVT_OK);
    check_layout(&both, 2, 22);
    for (size_t b = 0; b < 2; b++) {
        assert_int_equal(run(&one, instance, x + b * 7000, 1, 7000), AVSVT_OK);
        for (size_t i = 0; i < 3; i++) {
            size_t n = numbers(&one.parts[i]);
            assert_memory_equal((const float *)both.parts[i].data + b * n,
                                one.parts[i].data, n * sizeof(float));
        }
        release(&one);
    }
    release(&both);
    free(x);
    BACKEND->instance_free(instance);
    BACKEND->free(m);
}

static void extreme_sounds_give_finite_numbers(void **state)
{
    static const float levels[] = { 0.0f, 1.0f, 1e-30f, 1e-42f, 1e9f };
    void *m = open_default(), *instance = make_instance(m);
    float x[5000];
    answer a;
    (void)state;
    assert_int_equal(run(&a, instance, x, 1, 0), AVSVT_OK);
    check_layout(&a, 1, 1);
    release(&a);
    for (size_t l = 0; l < sizeof(levels) / sizeof(levels[0]); l++) {
        for (size_t i = 0; i < 5000; i++) /* a square wave */
            x[i] = i / 40 % 2 ? levels[l] : -levels[l];
        assert_int_equal(run(&a, instance, x, 1, 5000), AVSVT_OK);
        check_layout(&a, 1, 16);
        release(&a);
    }
    BACKEND->instance_free(instance);
    BACKEND->free(m);
}

static void what_is_no_sound_is_refused(void **state)
{
    static const float bad[] = { NAN, INFINITY, -INFINITY, 2e9f };
    void *m = open_small(), *instance = make_instance(m);
    float x[700] = { 0 };
    answer a;
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        x[699] = bad[i];
        assert_int_equal(run(&a, instance, x, 1, 700), AVSVT_E_ARG);
        assert_int_equal(a.count, 0);
        assert_non_null(strstr(message, "sample 699"));
    }
    x[699] = 0;
    assert_int_equal(run(&a, instance, x, 1, 600 * 16000 + 1), AVSVT_E_RANGE);
    assert_non_null(strstr(message, "ten minutes"));
    assert_int_equal(run(&a, instance, x, 0, 700), AVSVT_E_ARG);
    assert_int_equal(run(&a, instance, x, 1, -1), AVSVT_E_ARG);
    assert_int_equal(run(&a, instance, x, INT64_MAX, INT64_MAX), AVSVT_E_RANGE);

    avsvt_backend_tensor in = { .struct_size = (uint32_t)sizeof(in), .dtype = AVSVT_F64,
                                .ndim = 2, .shape = { 1, 10 }, .data = x };
    assert_int_equal(BACKEND->run(instance, &in, 1, a.parts, 3, &a.count, message,
                                  sizeof(message)), AVSVT_E_ARG);
    in.dtype = AVSVT_F32;
    in.ndim = 1;
    assert_int_equal(BACKEND->run(instance, &in, 1, a.parts, 3, &a.count, message,
                                  sizeof(message)), AVSVT_E_ARG);
    assert_int_equal(BACKEND->run(instance, &in, 0, a.parts, 3, &a.count, NULL, 0),
                     AVSVT_E_ARG);
    BACKEND->instance_free(instance);
    BACKEND->free(m);
}

static void as_many_outputs_are_written_as_there_is_room_for_and_all_are_counted(void **state)
{
    void *m = open_small(), *instance = make_instance(m);
    float x[700] = { 0 };
    avsvt_backend_tensor out[3], in = { .struct_size = (uint32_t)sizeof(in),
        .dtype = AVSVT_F32, .ndim = 2, .shape = { 1, 700 }, .data = x };
    size_t count;
    (void)state;
    assert_int_equal(BACKEND->run(instance, &in, 1, out, 1, &count, NULL, 0), AVSVT_OK);
    assert_int_equal(count, 3);
    assert_int_equal(out[0].shape[2], 20);
    out[0].release(out[0].owner);
    BACKEND->instance_free(instance);
    BACKEND->free(m);
}

typedef struct worker {
    void *instance;
    const float *sound;
    avsvt_status status;
    answer out;
} worker;

static void *work(void *argument)
{
    worker *w = argument;
    char text[200];
    const avsvt_backend_tensor input = { .struct_size = (uint32_t)sizeof(input),
        .dtype = AVSVT_F32, .ndim = 2, .shape = { 1, 40000 }, .data = w->sound };
    w->status = BACKEND->run(w->instance, &input, 1, w->out.parts, 3, &w->out.count, text,
                             sizeof(text));
    return NULL;
}

static void threads_with_an_instance_each_get_the_same_bits(void **state)
{
    void *m = open_default();
    float *x = native_sound(40000);
    worker w[2];
    avsvti_thread threads[2];
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        w[i] = (worker){ .instance = make_instance(m), .sound = x };
        assert_true(avsvti_thread_start(&threads[i], work, &w[i]));
    }
    for (size_t i = 0; i < 2; i++) {
        avsvti_thread_join(threads[i]);
        assert_int_equal(w[i].status, AVSVT_OK);
        BACKEND->instance_free(w[i].instance);
    }
    check_same_bits(&w[0].out, &w[1].out);
    release(&w[0].out);
    release(&w[1].out);
    free(x);
    BACKEND->free(m);
}

typedef struct whole_way {
    const small_model *small;
    const unsigned char *file;
    size_t size;
} whole_way;

static avsvt_status open_and_run(const avsvt_allocator *a, void *user)
{
    const whole_way *w = user;
    static const float x[1000];
    void *model = NULL, *instance = NULL;
    answer out = { .count = 0 };
    avsvt_status status = open_model(&model, w->small->manifest, w->file, w->size, a);
    assert_true((status == AVSVT_OK) == (model != NULL));
    if (status == AVSVT_OK)
        status = BACKEND->instance_create(&instance, model, message, sizeof(message));
    if (status == AVSVT_OK)
        status = run(&out, instance, x, 1, 1000);
    release(&out);
    BACKEND->instance_free(instance);
    BACKEND->free(model);
    return status;
}

static void check_failed_allocations(int live)
{
    small_model *s = small_make_of(live);
    whole_way w = { .small = s };
    unsigned char *file = small_file(s, &w.size);
    w.file = file;
    assert_true(failing_allocator_each(open_and_run, &w) > 50);
    free(file);
    small_free(s);
}

static void every_failed_allocation_is_told_and_leaks_nothing(void **state)
{
    (void)state;
    check_failed_allocations(0);
    check_failed_allocations(1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(default_model_answers_as_pytorch),
        cmocka_unit_test(odd_sizes_and_lengths_answer_as_pytorch),
        cmocka_unit_test(live_networks_answer_as_pytorch_on_the_whole),
        cmocka_unit_test(earlier_sounds_leave_no_trace),
        cmocka_unit_test(a_batch_is_its_sounds_one_by_one),
        cmocka_unit_test(extreme_sounds_give_finite_numbers),
        cmocka_unit_test(what_is_no_sound_is_refused),
        cmocka_unit_test(as_many_outputs_are_written_as_there_is_room_for_and_all_are_counted),
        cmocka_unit_test(threads_with_an_instance_each_get_the_same_bits),
        cmocka_unit_test(every_failed_allocation_is_told_and_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
