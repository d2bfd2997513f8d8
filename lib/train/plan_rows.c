/* SPDX-License-Identifier: MIT */
/* Which rows of arrays an epoch goes through: each as often as its weight says, or
 * so many drawn. */
#include <math.h>

#include "train/rows.h"

/* Cuts for each item in its order, random NULL: once; how many they are. to NULL:
 * only counted. */
static size_t place_all(avsvti_excerpt *to, const avsvti_rows *rows, avsvti_random *random)
{
    size_t total = 0;
    for (size_t f = 0; f < rows->count; f++)
        for (int64_t i = 0; i < rows->files[f].count; i++) {
            size_t n = random ? avsvti_plan_times(rows->files[f].weight, random) : 1;
            for (size_t k = 0; to && k < n; k++)
                to[total + k] = (avsvti_excerpt){ f, i, 1, 0 };
            total += n;
        }
    return total;
}

static void place_drawn(avsvti_plan *plan, const avsvti_rows *rows, avsvti_random *random)
{
    for (size_t i = 0; i < plan->cut_count; i++) {
        int64_t item = avsvti_draws_next(&rows->draws, random);
        size_t f = avsvti_rows_file_of(rows, item);
        plan->cuts[i] = (avsvti_excerpt){ f, item - rows->files[f].first, 1, 0 };
    }
}

avsvt_status avsvti_rows_plan(avsvti_plan *plan, const avsvti_rows *rows,
                              const avsvti_recipe *r, int64_t epoch, avsvt_error *err)
{
    const avsvt_allocator *a = avsvti_allocator(rows->context);
    avsvti_random counts = avsvti_plan_random(r, epoch, AVSVTI_PLAN_COUNTS), again = counts;
    avsvti_random places = avsvti_plan_random(r, epoch, AVSVTI_PLAN_PLACES);
    avsvti_random order = avsvti_plan_random(r, epoch, AVSVTI_PLAN_ORDER);
    size_t total = rows->draws.count ? (size_t)r->draws : place_all(NULL, rows, &counts);
    avsvt_status status = avsvti_plan_begin(plan, a, total, err);
    if (status != AVSVT_OK)
        return status;
    if (rows->draws.count)
        place_drawn(plan, rows, &places);
    else
        place_all(plan->cuts, rows, &again);
    if (r->order == AVSVTI_ORDER_BUCKETED && !rows->draws.count)
        avsvti_plan_shuffle(plan, &order);
    avsvti_plan_batches(plan, INFINITY, r->batch_items, r->drop_last);
    return AVSVT_OK;
}

avsvt_status avsvti_rows_plan_whole(avsvti_plan *plan, const avsvti_rows *rows,
                                    int64_t batch_items, avsvt_error *err)
{
    avsvt_status status = avsvti_plan_begin(plan, avsvti_allocator(rows->context),
                                            (size_t)rows->items, err);
    if (status != AVSVT_OK)
        return status;
    place_all(plan->cuts, rows, NULL);
    avsvti_plan_batches(plan, INFINITY, batch_items, 0);
    return AVSVT_OK;
}
