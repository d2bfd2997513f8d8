/* SPDX-License-Identifier: MIT */
#include "chart/chart.h"

#include "core/options.h"

avsvt_status avsvt_chart_describe(const avsvt_chart *chart,
                                  avsvt_chart_info *info)
{
    if (!chart)
        return AVSVT_E_ARG;
    return avsvti_record_write(info, &chart->info, sizeof(chart->info),
                               "avsvt_chart_info", NULL);
}

avsvt_status avsvt_chart_get(const avsvt_chart *chart, size_t i,
                             avsvt_chart_note *note)
{
    if (!chart || !note)
        return AVSVT_E_ARG;
    if (i >= chart->count)
        return AVSVT_E_RANGE;
    return avsvti_record_write(note, &chart->notes[i], sizeof(*note),
                               "avsvt_chart_note", NULL);
}

avsvt_chart *avsvt_chart_ref(avsvt_chart *chart)
{
    if (chart)
        atomic_fetch_add_explicit(&chart->users, 1, memory_order_relaxed);
    return chart;
}

void avsvt_chart_free(avsvt_chart *chart)
{
    if (!chart || atomic_fetch_sub_explicit(&chart->users, 1,
                                            memory_order_acq_rel) > 1)
        return;
    avsvt_context *context = chart->context;
    const avsvt_allocator *a = avsvti_allocator(context);
    avsvti_buffer_free(&chart->texts);
    avsvti_release(a, chart->notes);
    avsvti_release(a, chart->lines);
    avsvti_release(a, chart);
    avsvt_context_free(context);
}
