/* SPDX-License-Identifier: MIT */
#include "train/draws.h"

#include <string.h>

avsvt_status avsvti_draws_begin(avsvti_draws *d, const avsvt_allocator *a, size_t groups,
                                avsvt_error *err)
{
    *d = (avsvti_draws){ .allocator = a, .count = groups };
    d->groups = avsvti_alloc_zero(a, groups, sizeof(*d->groups));
    if (d->groups)
        return AVSVT_OK;
    d->count = 0;
    return avsvti_fail_memory(err);
}

avsvt_status avsvti_draws_add(avsvti_draws *d, size_t group, int64_t item, double weight,
                              avsvt_error *err)
{
    avsvti_draw_group *g = &d->groups[group];
    if (g->count == g->capacity) {
        size_t capacity = g->capacity ? 2 * g->capacity : 64;
        avsvti_draw *items = avsvti_resize(d->allocator, g->items, capacity, sizeof(*items));
        if (!items)
            return avsvti_fail_memory(err);
        g->items = items;
        g->capacity = capacity;
    }
    double before = g->count ? g->items[g->count - 1].until : 0;
    g->items[g->count++] = (avsvti_draw){ item, before + weight };
    return AVSVT_OK;
}

int64_t avsvti_draws_next(const avsvti_draws *d, avsvti_random *random)
{
    const avsvti_draw_group *g = &d->groups[avsvti_random_below(random, d->count)];
    double at = avsvti_random_between(random, 0, g->items[g->count - 1].until);
    size_t low = 0, high = g->count - 1; /* the first that reaches further */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (g->items[middle].until > at)
            high = middle;
        else
            low = middle + 1;
    }
    return g->items[low].item;
}

void avsvti_draws_free(avsvti_draws *d)
{
    for (size_t g = 0; g < d->count; g++)
        avsvti_release(d->allocator, d->groups[g].items);
    if (d->groups)
        avsvti_release(d->allocator, d->groups);
    memset(d, 0, sizeof(*d));
}
