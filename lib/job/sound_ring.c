/* SPDX-License-Identifier: MIT */
#include "job/sound_ring.h"

#include <string.h>

#include "core/size.h"

#define GAPS 64
#define LOUDEST 1e6f /* beyond it, it is no sound */

/* Silence of that length before sample number at. */
typedef struct gap {
    size_t at, length;
} gap;

/* 0: as many gaps are told already as can be. */
static int tell_gap(avsvti_ring *gaps, size_t at, size_t length)
{
    gap *to = avsvti_ring_room(gaps, 0);
    if (!to)
        return 0;
    *to = (gap){ at, length };
    avsvti_ring_put(gaps);
    return 1;
}

/* The reader's next gap, once it has read the last. */
static void find_gap(avsvti_sound_ring *r)
{
    const gap *next = r->gap_left ? NULL : avsvti_ring_oldest(&r->gaps);
    if (!next)
        return;
    r->gap_at = next->at;
    r->gap_left = next->length;
    avsvti_ring_take(&r->gaps);
}

int avsvti_sound_create(avsvti_sound_ring *r, const avsvt_allocator *a,
                        size_t capacity)
{
    memset(r, 0, sizeof(*r));
    r->capacity = capacity;
    r->size = 1;
    while (r->size < capacity && r->size <= SIZE_MAX / 4)
        r->size *= 2;
    r->samples = avsvti_alloc(a, r->size, sizeof(float));
    atomic_init(&r->written, 0);
    atomic_init(&r->read, 0);
    atomic_init(&r->lost, 0);
    return avsvti_ring_create(&r->gaps, a, sizeof(gap), GAPS) && r->samples;
}

void avsvti_sound_release(avsvti_sound_ring *r, const avsvt_allocator *a)
{
    avsvti_ring_release(&r->gaps, a);
    avsvti_release(a, r->samples);
    r->samples = NULL;
}

size_t avsvti_sound_write(avsvti_sound_ring *r, const float *samples,
                          size_t count)
{
    size_t at = atomic_load_explicit(&r->written, memory_order_relaxed);
    size_t used = at - atomic_load_explicit(&r->read, memory_order_acquire);
    size_t n = r->capacity - used < count ? r->capacity - used : count;
    if (n && r->owed) { /* the silence is told before what follows it */
        if (tell_gap(&r->gaps, at, r->owed))
            r->owed = 0;
        else
            n = 0;
    }
    size_t place = at % r->size, first = r->size - place;
    first = first < n ? first : n;
    if (n) {
        memcpy(r->samples + place, samples, first * sizeof(float));
        memcpy(r->samples, samples + first, (n - first) * sizeof(float));
        atomic_store_explicit(&r->written, at + n, memory_order_release);
    }
    r->owed += count - n;
    if (count > n)
        atomic_fetch_add_explicit(&r->lost, count - n, memory_order_relaxed);
    return n;
}

static float sane(float x)
{
    return avsvti_size_bits(x) <= avsvti_size_bits(LOUDEST) ? x : 0.0f;
}

size_t avsvti_sound_read(avsvti_sound_ring *r, float *to, size_t count)
{
    size_t got = 0;
    while (got < count) {
        size_t at = atomic_load_explicit(&r->read, memory_order_relaxed);
        size_t end = atomic_load_explicit(&r->written, memory_order_acquire);
        find_gap(r);
        if (r->gap_left && r->gap_at == at) {
            size_t n = r->gap_left < count - got ? r->gap_left : count - got;
            memset(to + got, 0, n * sizeof(float));
            r->gap_left -= n;
            got += n;
            continue;
        }
        if (r->gap_left && r->gap_at - at < end - at)
            end = r->gap_at;
        size_t n = end - at < count - got ? end - at : count - got;
        if (!n)
            break;
        for (size_t i = 0; i < n; i++)
            to[got + i] = sane(r->samples[(at + i) % r->size]);
        got += n;
        atomic_store_explicit(&r->read, at + n, memory_order_release);
    }
    return got;
}
