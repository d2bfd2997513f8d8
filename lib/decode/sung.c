/* SPDX-License-Identifier: MIT */
#include "decode/sung.h"

#include <math.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"

#define REACH_S 8.0     /* before a note's end, and after its start */
#define MOST_FRAMES 1e6 /* of that, at any rate */
#define HAS_PITCH 0.25f /* the likeliest bin's part of the fine pitch */

/* Frames so far: those with a pitch, and those of them in notes. */
typedef struct counts {
    int64_t pitched, sung;
} counts;

typedef struct candidate {
    avsvt_note note;
    int64_t start; /* frame */
    int sure;      /* it counts, whatever follows */
} candidate;

struct avsvti_sung {
    const avsvt_allocator *allocator;
    avsvt_activations_info info;
    double share;
    int64_t reach, known; /* frames: looked at around a note, pushed */
    counts *ring;         /* before each of the last reach + 1 frames and now */
    candidate *waiting;   /* ordered; the first may be undecided */
    size_t first, count, capacity;
};

avsvt_status avsvti_sung_create(avsvti_sung **out, const avsvt_allocator *a,
                                const avsvt_activations_info *info,
                                double share, avsvt_error *err)
{
    avsvti_sung *s = avsvti_alloc_zero(a, 1, sizeof(*s));
    *out = NULL;
    if (!s)
        return avsvti_fail_memory(err);
    s->allocator = a;
    s->info = *info;
    s->share = share;
    s->reach = (int64_t)ceil(fmin(REACH_S * info->frame_rate_hz, MOST_FRAMES));
    s->ring = avsvti_alloc_zero(a, (size_t)s->reach + 1, sizeof(*s->ring));
    if (!s->ring) {
        avsvti_sung_free(s);
        return avsvti_fail_memory(err);
    }
    *out = s;
    return AVSVT_OK;
}

static counts *counted(const avsvti_sung *s, int64_t frames)
{
    return &s->ring[frames % (s->reach + 1)];
}

static int has_pitch(const float *fine, int32_t bins)
{
    float most = fine[0], sum = 0;
    for (int32_t i = 1; i < bins; i++)
        if (fine[i] > most)
            most = fine[i];
    for (int32_t i = 0; i < bins; i++)
        sum += expf(fine[i] - most);
    return sum * HAS_PITCH <= 1;
}

/* Is enough of what has a pitch from one frame to another sung? */
static int is_sung(const avsvti_sung *s, int64_t from, int64_t to)
{
    const counts *a = counted(s, from), *b = counted(s, to);
    return (double)(b->sung - a->sung) >=
           s->share * (double)(b->pitched - a->pitched);
}

static avsvt_status add_candidate(avsvti_sung *s, const avsvt_note *note,
                                  avsvt_error *err)
{
    double start = rint((note->onset_s - s->info.start_s) * s->info.frame_rate_hz);
    candidate c = { *note, 0, 0 };
    if (s->first && (s->first == s->count || s->count == s->capacity)) {
        s->count -= s->first;
        memmove(s->waiting, s->waiting + s->first, s->count * sizeof(*s->waiting));
        s->first = 0;
    }
    if (s->count == s->capacity) {
        size_t capacity = s->capacity ? s->capacity * 2 : 16;
        candidate *more = capacity > s->capacity
            ? avsvti_resize(s->allocator, s->waiting, capacity, sizeof(*more)) : NULL;
        if (!more)
            return avsvti_fail_memory(err);
        s->waiting = more;
        s->capacity = capacity;
    }
    c.start = start > 0 ? start < (double)s->known ? (int64_t)start : s->known : 0;
    int64_t from = s->known > s->reach ? s->known - s->reach : 0;
    c.sure = c.start <= from || is_sung(s, from, s->known);
    s->waiting[s->count++] = c;
    return AVSVT_OK;
}

/* Gives the notes that are decided, up to the first that is not. */
static avsvt_status give(avsvti_sung *s, int all, avsvti_note_list *list,
                         avsvt_error *err)
{
    avsvt_status status = AVSVT_OK;
    for (; s->first < s->count && status == AVSVT_OK; s->first++) {
        const candidate *c = &s->waiting[s->first];
        if (!c->sure && !all && s->known < c->start + s->reach)
            break;
        if (c->sure || is_sung(s, c->start, s->known))
            status = avsvti_note_list_append(list, &c->note, err);
    }
    return status;
}

static avsvt_status take(avsvti_sung *s, avsvti_note_list *found, avsvt_error *err)
{
    avsvt_status status = AVSVT_OK;
    for (size_t i = 0; i < found->count && status == AVSVT_OK; i++)
        status = add_candidate(s, &found->notes[i], err);
    found->count = 0;
    return status;
}

avsvt_status avsvti_sung_push(avsvti_sung *s, const float *fine, int in_note,
                              avsvti_note_list *found, avsvti_note_list *list,
                              avsvt_error *err)
{
    counts so_far = *counted(s, s->known);
    so_far.sung += in_note;
    so_far.pitched += in_note || has_pitch(fine, s->info.fine_bins);
    s->known++;
    *counted(s, s->known) = so_far;
    avsvt_status status = take(s, found, err);
    return status == AVSVT_OK ? give(s, 0, list, err) : status;
}

avsvt_status avsvti_sung_finish(avsvti_sung *s, avsvti_note_list *found,
                                avsvti_note_list *list, avsvt_error *err)
{
    avsvt_status status = take(s, found, err);
    return status == AVSVT_OK ? give(s, 1, list, err) : status;
}

void avsvti_sung_free(avsvti_sung *s)
{
    if (!s)
        return;
    avsvti_release(s->allocator, s->waiting);
    avsvti_release(s->allocator, s->ring);
    avsvti_release(s->allocator, s);
}
