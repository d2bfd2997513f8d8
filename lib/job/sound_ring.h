/* SPDX-License-Identifier: MIT */
/* Sound on its way from one thread that writes to one that reads; neither waits
 * for the other. What has no room is left out and read as silence. */
#ifndef AVSVTI_JOB_SOUND_RING_H
#define AVSVTI_JOB_SOUND_RING_H

#include "core/ring.h"

typedef struct avsvti_sound_ring {
    float *samples;
    size_t capacity, size;       /* that may wait; room: a power of two, */
    atomic_size_t written, read; /* so that these may begin anew at 0 */
    avsvti_ring gaps;       /* places and lengths of silence */
    size_t owed;            /* the writer's: lost since its last sample */
    size_t gap_at, gap_left; /* the reader's: the silence that comes next */
    atomic_ullong lost;
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
