/* SPDX-License-Identifier: MIT */
/* Places of a queue between one thread that puts and one that takes, without
 * locks. The records lie in an array of the owner's, size of them. */
#ifndef AVSVTI_STREAM_RING_H
#define AVSVTI_STREAM_RING_H

#include <stdatomic.h>
#include <stddef.h>

typedef struct avsvti_ring {
    size_t size;          /* a power of two */
    atomic_size_t put, taken; /* counts, which may wrap */
    atomic_size_t lost;
} avsvti_ring;

static inline void avsvti_ring_reset(avsvti_ring *r)
{
    atomic_store(&r->put, 0);
    atomic_store(&r->taken, 0);
    atomic_store(&r->lost, 0);
}

/* A free place, when more than spare are; then the count of losses is left as
 * it is. Fill it, then call avsvti_ring_put(). */
static inline int avsvti_ring_room(avsvti_ring *r, size_t spare, size_t *place)
{
    size_t put = atomic_load_explicit(&r->put, memory_order_relaxed);
    size_t taken = atomic_load_explicit(&r->taken, memory_order_acquire);
    if (r->size - (put - taken) <= spare) {
        atomic_fetch_add_explicit(&r->lost, 1, memory_order_relaxed);
        return 0;
    }
    *place = put & (r->size - 1);
    return 1;
}

static inline void avsvti_ring_put(avsvti_ring *r)
{
    atomic_fetch_add_explicit(&r->put, 1, memory_order_release);
}

/* The oldest record, when there is one. Copy it, then avsvti_ring_take(). */
static inline int avsvti_ring_oldest(avsvti_ring *r, size_t *place)
{
    size_t taken = atomic_load_explicit(&r->taken, memory_order_relaxed);
    *place = taken & (r->size - 1);
    return taken != atomic_load_explicit(&r->put, memory_order_acquire);
}

static inline void avsvti_ring_take(avsvti_ring *r)
{
    atomic_fetch_add_explicit(&r->taken, 1, memory_order_release);
}

#endif
