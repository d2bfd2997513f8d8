/* SPDX-License-Identifier: MIT */
/* Frames that grow into activations. */
#ifndef AVSVTI_PIPELINE_COLLECT_H
#define AVSVTI_PIPELINE_COLLECT_H

#include "head/activations.h"
#include "pipeline/chunks.h"

typedef struct avsvti_collector {
    const avsvt_allocator *allocator;
    int32_t fine_bins;
    int64_t count, capacity;
    avsvti_activation_rows rows;
    int levels, voices; /* are these known? */
} avsvti_collector;

void avsvti_collector_init(avsvti_collector *c, const avsvt_pipeline *p);
/* An avsvti_frames_fn. */
avsvt_status avsvti_collect(void *collector, const avsvti_frame_rows *rows,
                            int64_t count, avsvt_error *err);
/* Activations of what was collected, which they take over, on the clock of what was
 * run; NULL: features of it alone. */
avsvt_status avsvti_collector_finish(avsvt_activations **out,
                                     avsvti_collector *c, avsvt_pipeline *p,
                                     const avsvti_media *media, avsvt_error *err);
void avsvti_collector_free(avsvti_collector *c);

#endif
