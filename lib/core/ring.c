/* SPDX-License-Identifier: MIT */
#include "core/ring.h"

int avsvti_ring_create(avsvti_ring *r, const avsvt_allocator *a, size_t item,
                       size_t capacity)
{
    r->items = avsvti_alloc_zero(a, capacity, item);
    r->item = item;
    r->capacity = capacity;
    atomic_init(&r->put, 0);
    atomic_init(&r->taken, 0);
    return r->items != NULL;
}

void avsvti_ring_release(avsvti_ring *r, const avsvt_allocator *a)
{
    avsvti_release(a, r->items);
    r->items = NULL;
}

void avsvti_ring_reset(avsvti_ring *r)
{
    atomic_store(&r->put, 0);
    atomic_store(&r->taken, 0);
}

void *avsvti_ring_room(avsvti_ring *r, size_t spare)
{
    size_t put = atomic_load_explicit(&r->put, memory_order_relaxed);
    size_t taken = atomic_load_explicit(&r->taken, memory_order_acquire);
    return r->capacity - (put - taken) > spare
               ? r->items + put % r->capacity * r->item : NULL;
}

void avsvti_ring_put(avsvti_ring *r)
{
    atomic_fetch_add_explicit(&r->put, 1, memory_order_release);
}

const void *avsvti_ring_oldest(avsvti_ring *r)
{
    size_t taken = atomic_load_explicit(&r->taken, memory_order_relaxed);
    return taken != atomic_load_explicit(&r->put, memory_order_acquire)
               ? r->items + taken % r->capacity * r->item : NULL;
}

void avsvti_ring_take(avsvti_ring *r)
{
    atomic_fetch_add_explicit(&r->taken, 1, memory_order_release);
}
