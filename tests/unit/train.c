/* SPDX-License-Identifier: MIT */
/* The course of a training, around the network: the null backend takes its place. */
#define _GNU_SOURCE /* utimensat, kill */
#include "support/test.h"

#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/model_file.h"
#include "support/note_lists.h"
#include "support/scratch.h"
#include "support/songs.h"
#include "support/training.h"
#include "train/data.h"

static void training_makes_the_loss_smaller_and_writes_a_model(void **state)
{
    avsvt_trainer *t = training_open(TRAINING_VALID "output: out\nname: mine\nepochs: 6\nema: 0.5\n");
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_model *model = NULL;
    (void)state;
    training_run(t);
    avsvt_train_report r = training_describe(t);
    assert_int_equal(r.epoch, 6);
    assert_true(r.step > 10 && r.steps == r.step);
    assert_true(r.valid_loss >= 0 && r.valid_loss < 0.1);
    assert_true(r.conpoff > 0.9); /* of what the null backend hears in sines */
    if (avsvt_model_open(&model, training_context, scratch_path("out/best.pt"), &err))
        fail_msg("%s", err.message);
    assert_string_equal(avsvt_model_get(model, "name"), "mine");
    assert_string_equal(avsvt_model_get(model, "training.from"), "test-notes");
    assert_string_equal(avsvt_model_get(model, "chunk.length_s"), "30");
    avsvt_model_free(model);
    size_t size;
    char *curve = scratch_output("out", "curve.svg", &size);
    assert_non_null(strstr(curve, ">validation</text>"));
    assert_non_null(strstr(curve, ">COnPOff</text>"));
    assert_non_null(strstr(curve + size - 10, "</svg>\n"));
    assert_null(strstr(curve, "nan"));
    free(curve);
    avsvt_trainer_free(t);
    training_remove("out");
}

/* All that two trainings have written. */
static void all_the_same(const char *one, const char *other)
{
    training_same_output(one, other, "last.pt");
    training_same_output(one, other, "best.pt");
    training_same_output(one, other, "log.jsonl");
    training_same_output(one, other, "last.state");
    training_same_output(one, other, "curve.svg");
}

typedef struct told_epoch {
    double sum, count;   /* of the losses of its steps */
    int64_t looked, last; /* validations; of the event before */
} told_epoch;

static int32_t check_epoch(void *user, const avsvt_train_report *r)
{
    told_epoch *e = user;
    if (r->event == AVSVT_TRAIN_STEP) {
        if (r->epoch != e->last)
            e->sum = e->count = 0;
        e->sum += r->loss;
        e->count++;
    } else if (r->event == AVSVT_TRAIN_VALID) {
        assert_int_equal(r->epoch, ++e->looked);
    }
    assert_int_equal(r->epoch, e->looked + (r->event != AVSVT_TRAIN_VALID));
    assert_true(fabs(r->mean_loss - e->sum / e->count) < 1e-12);
    e->last = r->epoch;
    return 0;
}

/* What is told behind an epoch is still told of it, also by those who come back. */
static void an_epoch_is_told_until_the_next_one_begins(void **state)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    told_epoch e = { 0, 0, 0, 0 };
    (void)state;
    for (int64_t epochs = 2; epochs <= 4; epochs += 2) {
        char more[200];
        snprintf(more, sizeof(more), TRAINING_VALID "output: out\nepochs: %d\n", (int)epochs);
        avsvt_trainer *t = training_open(more);
        assert_int_equal(training_describe(t).epoch, epochs > 2 ? 2 : 1);
        assert_int_equal(avsvt_trainer_run(t, check_epoch, &e, &err), AVSVT_OK);
        assert_int_equal(training_describe(t).epoch, epochs);
        avsvt_trainer_free(t);
        t = training_open(more);
        assert_int_equal(training_describe(t).epoch, epochs);
        assert_true(fabs(training_describe(t).mean_loss - e.sum / e.count) < 1e-12);
        assert_int_equal(avsvt_trainer_run(t, check_epoch, &e, &err), AVSVT_OK);
        avsvt_trainer_free(t);
    }
    assert_int_equal(e.looked, 4);
    training_remove("out");
}

typedef struct told_start {
    int looked, steps; /* events so far */
    int stops;         /* at the first of them */
} told_start;

static int32_t check_start(void *user, const avsvt_train_report *r)
{
    told_start *s = user;
    if (r->event == AVSVT_TRAIN_STEP)
        s->steps++;
    if (r->event != AVSVT_TRAIN_VALID)
        return 0;
    assert_int_equal(r->epoch, s->looked++);
    assert_true(s->looked == 1 ? !r->step && !s->steps && r->improved : r->step > 0);
    return s->stops && s->looked == 1;
}

/* Stopped behind it, it is not looked at again. */
static void the_start_is_looked_at_once(void **state)
{
    (void)state;
    for (int stops = 0; stops < 2; stops++) {
        told_start s = { 0, 0, stops };
        char more[300];
        snprintf(more, sizeof(more), TRAINING_VALID "valid: {start: true}\noutput: %s\nname: x\n"
                 "epochs: 2\nschedule: {kind: newbob}\n", stops ? "best" : "out");
        avsvt_trainer *t = training_open(more);
        avsvt_status status = avsvt_trainer_run(t, check_start, &s, NULL);
        avsvt_trainer_free(t);
        assert_int_equal(status, stops ? AVSVT_E_CANCELLED : AVSVT_OK);
        t = training_open(more);
        assert_int_equal(avsvt_trainer_run(t, check_start, &s, NULL), AVSVT_OK);
        avsvt_trainer_free(t);
        assert_int_equal(s.looked, 3);
    }
    all_the_same("out", "best");
    size_t size;
    char *log = scratch_output("out", "log.jsonl", &size);
    assert_ptr_equal(strstr(log, "{\"event\": \"valid\", \"epoch\": 0, \"step\": 0,"), log);
    free(log);
    training_remove("out");
    training_remove("best");
}

/* A training that makes it no better leaves it as the best; a schedule that waits for
 * better epochs does not count it. */
static void the_start_may_be_the_best(void **state)
{
    avsvt_train_report r[2];
    (void)state;
    for (int start = 0; start < 2; start++) {
        char more[300];
        snprintf(more, sizeof(more), "data: {train: train.csv, valid: [valid.csv]}\n"
                 "output: out\nepochs: 2\nvalid: {start: %s, measure: loss}\n"
                 "optimizer: {kind: sgd, lr: 1.0e-30}\n"
                 "schedule: {kind: newbob}\n", start ? "true" : "false");
        avsvt_trainer *t = training_open(more);
        training_run(t);
        r[start] = training_describe(t);
        avsvt_trainer_free(t);
        training_remove("out");
    }
    assert_true(r[0].best == r[1].best && r[0].lr == r[1].lr);
}

static avsvt_train_report train_once(const char *batch)
{
    char text[200];
    snprintf(text, sizeof(text), "data: {train: train.csv, segment_s: 0.5}\nbatch: %s\n"
             "output: out\nepochs: 1\n", batch);
    avsvt_trainer *t = training_open(text);
    training_run(t);
    avsvt_train_report r = training_describe(t);
    avsvt_trainer_free(t);
    training_remove("out");
    return r;
}

/* Four pieces of half a second are a full batch. */
static void a_last_batch_that_is_not_full_can_be_left_out(void **state)
{
    (void)state;
    avsvt_train_report all = train_once("{duration_s: 2}");
    avsvt_train_report full = train_once("{duration_s: 2, drop_last: true}");
    int pieces = (int)lround(all.sound_s / 0.5);
    assert_int_not_equal(pieces % 4, 0);
    assert_int_equal(all.step, pieces / 4 + 1);
    assert_int_equal(full.step, pieces / 4);
    assert_true(fabs(full.sound_s - 2.0 * (double)full.step) < 1e-9);
}

static void a_stopped_training_goes_on_to_the_same_bits(void **state)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    training_stopping s = { .at = 4 };
    (void)state;
    avsvt_trainer *t = training_open(TRAINING_VALID "output: once\nepochs: 3\nema: 0.9\n");
    training_run(t);
    avsvt_trainer_free(t);
    t = training_open(TRAINING_VALID "output: twice\nepochs: 3\nema: 0.9\n");
    assert_int_equal(avsvt_trainer_run(t, training_stop, &s, &err), AVSVT_E_CANCELLED);
    assert_says(err, "after step 4");
    avsvt_trainer_free(t);
    t = training_open(TRAINING_VALID "output: twice\nepochs: 3\nema: 0.9\n");
    assert_int_equal(training_describe(t).resumed, 1);
    assert_int_equal(training_describe(t).step, 4);
    s = (training_stopping){ .at = 7 };
    assert_int_equal(avsvt_trainer_run(t, training_stop, &s, NULL), AVSVT_E_CANCELLED);
    assert_int_equal(s.steps[0], 5);
    training_run(t); /* the same handle goes on too */
    avsvt_trainer_free(t);
    all_the_same("once", "twice");
}

/* Whoever stops after the last step has not seen the validation behind it. */
static void what_belongs_to_the_end_is_made_up_for(void **state)
{
    training_stopping s = { .at = 5 };
    (void)state;
    for (int i = 0; i < 2; i++) {
        const char *more = i ? TRAINING_VALID "output: best\nname: x\nsteps: 5\n"
                             : TRAINING_VALID "output: out\nname: x\nsteps: 5\n";
        avsvt_trainer *t = training_open(more);
        if (i)
            assert_int_equal(avsvt_trainer_run(t, training_stop, &s, NULL), AVSVT_E_CANCELLED);
        else
            training_run(t);
        avsvt_trainer_free(t);
        t = training_open(more);
        training_run(t);
        assert_true(training_describe(t).step == 5 && training_describe(t).valid_loss >= 0);
        avsvt_trainer_free(t);
    }
    all_the_same("out", "best");
    training_remove("out");
    training_remove("best");
}

static void threads_that_make_batches_change_nothing(void **state)
{
    static const char *const workers[] = { "0", "5" };
    (void)state;
    for (int i = 0; i < 2; i++) {
        char more[512];
        snprintf(more, sizeof(more), "data: {train: train.csv, valid: valid.csv, segment_s: 0.5, "
                 "workers: %s, memory_mb: %d}\nbatch: {duration_s: 2, accumulate: 2}\n"
                 "optimizer: {kind: sgd, lr: 0.1}\nepochs: 2\noutput: out\n"
                 "augment: [{step: noise, snr_db: [5, 20]}, {step: gain, db: [-6, 6]}]\n",
                 workers[i], i ? 0 : 100); /* sound kept, or read again */
        avsvt_trainer *t = training_open(more);
        training_run(t);
        avsvt_trainer_free(t);
        if (!i)
            assert_int_equal(rename(scratch_path("out"), scratch_path("best")), 0);
    }
    training_same_output("best", "out", "last.pt");
    training_same_output("best", "out", "log.jsonl");
    training_remove("best");
    training_remove("out");
}

/* An empty list leaves songs as they are; the same list says the same at both places. */
static void a_source_has_its_own_augmentation(void **state)
{
    static const char *const recipes[] = {
        "data: {train: [{path: train.csv, augment: []}]}\naugment: [{step: gain, db: [-20, -9]}]\n",
        "data: {train: [train.csv]}\n",
        "data: {train: [{path: train.csv, augment: [{step: gain, db: [-20, -9]}]}]}\n",
        "data: {train: [train.csv]}\naugment: [{step: gain, db: [-20, -9]}]\n",
        "data: {train: [{path: train.csv, augment: soft}]}\n"
        "chains: {soft: [{step: gain, db: [-20, -9]}], hiss: [{step: noise, snr_db: 3}]}\n",
    };
    static const char *const outputs[] = { "none", "plain", "own", "all", "named" };
    (void)state;
    for (int i = 0; i < 5; i++) {
        char more[512];
        snprintf(more, sizeof(more), "%soptimizer: {kind: sgd, lr: 0.1}\nsteps: 3\noutput: %s\n",
                 recipes[i], outputs[i]);
        avsvt_trainer *t = training_open(more);
        training_run(t);
        avsvt_trainer_free(t);
    }
    training_same_output("none", "plain", "log.jsonl");
    training_same_output("own", "all", "log.jsonl");
    training_same_output("own", "named", "log.jsonl");
    size_t sizes[2];
    char *plain = scratch_output("none", "log.jsonl", &sizes[0]);
    char *changed = scratch_output("own", "log.jsonl", &sizes[1]);
    assert_true(sizes[0] != sizes[1] || memcmp(plain, changed, sizes[0]));
    free(plain);
    free(changed);
    for (int i = 0; i < 5; i++)
        training_remove(outputs[i]);
}

static void sources_that_name_one_chain_share_it(void **state)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_augment *none = NULL;
    size_t budget = 0;
    avsvti_recipe r;
    avsvti_songs s;
    (void)state;
    songs_notes("one.csv", "sound,notes\nsong0.wav,song0.csv\n");
    const char *recipe = songs_recipe("r.yaml", "model.pt", "data: {train: ["
        "{path: one.csv, augment: loud}, {path: one.csv, augment: soft}, "
        "{path: one.csv, augment: loud}, {path: one.csv, augment: [{step: gain, db: 3}]}]}\n"
        "chains: {loud: [{step: gain, db: 3}], soft: [{step: gain, db: -3}]}\n"
        "output: out\nsteps: 1\n");
    assert_int_equal(avsvt_augment_create(&none, training_context, "[]", NULL, &err), AVSVT_OK);
    assert_int_equal(avsvti_recipe_read(&r, avsvti_allocator(training_context), recipe, NULL, &err), AVSVT_OK);
    avsvti_songs_init(&s, training_context, 16000, none, &budget);
    if (avsvti_songs_read(&s, &r, "data.train", &err))
        fail_msg("%s", err.message);
    assert_int_equal(s.count, 4);
    assert_ptr_equal(s.songs[0].augment, s.songs[2].augment);
    assert_ptr_not_equal(s.songs[0].augment, s.songs[1].augment);
    assert_ptr_not_equal(s.songs[0].augment, s.songs[3].augment);
    avsvti_songs_free(&s);
    avsvti_recipe_free(&r);
    avsvt_augment_free(none);
}

/* A part may begin and end within notes: of them it has what sounds in it. */
static void parts_are_measured_by_what_sounds_in_them(void **state)
{
    (void)state;
    songs_notes("within.csv", "sound,notes,start_s,end_s\nkept0.wav,kept0.csv,0.1,1.2\n");
    avsvt_trainer *t = training_open("data: {train: train.csv, valid: within.csv, segment_s: 0.5}\n"
                              "optimizer: {kind: sgd, lr: 0.1}\noutput: out\nsteps: 3\n");
    training_run(t);
    assert_true(training_describe(t).conpoff > 0.9);
    avsvt_trainer_free(t);
    training_remove("out");
}

/* After SIGKILL there is the last checkpoint and a longer log. */
static void a_killed_training_goes_on_from_its_checkpoint(void **state)
{
    char kept[2][1100];
    size_t size = 0;
    training_stopping s = { .at = 3 };
    (void)state;
    avsvt_trainer *t = training_open(TRAINING_VALID "output: killed\nepochs: 3\nema: 0.9\n");
    assert_int_equal(avsvt_trainer_run(t, training_stop, &s, NULL), AVSVT_E_CANCELLED);
    char *checkpoint = scratch_output("killed", "last.state", &size);
    s.at = 6;
    assert_int_equal(avsvt_trainer_run(t, training_stop, &s, NULL), AVSVT_E_CANCELLED);
    avsvt_trainer_free(t);
    snprintf(kept[0], sizeof(kept[0]), "%s/last.state", scratch_path("killed"));
    FILE *f = fopen(kept[0], "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(checkpoint, 1, size, f), size);
    fclose(f);
    free(checkpoint);
    /* Halves that it left go once nobody can be writing them any more. */
    static const char *const left[] = { "killed/.abcdefgh~last.state",
        "killed/.abcdefgi~last.state", "killed/.abcdefgh~mine.pt" };
    for (int i = 0; i < 3; i++) {
        const char *path = scratch_write(left[i], "half", 4);
        const struct timespec old[2] = { { 1000000000, 0 }, { 1000000000, 0 } };
        assert_int_equal(i == 1 ? 0 : utimensat(AT_FDCWD, path, old, 0), 0);
    }
    t = training_open(TRAINING_VALID "output: killed\nepochs: 3\nema: 0.9\n");
    for (int i = 0; i < 3; i++)
        assert_int_equal(unlink(scratch_path(left[i])), i == 0 ? -1 : 0);
    assert_int_equal(training_describe(t).step, 3);
    training_run(t);
    avsvt_trainer_free(t);
    training_same_output("once", "killed", "last.pt");
    training_same_output("once", "killed", "log.jsonl");
}

/* Opens a trainer, says so, and is killed with it. */
static pid_t hold_folder(const char *more)
{
    int said[2];
    char byte = 0;
    assert_int_equal(pipe(said), 0);
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (!pid) {
        (void)training_open(more);
        if (write(said[1], "!", 1) == 1)
            pause();
        _exit(1);
    }
    close(said[1]);
    assert_int_equal(read(said[0], &byte, 1), 1);
    close(said[0]);
    return pid;
}

static void a_folder_is_for_one_training_at_a_time(void **state)
{
    const char *const more = TRAINING_DATA "output: out\nsteps: 2\n";
    const char *const says = "out: another training writes into this folder";
    (void)state;
    avsvt_trainer *t = training_open(more);
    training_refused(AVSVT_E_BUSY, more, says);
    training_run(t);
    training_refused(AVSVT_E_BUSY, more, says); /* it may go on */
    avsvt_trainer_free(t);
    pid_t other = hold_folder(more);
    training_refused(AVSVT_E_BUSY, more, says);
    kill(other, SIGKILL);
    assert_int_equal(waitpid(other, NULL, 0), other);
    t = training_open(more);
    assert_int_equal(training_describe(t).step, 2);
    avsvt_trainer_free(t);
    training_remove("out");
}

static void a_finished_training_has_nothing_to_do(void **state)
{
    training_stopping s = { .at = 0 };
    (void)state;
    avsvt_trainer *t = training_open(TRAINING_VALID "output: once\nepochs: 3\nema: 0.9\n");
    assert_int_equal(avsvt_trainer_run(t, training_stop, &s, NULL), AVSVT_OK);
    assert_int_equal(s.count, 0);
    avsvt_trainer_free(t);
    t = training_open(TRAINING_VALID "output: once\nepochs: 4\nema: 0.9\n"); /* a later end */
    assert_int_equal(avsvt_trainer_run(t, training_stop, &s, NULL), AVSVT_OK);
    assert_true(s.count > 0);
    avsvt_trainer_free(t);
}

static void a_part_that_only_begins_lasts_to_the_end_of_the_file(void **state)
{
    const avsvti_source source = { 1, NULL };
    avsvt_error err = AVSVT_ERROR_INIT;
    size_t budget = 1 << 20;
    float x[16000], last[16000];
    avsvti_songs s;
    (void)state;
    songs_notes("rest.csv", "sound,notes,start_s\nsong0.wav,song0.csv,0\nsong0.wav,song0.csv,0.5\n");
    avsvti_songs_init(&s, training_context, 16000, NULL, &budget);
    if (avsvti_songs_list(&s, scratch_path("rest.csv"), &source, &err))
        fail_msg("%s", err.message);
    assert_int_equal(s.songs[0].length, 24000);
    assert_int_equal(s.songs[1].length, 16000);
    assert_int_equal(s.songs[0].note_count, 3);
    assert_int_equal(s.songs[1].note_count, 2); /* the first one is before it */
    assert_true(fabs(s.songs[1].notes[0].onset_s - 0.05) < 1e-9);
    assert_int_equal(avsvti_songs_cut(&s, 0, 8000, 16000, x, &err), AVSVT_OK);
    assert_int_equal(avsvti_songs_cut(&s, 1, 0, 16000, last, &err), AVSVT_OK);
    assert_memory_equal(x, last, sizeof(x));
    avsvti_songs_free(&s);
}

static void what_no_group_names_stays_frozen_and_probing_thaws_later(void **state)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    size_t sizes[2];
    (void)state;
    avsvt_trainer *t = training_open(TRAINING_DATA "output: out\nepochs: 1\ngroups: [{parameters: [bi]}]\n");
    training_run(t);
    assert_int_equal(avsvt_trainer_write(t, scratch_path("frozen.pt"), &err), AVSVT_OK);
    avsvt_trainer_free(t);
    training_remove("out");
    t = training_open(TRAINING_DATA "output: out\nepochs: 2\ngroups:\n"
               "  - {parameters: [scale], frozen_epochs: 1}\n  - {parameters: [\"\"]}\n");
    training_run(t);
    assert_int_equal(avsvt_trainer_write(t, scratch_path("thawed.pt"), &err), AVSVT_OK);
    avsvt_trainer_free(t);
    training_remove("out");
    const float start[2] = { 0.5f, 0.25f };
    char *x = scratch_read(scratch_path("frozen.pt"), &sizes[0]);
    char *y = scratch_read(scratch_path("thawed.pt"), &sizes[1]);
    int kept[2] = { 0 };
    for (size_t i = 0; i + sizeof(start) <= sizes[0]; i++)
        kept[0] |= !memcmp(x + i, start, sizeof(start));
    for (size_t i = 0; i + sizeof(start) <= sizes[1]; i++)
        kept[1] |= !memcmp(y + i, start, sizeof(start));
    assert_true(kept[0] && !kept[1]);
    free(x);
    free(y);
}

/* The model that a trainer of these settings gives, in place of the start. */
static avsvt_model *told(avsvt_model *start, const char *settings)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_model *made = NULL;
    avsvt_trainer *t = NULL;
    if (avsvt_trainer_create(&t, start, settings, &err) || avsvt_trainer_model(&made, t, &err))
        fail_msg("%s", err.message);
    avsvt_trainer_free(t);
    avsvt_model_free(start);
    return made;
}

static avsvt_model *start_of(const char *more)
{
    avsvt_model *model = NULL;
    songs_model("start.pt", more);
    assert_int_equal(avsvt_model_open(&model, training_context, scratch_path("start.pt"), NULL), 0);
    return model;
}

#define SONGS_AND_MINE "trained_on: [{name: \"my \\\"songs\\\"\", licence: mine}]\nlicence: CC-BY-4.0\n"

static void a_model_tells_what_it_was_trained_on(void **state)
{
    static const char *const starts[] = {
        "trained_on:\n  - {name: a, licence: b}\n  - name: c\n    licence: d\n",
        "trained_on: [{name: a, licence: b}, {name: c, licence: d}]\nlast: 1\n",
    };
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        avsvt_model *m = told(start_of(starts[i]), SONGS_AND_MINE);
        assert_string_equal(avsvt_model_get(m, "trained_on.0.name"), "a");
        assert_string_equal(avsvt_model_get(m, "trained_on.1.licence"), "d");
        assert_string_equal(avsvt_model_get(m, "trained_on.2.name"), "my \"songs\"");
        assert_string_equal(avsvt_model_get(m, "trained_on.2.licence"), "mine");
        assert_null(avsvt_model_get(m, "trained_on.3.name"));
        assert_null(avsvt_model_get(m, "training.trained_on"));
        assert_string_equal(avsvt_model_get(m, "licence"), "MIT AND CC-BY-4.0");
        /* Told again, it does not grow; untold, it claims nothing. */
        m = told(m, SONGS_AND_MINE);
        assert_string_equal(avsvt_model_get(m, "licence"), "MIT AND CC-BY-4.0");
        assert_null(avsvt_model_get(m, "trained_on.3.name"));
        m = told(m, "seed: 1");
        assert_string_equal(avsvt_model_get(m, "trained_on.2.licence"), "mine");
        assert_string_equal(avsvt_model_get(m, "training.trained_on"), "not told");
        avsvt_model_free(m);
    }
    avsvt_model *first = told(start_of(""), SONGS_AND_MINE);
    assert_string_equal(avsvt_model_get(first, "trained_on.0.licence"), "mine");
    avsvt_model_free(first);
}

/* What YAML has no way to hold, and a file's name may, would leave a model that can't
 * be opened. */
static void a_model_tells_of_itself_in_what_yaml_can_hold(void **state)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_trainer *t = NULL;
    avsvt_model *made = NULL;
    (void)state;
    if (avsvt_trainer_open(&t, training_context, songs_recipe("caf\xe9\x7f.yaml", "model.pt",
                           TRAINING_DATA "output: out\nepochs: 1\n"), &err) ||
        avsvt_trainer_model(&made, t, &err))
        fail_msg("%s", err.message);
    assert_string_equal(avsvt_model_get(made, "name"), "caf? ");
    avsvt_trainer_free(t);
    training_remove("out");
    made = told(made, "trained_on: [{name: \"a\\x7Fb\\u2028\\tc\", licence: mine}]\n");
    assert_string_equal(avsvt_model_get(made, "trained_on.0.name"), "a b  c");
    avsvt_model_free(made);
}

static void what_was_trained_on_is_a_list_of_names_and_licences(void **state)
{
    static const struct { const char *more, *says; } cases[] = {
        { "trained_on: songs\n", "'trained_on' must be a list of {name, licence}" },
        { "trained_on: {name: a, licence: b}\n", "'trained_on' must be a list of {name, licence}" },
        { "trained_on: [{name: a}]\n", "'trained_on.0' lacks 'licence'" },
        { "trained_on: [{name: a, licence: b}, {licence: b}]\n", "'trained_on.1' lacks 'name'" },
        { "trained_on: [{name: a, license: b}]\n", "'trained_on.0.license' is not a key" },
        { "licence: [MIT]\n", "'licence' must be a word" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[300];
        snprintf(text, sizeof(text), TRAINING_DATA "epochs: 1\n%s", cases[i].more);
        training_refused(AVSVT_E_FORMAT, text, cases[i].says);
    }
}

static avsvt_notes *notes_of_one(void)
{
    static const double rows[][3] = { { 0.1, 0.6, 60 } };
    return notes_of(rows, 1);
}

static void sound_in_memory_adapts_a_model(void **state)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_model *model = NULL, *adapted = NULL;
    avsvt_trainer *t = NULL;
    avsvt_notes *notes = notes_of_one();
    float *sound = calloc(44100, sizeof(*sound));
    (void)state;
    assert_non_null(sound);
    assert_int_equal(avsvt_model_open(&model, training_context, scratch_path("model.pt"), &err), 0);
    assert_int_equal(avsvt_trainer_create(&t, model, "{epochs: 20, groups: [{parameters: [bias]}]}",
                                          &err), AVSVT_OK);
    assert_int_equal(avsvt_trainer_run(t, NULL, NULL, &err), AVSVT_E_ARG);
    assert_says(err, "no songs");
    if (avsvt_trainer_add(t, sound, 44100, 44100, notes, &err))
        fail_msg("%s", err.message);
    assert_int_equal(avsvt_trainer_add(t, sound, 4410, 44100, notes, &err), AVSVT_E_FORMAT);
    assert_says(err, "lies outside its song");
    training_run(t);
    assert_int_equal(training_describe(t).step, 20);
    assert_int_equal(avsvt_trainer_model(&adapted, t, &err), AVSVT_OK);
    assert_string_equal(avsvt_model_get(adapted, "name"), "test-notes");
    avsvt_model_free(adapted);
    avsvt_model_free(model);
    avsvt_trainer_free(t);
    avsvt_notes_free(notes);
    free(sound);
}

static void a_step_takes_named_arrays(void **state)
{
    const char *const names[] = { "pitch", "samples" };
    const int64_t shapes[2][2] = { { 2, 3 }, { 2, 640 } };
    float pitch[6] = { 60, 60, -1, -1, -1, -1 }, sound[1280] = { 0.5f, -0.5f };
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_train_report r = AVSVT_TRAIN_REPORT_INIT;
    avsvt_tensor *tensors[2] = { NULL, NULL };
    avsvt_model *model = NULL;
    avsvt_trainer *t = NULL;
    (void)state;
    assert_int_equal(avsvt_model_open(&model, training_context, scratch_path("model.pt"), &err), 0);
    assert_int_equal(avsvt_trainer_create(&t, model, "optimizer: {kind: sgd, lr: 0.2}", &err), 0);
    assert_int_equal(avsvt_tensor_create(&tensors[0], training_context, AVSVT_F32, 2, shapes[0], pitch,
                                         NULL, NULL, &err), AVSVT_OK);
    assert_int_equal(avsvt_tensor_create(&tensors[1], training_context, AVSVT_F32, 2, shapes[1], sound,
                                         NULL, NULL, &err), AVSVT_OK);
    double first = 0;
    for (int i = 0; i < 8; i++) {
        assert_int_equal(avsvt_trainer_step(t, names, tensors, 2, &r, &err), AVSVT_OK);
        first = i ? first : r.loss;
    }
    assert_true(r.loss < first && r.step == 8 && r.grad_norm > 0);
    assert_int_equal(avsvt_trainer_step(t, names, tensors, 1, &r, &err), AVSVT_E_BACKEND);
    assert_says(err, "it takes float32 samples and pitch");
    assert_int_equal(training_describe(t).step, 8);
    avsvt_tensor_free(tensors[0]);
    avsvt_tensor_free(tensors[1]);
    avsvt_model_free(model);
    avsvt_trainer_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(training_makes_the_loss_smaller_and_writes_a_model),
        cmocka_unit_test(an_epoch_is_told_until_the_next_one_begins),
        cmocka_unit_test(the_start_is_looked_at_once),
        cmocka_unit_test(the_start_may_be_the_best),
        cmocka_unit_test(a_last_batch_that_is_not_full_can_be_left_out),
        cmocka_unit_test(a_stopped_training_goes_on_to_the_same_bits),
        cmocka_unit_test(what_belongs_to_the_end_is_made_up_for),
        cmocka_unit_test(threads_that_make_batches_change_nothing),
        cmocka_unit_test(a_source_has_its_own_augmentation),
        cmocka_unit_test(sources_that_name_one_chain_share_it),
        cmocka_unit_test(parts_are_measured_by_what_sounds_in_them),
        cmocka_unit_test(a_killed_training_goes_on_from_its_checkpoint),
        cmocka_unit_test(a_folder_is_for_one_training_at_a_time),
        cmocka_unit_test(a_finished_training_has_nothing_to_do),
        cmocka_unit_test(a_part_that_only_begins_lasts_to_the_end_of_the_file),
        cmocka_unit_test(what_no_group_names_stays_frozen_and_probing_thaws_later),
        cmocka_unit_test(a_model_tells_what_it_was_trained_on),
        cmocka_unit_test(a_model_tells_of_itself_in_what_yaml_can_hold),
        cmocka_unit_test(what_was_trained_on_is_a_list_of_names_and_licences),
        cmocka_unit_test(sound_in_memory_adapts_a_model),
        cmocka_unit_test(a_step_takes_named_arrays),
    };
    return cmocka_run_group_tests(tests, training_set_up, training_tear_down);
}
