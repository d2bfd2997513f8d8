/* SPDX-License-Identifier: MIT */
/* Reading the tensors that a manifest names out of a model file. */
#ifndef AVSVTI_NATIVE_TENSORS_H
#define AVSVTI_NATIVE_TENSORS_H

#include "core/archive.h"
#include "core/yaml.h"
#include "native/native.h"

#define AVSVTI_NATIVE_NAME_SIZE 96 /* room for a tensor's name */

/* The first failure is kept; after it every step does nothing. */
typedef struct avsvti_native_loader {
    avsvti_native_model *m;
    avsvti_yaml *manifest;
    avsvti_archive archive;
    const char *path;
    avsvt_error *err;
    avsvt_status status;
} avsvti_native_loader;

/* Zeroed memory of the model's. */
float *avsvti_native_room(avsvti_native_loader *l, size_t n);
/* A failure: the tensor and what is wrong with it. */
void avsvti_native_refuse(avsvti_native_loader *l, const char *name, const char *why);
/* A whole number of the manifest. */
void avsvti_native_whole(avsvti_native_loader *l, const char *key, double low,
                         double high, size_t *value);
/* A tensor's finite numbers, given back with avsvti_native_drop(); NULL after
 * a failure. The manifest must say this shape. */
float *avsvti_native_take(avsvti_native_loader *l, const char *name, size_t ndim,
                          const size_t *shape);
void avsvti_native_drop(avsvti_native_loader *l, float *tensor);

#endif
