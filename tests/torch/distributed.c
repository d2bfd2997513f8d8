/* SPDX-License-Identifier: MIT */
/* One training in several processes against the same in one. Each process is a
 * child of the test, which itself never loads libtorch. */
#define _GNU_SOURCE
#include "support/test.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <avsvt/train.h>

#include "core/archive.h"
#include "core/memory.h"
#include "support/scratch.h"
#include "support/songs.h"
#include "support/tree.h"

#define GLOO "distributed: {backend: gloo}\n"
#define RECIPE \
    "data: {train: train, valid: [valid], segment_s: 1.2, workers: 1}\n" \
    "batch: {duration_s: 5, items: 3, accumulate: 2}\nepochs: 2\nema: 0.9\n" \
    "optimizer: {kind: adamw, lr: 0.01}\n" \
    "augment: [{step: speed, factor: [0.8, 1.25]}, {step: gain, db: [-6, 6]}]\n"

typedef struct child {
    pid_t pid;
    int status; /* of the process, once it has ended */
    avsvt_status result;
    char message[600];
} child;

/* What a child does; numbers: of steps, 0 never. */
typedef struct plan {
    const char *recipe; /* a file in the scratch folder */
    int rank, size;
    int dies_at, stops_at;
    const char *leaves; /* a file that must be there once all have stopped */
    int port;           /* 0: they meet through the file */
    const char *file;
    int gloo;           /* the recipe wants it */
} plan;

static char model[1100], broad[1100];
static int shares_memory, unguarded; /* this process, while it trained */

static void make_songs(const char *folder, int count, double seconds)
{
    char name[64];
    assert_int_equal(mkdir(scratch_path(folder), 0777), 0);
    snprintf(name, sizeof(name), "%s/song", folder);
    songs_make(name, count, seconds);
}

static int set_up(void **state)
{
    if (scratch_make(state))
        return -1;
    snprintf(model, sizeof(model), "%s/trained.pt", getenv("AVSVT_TEST_TORCH_MODELS"));
    snprintf(broad, sizeof(broad), "%s/broad.pt", getenv("AVSVT_TEST_TORCH_MODELS"));
    make_songs("train", 5, 1.5);
    make_songs("valid", 3, 1.0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    return tree_drop(scratch_path(""));
}

static void write_recipe(const char *name, const char *output, const char *more)
{
    char text[2000];
    snprintf(text, sizeof(text), RECIPE "output: %s\n%s", output, more);
    songs_recipe(name, strstr(more, "parameters") ? broad : model, text);
}

/* The memory through which processes of one machine add up. */
static int has_shared_memory(void)
{
    char line[600];
    int found = 0;
    FILE *maps = fopen("/proc/self/maps", "r");
    while (maps && fgets(line, sizeof(line), maps))
        found = found || strstr(line, "memfd:avsvt-");
    if (maps)
        fclose(maps);
    return found;
}

/* Threads besides this one that writing to who has died would end the process in. */
static int open_to_sigpipe(void)
{
    int found = 0;
    struct dirent *e;
    DIR *tasks = opendir("/proc/self/task");
    while (tasks && (e = readdir(tasks))) {
        char path[300], line[200];
        unsigned long long blocked = ~0ull;
        if (e->d_name[0] == '.' || atoi(e->d_name) == getpid())
            continue;
        snprintf(path, sizeof(path), "/proc/self/task/%s/status", e->d_name);
        FILE *status = fopen(path, "r");
        while (status && fgets(line, sizeof(line), status))
            sscanf(line, "SigBlk: %llx", &blocked);
        if (status)
            fclose(status);
        found += !(blocked >> (SIGPIPE - 1) & 1);
    }
    if (tasks)
        closedir(tasks);
    return found;
}

static int32_t watch(void *user, const avsvt_train_report *r)
{
    const plan *p = user;
    if (r->event != AVSVT_TRAIN_STEP)
        return 0;
    shares_memory = has_shared_memory();
    unguarded = open_to_sigpipe();
    if (r->step == p->dies_at)
        raise(SIGKILL);
    return r->step == p->stops_at;
}

static void set_number(const char *name, int value)
{
    char text[16];
    snprintf(text, sizeof(text), "%d", value);
    setenv(name, text, 1);
}

static avsvt_status train(const char *recipe, avsvt_train_fn progress, const plan *p,
                          avsvt_error *err)
{
    avsvt_context_options options = AVSVT_CONTEXT_OPTIONS_INIT;
    avsvt_context *context = NULL;
    avsvt_trainer *t = NULL;
    options.threads = 1;
    avsvt_status status = avsvt_context_create(&context, &options, err);
    if (status == AVSVT_OK)
        status = avsvt_trainer_open(&t, context, recipe, err);
    if (status == AVSVT_OK)
        status = avsvt_trainer_run(t, progress, (void *)(uintptr_t)p, err);
    if (p && p->leaves && access(scratch_path(p->leaves), F_OK))
        status = AVSVT_E_NOT_FOUND;
    avsvt_trainer_free(t);
    avsvt_context_free(context);
    return status;
}

static avsvt_status work(const plan *p, avsvt_error *err)
{
    if (p->size > 1) {
        set_number("RANK", p->rank);
        set_number("WORLD_SIZE", p->size);
        setenv("MASTER_ADDR", "127.0.0.1", 1);
        set_number("MASTER_PORT", p->port ? p->port : 1);
        if (!p->port)
            setenv("AVSVT_WORLD_FILE", scratch_path(p->file), 1);
    }
    avsvt_status status = train(scratch_path(p->recipe), watch, p, err);
    if (status == AVSVT_OK && shares_memory != (p->size > 1 && !p->gloo)) {
        snprintf(err->message, sizeof(err->message), "memory is shared: %d", shares_memory);
        status = AVSVT_E_BACKEND;
    }
    if (status == AVSVT_OK && p->size > 1 && unguarded) {
        snprintf(err->message, sizeof(err->message), "%d threads may be ended by SIGPIPE", unguarded);
        status = AVSVT_E_BACKEND;
    }
    return status;
}

static void start(child *c, const plan *p)
{
    char name[32];
    snprintf(name, sizeof(name), "said%d", p->rank);
    fflush(NULL);
    c->pid = fork();
    assert_true(c->pid >= 0);
    if (c->pid)
        return;
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_status status = work(p, &err);
    scratch_write(name, err.message, strlen(err.message));
    _exit(status);
}

static void finish(child *c, int rank)
{
    char name[32];
    size_t size = 0;
    assert_int_equal(waitpid(c->pid, &c->status, 0), c->pid);
    c->result = WIFEXITED(c->status) ? WEXITSTATUS(c->status) : -1;
    c->message[0] = '\0';
    if (!WIFEXITED(c->status)) {
        snprintf(c->message, sizeof(c->message), "ended by signal %d", WTERMSIG(c->status));
        return;
    }
    snprintf(name, sizeof(name), "said%d", rank);
    char *text = scratch_read(scratch_path(name), &size);
    if (text)
        snprintf(c->message, sizeof(c->message), "%.*s", (int)size, text);
    free(text);
}

/* All of them; plans[i] is rank i's. */
static void run(child *list, const plan *plans, int count)
{
    static int attempt;
    char file[32];
    snprintf(file, sizeof(file), "world%d", attempt++);
    for (int i = 0; i < count; i++) {
        plan p = plans[i];
        p.file = file;
        start(&list[i], &p);
    }
    for (int i = 0; i < count; i++)
        finish(&list[i], i);
}

static void assert_result(const child *c, avsvt_status wanted)
{
    if (c->result != (int)wanted)
        fail_msg("%d, not %d: %s", c->result, (int)wanted, c->message);
}

static void run_over(const char *recipe, int count, int gloo)
{
    child list[4];
    plan plans[4];
    for (int i = 0; i < count; i++)
        plans[i] = (plan){ .recipe = recipe, .rank = i, .size = count, .gloo = gloo };
    run(list, plans, count);
    for (int i = 0; i < count; i++)
        if (list[i].result)
            fail_msg("rank %d of %d: %s", i, count, list[i].message);
}

static void run_well(const char *recipe, int count)
{
    run_over(recipe, count, 0);
}

static void assert_close(double a, double b, const char *what)
{
    if (!(fabs(a - b) <= 2e-5 * (1 + fabs(a))))
        fail_msg("%s: %.9g and %.9g", what, a, b);
}

static double number_after(const char *line, const char *key)
{
    const char *at = strstr(line, key);
    return at ? strtod(at + strlen(key), NULL) : NAN;
}

/* Line by line the same, to what floats allow. */
static void compare_logs(const char *x, const char *y)
{
    static const char *const keys[] = { "\"loss\": ", "\"grad_norm\": ", "\"sound_s\": ",
        "\"step\": ", "\"epoch\": " };
    int lines = 0;
    for (; *x && *y; lines++) {
        for (size_t k = 0; k < sizeof(keys) / sizeof(*keys); k++) {
            const char *end = strchr(x, '\n'), *at = strstr(x, keys[k]);
            if (at && at < end)
                assert_close(number_after(x, keys[k]), number_after(y, keys[k]), keys[k]);
        }
        x = strchr(x, '\n') + 1;
        y = strchr(y, '\n') + 1;
    }
    assert_true(!*x && !*y && lines >= 6);
}

static void compare_weights(const char *x, size_t x_size, const char *y, size_t y_size)
{
    avsvti_archive a, b;
    const avsvt_allocator *plain = avsvti_allocator(NULL);
    int floats = 0;
    assert_int_equal(avsvti_archive_open(&a, plain, x, x_size, "a", NULL), AVSVT_OK);
    assert_int_equal(avsvti_archive_open(&b, plain, y, y_size, "b", NULL), AVSVT_OK);
    assert_int_equal(a.count, b.count);
    for (size_t i = 0; i < a.count; i++) {
        const avsvti_archive_entry *e = &a.entries[i], *f = &b.entries[i];
        const char *data = memmem(e->name, e->name_size, "/data/", 6);
        if (data)
            assert_int_equal(e->size, f->size);
        for (size_t k = 0; data && k + 4 <= e->size; k += 4, floats++) {
            float p, q;
            memcpy(&p, (const char *)e->data + k, 4);
            memcpy(&q, (const char *)f->data + k, 4);
            assert_close((double)p, (double)q, "a weight");
        }
    }
    assert_true(floats > 320 * 6);
    avsvti_archive_close(&a);
    avsvti_archive_close(&b);
}

static void assert_like(const char *folder, const char *other)
{
    size_t sizes[2];
    char *x = scratch_output(folder, "log.jsonl", &sizes[0]), *y = scratch_output(other, "log.jsonl", &sizes[1]);
    compare_logs(x, y);
    free(x);
    free(y);
    x = scratch_output(folder, "last.pt", &sizes[0]);
    y = scratch_output(other, "last.pt", &sizes[1]);
    compare_weights(x, sizes[0], y, sizes[1]);
    free(x);
    free(y);
}

static void several_processes_come_to_what_one_does(void **state)
{
    (void)state;
    write_recipe("one.yaml", "one", "");
    write_recipe("two.yaml", "two", "");
    write_recipe("four.yaml", "four", "");
    write_recipe("gloo.yaml", "gloo", GLOO);
    run_well("one.yaml", 1);
    run_well("two.yaml", 2);
    run_well("four.yaml", 4);
    run_over("gloo.yaml", 4, 1);
    assert_like("one", "two");
    assert_like("one", "four"); /* batches of three: some have no part */
    assert_like("one", "gloo");
}

/* What trains changes after the first epoch, and with it what is sent. */
static void gradients_in_several_buckets_add_up_too(void **state)
{
#define GROUPS "groups: [{parameters: [last, third], optimizer: {kind: sgd, lr: 0.1}}, " \
        "{parameters: [first, second, unused], frozen_epochs: 1, optimizer: {kind: sgd, lr: 0.1}}]\n"
    (void)state;
    write_recipe("broad1.yaml", "broad1", GROUPS);
    write_recipe("broad2.yaml", "broad2", GROUPS);
    write_recipe("broad3.yaml", "broad3", GROUPS GLOO);
    run_well("broad1.yaml", 1);
    run_well("broad2.yaml", 2);
    run_over("broad3.yaml", 2, 1);
    assert_like("broad1", "broad2");
    assert_like("broad1", "broad3");
#undef GROUPS
}

static void second_dies(const char *recipe, const char *output, int gloo)
{
    child list[3];
    plan plans[3];
    write_recipe(recipe, output, gloo ? GLOO : "");
    for (int i = 0; i < 3; i++)
        plans[i] = (plan){ .recipe = recipe, .rank = i, .size = 3, .dies_at = i == 1 ? 2 : 0 };
    run(list, plans, 3);
    assert_int_equal(list[1].result, -1);
    for (int i = 0; i < 3; i += 2) {
        assert_result(&list[i], AVSVT_E_BACKEND);
        assert_non_null(strstr(list[i].message, "rank 1 has died"));
    }
    assert_non_null(strstr(list[0].message, "a checkpoint after step 2 is written"));
    run_over(recipe, 3, gloo); /* goes on */
    assert_like("one", output);
}

static void after_a_death_the_others_say_who_and_leave_a_checkpoint(void **state)
{
    (void)state;
    second_dies("killed.yaml", "killed", 0);
    second_dies("severed.yaml", "severed", 1);
}

/* None before the checkpoint is there: mpirun and srun may kill those that are
 * left when one ends with a failure. */
static void all_stop_where_one_is_asked_to(void **state)
{
    child list[2];
    (void)state;
    write_recipe("stopped.yaml", "stopped", "");
    plan plans[2] = { { .recipe = "stopped.yaml", .size = 2, .leaves = "stopped/last.state" } };
    plans[1] = plans[0];
    plans[1].rank = plans[1].stops_at = 1; /* in the first epoch */
    run(list, plans, 2);
    for (int i = 0; i < 2; i++) {
        assert_result(&list[i], AVSVT_E_CANCELLED);
        assert_non_null(strstr(list[i].message, "stopped after step 1"));
    }
    run_well("stopped.yaml", 1); /* alone, if need be */
    assert_like("one", "stopped");
}

/* A port that nothing else is given while the socket is open. */
static int hold_port(int *port)
{
    struct sockaddr_in at = { .sin_family = AF_INET };
    socklen_t size = sizeof(at);
    int yes = 1, held = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(held >= 0);
    setsockopt(held, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    assert_int_equal(bind(held, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(getsockname(held, (struct sockaddr *)&at, &size), 0);
    *port = ntohs(at.sin_port);
    return held;
}

/* The others go on from where it died, with nothing of the log missing. One of
 * them writes: the next, where the store is left to ask; else whoever is first.
 * port 0: they meet through a file, which stays; else through rank 0. */
static void first_dies(const char *recipe, const char *output, int port, int gloo)
{
    child list[3];
    plan plans[3];
    int wrote = 0;
    write_recipe(recipe, output, gloo ? GLOO : "");
    for (int i = 0; i < 3; i++)
        plans[i] = (plan){ .recipe = recipe, .rank = i, .size = 3, .port = port, .dies_at = i ? 0 : 3 };
    run(list, plans, 3);
    for (int i = 1; i < 3; i++) {
        int here = strstr(list[i].message, "a checkpoint after step 3 is written") != NULL;
        assert_result(&list[i], AVSVT_E_BACKEND);
        assert_non_null(strstr(list[i].message, "rank 0 has died"));
        assert_true(here || strstr(list[i].message, "this process stopped after step 3"));
        assert_true(!here || port || i == 1);
        wrote += here;
    }
    assert_int_equal(wrote, 1);
    run_over(recipe, 2, gloo);
    assert_like("one", output);
}

static void after_the_death_of_the_first_another_leaves_a_checkpoint(void **state)
{
    int port, held = hold_port(&port);
    (void)state;
    first_dies("first.yaml", "first", port, 0);
    first_dies("first-gloo.yaml", "first-gloo", port, 1);
    close(held);
    first_dies("heir.yaml", "heir", 0, 0);
    first_dies("heir-gloo.yaml", "heir-gloo", 0, 1);
}

/* Each process is this program with a recipe as its argument. */
static void those_that_mpirun_starts_train_together(void **state)
{
    char self[1024] = "", command[4000];
    (void)state;
    if (system("mpirun --version 2>/dev/null | grep -q 'Open MPI'")) {
        print_message("left out: Open MPI's mpirun is not installed\n");
        skip();
    }
    int port, held = hold_port(&port);
    assert_true(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
    write_recipe("mpi.yaml", "mpi", "");
    snprintf(command, sizeof(command), "MASTER_PORT=%d mpirun --allow-run-as-root --oversubscribe "
             "--mca plm isolated -np 2 '%s' '%s'", port, self, scratch_path("mpi.yaml"));
    assert_int_equal(system(command), 0);
    close(held);
    assert_like("one", "mpi");
}

static void what_does_not_fit_is_told_before_training(void **state)
{
    child list[2];
    int port, held = hold_port(&port);
    (void)state;
    write_recipe("other.yaml", "other", "distributed: {timeout_s: 60}\n");
    write_recipe("faster.yaml", "other", "seed: 2\n");
    write_recipe("alone.yaml", "other", "distributed: {timeout_s: 1}\n");
    const plan sizes[] = { { .recipe = "other.yaml", .rank = 0, .size = 2 },
                           { .recipe = "other.yaml", .rank = 1, .size = 3 } };
    run(list, sizes, 2);
    assert_result(&list[1], AVSVT_E_ARG);
    assert_non_null(strstr(list[1].message, "rank 1 was told of 3 processes, rank 0 of 2"));
    assert_int_not_equal(list[0].result, AVSVT_OK);
    const plan recipes[] = { { .recipe = "other.yaml", .rank = 0, .size = 2 },
                             { .recipe = "faster.yaml", .rank = 1, .size = 2 } };
    run(list, recipes, 2);
    assert_result(&list[0], AVSVT_E_FORMAT);
    assert_result(&list[1], AVSVT_E_FORMAT);
    assert_non_null(strstr(list[0].message, "rank 1 reads another recipe, model or songs"));
    const plan waits = { .recipe = "alone.yaml", .rank = 0, .size = 2 };
    run(list, &waits, 1);
    assert_result(&list[0], AVSVT_E_IO);
    assert_non_null(strstr(list[0].message, "rank 1 did not come"));
    const plan nobody = { .recipe = "alone.yaml", .rank = 0, .size = 2, .port = port };
    plan called = nobody;
    called.rank = 1;
    start(&list[1], &called);
    finish(&list[1], 1);
    close(held);
    assert_result(&list[1], AVSVT_E_IO);
    assert_non_null(strstr(list[1].message, "can't reach rank 0"));
}

static void all_are_told_where_the_folder_is_in_use(void **state)
{
    child list[2];
    (void)state;
    write_recipe("held.yaml", "held", "");
    assert_int_equal(mkdir(scratch_path("held"), 0777), 0);
    int held = open(scratch_write("held/log.jsonl", "", 0), O_WRONLY);
    assert_int_equal(flock(held, LOCK_EX), 0);
    plan plans[2] = { { .recipe = "held.yaml", .size = 2 }, { .recipe = "held.yaml", .rank = 1, .size = 2 } };
    run(list, plans, 2);
    close(held);
    assert_result(&list[0], AVSVT_E_BUSY);
    for (int i = 0; i < 2; i++)
        assert_non_null(strstr(list[i].message, "another training writes into this folder"));
}

/* One step on arrays; the weights are written before and after it. */
static avsvt_status step_on(float sample)
{
    static const char *const names[] = { "samples", "onset", "silence" };
    const int64_t shapes[3][2] = { { 2, 960 }, { 2, 4 }, { 2, 4 } };
    static float values[2 * 960];
    avsvt_context *context = NULL;
    avsvt_model *file = NULL;
    avsvt_trainer *t = NULL;
    avsvt_tensor *tensors[3] = { NULL };
    avsvt_status status = avsvt_context_create(&context, NULL, NULL);
    for (int i = 0; i < 2 * 960; i++)
        values[i] = (float)(i % 7);
    values[5] = sample;
    for (int i = 0; i < 3 && status == AVSVT_OK; i++)
        status = avsvt_tensor_create(&tensors[i], context, AVSVT_F32, 2, shapes[i], values,
                                     NULL, NULL, NULL);
    if (status == AVSVT_OK)
        status = avsvt_model_open(&file, context, model, NULL);
    if (status == AVSVT_OK)
        status = avsvt_trainer_create(&t, file, "clip_norm: 0", NULL);
    if (status == AVSVT_OK)
        status = avsvt_trainer_write(t, scratch_path("before.pt"), NULL);
    if (status == AVSVT_OK)
        status = avsvt_trainer_step(t, names, tensors, 3, NULL, NULL);
    if (t && avsvt_trainer_write(t, scratch_path("after.pt"), NULL))
        status = AVSVT_E_INTERNAL;
    avsvt_trainer_free(t);
    avsvt_model_free(file);
    for (int i = 0; i < 3; i++)
        avsvt_tensor_free(tensors[i]);
    avsvt_context_free(context);
    return status;
}

static void a_batch_that_is_no_number_leaves_running_statistics_too(void **state)
{
    static const float samples[] = { 1, NAN };
    (void)state;
    for (int i = 0; i < 2; i++) {
        size_t sizes[2];
        child c;
        fflush(NULL);
        c.pid = fork();
        assert_true(c.pid >= 0);
        if (!c.pid)
            _exit(step_on(samples[i]));
        assert_int_equal(waitpid(c.pid, &c.status, 0), c.pid);
        assert_true(WIFEXITED(c.status));
        assert_int_equal(WEXITSTATUS(c.status), i ? AVSVT_E_BACKEND : AVSVT_OK);
        char *x = scratch_read(scratch_path("before.pt"), &sizes[0]);
        char *y = scratch_read(scratch_path("after.pt"), &sizes[1]);
        int same = sizes[0] == sizes[1] && !memcmp(x, y, sizes[0]);
        assert_int_equal(same, i);
        free(x);
        free(y);
    }
}

int main(int argc, char **argv)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    if (argc == 2 && train(argv[1], NULL, NULL, &err) != AVSVT_OK)
        fprintf(stderr, "%s\n", err.message);
    if (argc == 2)
        return err.message[0] != '\0';
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(several_processes_come_to_what_one_does),
        cmocka_unit_test(gradients_in_several_buckets_add_up_too),
        cmocka_unit_test(after_a_death_the_others_say_who_and_leave_a_checkpoint),
        cmocka_unit_test(all_stop_where_one_is_asked_to),
        cmocka_unit_test(after_the_death_of_the_first_another_leaves_a_checkpoint),
        cmocka_unit_test(those_that_mpirun_starts_train_together),
        cmocka_unit_test(what_does_not_fit_is_told_before_training),
        cmocka_unit_test(all_are_told_where_the_folder_is_in_use),
        cmocka_unit_test(a_batch_that_is_no_number_leaves_running_statistics_too),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
