/* SPDX-License-Identifier: MIT */
/** @file context.h
 *  The host's choices: memory, threads, device, modules, log.
 *
 *  A context is immutable once made, counted, and may be shared by all
 *  threads. Wherever a context is asked for, NULL means the built-in default:
 *  malloc, one thread, device "auto", no log. */
#ifndef AVSVT_CONTEXT_H
#define AVSVT_CONTEXT_H

#include <avsvt/status.h>

AVSVT_BEGIN_DECLS

typedef struct avsvt_context avsvt_context; /**< Counted; shareable. */

/** The host's allocator. It serves everything but the modules and the
 *  libraries that we use (libsndfile, mpg123, libsoxr, libyaml, libjansson,
 *  SoundTouch, zlib where it writes PNG), which have their own. All members are needed;
 *  functions may be called from any thread that uses the library, and from its
 *  own threads. */
typedef struct avsvt_allocator {
    uint32_t struct_size; /**< Set by AVSVT_ALLOCATOR_INIT. */
    void *(*alloc)(void *user, size_t size);              /**< NULL on failure. */
    void *(*resize)(void *user, void *block, size_t size);/**< As realloc(). */
    void (*release)(void *user, void *block);             /**< Accepts NULL. */
    void *user; /**< [borrowed] handed back to each function. */
} avsvt_allocator;
#define AVSVT_ALLOCATOR_INIT \
    { sizeof(avsvt_allocator), NULL, NULL, NULL, NULL }

#define AVSVT_LOG_INFO 1    /**< What was chosen: device, backend. */
#define AVSVT_LOG_WARNING 2 /**< The result may be poorer than expected. */

/** Receives one line of log, without a line end. Called on the thread that
 *  uses the library, or on one of its own that works for it (jobs, feeds,
 *  training); it must not call back into it. */
typedef void (*avsvt_log_fn)(void *user, int32_t level, const char *line);

/** Told of progress from the thread that does the work.
 *  @param done_s  seconds of sound that are done.
 *  @param total_s seconds in all; -1 when unknown.
 *  @return 0 to go on, anything else to stop with AVSVT_E_CANCELLED. */
typedef int32_t (*avsvt_progress_fn)(void *user, double done_s, double total_s);

#define AVSVT_PRECISION_FP32 0 /**< Default; all that the native backend does. */
#define AVSVT_PRECISION_FP16 1 /**< GPU only. */
#define AVSVT_PRECISION_BF16 2 /**< Where the device has it. */

/** Settings of a context; zero or NULL in a field selects its default. */
typedef struct avsvt_context_options {
    uint32_t struct_size;   /**< Set by AVSVT_CONTEXT_OPTIONS_INIT. */
    int32_t  threads;       /**< 1..256 for networks; default 1. */
    int32_t  precision;     /**< An AVSVT_PRECISION_* value. */
    uint32_t reserved;      /**< Must be 0. */
    const char *device;     /**< [copied] "cpu", "cuda", "cuda:N", "auto". */
    const char *backend;    /**< [copied] "auto", "native", "torch", "null". */
    const char *module_path;/**< [copied] folder of modules; default: the
                                 variable AVSVT_MODULE_PATH, else the folder
                                 avsvt/ beside the library, else where it was
                                 built to be installed. */
    const avsvt_allocator *allocator; /**< [copied] default malloc. */
    avsvt_log_fn log;       /**< Default: silent. */
    void *log_user;         /**< [borrowed] handed to @p log. */
} avsvt_context_options;
#define AVSVT_CONTEXT_OPTIONS_INIT \
    { sizeof(avsvt_context_options), 0, 0, 0u, NULL, NULL, NULL, \
      NULL, NULL, NULL }

/** Make a context.
 *  @param out  [out, owned] free with avsvt_context_free(); NULL on failure.
 *  @param opts [borrowed] NULL for defaults.
 *  @param err  [out] may be NULL.
 *  @return AVSVT_OK; AVSVT_E_ARG (a value out of range, an incomplete
 *          allocator); AVSVT_E_UNSUPPORTED (a newer option); AVSVT_E_NOMEM.
 *  @thread any  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_context_create(avsvt_context **out,
    const avsvt_context_options *opts, avsvt_error *err);

/** Count one more user of @p context; returns it. NULL is allowed.
 *  @thread any  @rt no  @since 0.1 */
AVSVT_API avsvt_context *avsvt_context_ref(avsvt_context *context);

/** Give the context up; it lives on while a model or result needs it. NULL is
 *  allowed.  @thread any  @rt no  @since 0.1 */
AVSVT_API void avsvt_context_free(avsvt_context *context);

AVSVT_END_DECLS
#endif /* AVSVT_CONTEXT_H */
