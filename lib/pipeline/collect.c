/* SPDX-License-Identifier: MIT */
#include "pipeline/collect.h"

#include <string.h>

void avsvti_collector_init(avsvti_collector *c, const avsvt_pipeline *p)
{
    memset(c, 0, sizeof(*c));
    c->allocator = avsvti_allocator(p->context);
    c->fine_bins = p->info.fine_bins;
}

/* Copies the values of count frames, one of each, behind those that are there. */
static int add(const avsvti_collector *c, float *to, const float *values, int64_t count)
{
    if (values)
        memcpy(to + c->count, values, (size_t)count * sizeof(float));
    return values != NULL;
}

avsvt_status avsvti_collect(void *collector, const avsvti_frame_rows *rows,
                            int64_t count, avsvt_error *err)
{
    avsvti_collector *c = collector;
    if (c->count + count > c->capacity) {
        int64_t capacity = c->count + count + c->capacity / 2;
        if (!avsvti_resize_rows(c->allocator, &c->rows.logits, capacity, AVSVT_NOTE_LOGITS) ||
            (c->fine_bins &&
             !avsvti_resize_rows(c->allocator, &c->rows.fine, capacity, c->fine_bins)) ||
            !avsvti_resize_rows(c->allocator, &c->rows.level, capacity, 1) ||
            !avsvti_resize_rows(c->allocator, &c->rows.voice, capacity, 1))
            return avsvti_fail_memory(err);
        c->capacity = capacity;
    }
    memcpy(c->rows.logits + c->count * AVSVT_NOTE_LOGITS, rows->logits,
           (size_t)count * AVSVT_NOTE_LOGITS * sizeof(float));
    if (rows->fine)
        memcpy(c->rows.fine + c->count * c->fine_bins, rows->fine,
               (size_t)count * (size_t)c->fine_bins * sizeof(float));
    c->levels = add(c, c->rows.level, rows->level, count);
    c->voices = add(c, c->rows.voice, rows->voice, count);
    c->count += count;
    return AVSVT_OK;
}

static void drop_unless(const avsvti_collector *c, int known, float **values)
{
    if (known)
        return;
    avsvti_release(c->allocator, *values);
    *values = NULL;
}

/* The room that was not needed goes back. */
static avsvt_status trim(avsvti_collector *c, avsvt_error *err)
{
    drop_unless(c, c->levels, &c->rows.level);
    drop_unless(c, c->voices, &c->rows.voice);
    if (c->count == c->capacity)
        return AVSVT_OK;
    if (!avsvti_resize_rows(c->allocator, &c->rows.logits, c->count, AVSVT_NOTE_LOGITS) ||
        (c->rows.fine && !avsvti_resize_rows(c->allocator, &c->rows.fine, c->count, c->fine_bins)) ||
        (c->rows.level && !avsvti_resize_rows(c->allocator, &c->rows.level, c->count, 1)) ||
        (c->rows.voice && !avsvti_resize_rows(c->allocator, &c->rows.voice, c->count, 1)))
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
