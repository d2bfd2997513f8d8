/* SPDX-License-Identifier: MIT */
/** @file model.h
 *  Model files: what a network is, what it wants, and running it.
 *
 *  A model is a TorchScript archive with a file `avsvt.yaml`, its manifest,
 *  inside. Opening reads and checks the manifest and the archive's check sums
 *  and loads no libtorch; the network itself is loaded when first run.
 *  Running a TorchScript file runs the code in it: open only files that you
 *  trust. A model is immutable, counted and shared by all threads. */
#ifndef AVSVT_MODEL_H
#define AVSVT_MODEL_H

#include <avsvt/tensor.h>

AVSVT_BEGIN_DECLS

typedef struct avsvt_model avsvt_model; /**< Immutable; counted; shareable. */

/** Open a model file.
 *  @param out  [out, owned] free with avsvt_model_free(); NULL on failure.
 *  @param context [borrowed] NULL for the default; kept by the model.
 *  @param path [borrowed] UTF-8; NULL opens the compiled-in model.
 *  @param err  [out] may be NULL.
 *  @return AVSVT_OK; AVSVT_E_ARG; AVSVT_E_NOT_FOUND; AVSVT_E_IO;
 *          AVSVT_E_FORMAT (not a model, damaged, or a manifest with a wrong or
 *          missing value); AVSVT_E_UNSUPPORTED (a newer manifest format);
 *          AVSVT_E_NOMEM.
 *  @thread any  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_model_open(avsvt_model **out,
    avsvt_context *context, const char *path, avsvt_error *err);

/** Open a model that lies in memory; as avsvt_model_open().
 *  @param data [copied] @p size bytes.
 *  @param name [copied] used in messages; NULL for "(memory)".
 *  @thread any  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_model_open_memory(avsvt_model **out,
    avsvt_context *context, const void *data, size_t size, const char *name,
    avsvt_error *err);

/** One value of the manifest as text, by its path with dots, such as "name",
 *  "input.sample_rate" or "decode.onset_threshold"; list items by number
 *  ("output.labels.0").
 *  @return [borrowed] until the model is freed; NULL when there is none.
 *  @thread any  @rt no  @since 0.1 */
AVSVT_API const char *avsvt_model_get(const avsvt_model *model,
    const char *key);

/** The whole manifest, YAML text.
 *  @return [borrowed] until the model is freed; NULL for NULL.
 *  @thread any  @rt no  @since 0.1 */
AVSVT_API const char *avsvt_model_manifest(const avsvt_model *model);

/** Where the model came from: its path, or "(built in)".
 *  @return [borrowed] until the model is freed; NULL for NULL.
 *  @thread any  @rt no  @since 0.1 */
AVSVT_API const char *avsvt_model_path(const avsvt_model *model);

/** Run the network on tensors, whatever its role.
 *  @param outputs  [out] room for @p capacity tensors, each owned by the
 *                  caller; all NULL on failure.
 *  @param capacity 1 or more.
 *  @param count    [out] how many outputs the network gave.
 *  @param model    [borrowed]
 *  @param inputs   [borrowed] @p input_count tensors, by position.
 *  @param err      [out] may be NULL.
 *  @return AVSVT_OK; AVSVT_E_ARG; AVSVT_E_RANGE (more outputs than room);
 *          AVSVT_E_MODULE (the torch module is not installed);
 *          AVSVT_E_CONFLICT (another libtorch in this process);
 *          AVSVT_E_DEVICE; AVSVT_E_BACKEND (the network refused its input or
 *          failed); AVSVT_E_NOMEM.
 *  @thread any; several may share @p model  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_model_run(avsvt_tensor **outputs, size_t capacity,
    size_t *count, avsvt_model *model, avsvt_tensor *const *inputs,
    size_t input_count, avsvt_error *err);

/** Count one more user; returns @p model.  @thread any  @rt no  @since 0.1 */
AVSVT_API avsvt_model *avsvt_model_ref(avsvt_model *model);
/** Give the model up; NULL is allowed.  @thread any  @rt no  @since 0.1 */
AVSVT_API void avsvt_model_free(avsvt_model *model);

AVSVT_END_DECLS
#endif /* AVSVT_MODEL_H */
