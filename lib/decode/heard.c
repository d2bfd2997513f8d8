/* SPDX-License-Identifier: MIT */
#include "decode/heard.h"

#include <math.h>
#include <string.h>

#include "decode/frames.h"

#define REACH_S 16.0
#define MOST_FRAMES 1e6 /* of that, at any rate */
#define HELD_S 0.2      /* a note that lasts so long */
#define HAS_PITCH 0.25f /* the likeliest bin's part of the fine pitch */
#define AROUND 3        /* bins to each side of the likeliest: a semitone */

avsvti_clarity avsvti_clarity_of(const float *fine,
                                 const avsvt_activations_info *info)
{
    int32_t best = 0;
    float sum = 0, weight = 0, moment = 0;
    for (int32_t i = 1; i < info->fine_bins; i++)
        if (fine[i] > fine[best])
            best = i;
    for (int32_t i = 0; i < info->fine_bins; i++) {
        float part = expf(fine[i] - fine[best]);
        sum += part;
        if (i >= best - AROUND && i <= best + AROUND) {
            weight += part;
            moment += part * (float)i;
        }
    }
    return (avsvti_clarity){ 1 / sum,
        (float)(info->fine_lowest + info->fine_step * (double)(moment / weight)) };
}

avsvt_status avsvti_heard_create(avsvti_heard *h, const avsvt_allocator *a,
                                 const avsvt_activations_info *info,
                                 avsvt_error *err)
{
    memset(h, 0, sizeof(*h));
    h->reach = (int64_t)ceil(fmin(REACH_S * info->frame_rate_hz, MOST_FRAMES));
    h->held = HELD_S * info->frame_rate_hz;
    h->sums = avsvti_alloc_zero(a, (size_t)h->reach + 1, sizeof(*h->sums));
    h->level_db = avsvti_alloc_zero(a, (size_t)h->reach + 1, sizeof(*h->level_db));
    return h->sums && h->level_db ? AVSVT_OK : avsvti_fail_memory(err);
}

void avsvti_heard_push(avsvti_heard *h, avsvti_clarity clarity, int64_t lasted,
                       double sounding, float level_db)
{
    int64_t slots = h->reach + 1;
    int in_note = lasted > 0;
    avsvti_heard_sums sums = h->sums[h->known % slots];
    sums.sung += in_note;
    sums.pitched += in_note || clarity.share >= HAS_PITCH;
    if (in_note)
        sums.sounding += sounding * fmin((double)lasted / h->held, 1);
    if (in_note && isfinite(level_db))
        sums.power += avsvti_power((double)level_db);
    h->level_db[h->known % slots] = level_db;
    h->known++;
    h->sums[h->known % slots] = sums;
}

int64_t avsvti_heard_from(const avsvti_heard *h)
{
    return h->known > h->reach ? h->known - h->reach : 0;
}

avsvti_heard_sums avsvti_heard_between(const avsvti_heard *h, int64_t from, int64_t to)
{
    const avsvti_heard_sums *a = &h->sums[from % (h->reach + 1)],
                            *b = &h->sums[to % (h->reach + 1)];
    return (avsvti_heard_sums){ b->pitched - a->pitched, b->sung - a->sung,
                                b->sounding - a->sounding, b->power - a->power };
}

int64_t avsvti_heard_quiet(const avsvti_heard *h, int64_t from, int64_t to,
                           double level_db)
{
    int64_t count = 0;
    for (int64_t i = from; i < to; i++)
        count += (double)h->level_db[i % (h->reach + 1)] <= level_db;
    return count;
}

void avsvti_heard_free(avsvti_heard *h, const avsvt_allocator *a)
{
    avsvti_release(a, h->sums);
    avsvti_release(a, h->level_db);
    memset(h, 0, sizeof(*h));
}
