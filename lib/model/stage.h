/* SPDX-License-Identifier: MIT */
/* What extractor, fusion, head and pipeline share: one network of one role,
 * used by one thread at a time. */
#ifndef AVSVTI_MODEL_STAGE_H
#define AVSVTI_MODEL_STAGE_H

#include "core/busy.h"
#include "model/model.h"

typedef struct avsvti_stage {
    avsvti_busy busy;
    avsvti_network network;
} avsvti_stage;

/* Makes a zeroed handle of size bytes whose first member is an avsvti_stage,
 * checks that the model has this role and opens its network. */
avsvt_status avsvti_stage_create(void **handle, size_t size,
                                 avsvt_model *model, const char *role,
                                 avsvt_error *err);
/* Closes the network and releases the handle; NULL is allowed. */
void avsvti_stage_free(void *handle);

/* The allocator of the model's context. */
const avsvt_allocator *avsvti_stage_allocator(const avsvti_stage *s);

/* Describes a float32 array [1, shape...] as a network's input. */
avsvt_backend_tensor avsvti_stage_input(const float *data, int32_t ndim,
                                        const int64_t *shape);
/* The same of [batch, shape...]. */
avsvt_backend_tensor avsvti_stage_inputs(const float *data, int64_t batch,
                                         int32_t ndim, const int64_t *shape);

/* Runs the network and checks that output 0 is float32 of shape
 * [1, rows, columns] or [rows, columns], columns as told (0: any), all finite.
 * Outputs beyond the first are kept too; the caller releases all of them with
 * avsvti_outputs_release(). *count is at most capacity. */
avsvt_status avsvti_stage_run(avsvti_stage *s,
                              const avsvt_backend_tensor *inputs,
                              size_t input_count, int64_t columns,
                              avsvt_backend_tensor *outputs, size_t capacity,
                              size_t *count, avsvt_error *err);

/* The same with inputs of avsvti_stage_inputs(): output 0 must be [batch, rows,
 * columns]. */
avsvt_status avsvti_stage_run_batch(avsvti_stage *s, int64_t batch,
                                    const avsvt_backend_tensor *inputs,
                                    size_t input_count, int64_t columns,
                                    avsvt_backend_tensor *outputs,
                                    size_t capacity, size_t *count,
                                    avsvt_error *err);

/* Rows and columns of a checked output. */
int64_t avsvti_output_rows(const avsvt_backend_tensor *t);
int64_t avsvti_output_columns(const avsvt_backend_tensor *t);
/* Checks one more output like the first. */
avsvt_status avsvti_output_check(const avsvti_stage *s,
                                 const avsvt_backend_tensor *t, size_t index,
                                 int64_t rows, int64_t columns,
                                 avsvt_error *err);

/* An output as a tensor [rows, columns], without a copy; the output's memory
 * belongs to the tensor afterwards (also on failure: then it is released). */
avsvt_status avsvti_stage_tensor(avsvt_tensor **out, avsvti_stage *s,
                                 avsvt_backend_tensor *output,
                                 avsvt_error *err);

#endif
