/* SPDX-License-Identifier: MIT */
/** @file backend.h
 *  The table behind which networks run. Stable within a minor version only.
 *
 *  A backend opens a model archive, makes instances of it (one per stage
 *  handle, so that each thread has its own) and runs them on named flat
 *  tensors. Nothing but plain C data crosses, no pointer is kept beyond what
 *  is said here, and nothing is thrown, so that the same table can be served
 *  by another process. A module is a shared object that exports one function,
 *  avsvt_module_entry(). */
#ifndef AVSVT_SYS_BACKEND_H
#define AVSVT_SYS_BACKEND_H

#include <avsvt/tensor.h>

AVSVT_BEGIN_DECLS

#define AVSVT_BACKEND_INTERFACE 1u /**< Raised when the table changes. */

/** A flat tensor at the border: dense, row-major, on the CPU. */
typedef struct avsvt_backend_tensor {
    uint32_t struct_size; /**< sizeof(avsvt_backend_tensor). */
    int32_t  dtype;       /**< An AVSVT_F32 ... value. */
    int32_t  ndim;        /**< 0..AVSVT_TENSOR_MAX_DIMS. */
    uint32_t reserved;    /**< 0. */
    int64_t  shape[AVSVT_TENSOR_MAX_DIMS]; /**< The first ndim count. */
    const char *name;     /**< [borrowed] NULL: by position. */
    const void *data;     /**< Inputs: borrowed for the call. Outputs: valid
                               until release(owner). */
    void (*release)(void *owner); /**< Outputs: frees @p data. */
    void *owner;          /**< Handed to @p release, once. */
} avsvt_backend_tensor;

/** What a backend is told when it opens a model. */
typedef struct avsvt_backend_open {
    uint32_t struct_size; /**< sizeof(avsvt_backend_open). */
    int32_t  threads;     /**< For networks, 1 or more. */
    int32_t  precision;   /**< An AVSVT_PRECISION_* value. */
    uint32_t training;    /**< 0: inference, may be frozen. */
    const char *device;   /**< "cpu", "cuda", "cuda:N", "auto". */
    const char *path;     /**< The model's file, for messages. */
    const char *manifest; /**< Its manifest, YAML text. */
    const void *archive;  /**< [borrowed until free()] the whole file. */
    size_t      archive_size; /**< Bytes. */
    const avsvt_allocator *allocator; /**< Use it where you can. */
    char  *message;       /**< [out] why it failed; message_size bytes. */
    size_t message_size; /**< Bytes, with the closing zero. */
} avsvt_backend_open;

/** The table. Every function answers an avsvt_status and, where it has room
 *  for one, leaves a message on failure. */
typedef struct avsvt_backend {
    uint32_t struct_size;       /**< sizeof(avsvt_backend). */
    uint32_t interface_version; /**< AVSVT_BACKEND_INTERFACE. */
    const char *name;           /**< "torch", "native", "null". */
    const char *description;    /**< For people: "libtorch 2.13.0, CUDA". */
    /** Load a network. Thread-safe. */
    avsvt_status (*open)(void **model, const avsvt_backend_open *args);
    /** Make an instance with its own scratch memory. Thread-safe. */
    avsvt_status (*instance_create)(void **instance, void *model,
        char *message, size_t message_size);
    /** Run. One call at a time per instance; different instances of one
     *  model may run at once. At most @p capacity outputs are written. */
    avsvt_status (*run)(void *instance, const avsvt_backend_tensor *inputs,
        size_t input_count, avsvt_backend_tensor *outputs, size_t capacity,
        size_t *output_count, char *message, size_t message_size);
    void (*instance_free)(void *instance); /**< Accepts NULL. */
    void (*free)(void *model);             /**< After all instances. */
} avsvt_backend;

/** What a module exports: its table, or NULL with a message and a status when
 *  it can't work in this process.
 *  @param host_interface AVSVT_BACKEND_INTERFACE of the library. */
typedef const avsvt_backend *(*avsvt_module_entry_fn)(uint32_t host_interface,
    avsvt_status *status, char *message, size_t message_size);
#define AVSVT_MODULE_ENTRY "avsvt_module_entry" /**< Its name. */

AVSVT_END_DECLS
#endif /* AVSVT_SYS_BACKEND_H */
