/* SPDX-License-Identifier: MIT */
/* Items on their way from one thread that puts to one that takes; neither locks,
 * waits or allocates. */
#ifndef AVSVTI_CORE_RING_H
#define AVSVTI_CORE_RING_H

#include <stdatomic.h>

#include "core/memory.h"

typedef struct avsvti_ring {
    char *items;
    size_t item, capacity;    /* bytes of an item; items */
    atomic_size_t put, taken; /* counts; they only grow */
} avsvti_ring;

/* 0: out of memory. */
int avsvti_ring_create(avsvti_ring *r, const avsvt_allocator *a, size_t item,
                       size_t capacity);
void avsvti_ring_release(avsvti_ring *r, const avsvt_allocator *a);
/* Leaves it empty; while no other thread uses it. */
void avsvti_ring_reset(avsvti_ring *r);

/* A free place, when more than spare are; NULL otherwise. Fill it, then call
 * avsvti_ring_put(). */
void *avsvti_ring_room(avsvti_ring *r, size_t spare);
void avsvti_ring_put(avsvti_ring *r);

/* The oldest item; NULL: there is none. Copy it, then call avsvti_ring_take(). */
const void *avsvti_ring_oldest(avsvti_ring *r);
void avsvti_ring_take(avsvti_ring *r);

#endif
