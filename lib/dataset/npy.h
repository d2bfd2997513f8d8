/* SPDX-License-Identifier: MIT */
/* NumPy's files, as far as lists need them. */
#ifndef AVSVTI_DATASET_NPY_H
#define AVSVTI_DATASET_NPY_H

#include "core/context.h"
#include "core/error.h"

/* Writes rows x columns as int64, or as float64 when fractions is set. */
avsvt_status avsvti_npy_write(const char *path, const double *values,
                              int64_t rows, int64_t columns, int fractions,
                              avsvt_context *context, avsvt_error *err);
/* The size of the first axis. */
avsvt_status avsvti_npy_rows(int64_t *rows, const char *path,
                             avsvt_context *context, avsvt_error *err);

#endif
