/* SPDX-License-Identifier: MIT */
/* In the background: start, look how far it is, take the notes; with a second
 * argument, cancel at once instead. Usage: 03_job SONG [cancel] */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <time.h>

#include <avsvt/avsvt.h>

int main(int argc, char **argv)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_pipeline *pipeline = NULL;
    avsvt_job *job = NULL;
    avsvt_notes *notes = NULL;
    avsvt_status failed;
    if (argc < 2) {
        fprintf(stderr, "usage: %s SONG [cancel]\n", argv[0]);
        return 2;
    }
    failed = avsvt_pipeline_open(&pipeline, NULL, NULL, NULL, &err);
    if (!failed)
        failed = avsvt_job_start(&job, pipeline, argv[1], NULL, &err);
    if (!failed && argc > 2)
        avsvt_job_cancel(job);
    /* A window would look from its timer; here we sleep between looks. */
    while (!failed && avsvt_job_state(job) == AVSVT_JOB_RUNNING) {
        struct timespec while_ = { 0, 20000000 };
        nanosleep(&while_, NULL);
        fprintf(stderr, "\r%3.0f %%", 100 * avsvt_job_progress(job));
    }
    if (!failed)
        failed = avsvt_job_take_notes(&notes, job, &err);
    fputc('\n', stderr);
    if (failed == AVSVT_E_CANCELLED)
        printf("cancelled\n");
    else if (failed)
        fprintf(stderr, "%s\n", err.message);
    else
        printf("%zu notes\n", avsvt_notes_count(notes));
    avsvt_notes_free(notes);
    avsvt_job_free(job); /* before the pipeline that it uses */
    avsvt_pipeline_free(pipeline);
    return failed && failed != AVSVT_E_CANCELLED;
}
