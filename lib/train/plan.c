/* SPDX-License-Identifier: MIT */
#include "train/plan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/random.h"

#define STREAMS 4 /* of random numbers in an epoch */

static uint64_t stream_of(int64_t epoch, int which)
{
    return (uint64_t)epoch * STREAMS + (uint64_t)which;
}

/* Pieces of a song in this epoch: as many as cover it, times its weight. */
static size_t pieces_of(const avsvti_song *song, int64_t segment,
                        avsvti_random *random)
{
    double n = segment ? ceil((double)song->length / (double)segment) : 1;
    n *= song->weight;
    double whole = floor(n);
    return (size_t)whole + (avsvti_random_between(random, 0, 1) < n - whole);
}

static avsvt_status make_cuts(avsvti_plan *plan, const avsvti_songs *songs,
                              const avsvti_recipe *r, int64_t epoch,
                              avsvt_error *err)
{
    int64_t segment = (int64_t)llround(r->segment_s * songs->rate_hz);
    avsvti_random counts, places;
    size_t total = 0, at = 0;
    avsvti_random_seed(&counts, r->seed, stream_of(epoch, 0));
    for (size_t i = 0; i < songs->count; i++)
        total += pieces_of(&songs->songs[i], segment, &counts);
    plan->cuts = avsvti_alloc(plan->allocator, total, sizeof(*plan->cuts));
    plan->ends = avsvti_alloc(plan->allocator, total, sizeof(*plan->ends));
    if (!plan->cuts || !plan->ends)
        return avsvti_fail_memory(err);
    avsvti_random_seed(&counts, r->seed, stream_of(epoch, 0));
    avsvti_random_seed(&places, r->seed, stream_of(epoch, 1));
    for (size_t i = 0; i < songs->count; i++) {
        const avsvti_song *song = &songs->songs[i];
        for (size_t n = pieces_of(song, segment, &counts); n > 0; n--) {
            avsvti_cut *c = &plan->cuts[at++];
            int64_t spare = segment ? song->length - segment : 0;
            c->song = i;
            c->length = spare > 0 ? segment : song->length;
            c->draw = avsvti_random_next(&places);
            c->start = spare > 0
                ? (int64_t)avsvti_random_below(&places, (uint64_t)spare + 1) : 0;
        }
    }
    plan->cut_count = total;
    return AVSVT_OK;
}

static void shuffle(avsvti_cut *cuts, size_t count, avsvti_random *random)
{
    for (size_t i = count; i > 1; i--) {
        size_t k = (size_t)avsvti_random_below(random, i);
        avsvti_cut c = cuts[i - 1];
        cuts[i - 1] = cuts[k];
        cuts[k] = c;
    }
}

typedef struct placed {
    avsvti_cut cut;
    size_t place;
} placed;

static int by_length(const void *x, const void *y)
{
    const placed *a = x, *b = y;
    if (a->cut.length != b->cut.length)
        return a->cut.length < b->cut.length ? -1 : 1;
    return a->place < b->place ? -1 : a->place > b->place;
}

static avsvt_status sort_by_length(avsvti_plan *plan, avsvt_error *err)
{
    placed *list = avsvti_alloc(plan->allocator, plan->cut_count, sizeof(*list));
    if (!list)
        return avsvti_fail_memory(err);
    for (size_t i = 0; i < plan->cut_count; i++)
        list[i] = (placed){ plan->cuts[i], i };
    if (plan->cut_count)
        qsort(list, plan->cut_count, sizeof(*list), by_length);
    for (size_t i = 0; i < plan->cut_count; i++)
        plan->cuts[i] = list[i].cut;
    avsvti_release(plan->allocator, list);
    return AVSVT_OK;
}

/* As many neighbours as fit, padded to the longest; one at least. */
static void cut_batches(avsvti_plan *plan, double batch, int64_t items)
{
    size_t from = 0;
    while (from < plan->cut_count) {
        size_t n = 1;
        while (from + n < plan->cut_count && (int64_t)n < items &&
               (double)(n + 1) * (double)plan->cuts[from + n].length <= batch)
            n++;
        from += n;
        plan->ends[plan->batch_count++] = from;
    }
}

static avsvt_status shuffle_batches(avsvti_plan *plan, avsvti_random *random,
                                    avsvt_error *err)
{
    const avsvt_allocator *a = plan->allocator;
    size_t count = plan->batch_count, at = 0;
    avsvti_cut *cuts = avsvti_alloc(a, plan->cut_count, sizeof(*cuts));
    size_t *ends = avsvti_alloc(a, plan->cut_count, sizeof(*ends));
    size_t *order = avsvti_alloc(a, count, sizeof(*order));
    if (!cuts || !ends || !order) {
        avsvti_release(a, cuts);
        avsvti_release(a, ends);
        avsvti_release(a, order);
        return avsvti_fail_memory(err);
    }
    for (size_t i = 0; i < count; i++)
        order[i] = i;
    for (size_t i = count; i > 1; i--) {
        size_t k = (size_t)avsvti_random_below(random, i), kept = order[i - 1];
        order[i - 1] = order[k];
        order[k] = kept;
    }
    for (size_t i = 0; i < count; i++) {
        size_t from = order[i] ? plan->ends[order[i] - 1] : 0;
        size_t n = plan->ends[order[i]] - from;
        memcpy(cuts + at, plan->cuts + from, n * sizeof(*cuts));
        ends[i] = at += n;
    }
    avsvti_release(a, order);
    avsvti_release(a, plan->cuts);
    avsvti_release(a, plan->ends);
    plan->cuts = cuts;
    plan->ends = ends;
    return AVSVT_OK;
}

avsvt_status avsvti_plan_make(avsvti_plan *plan, const avsvti_songs *songs,
                              const avsvti_recipe *r, int64_t epoch,
                              avsvt_error *err)
{
    avsvti_random random;
    memset(plan, 0, sizeof(*plan));
    plan->allocator = avsvti_allocator(songs->context);
    avsvti_random_seed(&random, r->seed, stream_of(epoch, 2));
    avsvt_status status = make_cuts(plan, songs, r, epoch, err);
    if (status == AVSVT_OK && r->order == AVSVTI_ORDER_BUCKETED)
        shuffle(plan->cuts, plan->cut_count, &random);
    if (status == AVSVT_OK)
        status = sort_by_length(plan, err);
    if (status == AVSVT_OK)
        cut_batches(plan, r->batch_s * songs->rate_hz, r->batch_items);
    if (status == AVSVT_OK && r->order == AVSVTI_ORDER_BUCKETED)
        status = shuffle_batches(plan, &random, err);
    if (status != AVSVT_OK)
        avsvti_plan_free(plan);
    return status;
}

avsvt_status avsvti_plan_whole(avsvti_plan *plan, const avsvti_songs *songs,
                               avsvt_error *err)
{
    memset(plan, 0, sizeof(*plan));
    plan->allocator = avsvti_allocator(songs->context);
    plan->cuts = avsvti_alloc(plan->allocator, songs->count, sizeof(*plan->cuts));
    plan->ends = avsvti_alloc(plan->allocator, songs->count, sizeof(*plan->ends));
    if (!plan->cuts || !plan->ends) {
        avsvti_plan_free(plan);
        return avsvti_fail_memory(err);
    }
    for (size_t i = 0; i < songs->count; i++) {
        plan->cuts[i] = (avsvti_cut){ i, 0, songs->songs[i].length, i };
        plan->ends[i] = i + 1;
    }
    plan->cut_count = plan->batch_count = songs->count;
    return AVSVT_OK;
}

void avsvti_plan_free(avsvti_plan *plan)
{
    if (!plan->allocator)
        return;
    avsvti_release(plan->allocator, plan->cuts);
    avsvti_release(plan->allocator, plan->ends);
    plan->cuts = NULL;
    plan->ends = NULL;
    plan->cut_count = plan->batch_count = 0;
}
