/* SPDX-License-Identifier: MIT */
/* Jobs: the same notes as a direct call, cancelled and failed in order. */
#include "support/test.h"

#include <math.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/model_file.h"
#include "support/scratch.h"

#define RATE 16000
#define COUNT (RATE * 40)

static const char *make_file(void)
{
    static float x[COUNT];
    const char *path = scratch_path("song.wav");
    for (int i = 0; i < COUNT; i++)
        x[i] = i % RATE < RATE / 2 ? (float)(0.3 * sin(i * 0.12)) : 0.0f;
    assert_int_equal(avsvt_audio_write(path, x, COUNT, RATE, NULL), AVSVT_OK);
    return path;
}

static avsvt_pipeline *make_pipeline(void)
{
    avsvt_context *context = model_file_null_context(NULL);
    avsvt_model *model = model_file_open(context, MODEL_FILE_NOTES);
    avsvt_pipeline_options o = AVSVT_PIPELINE_OPTIONS_INIT;
    avsvt_pipeline *p;
    o.chunk_s = 1;
    assert_int_equal(avsvt_pipeline_create(&p, model, &o, NULL), AVSVT_OK);
    avsvt_model_free(model);
    avsvt_context_free(context);
    return p;
}

static void a_job_gives_the_notes_of_a_direct_call(void **state)
{
    avsvt_pipeline *p = make_pipeline();
    avsvt_notes *direct, *notes;
    avsvt_job *job;
    (void)state;
    assert_int_equal(avsvt_pipeline_notes(&direct, p, make_file(), NULL, NULL), AVSVT_OK);
    assert_int_equal(avsvt_job_start(&job, p, make_file(), NULL, NULL), AVSVT_OK);
    assert_int_equal(avsvt_job_take_notes(&notes, job, NULL), AVSVT_OK);
    assert_int_equal(avsvt_job_state(job), AVSVT_JOB_DONE);
    assert_true(avsvt_job_progress(job) == 1.0);
    assert_int_equal(avsvt_notes_count(notes), avsvt_notes_count(direct));
    assert_int_equal(avsvt_notes_count(notes), 40);
    avsvt_notes_free(notes);
    assert_int_equal(avsvt_job_take_notes(&notes, job, NULL), AVSVT_E_NOT_FOUND);
    assert_null(notes);
    avsvt_job_free(job);
    avsvt_notes_free(direct);
    avsvt_pipeline_free(p);
}

/* Holds the job in its first progress call until the test lets it go. */
typedef struct gate {
    atomic_int reached, open;
} gate;

static int32_t wait_at_gate(void *user, double done_s, double total_s)
{
    gate *g = user;
    (void)done_s;
    (void)total_s;
    atomic_store(&g->reached, 1);
    while (!atomic_load(&g->open))
        sched_yield();
    return 0;
}

static void a_cancelled_job_says_so_and_frees_the_pipeline(void **state)
{
    avsvt_pipeline *p = make_pipeline();
    avsvt_run_options o = AVSVT_RUN_OPTIONS_INIT;
    gate g = { 0, 0 };
    avsvt_notes *notes;
    avsvt_job *job;
    (void)state;
    o.progress = wait_at_gate;
    o.user = &g;
    assert_int_equal(avsvt_job_start(&job, p, make_file(), &o, NULL), AVSVT_OK);
    while (!atomic_load(&g.reached))
        sched_yield();
    assert_int_equal(avsvt_job_state(job), AVSVT_JOB_RUNNING);
    assert_int_equal(avsvt_pipeline_notes(&notes, p, make_file(), NULL, NULL), AVSVT_E_BUSY);
    avsvt_job_cancel(job);
    atomic_store(&g.open, 1);
    /* Cancelled before its first chunk, or at the end of it. */
    assert_int_equal(avsvt_job_take_notes(&notes, job, NULL), AVSVT_E_CANCELLED);
    assert_int_equal(avsvt_job_state(job), AVSVT_JOB_CANCELLED);
    avsvt_job_free(job);
    assert_int_equal(avsvt_pipeline_notes(&notes, p, make_file(), NULL, NULL), AVSVT_OK);
    avsvt_notes_free(notes);
    avsvt_pipeline_free(p);
}

static void the_pipeline_is_busy_as_soon_as_a_job_is_started(void **state)
{
    avsvt_pipeline *p = make_pipeline();
    avsvt_run_options o = AVSVT_RUN_OPTIONS_INIT;
    gate g = { 0, 0 };
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_notes *notes;
    avsvt_job *job, *second;
    (void)state;
    o.progress = wait_at_gate;
    o.user = &g;
    assert_int_equal(avsvt_job_start(&job, p, make_file(), &o, NULL), AVSVT_OK);
    assert_int_equal(avsvt_pipeline_notes(&notes, p, make_file(), NULL, NULL), AVSVT_E_BUSY);
    assert_int_equal(avsvt_job_start(&second, p, make_file(), NULL, &err), AVSVT_E_BUSY);
    assert_says(err, "in use");
    assert_null(second);
    atomic_store(&g.open, 1);
    while (avsvt_job_state(job) == AVSVT_JOB_RUNNING)
        sched_yield();
    assert_int_equal(avsvt_job_start(&second, p, make_file(), NULL, NULL), AVSVT_OK);
    assert_int_equal(avsvt_job_take_notes(&notes, job, NULL), AVSVT_OK);
    avsvt_notes_free(notes);
    avsvt_job_free(job);
    avsvt_job_free(second);
    avsvt_pipeline_free(p);
}

static void a_job_that_fails_says_why(void **state)
{
    avsvt_pipeline *p = make_pipeline();
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_notes *notes;
    avsvt_job *job;
    (void)state;
    assert_int_equal(avsvt_job_start(&job, p, scratch_path("none.wav"), NULL, &err), AVSVT_OK);
    assert_int_equal(avsvt_job_take_notes(&notes, job, &err), AVSVT_E_NOT_FOUND);
    assert_says(err, "none.wav");
    assert_int_equal(avsvt_job_state(job), AVSVT_JOB_FAILED);
    avsvt_job_free(job);
    avsvt_pipeline_free(p);
}

static void freeing_a_running_job_is_allowed(void **state)
{
    avsvt_pipeline *p = make_pipeline();
    avsvt_job *job;
    (void)state;
    for (int i = 0; i < 20; i++) {
        assert_int_equal(avsvt_job_start(&job, p, make_file(), NULL, NULL), AVSVT_OK);
        avsvt_job_free(job);
    }
    avsvt_job_free(NULL);
    avsvt_job_cancel(NULL);
    assert_int_equal(avsvt_job_state(NULL), AVSVT_JOB_FAILED);
    avsvt_pipeline_free(p);
}

/* In the job's progress function, once the job is known there. */
typedef struct selfish {
    _Atomic(avsvt_job *) job;
    atomic_int taken; /* what taking its notes gave; -1: not tried yet */
} selfish;

static int32_t wait_for_oneself(void *user, double done_s, double total_s)
{
    selfish *s = user;
    avsvt_notes *notes;
    avsvt_job *job;
    (void)done_s;
    (void)total_s;
    while (!(job = atomic_load(&s->job)))
        sched_yield();
    if (atomic_load(&s->taken) >= 0)
        return 0;
    avsvt_status status = avsvt_job_take_notes(&notes, job, NULL);
    avsvt_job_free(job);
    atomic_store(&s->taken, status);
    return 0;
}

static void a_job_does_not_wait_for_itself(void **state)
{
    avsvt_pipeline *p = make_pipeline();
    avsvt_run_options o = AVSVT_RUN_OPTIONS_INIT;
    selfish s = { NULL, -1 };
    avsvt_notes *notes;
    avsvt_status status;
    avsvt_job *job;
    (void)state;
    o.progress = wait_for_oneself;
    o.user = &s;
    assert_int_equal(avsvt_job_start(&job, p, make_file(), &o, NULL), AVSVT_OK);
    atomic_store(&s.job, job);
    while (atomic_load(&s.taken) < 0)
        sched_yield();
    assert_int_equal(atomic_load(&s.taken), AVSVT_E_BUSY);
    do /* it ends by itself */
        status = avsvt_pipeline_notes(&notes, p, make_file(), NULL, NULL);
    while (status == AVSVT_E_BUSY);
    assert_int_equal(status, AVSVT_OK);
    avsvt_notes_free(notes);
    avsvt_pipeline_free(p);
}

static void a_forked_process_does_not_wait_for_the_job(void **state)
{
    avsvt_pipeline *p = make_pipeline();
    avsvt_run_options o = AVSVT_RUN_OPTIONS_INIT;
    avsvt_error err = AVSVT_ERROR_INIT;
    gate g = { 0, 0 };
    avsvt_notes *notes;
    avsvt_job *job;
    int result = -1;
    (void)state;
    o.progress = wait_at_gate;
    o.user = &g;
    assert_int_equal(avsvt_job_start(&job, p, make_file(), &o, NULL), AVSVT_OK);
    while (!atomic_load(&g.reached))
        sched_yield();
    pid_t child = fork();
    if (child == 0) {
        avsvt_status status = avsvt_job_take_notes(&notes, job, &err);
        avsvt_job_free(job);
        _exit(status == AVSVT_E_INTERNAL && strstr(err.message, "forked") ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_int_equal(result, 0);
    atomic_store(&g.open, 1);
    assert_int_equal(avsvt_job_take_notes(&notes, job, NULL), AVSVT_OK);
    child = fork();
    if (child == 0) { /* nothing is left to be waited for */
        avsvt_job_free(job);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_int_equal(result, 0);
    avsvt_notes_free(notes);
    avsvt_job_free(job);
    avsvt_pipeline_free(p);
}

static void wrong_arguments_are_refused(void **state)
{
    avsvt_pipeline *p = make_pipeline();
    avsvt_notes_options bad = AVSVT_NOTES_OPTIONS_INIT;
    avsvt_run_options o = AVSVT_RUN_OPTIONS_INIT;
    avsvt_job *job;
    (void)state;
    assert_int_equal(avsvt_job_start(NULL, p, "x", NULL, NULL), AVSVT_E_ARG);
    assert_int_equal(avsvt_job_start(&job, NULL, "x", NULL, NULL), AVSVT_E_ARG);
    assert_int_equal(avsvt_job_start(&job, p, NULL, NULL, NULL), AVSVT_E_ARG);
    bad.struct_size = 1;
    o.notes = &bad;
    assert_int_equal(avsvt_job_start(&job, p, "x", &o, NULL), AVSVT_E_ARG);
    assert_null(job);
    avsvt_pipeline_free(p);
}

/* Both ways refuse the options, the job before there is one. */
static void refused(avsvt_pipeline *p, const avsvt_run_options *o, avsvt_status status,
                    const char *why)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_notes *notes;
    avsvt_job *job;
    assert_int_equal(avsvt_pipeline_notes(&notes, p, make_file(), o, &err), status);
    assert_says(err, why);
    assert_int_equal(avsvt_job_start(&job, p, make_file(), o, &err), status);
    assert_says(err, why);
    assert_null(job);
    assert_int_equal(avsvt_job_start(&job, p, make_file(), NULL, NULL), AVSVT_OK);
    avsvt_job_free(job);
}

static void options_are_refused_at_the_start_as_in_a_direct_call(void **state)
{
    avsvt_pipeline *p = make_pipeline();
    avsvt_run_options newer = AVSVT_RUN_OPTIONS_INIT, wild = AVSVT_RUN_OPTIONS_INIT;
    avsvt_notes_options notes = AVSVT_NOTES_OPTIONS_INIT;
    (void)state;
    newer.reserved = 1;
    refused(p, &newer, AVSVT_E_ARG, "reserved");
    notes.onset_threshold = 7;
    wild.notes = &notes;
    refused(p, &wild, AVSVT_E_ARG, "onset_threshold");
    avsvt_pipeline_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_job_gives_the_notes_of_a_direct_call),
        cmocka_unit_test(a_cancelled_job_says_so_and_frees_the_pipeline),
        cmocka_unit_test(the_pipeline_is_busy_as_soon_as_a_job_is_started),
        cmocka_unit_test(a_job_that_fails_says_why),
        cmocka_unit_test(freeing_a_running_job_is_allowed),
        cmocka_unit_test(a_job_does_not_wait_for_itself),
        cmocka_unit_test(a_forked_process_does_not_wait_for_the_job),
        cmocka_unit_test(wrong_arguments_are_refused),
        cmocka_unit_test(options_are_refused_at_the_start_as_in_a_direct_call),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
