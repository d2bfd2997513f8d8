/* SPDX-License-Identifier: MIT */
/** @file job.h
 *  A pipeline in the background, on a thread of ours: start, look, take. */
#ifndef AVSVT_JOB_H
#define AVSVT_JOB_H

#include <avsvt/pipeline.h>

AVSVT_BEGIN_DECLS

typedef struct avsvt_job avsvt_job; /**< Polled by any thread. */

#define AVSVT_JOB_RUNNING 0   /**< Not done yet. */
#define AVSVT_JOB_DONE 1      /**< The result can be taken. */
#define AVSVT_JOB_FAILED 2    /**< See avsvt_job_take_notes() for why. */
#define AVSVT_JOB_CANCELLED 3 /**< Stopped as asked. */

/** Start to transcribe a file. The pipeline is busy until the job has ended.
 *  @param out      [out, owned] free with avsvt_job_free(); NULL on failure.
 *  @param pipeline [borrowed] kept alive by the caller until the job is freed.
 *  @param path     [copied] UTF-8.
 *  @param opts     [borrowed for the call; opts->progress is called on the
 *                  job's thread; opts->notes is copied] NULL for defaults.
 *  @return AVSVT_OK; what avsvt_pipeline_notes() would refuse opts with
 *          (AVSVT_E_ARG, AVSVT_E_UNSUPPORTED for an option of a newer library);
 *          AVSVT_E_BUSY (the pipeline is in use); AVSVT_E_NOMEM;
 *          AVSVT_E_INTERNAL (no thread could be started).
 *  @thread any  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_job_start(avsvt_job **out,
    avsvt_pipeline *pipeline, const char *path, const avsvt_run_options *opts,
    avsvt_error *err);

/** State, an AVSVT_JOB_* value.  @thread any  @rt yes  @since 0.1 */
AVSVT_API int32_t avsvt_job_state(const avsvt_job *job);
/** Share that is done, 0..1; 0 while the length is unknown.
 *  @thread any  @rt yes  @since 0.1 */
AVSVT_API double avsvt_job_progress(const avsvt_job *job);
/** Ask the job to stop; it does so at the end of the chunk in hand.
 *  @thread any  @rt yes  @since 0.1 */
AVSVT_API void avsvt_job_cancel(avsvt_job *job);

/** Wait for the end and take the result.
 *  @param out [out, owned] free with avsvt_notes_free(); NULL on failure.
 *  @return AVSVT_OK; AVSVT_E_CANCELLED; AVSVT_E_NOT_FOUND (already taken);
 *          AVSVT_E_BUSY (called on the job's own thread); AVSVT_E_INTERNAL (in a
 *          process that was forked while the job ran); or why the job failed.
 *  @thread one  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_job_take_notes(avsvt_notes **out, avsvt_job *job,
    avsvt_error *err);

/** Cancel, wait and release; NULL is allowed. In opts->progress it does not
 *  wait: the job ends after it, and needs the pipeline until then. In a process
 *  that was forked while the job ran it is only forgotten.
 *  @thread any  @rt no  @since 0.1 */
AVSVT_API void avsvt_job_free(avsvt_job *job);

AVSVT_END_DECLS
#endif /* AVSVT_JOB_H */
