/* SPDX-License-Identifier: MIT */
/* Notes on a grid of equal steps, one at a time, for charts and scores. */
#ifndef AVSVTI_EXPORT_GRID_H
#define AVSVTI_EXPORT_GRID_H

#include "export/writer.h"

typedef struct avsvti_grid_note {
    int64_t start, end; /* steps; end > start; never before the end of the last */
    int key;            /* MIDI */
} avsvti_grid_note;

/* Places the notes of e, step_s apart, step 0 at origin_s. Each is at least
 * one step long; what lies before step 0 is cut off; a note that starts during
 * another ends it. One for which the notes before it leave no step within one
 * of its own is left out. *out is released by the caller. */
avsvt_status avsvti_grid_place(avsvti_grid_note **out, size_t *count,
                               const avsvt_allocator *a, const avsvti_export *e,
                               double origin_s, double step_s, avsvt_error *err);

#endif
