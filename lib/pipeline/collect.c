/* SPDX-License-Identifier: MIT */
#include "pipeline/collect.h"

#include <string.h>

#include "head/activations.h"

void avsvti_collector_init(avsvti_collector *c, const avsvt_pipeline *p)
{
    memset(c, 0, sizeof(*c));
    c->allocator = avsvti_allocator(p->context);
    c->fine_bins = p->info.fine_bins;
}

static int grow(const avsvt_allocator *a, float **block, int64_t capacity,
                int32_t columns)
{
    float *bigger = avsvti_resize(a, *block, (size_t)capacity,
                                  (size_t)columns * sizeof(float));
    if (bigger)
        *block = bigger;
    return bigger != NULL;
}

avsvt_status avsvti_collect(void *collector, const float *logits,
                            const float *fine, const float *level,
                            int64_t count, avsvt_error *err)
{
    avsvti_collector *c = collector;
    if (c->count + count > c->capacity) {
        int64_t capacity = c->count + count + c->capacity / 2;
        if (!grow(c->allocator, &c->logits, capacity, AVSVT_NOTE_LOGITS) ||
            (c->fine_bins &&
             !grow(c->allocator, &c->fine, capacity, c->fine_bins)) ||
            !grow(c->allocator, &c->level, capacity, 1))
            return avsvti_fail_memory(err);
        c->capacity = capacity;
    }
    memcpy(c->logits + c->count * AVSVT_NOTE_LOGITS, logits,
           (size_t)count * AVSVT_NOTE_LOGITS * sizeof(float));
    if (fine)
        memcpy(c->fine + c->count * c->fine_bins, fine,
               (size_t)count * (size_t)c->fine_bins * sizeof(float));
    if (level)
        memcpy(c->level + c->count, level, (size_t)count * sizeof(float));
    c->levels = level != NULL;
    c->count += count;
    return AVSVT_OK;
}

avsvt_status avsvti_collector_finish(avsvt_activations **out,
                                     avsvti_collector *c, avsvt_pipeline *p,
                                     double shift_s, avsvt_error *err)
{
    avsvt_activations_info info = p->info;
    info.frames = c->count;
    info.start_s += shift_s;
    avsvt_status status = avsvt_activations_create(out, p->context, &info,
        c->logits, c->fine, c->levels ? c->level : NULL, err);
    if (status == AVSVT_OK)
        (*out)->defaults = p->defaults;
    return status;
}

void avsvti_collector_free(avsvti_collector *c)
{
    avsvti_release(c->allocator, c->logits);
    avsvti_release(c->allocator, c->fine);
    avsvti_release(c->allocator, c->level);
    memset(c, 0, sizeof(*c));
}
