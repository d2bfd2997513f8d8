/* SPDX-License-Identifier: MIT */
/* What a trainer refuses before it begins: recipes, lists, models, checkpoints. */
#define _GNU_SOURCE /* setenv, truncate */
#include "support/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/archive.h"
#include "support/model_file.h"
#include "support/scratch.h"
#include "support/songs.h"
#include "support/training.h"

/* Weights that can't be written are not trained first. */
static void tensors_without_a_part_of_the_file_are_told_at_once(void **state)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_trainer *t = NULL;
    size_t size = 0;
    (void)state;
    unsigned char *model = model_file_make(MODEL_FILE_NOTES, &size);
    scratch_write("tied.pt", model, size);
    free(model);
    assert_int_equal(avsvt_trainer_open(&t, training_context, songs_recipe("tied.yaml", "tied.pt",
        TRAINING_DATA "output: out\nsteps: 1\n"), &err), AVSVT_E_UNSUPPORTED);
    assert_says(err, "'scale' shares its memory with another tensor");
}

static void bad_recipes_are_refused_with_the_reason(void **state)
{
    (void)state;
    training_refused(AVSVT_E_FORMAT, TRAINING_DATA "output: out\n", "has no end");
    training_refused(AVSVT_E_FORMAT, TRAINING_DATA "output: out\nepochs: 0\n", "'epochs' is '0'");
    training_refused(AVSVT_E_FORMAT, TRAINING_DATA "output: out\nepochs: 1.5\n", "a whole number");
    training_refused(AVSVT_E_FORMAT, TRAINING_DATA "output: out\nepochs: many\n", "'many'");
    training_refused(AVSVT_E_FORMAT, TRAINING_DATA "output: out\nepochs: [1]\n", "'epochs' must be a number");
    training_refused(AVSVT_E_FORMAT, TRAINING_DATA "epochs: 1\n", "'output' is missing");
    training_refused(AVSVT_E_FORMAT, TRAINING_DATA "output: out\nepoch: 1\n", "'epoch' is not a key");
    training_refused(AVSVT_E_FORMAT, "data: train.csv\noutput: out\nepochs: 1\n",
                   "'data' must be a mapping");
    training_refused(AVSVT_E_FORMAT, "data: {train: train.csv, speed: 2}\noutput: out\nepochs: 1\n",
                   "'data.speed' is not a key");
    training_refused(AVSVT_E_FORMAT, "data: {valid: [valid.csv]}\noutput: out\nepochs: 1\n",
                   "'data.train' is missing or empty");
    training_refused(AVSVT_E_FORMAT, TRAINING_DATA "output: out\nepochs: 1\nprecision: int4\n",
                   "must be one of fp32, fp16, bf16");
    training_refused(AVSVT_E_FORMAT, TRAINING_DATA "output: out\nepochs: 1\nschedule: {kind: newbob}\n",
                   "'data.valid' names none");
    training_refused(AVSVT_E_FORMAT, TRAINING_DATA "output: out\nepochs: 1\ngroups: [{name: a}]\n",
                   "'groups.0.parameters' must be a list");
    training_refused(AVSVT_E_FORMAT, TRAINING_DATA "output: out\nepochs: 1\n"
                   "groups: [{parameters: [scale]}, {parameters: [sc]}]\n",
                   "'groups.1.parameters' names no parameter");
    training_refused(AVSVT_E_FORMAT, TRAINING_DATA "output: out\nepochs: 1\n"
                   "groups: [{parameters: [scale], optimizer: {speed: 1}}]\n",
                   "'groups.0.optimizer.speed' is not a key");
    training_refused(AVSVT_E_FORMAT, TRAINING_DATA "output: out\nepochs: 5\ngroups: [{parameters: [scale], "
                   "frozen_epochs: 3}, {parameters: [\"\"], frozen_epochs: 2}]\n",
                   "nothing would train in the first 2 epochs");
    training_refused(AVSVT_E_FORMAT, TRAINING_DATA "output: out\nepochs: 1\n"
                   "groups: [{parameters: [scale, bais]}]\n", "with 'bais'");
    training_refused(AVSVT_E_FORMAT, TRAINING_DATA "output: out\nepochs: 1\n"
                   "groups: [{parameters: {a: scale}}]\n", "'groups.0.parameters' must be a list");
    training_refused(AVSVT_E_FORMAT, TRAINING_DATA "output: out\nepochs: 1\n"
                   "groups: [{parameters: [[scale]]}]\n", "'groups.0.parameters' must be a list");
    training_refused(AVSVT_E_FORMAT, TRAINING_DATA "output: out\nepochs: 1\ngroups: {parameters: [scale]}\n",
                   "'groups' must be a list of mappings");
    training_refused(AVSVT_E_FORMAT, TRAINING_DATA "output: out\nepochs: 1\nema: 1\n", "0 to 0.999999");
    training_refused(AVSVT_E_FORMAT, TRAINING_DATA "output: out\nepochs: 1\nname: [mine]\n", "'name' is a list");
    training_refused(AVSVT_E_FORMAT, "data: {train: train.csv, segment_s: 0.00001}\noutput: out\n"
                   "epochs: 1\n", "'data.segment_s' is 0.00001: a piece of a song has at least "
                   "0.01 s");
    training_refused(AVSVT_E_FORMAT, "data: {train: train.csv, utterance_s: 0.0000001}\n"
                   "output: out\nepochs: 1\n", "'data.utterance_s' is 0.0000001: a piece");
    training_refused(AVSVT_E_FORMAT, "data: {train: ''}\noutput: out\nepochs: 1\n",
                   "'data.train' is empty");
    training_refused(AVSVT_E_FORMAT, "data: {train: ['']}\noutput: out\nepochs: 1\n",
                   "'data.train.0' is empty");
    training_refused(AVSVT_E_FORMAT, TRAINING_DATA "output: out\nepochs: 1\naugment: [{step: spin}]\n", "spin");
    training_refused(AVSVT_E_FORMAT, "data: {train: {path: train.csv, augment: [{step: spin}]}}\n"
                   "output: out\nepochs: 1\n", "spin");
    training_refused(AVSVT_E_FORMAT, "data: {train: {path: train.csv, augment: loud}}\n"
                   "output: out\nepochs: 1\n", "name of a list in 'chains'");
    training_refused(AVSVT_E_FORMAT, "data: {train: {path: train.csv, augment: loud}}\n"
                   "output: out\nepochs: 1\nchains: {soft: []}\n", "'data.train.augment' is 'loud'");
    training_refused(AVSVT_E_FORMAT, "data: {train: {path: train.csv, augment: soft}}\n"
                   "output: out\nepochs: 1\nchains: {soft: [{step: spin}]}\n", "chains.soft");
    training_refused(AVSVT_E_FORMAT, TRAINING_DATA "output: out\nepochs: 1\nchains: [loud]\n",
                   "'chains' must be a mapping");
    training_refused(AVSVT_E_FORMAT, "data: {train: train.csv, valid: {path: valid.csv, augment: []}}\n"
                   "output: out\nepochs: 1\n", "only songs of data.train");
    training_refused(AVSVT_E_FORMAT, TRAINING_DATA "output: out\nepochs: 1\ndistributed: {timeout_s: 0}\n",
                   "'distributed.timeout_s' is '0'");
    training_refused(AVSVT_E_FORMAT, TRAINING_DATA "output: out\nepochs: 1\ndistributed: {nodes: 2}\n",
                   "'distributed.nodes' is not a key");
    training_refused(AVSVT_E_FORMAT, TRAINING_DATA "output: out\nepochs: 1\ndistributed: {backend: mpi}\n",
                   "'distributed.backend' is 'mpi'");
    training_refused(AVSVT_E_FORMAT, "- 1\n", "no valid YAML");
}

/* What an optimizer or schedule would not look at is refused, not ignored. */
static void numbers_that_say_nothing_are_refused(void **state)
{
    static const char *const wrong[][2] = {
        { "optimizer: {kind: adam, rho: 0.9}", "'optimizer.rho' is not a key here: there are kind, lr" },
        { "optimizer: {momentum: 0.9}", "'optimizer.momentum' is not a key" },
        { "optimizer: {kind: adam, betas: 0.9}", "'optimizer.betas' must be a list of two" },
        { "optimizer: {kind: adam, betas: [0.9]}", "'optimizer.betas' must be a list of two" },
        { "optimizer: {kind: adam, betas: [0.9, 0.99, 0.5]}", "'optimizer.betas' must be a list of two" },
        { "optimizer: {kind: adam, betas: {a: 0.9, b: 0.99}}", "'optimizer.betas' must be a list of two" },
        { "optimizer: {kind: adam, betas: [0.9, 1]}", "'optimizer.betas.1' is '1'" },
        { "optimizer: {kind: sgd, nesterov: true}", "'optimizer.nesterov' needs a momentum" },
        { "optimizer: {kind: sgd, nesterov: true, momentum: 0.9, dampening: 0.1}", "no dampening" },
        { "schedule: {kind: cosine, patience: 3}", "'schedule.patience' is not a key here: there are "
          "kind, warmup_steps, last" },
        { "schedule: {last: 0.1}", "'schedule.last' is not a key" },
        { "schedule: {kind: one_cycle, momentum: 0.9}", "'schedule.momentum' must be a list of two" },
        { "groups: [{parameters: [scale], optimizer: {kind: sgd, betas: [0.9, 0.99]}}]",
          "'groups.0.optimizer.betas' is not a key" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        char text[400];
        snprintf(text, sizeof(text), "data: {train: train.csv}\noutput: out\nepochs: 1\n%s\n",
                 wrong[i][0]);
        training_refused(AVSVT_E_FORMAT, text, wrong[i][1]);
    }
    avsvt_trainer *t = training_open("data: {train: train.csv}\noutput: out\nsteps: 1\n"
        "optimizer: {kind: sgd, nesterov: true, momentum: 0.9}\n"
        "schedule: {kind: one_cycle, momentum: [0.8, 0.9]}\n"
        "groups: [{parameters: [scale], optimizer: {momentum: 0.5}}, "
        "{parameters: [bias], optimizer: {kind: adam, betas: [0.5, 0.9]}}]\n");
    avsvt_trainer_free(t);
    training_remove("out");
}

static void one_of_several_processes_needs_a_backend_for_it(void **state)
{
    (void)state;
    setenv("RANK", "1", 1);
    training_refused(AVSVT_E_ARG, TRAINING_DATA "output: out\nepochs: 1\n", "sets RANK and not WORLD_SIZE");
    setenv("WORLD_SIZE", "2", 1);
    setenv("MASTER_ADDR", "localhost", 1);
    training_refused(AVSVT_E_UNSUPPORTED, TRAINING_DATA "output: out\nepochs: 1\n",
                   "torchrun started this as rank 1 of 2 processes, but the backend 'null'");
    avsvt_trainer *t = training_open(TRAINING_DATA "output: out\nepochs: 1\ndistributed: {launcher: none}\n");
    assert_true(training_describe(t).rank == 0 && training_describe(t).processes == 1);
    avsvt_trainer_free(t);
    unsetenv("RANK");
    unsetenv("WORLD_SIZE");
    unsetenv("MASTER_ADDR");
    training_remove("out");
}

static void bad_lists_are_refused_with_the_reason(void **state)
{
    (void)state;
    songs_notes("empty.csv", "sound,notes\n");
    songs_notes("headless.csv", "song0.wav,song0.csv\n");
    songs_notes("missing.csv", "sound,notes\nsong9.wav,song9.csv\n");
    songs_notes("both.csv", "sound,notes\n./song3.wav,song3.csv\n");
    songs_notes("late.csv", "onset,offset,pitch\n0.5,1,60\n99,100,60\n");
    songs_notes("outside.csv", "sound,notes\nsong0.wav,late.csv\n");
    songs_notes("spans.csv", "sound,notes,start_s,end_s\nsong0.wav,song0.csv,1,0.5\n");
    songs_notes("beyond.csv", "sound,notes,start_s,end_s\nsong0.wav,song0.csv,0,50\n");
    songs_notes("tiny.csv", "sound,notes,start_s,end_s\nsong0.wav,song0.csv,1,1.00001\n");
    songs_notes("none.csv", "sound,notes\n,song0.csv\n");
    songs_notes("mute.csv", "sound,notes\nsong0.wav,\n");
    songs_notes("after.csv", "sound,notes,start_s\nsong0.wav,song0.csv,1e300\n");
    songs_notes("short.csv", "sound,notes,start_s,end_s\nsong0.wav\n");
    songs_notes("other.csv", "sound,notes,start,end_s\nsong0.wav,song0.csv,0.5,1\n");
    songs_notes("nameless.csv", "sound,notes,\nsong0.wav,song0.csv,\n");
    songs_notes("double.csv", "sound,notes,sound\nsong0.wav,song0.csv,song1.wav\n");
    songs_notes("comma.csv", "sound,notes,start_s\n\nsong0.wav,song0.csv,0,5\n");
    songs_notes("behind.csv", "sound,notes\nsong0.wav,\"song0.csv\" 2\n");
    songs_notes("open.csv", "sound,notes\n\"song0.wav,song0.csv\n");
#define LIST(name) "data: {train: " name "}\noutput: out\nepochs: 1\n"
    training_refused(AVSVT_E_FORMAT, LIST("empty.csv"), "names no songs");
    training_refused(AVSVT_E_FORMAT, LIST("headless.csv"), "must name the columns");
    training_refused(AVSVT_E_NOT_FOUND, LIST("missing.csv"), "song9.wav");
    training_refused(AVSVT_E_NOT_FOUND, LIST("nowhere.csv"), "nowhere.csv");
    training_refused(AVSVT_E_FORMAT, LIST("outside.csv"), "note 2 (99.000 to 100.000 s) lies outside");
    training_refused(AVSVT_E_FORMAT, LIST("spans.csv"), "line 2: start_s and end_s");
    training_refused(AVSVT_E_FORMAT, LIST("beyond.csv"), "is 1.500 s long");
    training_refused(AVSVT_E_FORMAT, LIST("tiny.csv"), "1.000000 to 1.000010 s of it, less than");
    training_refused(AVSVT_E_FORMAT, LIST("none.csv"), "none.csv: line 2 names no sound");
    training_refused(AVSVT_E_FORMAT, LIST("mute.csv"), "mute.csv: line 2 names no notes");
    training_refused(AVSVT_E_FORMAT, LIST("after.csv"), "is 1.500 s long");
    training_refused(AVSVT_E_FORMAT, LIST("short.csv"), "line 2 has 1 columns, its first line names 4");
    training_refused(AVSVT_E_FORMAT, LIST("other.csv"), "other.csv: 'start' is no column of a list "
                     "of songs: there are sound, notes, video, start_s, end_s");
    training_refused(AVSVT_E_FORMAT, LIST("nameless.csv"), "nameless.csv: '' is no column");
    training_refused(AVSVT_E_FORMAT, LIST("double.csv"), "double.csv: names 'sound' twice");
    training_refused(AVSVT_E_FORMAT, LIST("comma.csv"), "line 3 has 4 columns, its first line names 3");
    training_refused(AVSVT_E_FORMAT, LIST("behind.csv"), "behind.csv: line 2: a text that begins with a quotation mark");
    training_refused(AVSVT_E_FORMAT, LIST("open.csv"), "open.csv: line 2: a text that begins with a quotation mark");
    training_refused(AVSVT_E_FORMAT, "data: {train: train.csv, valid: both.csv}\noutput: out\n"
                   "epochs: 1\n", "is in data.train and in data.valid");
    songs_notes("point.csv", "onset,offset,pitch\n0.1,0.2,60\n0.5,0.5,61\n");
    songs_notes("points.csv", "sound,notes\nkept0.wav,point.csv\n");
    training_refused(AVSVT_E_FORMAT, "data: {train: train.csv, valid: points.csv}\noutput: out\n"
                   "epochs: 1\n", "point.csv: the note at 0.500 s ends where it begins");
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_trainer *t = NULL;
    const char *recipe = songs_recipe("bad.yaml", "there-is-none.pt", LIST("train.csv"));
    assert_int_equal(avsvt_trainer_open(&t, training_context, recipe, &err), AVSVT_E_NOT_FOUND);
    assert_says(err, "there-is-none.pt");
    assert_says(err, "bad.yaml: 'model': ");
}

static void a_checkpoint_of_something_else_is_refused(void **state)
{
    avsvt_trainer *t = training_open(TRAINING_DATA "output: out\nsteps: 1\n");
    char path[1100];
    (void)state;
    training_run(t);
    avsvt_trainer_free(t);
    training_refused(AVSVT_E_FORMAT, TRAINING_DATA "output: out\nsteps: 2\nseed: 8\n", "another seed");
    training_refused(AVSVT_E_FORMAT, TRAINING_DATA "output: out\nsteps: 2\naugment: [{step: gain, db: 3}]\n",
                   "augmentation");
    songs_model("model.pt", "trained_on: []\n");
    training_refused(AVSVT_E_FORMAT, TRAINING_DATA "output: out\nsteps: 2\n", "of another model");
    songs_model("model.pt", "");
    snprintf(path, sizeof(path), "%s/last.state", scratch_path("out"));
    FILE *f = fopen(path, "r+b");
    assert_non_null(f);
    fseek(f, 200, SEEK_SET);
    fputc('#', f);
    fclose(f);
    training_refused(AVSVT_E_FORMAT, TRAINING_DATA "output: out\nsteps: 2\n", "last.state: is damaged");
    training_refused(AVSVT_E_FORMAT, TRAINING_DATA "output: out\nsteps: 2\n", "remove it to begin anew");
    assert_int_equal(truncate(path, 100), 0);
    training_refused(AVSVT_E_FORMAT, TRAINING_DATA "output: out\nsteps: 2\n", "remove it to begin anew");
    training_remove("out");
}

/* Its check sums are right, so somebody has made it. */
static void write_checkpoint(const char *like, size_t size, size_t number, double value)
{
    avsvti_archive z;
    model_file_part parts[16];
    char names[16][64];
    double *numbers = NULL;
    size_t made = 0;
    assert_int_equal(avsvti_archive_open(&z, avsvti_allocator(NULL), like, size, "x", NULL), 0);
    assert_in_range(z.count, 2, 16);
    for (size_t i = 0; i < z.count; i++) {
        const avsvti_archive_entry *e = &z.entries[i];
        snprintf(names[i], sizeof(names[i]), "%.*s", (int)e->name_size, e->name);
        parts[i] = (model_file_part){ names[i], e->data, e->size };
        if (strcmp(names[i], "state/numbers"))
            continue;
        numbers = malloc(e->size);
        assert_non_null(numbers);
        memcpy(numbers, e->data, e->size);
        numbers[number] = value;
        parts[i].data = numbers;
    }
    unsigned char *zip = model_file_zip(parts, z.count, &made);
    scratch_write("out/last.state", zip, made);
    free(zip);
    free(numbers);
    avsvti_archive_close(&z);
}

static void impossible_numbers_of_a_checkpoint_are_refused(void **state)
{
    static const struct { size_t number; double value; const char *said; } wrong[] = {
        { 0, NAN, "of another model" }, { 1, NAN, "with another seed" }, { 2, 0, "is damaged" },
        { 2, NAN, "is damaged" }, { 3, -5, "is damaged" }, { 4, 1e300, "is damaged" },
        { 11, -INFINITY, "is damaged" }, { 18, -1, "is damaged" }, { 19, NAN, "is damaged" },
    }; /* two of the fingerprint, epoch, batch, step, ..., log_size, epoch_steps */
    size_t size;
    (void)state;
    avsvt_trainer *t = training_open(TRAINING_DATA "output: out\nsteps: 2\n");
    training_run(t);
    avsvt_trainer_free(t);
    char *good = scratch_output("out", "last.state", &size);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        write_checkpoint(good, size, wrong[i].number, wrong[i].value);
        training_refused(AVSVT_E_FORMAT, TRAINING_DATA "output: out\nsteps: 3\n",
                         wrong[i].said);
    }
    write_checkpoint(good, size, 3, 1);
    t = training_open(TRAINING_DATA "output: out\nsteps: 3\n");
    avsvt_trainer_free(t);
    free(good);
    training_remove("out");
}

static void wrong_arguments_are_refused(void **state)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_trainer *t = (avsvt_trainer *)&err;
    avsvt_model *model = NULL;
    (void)state;
    assert_int_equal(avsvt_trainer_open(NULL, training_context, "x", &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_trainer_open(&t, training_context, NULL, &err), AVSVT_E_ARG);
    assert_null(t);
    assert_int_equal(avsvt_trainer_create(&t, NULL, "", &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_trainer_run(NULL, NULL, NULL, &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_trainer_step(NULL, NULL, NULL, 0, NULL, &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_trainer_describe(NULL, NULL, &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_trainer_model(&model, NULL, &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_trainer_write(NULL, "x", &err), AVSVT_E_ARG);
    assert_int_equal(avsvt_trainer_add(NULL, NULL, 0, 0, NULL, &err), AVSVT_E_ARG);
    avsvt_trainer_free(NULL);
    assert_int_equal(avsvt_model_open(&model, training_context, scratch_path("model.pt"), &err), 0);
    assert_int_equal(avsvt_trainer_create(&t, model, "{output: x, epochs: 1}", &err),
                     AVSVT_E_FORMAT);
    assert_says(err, "'output' is not a key");
    avsvt_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tensors_without_a_part_of_the_file_are_told_at_once),
        cmocka_unit_test(bad_recipes_are_refused_with_the_reason),
        cmocka_unit_test(numbers_that_say_nothing_are_refused),
        cmocka_unit_test(one_of_several_processes_needs_a_backend_for_it),
        cmocka_unit_test(bad_lists_are_refused_with_the_reason),
        cmocka_unit_test(a_checkpoint_of_something_else_is_refused),
        cmocka_unit_test(impossible_numbers_of_a_checkpoint_are_refused),
        cmocka_unit_test(wrong_arguments_are_refused),
    };
    return cmocka_run_group_tests(tests, training_set_up, training_tear_down);
}
