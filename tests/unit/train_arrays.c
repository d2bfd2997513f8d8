/* SPDX-License-Identifier: MIT */
/* Recipes that list arrays, around the network: the null backend takes its place,
 * whose loss takes `samples` and `pitch`. */
#include "support/test.h"

#include <math.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/arrays.h"
#include "support/model_file.h"
#include "support/scratch.h"
#include "support/songs.h"
#include "support/training.h"

#define MOST 24
#define END "output: out\nepochs: 1\n"
#define ARRAYS "data: {train: [a.npz, {path: more, weight: 2}], valid: v.npz, memory_mb: 1}\n" \
               "batch: {items: 5}\noptimizer: {kind: sgd, lr: 0.1}\n"
#define DRAWN "data: {train: [a.npz, more], valid: [v.npz], balance: labels, draws: 30}\n" \
              "batch: {items: 4, accumulate: 2}\noptimizer: {kind: sgd, lr: 0.1}\nema: 0.9\n"

static float samples[MOST * 6], pitch[MOST * 3];
static uint8_t labels[MOST * 2], odd[MOST * 2];

static const char *write_items(const char *name, int64_t items, int deflated)
{
    const array_part parts[] = {
        { "samples", "<f4", { items, 6 }, 2, samples, deflated },
        { "pitch", "<f4", { items, 3 }, 2, pitch, deflated },
        { "labels", "|u1", { items, 2 }, 2, labels, deflated },
    };
    return arrays_write(name, parts, 3);
}

static int set_up(void **state)
{
    if (training_set_up(state) || mkdir(scratch_path("more"), 0755))
        return -1;
    for (int i = 0; i < MOST; i++) {
        for (int k = 0; k < 6; k++)
            samples[6 * i + k] = (float)(i * k % 5) / 5;
        for (int k = 0; k < 3; k++)
            pitch[3 * i + k] = (i + k) % 3 ? 60 : -1;
        labels[2 * i] = i % 2;
        labels[2 * i + 1] = i % 3 == 0;
        odd[2 * i] = odd[2 * i + 1] = (uint8_t)(i ? 1 : 2);
    }
    write_items("a.npz", 13, 0);
    write_items("v.npz", 7, 1);
    write_items("more/b.npz", 4, 1);
    write_items("more/c.npz", 1, 0);
    return 0;
}

static int tear_down(void **state)
{
    unlink(scratch_path("more/b.npz"));
    unlink(scratch_path("more/c.npz"));
    rmdir(scratch_path("more"));
    return training_tear_down(state);
}

static void an_epoch_goes_through_all_items(void **state)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_model *model = NULL;
    size_t size;
    (void)state;
    avsvt_trainer *t = training_open(ARRAYS "output: out\nepochs: 2\ntensorboard: true\n");
    training_run(t);
    avsvt_train_report r = training_describe(t);
    assert_int_equal(r.step, 2 * 5); /* of 13 + 2 * (4 + 1) items */
    assert_int_equal(r.items, 2 * 23);
    assert_true(r.sound_s <= 0 && r.sound_s >= 0);
    assert_true(r.valid_loss >= 0 && r.conpoff < 0);
    avsvt_trainer_free(t);
    char *log = scratch_output("out", "log.jsonl", &size);
    assert_non_null(strstr(log, "\"items\": 5, \"lr\""));
    assert_null(strstr(log, "sound_s"));
    free(log);
    if (avsvt_model_open(&model, training_context, scratch_path("out/last.pt"), &err))
        fail_msg("%s", err.message);
    assert_string_equal(avsvt_model_get(model, "training.items"), "18");
    assert_null(avsvt_model_get(model, "training.songs"));
    avsvt_model_free(model);
    training_remove("out");
}

/* Batch normalisation can't be trained on one item. */
static void a_last_batch_that_is_not_full_can_be_left_out(void **state)
{
    static const struct { const char *batch; int steps, items; } plans[] = {
        { "{items: 6, drop_last: true}", 2, 12 }, { "{items: 6}", 3, 13 },
        { "{items: 13, drop_last: true}", 1, 13 }, { "{items: 6, drop_last: false}", 3, 13 },
    };
    char text[200];
    (void)state;
    for (size_t i = 0; i < sizeof(plans) / sizeof(*plans); i++) {
        snprintf(text, sizeof(text), "data: {train: a.npz, valid: v.npz}\nbatch: %s\n" END,
                 plans[i].batch);
        avsvt_trainer *t = training_open(text);
        training_run(t);
        assert_int_equal(training_describe(t).step, plans[i].steps);
        assert_int_equal(training_describe(t).items, plans[i].items);
        avsvt_trainer_free(t);
        training_remove("out");
    }
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_trainer *t = training_open("data: {train: a.npz}\n"
                                     "batch: {items: 14, drop_last: true}\noutput: out\nsteps: 9\n");
    assert_int_equal(avsvt_trainer_run(t, NULL, NULL, &err), AVSVT_E_FORMAT);
    assert_says(err, "'batch.drop_last' leaves no batch");
    avsvt_trainer_free(t);
    training_remove("out");
}

static void a_stopped_training_goes_on_to_the_same_bits(void **state)
{
    static const char *const files[] = { "last.pt", "best.pt", "log.jsonl", "last.state" };
    training_stopping s = { .at = 5 };
    (void)state;
    avsvt_trainer *t = training_open(DRAWN "output: once\nepochs: 3\n");
    training_run(t);
    assert_int_equal(training_describe(t).items, 90);
    avsvt_trainer_free(t);
    t = training_open(DRAWN "output: twice\nepochs: 3\n");
    assert_int_equal(avsvt_trainer_run(t, training_stop, &s, NULL), AVSVT_E_CANCELLED);
    avsvt_trainer_free(t);
    t = training_open(DRAWN "output: twice\nepochs: 3\n");
    assert_int_equal(training_describe(t).step, 5);
    assert_int_equal(training_describe(t).items, 38); /* the fourth step has what was left */
    training_run(t);
    avsvt_trainer_free(t);
    for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
        training_same_output("once", "twice", files[i]);
    training_remove("once");
    training_remove("twice");
}

/* Batches of any size, a shorter one at the end. */
static void a_validation_is_the_mean_over_items(void **state)
{
    static const int items[] = { 1, 3, 100 };
    double losses[3];
    (void)state;
    for (int i = 0; i < 3; i++) {
        char more[300];
        snprintf(more, sizeof(more), "data: {train: a.npz, valid: v.npz, draws: 100}\n"
                 "batch: {items: %d}\noutput: out\nsteps: 1\noptimizer: {kind: sgd, lr: 0}\n",
                 items[i]);
        avsvt_trainer *t = training_open(more);
        training_run(t);
        losses[i] = training_describe(t).valid_loss;
        avsvt_trainer_free(t);
        training_remove("out");
    }
    assert_true(fabs(losses[0] - losses[2]) < 1e-7 && fabs(losses[1] - losses[2]) < 1e-7);
    assert_true(losses[0] > 1e-3);
}

/* The first epoch is the best; two are waited for. */
static void a_schedule_looks_at_the_loss_of_the_steps(void **state)
{
    training_stopping s = { .at = 20 };
    size_t sizes;
    const char *const more = "data: {train: a.npz}\nbatch: {items: 13, order: ascending}\n"
        "optimizer: {kind: sgd, lr: 0.5}\nepochs: 12\noutput: %s\n"
        "schedule: {kind: plateau, on: train_loss, patience: 2, factor: 0.5, threshold: 0.9}\n";
    char text[400];
    (void)state;
    for (int i = 0; i < 2; i++) {
        snprintf(text, sizeof(text), more, i ? "twice" : "once");
        for (s.at = i ? 4 : 20; s.at; s.at = s.at < 10 ? s.at + 3 : 0) {
            avsvt_trainer *t = training_open(text);
            avsvt_status status = avsvt_trainer_run(t, training_stop, &s, NULL);
            assert_int_equal(status, s.at < 13 ? AVSVT_E_CANCELLED : AVSVT_OK);
            avsvt_trainer_free(t);
        }
        avsvt_trainer *t = training_open(text);
        training_run(t);
        avsvt_trainer_free(t);
    }
    char *log = scratch_output("once", "log.jsonl", &sizes);
    double last = 0.5;
    int epoch = 0;
    for (const char *at = log; (at = strstr(at, "\"lr\": [")); epoch++) {
        double lr = strtod(at += 7, NULL), wanted = epoch < 4 ? 0.5 : epoch < 7 ? 0.25 : last;
        if (!(fabs(lr - wanted) < 1e-12) && !(epoch >= 7 && lr <= last))
            fail_msg("epoch %d: %g, not %g", epoch + 1, lr, wanted);
        last = lr;
    }
    assert_int_equal(epoch, 12);
    free(log);
    training_same_output("once", "twice", "log.jsonl");
    training_same_output("once", "twice", "last.pt");
    training_remove("once");
    training_remove("twice");
}

static void steps_on_the_callers_arrays_have_no_epochs_to_look_at(void **state)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_trainer *t = NULL;
    avsvt_model *model = NULL;
    (void)state;
    assert_int_equal(avsvt_model_open(&model, training_context, scratch_path("model.pt"), &err), 0);
    assert_int_equal(avsvt_trainer_create(&t, model, "{schedule: {kind: plateau, on: train_loss}}",
                                          &err), AVSVT_OK);
    assert_int_equal(avsvt_trainer_step(t, NULL, NULL, 0, NULL, &err), AVSVT_E_ARG);
    assert_says(err, "looks at the loss of whole epochs");
    avsvt_trainer_free(t);
    avsvt_model_free(model);
}

static void keys_of_the_other_kind_are_refused(void **state)
{
    static const char *const wrong[][2] = {
        { "data: {train: [a.npz, train.csv]}\nbatch: {items: 4}\n", "lists both songs and .npz" },
        { "data: {train: a.npz, valid: valid.csv}\nbatch: {items: 4}\n", "lists both" },
        { "data: {train: a.npz}\n", "'batch.items' is missing" },
        { "data: {train: a.npz}\nbatch: {duration_s: 5, items: 4}\n",
          "'batch.duration_s' is for songs" },
        { "data: {train: a.npz, segment_s: 5}\nbatch: {items: 4}\n", "'data.segment_s' is for songs" },
        { "data: {train: a.npz, utterance_s: 5}\nbatch: {items: 4}\n", "'data.utterance_s' is for" },
        { "data: {train: a.npz}\nbatch: {items: 4}\naugment: []\n", "'augment' is for songs" },
        { "data: {train: a.npz}\nbatch: {items: 4}\nchains: {a: []}\n", "'chains' is for songs" },
        { "data: {train: {path: a.npz, augment: []}}\nbatch: {items: 4}\n",
          "'data.train.augment': steps of augmentation are for sound" },
        { "data: {train: a.npz, balance: labels}\nbatch: {items: 4}\n", "give 'data.draws'" },
        { "data: {train: a.npz, balance: [labels], draws: 4}\nbatch: {items: 4}\n",
          "'data.balance' must be the name" },
        { "data: {train: a.npz, draws: 0}\nbatch: {items: 4}\n", "'data.draws' is '0'" },
        { "data: {train: a.npz, draws: 4}\nbatch: {items: 4, order: ascending}\n", "give one of them" },
        { "data: {valid: a.npz}\nbatch: {items: 4}\n", "'data.train' is missing or empty" },
        { "data: {train: train.csv, draws: 4}\n", "'data.draws' is for arrays" },
        { "data: {train: train.csv, balance: labels}\n", "'data.balance' is for arrays" },
        { "data: {train: a.npz, valid: v.npz}\nbatch: {items: 4}\nvalid: {measure: con}\n",
          "'loss' is the only measure" },
        { "data: {train: a.npz, valid: ./a.npz}\nbatch: {items: 4}\n", "in data.train and in data.valid" },
        { "data: {train: [more, a.npz, more/../more/b.npz]}\nbatch: {items: 4}\n",
          "/b.npz is in data.train twice: give it a weight" },
        { "data: {train: a.npz, valid: [v.npz, more, ./v.npz]}\nbatch: {items: 4}\n",
          "v.npz is in data.valid twice" },
        { "data: {train: [a.npz, more], valid: [v.npz, more/c.npz]}\nbatch: {items: 4}\n",
          "c.npz is in data.train and in data.valid" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        char text[400];
        snprintf(text, sizeof(text), "%s" END, wrong[i][0]);
        training_refused(AVSVT_E_FORMAT, text, wrong[i][1]);
    }
}

#define LISTS(name) "data: {train: " name "}\nbatch: {items: 4}\n" END
#define BALANCED(name, by) "data: {train: " name ", balance: " by ", draws: 4}\nbatch: {items: 4}\n" END

static void refused_part(const char *says, avsvt_status status, const array_part *second)
{
    const array_part parts[] = { { "samples", "<f4", { 5, 6 }, 2, samples, 0 }, *second };
    arrays_write("bad.npz", parts, 2);
    training_refused(status, LISTS("[a.npz, bad.npz]"), says);
}

static void arrays_that_are_no_items_are_refused(void **state)
{
    static uint64_t large[5];
    const array_part alone = { "samples", "<f4", { 5, 6 }, 2, samples, 0 };
    const array_part many[] = { { "samples", "<u8", { 5 }, 1, large, 0 },
                                { "pitch", "<f4", { 5, 3 }, 2, pitch, 0 } };
    (void)state;
    refused_part("bad.npz: its array 'pitch' (float32 [4, 3]) has 4 rows, 'samples' has 5",
                 AVSVT_E_FORMAT, &(array_part){ "pitch", "<f4", { 4, 3 }, 2, pitch, 0 });
    refused_part("bad.npz: its array 'pitch' is float32 [5, 2], that of ", AVSVT_E_FORMAT,
                 &(array_part){ "pitch", "<f4", { 5, 2 }, 2, pitch, 0 });
    refused_part("a.npz float32 [13, 3]: but for the number of rows", AVSVT_E_FORMAT,
                 &(array_part){ "pitch", "<f4", { 5, 3, 1 }, 3, pitch, 0 });
    refused_part("is int32 [5, 3], that of", AVSVT_E_FORMAT,
                 &(array_part){ "pitch", "<i4", { 5, 3 }, 2, pitch, 0 });
    refused_part("'pitch' is a single number", AVSVT_E_FORMAT,
                 &(array_part){ "pitch", "<f4", { 0 }, 0, pitch, 0 });
    refused_part("'pitch' is empty (float32 [0, 3])", AVSVT_E_FORMAT,
                 &(array_part){ "pitch", "<f4", { 0, 3 }, 2, pitch, 0 });
    refused_part("array 'pitch': ", AVSVT_E_UNSUPPORTED,
                 &(array_part){ "pitch", ">f4", { 5, 3 }, 2, pitch, 0 });
    refused_part("bad.npz: has no array 'pitch', but samples, pitches", AVSVT_E_NOT_FOUND,
                 &(array_part){ "pitches", "<f4", { 5, 3 }, 2, pitch, 0 });
    arrays_write("bad.npz", &alone, 1);
    training_refused(AVSVT_E_NOT_FOUND, LISTS("bad.npz"), "an input of the loss is missing: ");
    arrays_write("bad.npz", many, 2);
    training_refused(AVSVT_E_UNSUPPORTED, LISTS("bad.npz"), "array 'samples': ");
    training_refused(AVSVT_E_NOT_FOUND, LISTS("none.npz"), "none.npz: can't open");
}

/* A mistyped folder, or an empty one, is not told to be one of songs. */
static void a_place_without_arrays_is_told(void **state)
{
    (void)state;
    assert_int_equal(mkdir(scratch_path("empty"), 0755), 0);
    training_refused(AVSVT_E_NOT_FOUND, LISTS("mroe"), "mroe: can't open: No such file");
    training_refused(AVSVT_E_NOT_FOUND, LISTS("[a.npz, mroe]"), "mroe: can't open");
    training_refused(AVSVT_E_FORMAT, "data: {train: empty, draws: 5}\nbatch: {items: 2}\n" END,
                     "'data.draws' is for arrays, and 'data' lists no .npz files");
    rmdir(scratch_path("empty"));
}

static void endings_may_be_in_capitals(void **state)
{
    (void)state;
    write_items("A.NPZ", 5, 0);
    write_items("more/D.Npz", 2, 0);
    avsvt_trainer *t = training_open("data: {train: [A.NPZ, more]}\nbatch: {items: 4}\n"
                                     "optimizer: {kind: sgd, lr: 0.1}\n" END);
    training_run(t);
    assert_int_equal(training_describe(t).items, 5 + 2 + 4 + 1);
    avsvt_trainer_free(t);
    training_remove("out");
    unlink(scratch_path("more/D.Npz"));
}

static void files_that_are_no_npz_are_refused(void **state)
{
    const array_part part = { "samples", "<f4", { 5, 6 }, 2, samples, 0 };
    size_t size;
    (void)state;
    unsigned char *npy = arrays_npy(&part, &size);
    scratch_write("bad.npz", npy, size);
    free(npy);
    training_refused(AVSVT_E_FORMAT, LISTS("bad.npz"), "is one array without a name");
    char *whole = scratch_read(scratch_path("a.npz"), &size);
    for (size_t cut = 0; cut < size; cut += cut < 400 ? 37 : 211) {
        scratch_write("bad.npz", whole, cut);
        training_refused(AVSVT_E_FORMAT, LISTS("bad.npz"), "bad.npz: ");
    }
    free(whole);
    npy = arrays_npy(&(array_part){ "pitch", "<f4", { 5, 3 }, 2, pitch, 0 }, &size);
    char *place = strstr((char *)npy + 10, "(5, ");
    assert_non_null(place);
    memcpy(place, "(9, ", 4); /* more than is there */
    const model_file_part parts[] = { { "samples.npy", npy, size }, { "pitch.npy", npy, size } };
    unsigned char *zip = model_file_zip(parts, 2, &size);
    scratch_write("bad.npz", zip, size);
    training_refused(AVSVT_E_FORMAT, LISTS("bad.npz"), "array 'samples': ");
    training_refused(AVSVT_E_FORMAT, LISTS("bad.npz"), "bad.npz: was cut short");
    free(zip);
    free(npy);
}

static void labels_that_cannot_be_drawn_by_are_refused(void **state)
{
    static uint8_t none[MOST * 2], all[MOST * 2];
    const array_part parts[] = {
        { "samples", "<f4", { 6, 6 }, 2, samples, 0 }, { "pitch", "<f4", { 6, 3 }, 2, pitch, 0 },
        { "labels", "|u1", { 6, 2 }, 2, none, 0 }, { "all", "|u1", { 6, 2 }, 2, all, 0 },
        { "odd", "|u1", { 6, 2 }, 2, odd, 0 }, { "three", "|u1", { 6, 3 }, 2, none, 0 },
    };
    (void)state;
    memset(all, 1, sizeof(all));
    for (int i = 0; i < 6; i++)
        none[2 * i] = i % 2;
    arrays_write("bad.npz", parts, 6);
    training_refused(AVSVT_E_FORMAT, BALANCED("bad.npz", "labels"), "by column 1 (from 0) of 'labels'");
    training_refused(AVSVT_E_FORMAT, BALANCED("bad.npz", "all"), "with no column of 'all' set");
    training_refused(AVSVT_E_FORMAT, BALANCED("bad.npz", "odd"),
                     "its array 'odd' has 2 in row 0, column 0");
    training_refused(AVSVT_E_NOT_FOUND, BALANCED("bad.npz", "keys"), "has no array 'keys'");
    memcpy(none, labels, sizeof(none));
    const array_part wrong[] = { parts[0], parts[1], { "labels", "|u1", { 6, 3 }, 2, none, 0 } };
    arrays_write("bad.npz", wrong, 3);
    training_refused(AVSVT_E_FORMAT, BALANCED("[a.npz, bad.npz]", "labels"), "has 3 columns, that of");
    const array_part flat[] = { parts[0], parts[1], { "labels", "|u1", { 12 }, 1, none, 0 } };
    arrays_write("bad.npz", flat, 3);
    training_refused(AVSVT_E_FORMAT, BALANCED("bad.npz", "labels"), "is [12]: 'data.balance' needs");
}

static void too_little_memory_for_what_is_compressed_is_told(void **state)
{
    static float much[300000];
    const array_part parts[] = {
        { "samples", "<f4", { 5, 60000 }, 2, much, 1 }, { "pitch", "<f4", { 5, 3 }, 2, pitch, 1 },
    };
    (void)state;
    arrays_write("packed.npz", parts, 2);
    training_refused(AVSVT_E_UNSUPPORTED, "data: {train: packed.npz, memory_mb: 1}\n"
                     "batch: {items: 4}\n" END, "packed.npz: its array 'samples' is compressed, and "
                     "needs 2 MB of memory, but of data.memory_mb 1 are left");
    avsvt_trainer *t = training_open("data: {train: packed.npz, memory_mb: 2}\nbatch: {items: 4}\n" END);
    training_run(t);
    avsvt_trainer_free(t);
    training_remove("out");
}

static void a_checkpoint_of_other_arrays_is_refused(void **state)
{
    (void)state;
    avsvt_trainer *t = training_open(ARRAYS "output: out\nsteps: 1\n");
    training_run(t);
    avsvt_trainer_free(t);
    samples[0] += 1;
    write_items("a.npz", 13, 0);
    training_refused(AVSVT_E_FORMAT, ARRAYS "output: out\nsteps: 2\n", "other songs or arrays");
    samples[0] -= 1;
    write_items("a.npz", 13, 0);
    t = training_open(ARRAYS "output: out\nsteps: 2\n");
    assert_int_equal(training_describe(t).resumed, 1);
    training_run(t);
    avsvt_trainer_free(t);
    training_remove("out");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_epoch_goes_through_all_items),
        cmocka_unit_test(a_last_batch_that_is_not_full_can_be_left_out),
        cmocka_unit_test(a_stopped_training_goes_on_to_the_same_bits),
        cmocka_unit_test(a_validation_is_the_mean_over_items),
        cmocka_unit_test(a_schedule_looks_at_the_loss_of_the_steps),
        cmocka_unit_test(steps_on_the_callers_arrays_have_no_epochs_to_look_at),
        cmocka_unit_test(keys_of_the_other_kind_are_refused),
        cmocka_unit_test(arrays_that_are_no_items_are_refused),
        cmocka_unit_test(files_that_are_no_npz_are_refused),
        cmocka_unit_test(a_place_without_arrays_is_told),
        cmocka_unit_test(endings_may_be_in_capitals),
        cmocka_unit_test(labels_that_cannot_be_drawn_by_are_refused),
        cmocka_unit_test(too_little_memory_for_what_is_compressed_is_told),
        cmocka_unit_test(a_checkpoint_of_other_arrays_is_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
