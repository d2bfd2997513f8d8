/* SPDX-License-Identifier: MIT */
/* What avsvt_chart holds. */
#ifndef AVSVTI_CHART_CHART_H
#define AVSVTI_CHART_CHART_H

#include <stdatomic.h>

#include <avsvt/chart.h>

#include "core/buffer.h"
#include "core/context.h"

#define AVSVTI_CHART_SHORTEST_S 0.001

struct avsvt_chart {
    atomic_size_t users;
    avsvt_context *context;  /* counted */
    avsvt_chart_note *notes; /* one at a time, in order, words in texts */
    size_t count;
    size_t *lines;           /* the first note of each, and count after them */
    avsvt_chart_info info;
    avsvti_buffer texts;     /* each closed by a zero; "" is at 0 */
};

#endif
