/* SPDX-License-Identifier: MIT */
#include <avsvt/job.h>

#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "core/options.h"
#include "pipeline/pipeline.h"
#include "platform/thread.h"

struct avsvt_job {
    avsvt_context *context; /* counted */
    avsvt_pipeline *pipeline;
    char *path;
    avsvt_run_options run;
    avsvt_notes_options notes_options;

    avsvti_thread thread;
    avsvti_mutex lock;      /* guards joined and notes */
    int joined;
    int forsaken;           /* freed by its own thread, which releases it */
    avsvt_notes *notes;
    avsvt_status status;
    avsvt_error error;

    atomic_int state;
    atomic_int cancel;
    atomic_int progress_ppm; /* an integer, so that it is lock-free anywhere */
};

static int32_t on_progress(void *user, double done_s, double total_s)
{
    avsvt_job *job = user;
    if (total_s > 0.0) {
        double share = done_s / total_s;
        share = share < 0.0 ? 0.0 : share > 1.0 ? 1.0 : share;
        atomic_store(&job->progress_ppm, (int)lrint(share * 1e6));
    }
    if (atomic_load(&job->cancel))
        return 1;
    return job->run.progress ? job->run.progress(job->run.user, done_s, total_s)
                             : 0;
}

static void release(avsvt_job *job)
{
    avsvt_context *context = job->context;
    avsvt_notes_free(job->notes);
    avsvt_tensor_free(job->run.crops);
    avsvti_mutex_destroy(&job->lock);
    avsvti_release(avsvti_allocator(context), job->path);
    avsvti_release(avsvti_allocator(context), job);
    avsvt_context_free(context);
}

static void *work(void *argument)
{
    avsvt_job *job = argument;
    avsvt_run_options o = job->run;
    o.progress = on_progress;
    o.user = job;
    job->status = avsvti_pipeline_notes_of(&job->notes, job->pipeline, job->path,
                                           &o, &job->error);
    avsvti_busy_leave(&job->pipeline->busy); /* entered when the job was started */
    int state = AVSVT_JOB_FAILED;
    if (job->status == AVSVT_OK) {
        state = AVSVT_JOB_DONE;
        atomic_store(&job->progress_ppm, 1000000);
    } else if (job->status == AVSVT_E_CANCELLED) {
        state = AVSVT_JOB_CANCELLED;
    }
    int forsaken = job->forsaken; /* else another may release it from here on */
    atomic_store(&job->state, state);
    if (forsaken)
        release(job);
    return NULL;
}

static avsvt_status copy_options(avsvt_job *job, const avsvt_run_options *opts,
                                 avsvt_error *err)
{
    avsvt_status status = avsvti_options_read(&job->run, sizeof(job->run),
                                              opts, "avsvt_run_options", err);
    avsvt_tensor_ref(job->run.crops);
    if (status != AVSVT_OK || !job->run.notes)
        return status;
    status = avsvti_options_read(&job->notes_options,
        sizeof(job->notes_options), job->run.notes, "avsvt_notes_options", err);
    job->run.notes = &job->notes_options;
    return status;
}

avsvt_status avsvt_job_start(avsvt_job **out, avsvt_pipeline *pipeline,
                             const char *path, const avsvt_run_options *opts,
                             avsvt_error *err)
{
    if (out)
        *out = NULL;
    if (!out || !pipeline || !path)
        return avsvti_fail(err, AVSVT_E_ARG,
            "avsvt_job_start: out, pipeline and path are needed");
    avsvt_status status = avsvti_pipeline_check_options(pipeline, opts, err);
    if (status != AVSVT_OK)
        return status;
    const avsvt_allocator *a = avsvti_allocator(pipeline->context);
    avsvt_job *job = avsvti_alloc_zero(a, 1, sizeof(*job));
    if (!job)
        return avsvti_fail_memory(err);
    job->context = avsvt_context_ref(pipeline->context);
    job->pipeline = pipeline;
    job->error = (avsvt_error)AVSVT_ERROR_INIT;
    avsvti_mutex_init(&job->lock);
    job->path = avsvti_strdup(a, path);
    status = job->path ? copy_options(job, opts, err)
                       : avsvti_fail_memory(err);
    if (status == AVSVT_OK)
        status = avsvti_busy_enter(&pipeline->busy, "pipeline", err);
    if (status == AVSVT_OK && !avsvti_thread_start(&job->thread, work, job)) {
        avsvti_busy_leave(&pipeline->busy);
        status = avsvti_fail(err, AVSVT_E_INTERNAL,
            "no thread could be started for the job");
    }
    if (status != AVSVT_OK) {
        release(job);
        return status;
    }
    *out = job;
    return AVSVT_OK;
}

int32_t avsvt_job_state(const avsvt_job *job)
{
    return job ? atomic_load(&job->state) : AVSVT_JOB_FAILED;
}

double avsvt_job_progress(const avsvt_job *job)
{
    return job ? atomic_load(&job->progress_ppm) / 1e6 : 0.0;
}

void avsvt_job_cancel(avsvt_job *job)
{
    if (job)
        atomic_store(&job->cancel, 1);
}

/* Waits for the end; 0: that can't be waited for here. */
static int join(avsvt_job *job)
{
    if (!avsvti_thread_is_here(job->thread))
        return avsvt_job_state(job) != AVSVT_JOB_RUNNING;
    avsvti_mutex_lock(&job->lock);
    if (!job->joined)
        avsvti_thread_join(job->thread);
    job->joined = 1;
    avsvti_mutex_unlock(&job->lock);
    return 1;
}

avsvt_status avsvt_job_take_notes(avsvt_notes **out, avsvt_job *job,
                                  avsvt_error *err)
{
    if (out)
        *out = NULL;
    if (!out || !job)
        return avsvti_fail(err, AVSVT_E_ARG,
            "avsvt_job_take_notes: out and job are needed");
    if (avsvti_thread_is_this(job->thread))
        return avsvti_fail(err, AVSVT_E_BUSY,
            "a job can't wait for its own end: take its notes on another thread");
    if (!join(job))
        return avsvti_fail(err, AVSVT_E_INTERNAL,
            "the job runs in the process that started it, of which this one was forked");
    if (job->status != AVSVT_OK)
        return avsvti_fail(err, job->status, "%s", job->error.message);
    avsvti_mutex_lock(&job->lock);
    *out = job->notes;
    job->notes = NULL;
    avsvti_mutex_unlock(&job->lock);
    if (!*out)
        return avsvti_fail(err, AVSVT_E_NOT_FOUND,
                           "the notes of this job were already taken");
    return AVSVT_OK;
}

void avsvt_job_free(avsvt_job *job)
{
    if (!job)
        return;
    avsvt_job_cancel(job);
    if (avsvti_thread_is_this(job->thread)) { /* in its progress function */
        job->forsaken = 1;
        avsvti_thread_detach(job->thread);
    } else if (join(job)) { /* else it is as fork() found it, in the middle of its work */
        release(job);
    }
}
