/* SPDX-License-Identifier: MIT */
/* What avsvt_model holds, and typed access to its manifest. */
#ifndef AVSVTI_MODEL_MODEL_H
#define AVSVTI_MODEL_MODEL_H

#include <avsvt/model.h>
#include <avsvt/sys/backend.h>

#include "core/archive.h"
#include "core/context.h"
#include "core/yaml.h"

/* The part of a model file that holds its manifest. */
#define AVSVTI_MANIFEST_PART "extra/avsvt.yaml"

/* Manifest values as numbers; absent gives *value unchanged and AVSVT_OK; one
 * that is no number or outside lowest..highest is AVSVT_E_FORMAT naming the
 * model's path and the key. */
avsvt_status avsvti_model_number(const avsvt_model *m, const char *key,
                                 double lowest, double highest, double *value,
                                 avsvt_error *err);
avsvt_status avsvti_model_integer(const avsvt_model *m, const char *key,
                                  int64_t lowest, int64_t highest,
                                  int64_t *value, avsvt_error *err);
/* Whether the manifest's value at key is this text. */
int avsvti_model_is(const avsvt_model *m, const char *key, const char *text);

/* The compiled-in live model. */
avsvt_status avsvti_model_open_live(avsvt_model **out, avsvt_context *context,
                                    avsvt_error *err);

avsvt_context *avsvti_model_context(const avsvt_model *m);

/* The manifest, for whoever reads a section that other files have too. */
const avsvti_yaml *avsvti_model_tree(const avsvt_model *m);

/* The file itself, for whoever makes another of it. */
const avsvti_archive *avsvti_model_archive(const avsvt_model *m);

/* For a process of a training, before the network is first wanted: its place on
 * this machine, by which "auto" and "cuda" mean a GPU of its own. */
void avsvti_model_set_local_rank(avsvt_model *m, int32_t rank);

/* An instance of the model's network, for one stage handle (one thread at a
 * time). The first one loads the network through the backend that the context
 * and the manifest choose; later ones share it. The instance counts the model. */
typedef struct avsvti_network {
    avsvt_model *model;
    const avsvt_backend *backend;
    void *instance;
} avsvti_network;

avsvt_status avsvti_network_open(avsvti_network *n, avsvt_model *model,
                                 avsvt_error *err);
/* Inputs and outputs as in avsvt_backend; the caller releases the outputs, with
 * avsvti_outputs_release().
 * Failures become AVSVT_E_BACKEND (or the backend's own status) with a message
 * that names the model. Every output is checked: known dtype, size in range. */
avsvt_status avsvti_network_run(avsvti_network *n,
                                const avsvt_backend_tensor *inputs,
                                size_t input_count,
                                avsvt_backend_tensor *outputs, size_t capacity,
                                size_t *output_count, avsvt_error *err);
/* Releases those that are there, and forgets them. */
void avsvti_outputs_release(avsvt_backend_tensor *outputs, size_t count);
void avsvti_network_close(avsvti_network *n); /* accepts a zeroed one */

#endif
