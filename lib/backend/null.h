/* SPDX-License-Identifier: MIT */
/* The null backend's parts. It runs no network: it does what the manifest's
 * key `null` says, so that everything around a network can be tested.
 *
 *   null:
 *     mode: notes20     # or: echo, shapes. Default: notes20 when output.layout
 *                       # is notes20, shapes when there are outputs, else echo
 *     outputs: [[B, T, 4], [1, 2]]   # mode shapes: float32, a list of sizes
 *                       # each: a number, B (axis 0 of the first input), S (its
 *                       # last axis), T (S / hop + 1) or F (its axis 1)
 *     fill: 0.5         # mode shapes: every element; "ramp": 0, 1, 2, ...;
 *                       # "mean": the mean of the first input (float32)
 *     fail: run         # open, instance or run fail with AVSVT_E_BACKEND
 *     local_rank: 1     # opening fails where it is told another one
 *     loss: video       # its loss asks for video too, and takes no notice of it
 *     fail_at: 3        # only from this run of an instance on (from 1)
 *     lie: huge         # what is wrong about output 0: dtype, rank, negative,
 *                       # huge, missing (no data), nan; many: says that there
 *                       # are more outputs than there is room for
 *
 * notes20: float32 [batch, samples] -> logits [batch, T, 20], fine [batch, T,
 * output.fine.bins] (when the manifest has output.fine) and offset [batch, T],
 * T = samples / hop + 1, all logits 8 or -8. A frame whose loudness (RMS within
 * two hops to each side) is above 0.01 is sung, at the pitch that the zero
 * crossings there have: right for sines, C2..B5. A frame is an onset when it is
 * sung and the one before is not, or is another semitone. */
#ifndef AVSVTI_BACKEND_NULL_H
#define AVSVTI_BACKEND_NULL_H

#include <avsvt/sys/backend.h>

#include "core/memory.h"
#include "core/yaml.h"

typedef struct avsvti_null_model {
    avsvt_allocator allocator;
    avsvti_yaml *manifest;
    const void *archive;
    size_t archive_size;
    int64_t hop;
    double rate_hz, fine_lowest, fine_step;
    int64_t fine_bins; /* 0: no fine output */
} avsvti_null_model;

/* Makes outputs[i] a dense float32 tensor whose data the caller fills; NULL
 * when out of memory or when its size is impossible. */
float *avsvti_null_output(const avsvti_null_model *m, avsvt_backend_tensor *out,
                          int32_t ndim, const int64_t *shape);

extern const avsvt_backend_training avsvti_null_training;

/* The mode notes20; outputs has room for 3. */
avsvt_status avsvti_null_notes(const avsvti_null_model *m,
                               const avsvt_backend_tensor *input,
                               avsvt_backend_tensor *outputs, size_t *count);

#endif
