/* SPDX-License-Identifier: MIT */
#include "pipeline/collect.h"

#include <string.h>

void avsvti_collector_init(avsvti_collector *c, const avsvt_pipeline *p)
{
    memset(c, 0, sizeof(*c));
    c->allocator = avsvti_allocator(p->context);
    c->fine_bins = p->info.fine_bins;
}

/* Or shrinks. */
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
        if (!grow(c->allocator, &c->rows.logits, capacity, AVSVT_NOTE_LOGITS) ||
            (c->fine_bins &&
             !grow(c->allocator, &c->rows.fine, capacity, c->fine_bins)) ||
            !grow(c->allocator, &c->rows.level, capacity, 1))
            return avsvti_fail_memory(err);
        c->capacity = capacity;
    }
    memcpy(c->rows.logits + c->count * AVSVT_NOTE_LOGITS, logits,
           (size_t)count * AVSVT_NOTE_LOGITS * sizeof(float));
    if (fine)
        memcpy(c->rows.fine + c->count * c->fine_bins, fine,
               (size_t)count * (size_t)c->fine_bins * sizeof(float));
    if (level)
        memcpy(c->rows.level + c->count, level, (size_t)count * sizeof(float));
    c->levels = level != NULL;
    c->count += count;
    return AVSVT_OK;
}

/* The room that was not needed goes back. */
static avsvt_status trim(avsvti_collector *c, avsvt_error *err)
{
    if (!c->levels) {
        avsvti_release(c->allocator, c->rows.level);
        c->rows.level = NULL;
    }
    if (c->count == c->capacity)
        return AVSVT_OK;
    if (!grow(c->allocator, &c->rows.logits, c->count, AVSVT_NOTE_LOGITS) ||
        (c->rows.fine && !grow(c->allocator, &c->rows.fine, c->count, c->fine_bins)) ||
        (c->rows.level && !grow(c->allocator, &c->rows.level, c->count, 1)))
        return avsvti_fail_memory(err);
    return AVSVT_OK;
}

avsvt_status avsvti_collector_finish(avsvt_activations **out,
                                     avsvti_collector *c, avsvt_pipeline *p,
                                     const avsvti_media *media, avsvt_error *err)
{
    avsvt_activations_info info = p->info;
    info.frames = c->count;
    info.start_s += media ? media->shift_s : 0.0;
    avsvt_status status = trim(c, err);
    if (status == AVSVT_OK)
        status = avsvti_activations_adopt(out, p->context, &info, &c->rows, err);
    if (status == AVSVT_OK)
        (*out)->defaults = p->defaults;
    if (status == AVSVT_OK && media)
        (*out)->end_s = media->end_s;
    return status;
}

void avsvti_collector_free(avsvti_collector *c)
{
    avsvti_activation_rows_free(&c->rows, c->allocator);
    memset(c, 0, sizeof(*c));
}
