/* SPDX-License-Identifier: MIT */
#include "export/grid.h"

#include <math.h>

avsvt_status avsvti_grid_place(avsvti_grid_note **out, size_t *count,
                               const avsvt_allocator *a, const avsvti_export *e,
                               double origin_s, double step_s, avsvt_error *err)
{
    avsvti_grid_note *notes = avsvti_alloc(a, e->count, sizeof(*notes));
    size_t n = 0;
    *out = NULL;
    *count = 0;
    if (!notes)
        return avsvti_fail_memory(err);
    for (size_t i = 0; i < e->count; i++) {
        const avsvt_note *from = &e->notes[i];
        int64_t wanted = llround((from->onset_s - origin_s) / step_s);
        int64_t end = llround((from->offset_s - origin_s) / step_s);
        if (end <= wanted)
            end = wanted + 1;
        if (end <= 0)
            continue;
        if (wanted < 0)
            wanted = 0;
        int64_t start = wanted;
        if (n && notes[n - 1].start >= start)
            start = notes[n - 1].start + 1;
        if (start > wanted + 1 || start > end)
            continue;
        if (end == start)
            end = start + 1;
        if (n && notes[n - 1].end > start)
            notes[n - 1].end = start;
        notes[n++] = (avsvti_grid_note){ start, end, (int)floor(from->pitch + 0.5) };
    }
    *out = notes;
    *count = n;
    return AVSVT_OK;
}
