/* SPDX-License-Identifier: MIT */
#include "train/loader.h"

#include <string.h>

#include "platform/thread.h"
#include "train/world.h"

typedef struct slot {
    avsvti_batch batch;
    avsvt_status status;
    avsvt_error err;
    int ready;
} slot;

struct avsvti_loader {
    const avsvt_allocator *allocator;
    avsvti_fields fields;
    avsvti_examples *examples;
    const avsvti_plan *plan;
    size_t workers, depth; /* threads; slots, of which they fill all */
    avsvti_thread threads[AVSVTI_MAX_WORKERS];
    avsvti_mutex lock;
    avsvti_signal changed;
    /* Below: guarded by lock. Batch i lies in slot i % depth. */
    size_t next, taken;    /* the next one to make, and to hand out */
    int stop;
    slot slots[AVSVTI_MAX_WORKERS + 1];
};

static avsvt_status make(const avsvti_loader *l, size_t b, avsvti_batch *batch,
                         avsvt_error *err)
{
    size_t from = b ? l->plan->ends[b - 1] : 0, n = l->plan->ends[b] - from, own;
    if (!l->plan->size)
        return avsvti_examples_make(batch, &l->fields, l->examples, l->plan, b, err);
    /* Where there is none for this process, the first stands in. */
    n = avsvti_world_rows(l->plan->rank, l->plan->size, n, &own);
    return avsvti_examples_batch(batch, &l->fields, l->examples,
        &l->plan->cuts[n ? from + own : from], n ? n : 1, err);
}

static void *work(void *argument)
{
    avsvti_loader *l = argument;
    avsvti_mutex_lock(&l->lock);
    while (!l->stop && l->next < l->plan->batch_count) {
        if (l->next >= l->taken + l->depth) {
            avsvti_signal_wait(&l->changed, &l->lock);
            continue;
        }
        size_t b = l->next++;
        slot *s = &l->slots[b % l->depth];
        avsvti_mutex_unlock(&l->lock);
        s->err = (avsvt_error)AVSVT_ERROR_INIT;
        s->status = make(l, b, &s->batch, &s->err);
        avsvti_mutex_lock(&l->lock);
        s->ready = 1;
        avsvti_signal_all(&l->changed);
    }
    avsvti_mutex_unlock(&l->lock);
    return NULL;
}

avsvt_status avsvti_loader_start(avsvti_loader **out, const avsvti_fields *fields,
                                 avsvti_examples *examples, const avsvti_plan *plan,
                                 size_t first, size_t workers, avsvt_error *err)
{
    const avsvt_allocator *a = avsvti_allocator(examples->songs.context);
    avsvti_loader *l = avsvti_alloc_zero(a, 1, sizeof(*l));
    *out = NULL;
    if (!l)
        return avsvti_fail_memory(err);
    l->allocator = a;
    l->fields = *fields;
    l->examples = examples;
    l->plan = plan;
    l->next = l->taken = first;
    l->depth = (workers < AVSVTI_MAX_WORKERS ? workers : AVSVTI_MAX_WORKERS) + 1;
    avsvti_mutex_init(&l->lock);
    avsvti_signal_init(&l->changed);
    while (l->workers + 1 < l->depth &&
           avsvti_thread_start(&l->threads[l->workers], work, l))
        l->workers++;
    *out = l; /* without threads the caller makes them itself */
    return AVSVT_OK;
}

avsvt_status avsvti_loader_next(avsvti_loader *l, avsvti_batch *batch,
                                avsvt_error *err)
{
    memset(batch, 0, sizeof(*batch));
    if (!l->workers)
        return make(l, l->taken++, batch, err);
    avsvti_mutex_lock(&l->lock);
    slot *s = &l->slots[l->taken % l->depth];
    while (!s->ready)
        avsvti_signal_wait(&l->changed, &l->lock);
    *batch = s->batch;
    avsvt_status status = s->status;
    if (status != AVSVT_OK)
        avsvti_fail(err, status, "%s", s->err.message);
    s->ready = 0;
    memset(&s->batch, 0, sizeof(s->batch));
    l->taken++;
    avsvti_signal_all(&l->changed);
    avsvti_mutex_unlock(&l->lock);
    return status;
}

void avsvti_loader_stop(avsvti_loader *l)
{
    if (!l)
        return;
    avsvti_mutex_lock(&l->lock);
    l->stop = 1;
    avsvti_signal_all(&l->changed);
    avsvti_mutex_unlock(&l->lock);
    for (size_t i = 0; i < l->workers; i++)
        avsvti_thread_join(l->threads[i]);
    for (size_t i = 0; i < l->depth; i++)
        avsvti_batch_free(&l->slots[i].batch);
    avsvti_signal_destroy(&l->changed);
    avsvti_mutex_destroy(&l->lock);
    avsvti_release(l->allocator, l);
}
