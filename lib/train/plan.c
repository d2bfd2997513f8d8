/* SPDX-License-Identifier: MIT */
#include "train/plan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/random.h"
#include "dataset/utterance.h"

#define STREAMS 4 /* of random numbers in an epoch */

avsvti_random avsvti_plan_random(const avsvti_recipe *r, int64_t epoch, int which)
{
    avsvti_random random;
    avsvti_random_seed(&random, r->seed, (uint64_t)epoch * STREAMS + (uint64_t)which);
    return random;
}

size_t avsvti_plan_times(double n, avsvti_random *random)
{
    double whole = floor(n);
    return (size_t)whole + (avsvti_random_between(random, 0, 1) < n - whole);
}

avsvt_status avsvti_plan_begin(avsvti_plan *plan, const avsvt_allocator *a, size_t total,
                               avsvt_error *err)
{
    memset(plan, 0, sizeof(*plan));
    plan->allocator = a;
    plan->cuts = avsvti_alloc(a, total, sizeof(*plan->cuts));
    plan->ends = avsvti_alloc(a, total, sizeof(*plan->ends));
    plan->cut_count = total;
    if (plan->cuts && plan->ends)
        return AVSVT_OK;
    avsvti_plan_free(plan);
    return avsvti_fail_memory(err);
}

/* AV_SVT's utterances of a song; one at least. */
static int64_t utterances_of(const avsvti_songs *songs, size_t i, double length_s)
{
    double song_s = (double)songs->songs[i].length / songs->rate_hz;
    int64_t n = songs->sight.alone ? avsvti_video_utterances(song_s, length_s)
                                   : avsvti_utterances(song_s, length_s);
    return n > 1 ? n : 1;
}

/* Pieces of a song in this epoch: as many as cover it, times its weight. */
static size_t pieces_of(const avsvti_songs *songs, const avsvti_recipe *r,
                        size_t i, avsvti_random *random)
{
    int64_t segment = (int64_t)llround(r->segment_s * songs->rate_hz);
    double n = r->utterance_s > 0 ? (double)utterances_of(songs, i, r->utterance_s)
        : segment ? ceil((double)songs->songs[i].length / (double)segment) : 1;
    return avsvti_plan_times(n * songs->songs[i].weight, random);
}

/* Utterance n of a song, which is gone through again behind its last. */
static void place_utterance(avsvti_excerpt *c, const avsvti_songs *songs,
                            double length_s, size_t n)
{
    int64_t count = utterances_of(songs, c->song, length_s), end;
    avsvti_utterance_range(&c->start, &end, (int64_t)n % count + 1, count,
                           songs->rate_hz, length_s, songs->songs[c->song].length);
    c->length = end - c->start;
}

/* Piece n of its song. */
static void place_cut(avsvti_excerpt *c, const avsvti_songs *songs,
                      const avsvti_recipe *r, size_t n, avsvti_random *places)
{
    int64_t segment = (int64_t)llround(r->segment_s * songs->rate_hz);
    int64_t length = songs->songs[c->song].length;
    int64_t spare = segment ? length - segment : 0;
    c->draw = avsvti_random_next(places);
    if (r->utterance_s > 0) {
        place_utterance(c, songs, r->utterance_s, n);
        return;
    }
    c->length = spare > 0 ? segment : length;
    c->start = spare > 0
        ? (int64_t)avsvti_random_below(places, (uint64_t)spare + 1) : 0;
}

static avsvt_status make_cuts(avsvti_plan *plan, const avsvti_songs *songs,
                              const avsvti_recipe *r, int64_t epoch,
                              avsvt_error *err)
{
    avsvti_random counts = avsvti_plan_random(r, epoch, AVSVTI_PLAN_COUNTS), again = counts;
    avsvti_random places = avsvti_plan_random(r, epoch, AVSVTI_PLAN_PLACES);
    size_t total = 0, at = 0;
    for (size_t i = 0; i < songs->count; i++)
        total += pieces_of(songs, r, i, &counts);
    avsvt_status status = avsvti_plan_begin(plan, avsvti_allocator(songs->context), total, err);
    for (size_t i = 0; i < songs->count && status == AVSVT_OK; i++) {
        size_t pieces = pieces_of(songs, r, i, &again);
        for (size_t n = 0; n < pieces; n++) {
            avsvti_excerpt *c = &plan->cuts[at++];
            c->song = i;
            place_cut(c, songs, r, n, &places);
        }
    }
    return status;
}

void avsvti_plan_shuffle(avsvti_plan *plan, avsvti_random *random)
{
    for (size_t i = plan->cut_count; i > 1; i--) {
        size_t k = (size_t)avsvti_random_below(random, i);
        avsvti_excerpt c = plan->cuts[i - 1];
        plan->cuts[i - 1] = plan->cuts[k];
        plan->cuts[k] = c;
    }
}

typedef struct placed {
    avsvti_excerpt cut;
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

void avsvti_plan_batches(avsvti_plan *plan, double samples, int64_t items, int drop_last)
{
    size_t from = 0, n = 0;
    while (from < plan->cut_count) {
        n = 1;
        while (from + n < plan->cut_count && (int64_t)n < items &&
               (double)(n + 1) * (double)plan->cuts[from + n].length <= samples)
            n++;
        from += n;
        plan->ends[plan->batch_count++] = from;
    }
    if (drop_last && n && (int64_t)n < items &&
        (double)(n + 1) * (double)plan->cuts[from - 1].length <= samples) {
        plan->batch_count--;
        plan->cut_count -= n;
    }
}

static avsvt_status shuffle_batches(avsvti_plan *plan, avsvti_random *random,
                                    avsvt_error *err)
{
    const avsvt_allocator *a = plan->allocator;
    size_t count = plan->batch_count, at = 0;
    avsvti_excerpt *cuts = avsvti_alloc(a, plan->cut_count, sizeof(*cuts));
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
    avsvti_random random = avsvti_plan_random(r, epoch, AVSVTI_PLAN_ORDER);
    avsvt_status status = make_cuts(plan, songs, r, epoch, err);
    if (status == AVSVT_OK && r->order == AVSVTI_ORDER_BUCKETED)
        avsvti_plan_shuffle(plan, &random);
    if (status == AVSVT_OK)
        status = sort_by_length(plan, err);
    if (status == AVSVT_OK)
        avsvti_plan_batches(plan, r->batch_s * songs->rate_hz, r->batch_items,
                            r->drop_last);
    if (status == AVSVT_OK && r->order == AVSVTI_ORDER_BUCKETED)
        status = shuffle_batches(plan, &random, err);
    if (status != AVSVT_OK)
        avsvti_plan_free(plan);
    return status;
}

avsvt_status avsvti_plan_whole(avsvti_plan *plan, const avsvti_songs *songs,
                               double utterance_s, avsvt_error *err)
{
    size_t total = 0, at = 0;
    for (size_t i = 0; i < songs->count; i++)
        total += utterance_s > 0 ? (size_t)utterances_of(songs, i, utterance_s) : 1;
    avsvt_status status = avsvti_plan_begin(plan, avsvti_allocator(songs->context), total, err);
    for (size_t i = 0; i < songs->count && status == AVSVT_OK; i++) {
        int64_t n = utterance_s > 0 ? utterances_of(songs, i, utterance_s) : 1;
        for (int64_t k = 0; k < n; k++) {
            avsvti_excerpt *c = &plan->cuts[at];
            *c = (avsvti_excerpt){ i, 0, songs->songs[i].length, at };
            if (utterance_s > 0)
                place_utterance(c, songs, utterance_s, (size_t)k);
            plan->ends[at] = at + 1;
            at++;
        }
    }
    plan->batch_count = status == AVSVT_OK ? total : 0;
    return status;
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
