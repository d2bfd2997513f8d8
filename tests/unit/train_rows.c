/* SPDX-License-Identifier: MIT */
/* Training on rows of arrays: what is read, drawn and put into batches. */
#include "support/test.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "support/arrays.h"
#include "support/failing_allocator.h"
#include "support/npz.h"
#include "support/scratch.h"
#include "train/rows.h"

static size_t budget = 1 << 20;

static void begin(avsvti_rows *rows, const char *const *inputs)
{
    avsvti_rows_init(rows, NULL, &budget);
    for (; inputs[rows->input_count]; rows->input_count++)
        rows->inputs[rows->input_count] = (avsvti_loss_input){ inputs[rows->input_count], 0 };
}

static void add(avsvti_rows *rows, const char *path, double weight)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    if (avsvti_rows_add(rows, path, weight, &err))
        fail_msg("%s", err.message);
}

static avsvti_plan plan_of(const avsvti_rows *rows, const avsvti_recipe *r, int64_t epoch)
{
    avsvti_plan plan;
    assert_int_equal(avsvti_rows_plan(&plan, rows, r, epoch, NULL), AVSVT_OK);
    return plan;
}

/* Audeo's sampler: the exact chance of each item, and how often it comes. */
static void draws_by_labels_are_those_of_audeo(void **state)
{
    static const char *const inputs[] = { "labels", NULL };
    const char *data = getenv("AVSVT_TEST_DATA");
    avsvti_recipe r = { .draws = 20000, .batch_items = 64, .seed = 3, .balance = "labels" };
    npz_file golden;
    npz_array chance;
    avsvti_rows rows;
    char path[1100];
    int epochs = 10;
    double expected[60] = { 0 };
    int64_t counts[60] = { 0 };
    (void)state;
    snprintf(path, sizeof(path), "%s/reference/piano/golden/balanced_sampler.npz", data ? data : ".");
    if (!npz_open(&golden, path)) {
        print_message("left out: %s is missing\n", path);
        skip();
    }
    assert_true(npz_get(&golden, "probability", &chance) && chance.count == 60);
    begin(&rows, inputs);
    rows.balance = r.balance;
    add(&rows, path, 1);
    assert_int_equal(avsvti_rows_draw(&rows, "r.yaml", NULL), AVSVT_OK);
    assert_int_equal(rows.draws.count, 7);
    for (size_t g = 0; g < rows.draws.count; g++) {
        const avsvti_draw_group *group = &rows.draws.groups[g];
        for (size_t i = 0; i < group->count; i++)
            expected[group->items[i].item] +=
                (group->items[i].until - (i ? group->items[i - 1].until : 0)) /
                group->items[group->count - 1].until / (double)rows.draws.count;
    }
    for (int epoch = 1; epoch <= epochs; epoch++) {
        avsvti_plan plan = plan_of(&rows, &r, epoch);
        assert_int_equal(plan.cut_count, 20000);
        assert_int_equal(plan.batch_count, 313);
        for (size_t i = 0; i < plan.cut_count; i++)
            counts[plan.cuts[i].start]++;
        avsvti_plan_free(&plan);
    }
    for (size_t i = 0; i < 60; i++) {
        double p = npz_value(&chance, i), n = 20000.0 * epochs;
        if (!(fabs(expected[i] - p) <= 1e-12))
            fail_msg("item %zu has the chance %.17g, not %.17g", i, expected[i], p);
        double z = ((double)counts[i] - n * p) / sqrt(n * p * (1 - p));
        if (!(fabs(z) < 4.5))
            fail_msg("item %zu came %lld times: z = %.2f", i, (long long)counts[i], z);
    }
    npz_array_free(&chance);
    npz_close(&golden);
    avsvti_rows_free(&rows);
}

static const uint8_t labels[] = { 1, 0,  1, 1,  0, 0,  0, 1,  0, 0 };
static const float values[] = { 0, 1, 2, 3, 4 };

static const char *write_labelled(const char *name, int64_t items)
{
    const array_part parts[] = {
        { "keys", "|u1", { items, 2 }, 2, labels, 0 },
        { "x", "<f4", { items }, 1, values, 0 },
    };
    return arrays_write(name, parts, 2);
}

/* A file of weight 3 is as if it were listed three times. */
static void draws_go_by_the_weights_of_files(void **state)
{
    static const char *const inputs[] = { "x", NULL };
    const char *first = write_labelled("a.npz", 5), *second = write_labelled("b.npz", 3);
    avsvti_recipe r = { .draws = 100000, .batch_items = 7, .seed = 1 };
    (void)state;
    for (int balanced = 0; balanced < 2; balanced++) {
        double n = (double)r.draws, counts[2][5] = { { 0 } };
        avsvti_rows rows;
        begin(&rows, inputs);
        rows.balance = balanced ? "keys" : NULL;
        add(&rows, first, 1);
        add(&rows, second, 3);
        assert_int_equal(avsvti_rows_draw(&rows, "r.yaml", NULL), AVSVT_OK);
        avsvti_plan plan = plan_of(&rows, &r, 1);
        for (size_t i = 0; i < plan.cut_count; i++)
            counts[plan.cuts[i].song][plan.cuts[i].start]++;
        /* Groups: column 0 has weights 1 + 1 and 3 + 3, column 1 has 1 + 1 and 3,
         * none has 1 + 1 and 3. */
        double p[2][5] = { { 1, 1, 1, 1, 1 }, { 3, 3, 3, 0, 0 } };
        const double labelled[2][5] = {
            { 1 / 8., 1 / 8. + 1 / 5., 1 / 5., 1 / 5., 1 / 5. },
            { 3 / 8., 3 / 8. + 3 / 5., 3 / 5., 0, 0 } };
        for (int f = 0; f < 2; f++)
            for (int i = 0; i < 5; i++) {
                p[f][i] = balanced ? labelled[f][i] / 3 : p[f][i] / 14;
                double z = (counts[f][i] - n * p[f][i]) / sqrt(n * p[f][i] * (1 - p[f][i]) + 1e-9);
                if (!(fabs(z) < 4.5))
                    fail_msg("item %d of file %d: %.0f times, z = %.2f", i, f, counts[f][i], z);
            }
        avsvti_plan_free(&plan);
        avsvti_rows_free(&rows);
    }
}

static void assert_same_plan(const avsvti_plan *a, const avsvti_plan *b, int same)
{
    int equal = a->cut_count == b->cut_count;
    for (size_t i = 0; equal && i < a->cut_count; i++)
        equal = a->cuts[i].song == b->cuts[i].song && a->cuts[i].start == b->cuts[i].start;
    assert_int_equal(equal, same);
}

static void an_epoch_has_each_item_once_or_as_often_as_it_weighs(void **state)
{
    static const char *const inputs[] = { "x", NULL };
    avsvti_recipe r = { .batch_items = 4, .seed = 5 };
    avsvti_rows rows;
    int times[2][5] = { { 0 } };
    (void)state;
    begin(&rows, inputs);
    add(&rows, write_labelled("a.npz", 5), 1);
    add(&rows, write_labelled("b.npz", 5), 2);
    avsvti_plan plan = plan_of(&rows, &r, 1), again = plan_of(&rows, &r, 1);
    avsvti_plan later = plan_of(&rows, &r, 2);
    assert_int_equal(plan.cut_count, 15);
    assert_int_equal(plan.batch_count, 4);
    assert_int_equal(plan.ends[2], 12);
    assert_int_equal(plan.ends[3], 15);
    for (size_t i = 0; i < 15; i++)
        times[plan.cuts[i].song][plan.cuts[i].start]++;
    for (int i = 0; i < 5; i++)
        assert_true(times[0][i] == 1 && times[1][i] == 2);
    assert_same_plan(&plan, &again, 1);
    assert_same_plan(&plan, &later, 0);
    avsvti_plan_free(&again);
    r.order = AVSVTI_ORDER_ASCENDING;
    again = plan_of(&rows, &r, 9);
    for (size_t i = 0; i < 15; i++) {
        assert_int_equal(again.cuts[i].song, i >= 5);
        assert_int_equal(again.cuts[i].start, i < 5 ? i : (i - 5) / 2);
    }
    avsvti_plan_free(&plan);
    avsvti_plan_free(&again);
    avsvti_plan_free(&later);
    assert_int_equal(avsvti_rows_plan_whole(&plan, &rows, 8, NULL), AVSVT_OK);
    assert_true(plan.cut_count == 10 && plan.batch_count == 2 && plan.cuts[9].song == 1 &&
                plan.cuts[9].start == 4);
    avsvti_plan_free(&plan);
    avsvti_rows_free(&rows);
}

/* Half of a file on average. */
static void a_weight_below_one_leaves_items_out(void **state)
{
    static const char *const inputs[] = { "x", NULL };
    static float many[1000];
    const array_part part = { "x", "<f4", { 1000 }, 1, many, 0 };
    avsvti_recipe r = { .batch_items = 100 };
    avsvti_rows rows;
    (void)state;
    begin(&rows, inputs);
    add(&rows, arrays_write("many.npz", &part, 1), 0.5);
    avsvti_plan plan = plan_of(&rows, &r, 1);
    assert_true(plan.cut_count > 400 && plan.cut_count < 600);
    avsvti_plan_free(&plan);
    avsvti_rows_free(&rows);
}

static const int64_t i8s[] = { -1, 2, INT64_C(1) << 40 };
static const int32_t i4s[] = { 1, -2, 3 };
static const double f8s[] = { 0.1, 0.2, 0.3 };
static const uint16_t halves[] = { 0x3c00, 0xc000, 0x3800 }; /* 1, -2, 0.5 */
static const uint8_t bytes[] = { 1, 2, 3, 4, 5, 6 }, bools[] = { 1, 0, 1 };
static const int8_t i1s[] = { -1, 2, -3 };

#define ALL_TYPES { "f4", "<f4", { 3 }, 1, values, 0 }, { "f8", "<f8", { 3, 1 }, 2, f8s, 0 }, \
    { "i4", "<i4", { 3 }, 1, i4s, 0 }, { "i8", "<i8", { 3 }, 1, i8s, 0 }, \
    { "u1", "|u1", { 3, 2 }, 2, bytes, 0 }, { "b1", "|b1", { 3 }, 1, bools, 0 }, \
    { "f2", "<f2", { 3 }, 1, halves, 0 }, { "i1", "|i1", { 3 }, 1, i1s, 0 }

/* Rows 2 and 0 of all types, stored and compressed. */
static void rows_reach_the_loss_as_they_are(void **state)
{
    static const char *const inputs[] = { "f4", "f8", "i4", "i8", "u1", "b1", "f2", "i1", NULL };
    static const int32_t types[] = { AVSVT_F32, AVSVT_F64, AVSVT_I32, AVSVT_I64, AVSVT_U8,
                                     AVSVT_BOOL, AVSVT_F32, AVSVT_I32 };
    const avsvti_excerpt cuts[] = { { 0, 2, 1, 0 }, { 1, 0, 1, 0 } };
    array_part parts[] = { ALL_TYPES };
    const char *stored = arrays_write("stored.npz", parts, 8);
    (void)state;
    for (size_t i = 0; i < 8; i++)
        parts[i].deflated = 1;
    const char *packed = arrays_write("packed.npz", parts, 8);
    for (int turn = 0; turn < 2; turn++) {
        avsvti_rows rows;
        avsvti_batch batch;
        size_t before = budget;
        begin(&rows, inputs);
        add(&rows, turn ? packed : stored, 1);
        add(&rows, turn ? stored : packed, 1);
        assert_true(budget < before); /* for what is compressed */
        assert_int_equal(avsvti_rows_batch(&batch, &rows, cuts, 2, NULL), AVSVT_OK);
        assert_int_equal(batch.count, 8);
        assert_true(batch.amount > 1.5 && batch.amount < 2.5);
        for (size_t k = 0; k < 8; k++) {
            assert_string_equal(batch.tensors[k].name, inputs[k]);
            assert_int_equal(batch.tensors[k].dtype, types[k]);
            assert_int_equal(batch.tensors[k].shape[0], 2);
            assert_int_equal(batch.tensors[k].ndim, k == 1 || k == 4 ? 2 : 1);
        }
#define IS(k, type, a, b) assert_true(((const type *)batch.tensors[k].data)[0] == (type)(a) && \
                                      ((const type *)batch.tensors[k].data)[1] == (type)(b))
        IS(0, float, 2, 0);
        IS(1, double, 0.3, 0.1);
        IS(2, int32_t, 3, 1);
        IS(3, int64_t, INT64_C(1) << 40, -1);
        assert_memory_equal(batch.tensors[4].data, "\5\6\1\2", 4);
        assert_int_equal(batch.tensors[4].shape[1], 2);
        IS(5, uint8_t, 1, 1);
        IS(6, float, 0.5, 1);
        IS(7, int32_t, -3, -1);
        avsvti_batch_free(&batch);
        avsvti_rows_free(&rows);
        budget = before;
    }
}

/* What lies beyond what is read at once into memory is read where it lies. */
static void large_files_stay_where_they_are(void **state)
{
    static const char *const inputs[] = { "big", NULL };
    size_t count = 5u << 20, before = budget;
    float *big = calloc(count, sizeof(*big));
    const avsvti_excerpt cuts[] = { { 0, 4, 1, 0 }, { 0, 1, 1, 0 } };
    avsvti_rows rows;
    avsvti_batch batch;
    (void)state;
    assert_non_null(big);
    for (size_t i = 0; i < 5; i++)
        big[(i << 20) + 7] = (float)i;
    const array_part part = { "big", "<f4", { 5, 1 << 20 }, 2, big, 0 };
    begin(&rows, inputs);
    add(&rows, arrays_write("big.npz", &part, 1), 1);
    assert_int_equal(avsvti_rows_batch(&batch, &rows, cuts, 2, NULL), AVSVT_OK);
    const float *x = batch.tensors[0].data;
    assert_true(x[7] > 3.9f && x[7] < 4.1f && x[(1 << 20) + 7] > 0.9f && x[(1 << 20) + 7] < 1.1f);
    avsvti_batch_free(&batch);
    avsvti_rows_free(&rows);
    assert_int_equal(budget, before);
    unlink(scratch_path("big.npz"));
    free(big);
}

static void a_file_that_is_changed_meanwhile_is_refused(void **state)
{
    static const char *const inputs[] = { "x", NULL };
    const avsvti_excerpt cut = { 0, 0, 1, 0 };
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvti_rows rows;
    avsvti_batch batch;
    (void)state;
    begin(&rows, inputs);
    add(&rows, write_labelled("a.npz", 5), 1);
    write_labelled("a.npz", 3);
    assert_int_equal(avsvti_rows_batch(&batch, &rows, &cut, 1, &err), AVSVT_E_FORMAT);
    assert_says(err, "a.npz: has been written to since");
    unlink(scratch_path("a.npz"));
    assert_int_equal(avsvti_rows_batch(&batch, &rows, &cut, 1, &err), AVSVT_E_NOT_FOUND);
    assert_says(err, "a.npz: can't open");
    avsvti_rows_free(&rows);
}

static avsvt_status make_batch(const avsvt_allocator *a, void *user)
{
    static const char *const inputs[] = { "x", "keys", "f2", NULL };
    const avsvti_excerpt cut = { 0, 1, 1, 0 };
    const avsvti_recipe r = { .batch_items = 2, .draws = 4 };
    avsvt_context_options opts = AVSVT_CONTEXT_OPTIONS_INIT;
    size_t room = 1 << 20;
    avsvt_context *own = NULL;
    avsvti_rows rows;
    avsvti_plan plan;
    avsvti_batch batch;
    opts.allocator = a;
    if (avsvt_context_create(&own, &opts, NULL))
        return AVSVT_E_NOMEM;
    begin(&rows, inputs);
    rows.context = own;
    rows.budget = &room;
    rows.balance = "keys";
    avsvt_status status = avsvti_rows_add(&rows, user, 1, NULL);
    if (status == AVSVT_OK)
        status = avsvti_rows_draw(&rows, "r.yaml", NULL);
    if (status == AVSVT_OK)
        status = avsvti_rows_plan(&plan, &rows, &r, 1, NULL);
    if (status == AVSVT_OK)
        avsvti_plan_free(&plan);
    if (status == AVSVT_OK)
        status = avsvti_rows_batch(&batch, &rows, &cut, 1, NULL);
    if (status == AVSVT_OK)
        avsvti_batch_free(&batch);
    avsvti_rows_free(&rows);
    avsvt_context_free(own);
    return status;
}

static void running_out_of_memory_leaks_nothing(void **state)
{
    const array_part parts[] = {
        { "keys", "|u1", { 3, 2 }, 2, labels, 0 },
        { "x", "<f4", { 3 }, 1, values, 1 },
        { "f2", "<f2", { 3 }, 1, halves, 0 },
    };
    char path[1100];
    (void)state;
    snprintf(path, sizeof(path), "%s", arrays_write("memory.npz", parts, 3));
    assert_true(failing_allocator_each(make_batch, path) > 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(draws_by_labels_are_those_of_audeo),
        cmocka_unit_test(draws_go_by_the_weights_of_files),
        cmocka_unit_test(an_epoch_has_each_item_once_or_as_often_as_it_weighs),
        cmocka_unit_test(a_weight_below_one_leaves_items_out),
        cmocka_unit_test(rows_reach_the_loss_as_they_are),
        cmocka_unit_test(large_files_stay_where_they_are),
        cmocka_unit_test(a_file_that_is_changed_meanwhile_is_refused),
        cmocka_unit_test(running_out_of_memory_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
