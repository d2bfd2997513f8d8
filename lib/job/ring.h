/* SPDX-License-Identifier: MIT */
/* Rings between two threads, one that writes and one that reads; neither waits
 * for the other. */
#ifndef AVSVTI_JOB_RING_H
#define AVSVTI_JOB_RING_H

#include <stdatomic.h>

#include "core/memory.h"

/* Items of one size. */
typedef struct avsvti_ring {
    char *items;
    size_t item, capacity;
    atomic_size_t written, read; /* counts; they only grow */
} avsvti_ring;

/* 0: out of memory. */
int avsvti_ring_create(avsvti_ring *r, const avsvt_allocator *a, size_t item,
                       size_t capacity);
int avsvti_ring_put(avsvti_ring *r, const void *item); /* 0: it is full */
int avsvti_ring_take(avsvti_ring *r, void *item);      /* 0: it is empty */
void avsvti_ring_release(avsvti_ring *r, const avsvt_allocator *a);

/* Sound on its way. What has no room is left out and read as silence. */
typedef struct avsvti_sound_ring {
    float *samples;
    size_t capacity;
    atomic_size_t written, read;
    avsvti_ring gaps;       /* places and lengths of silence */
    size_t owed;            /* the writer's: lost since its last sample */
    size_t gap_at, gap_left; /* the reader's: the silence that comes next */
    atomic_size_t lost;
} avsvti_sound_ring;

int avsvti_sound_create(avsvti_sound_ring *r, const avsvt_allocator *a,
                        size_t capacity);
/* Returns how many had room. */
size_t avsvti_sound_write(avsvti_sound_ring *r, const float *samples,
                          size_t count);
/* Returns how many of count were there. */
size_t avsvti_sound_read(avsvti_sound_ring *r, float *to, size_t count);
void avsvti_sound_release(avsvti_sound_ring *r, const avsvt_allocator *a);

#endif
