/* SPDX-License-Identifier: MIT */
#include "decode/sung.h"

#include <math.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"

#define SOON_S 1.0 /* so much more than the share, and a note need not wait */

typedef struct candidate {
    avsvt_note note;
    int64_t start; /* frame */
    int sure;      /* it counts, whatever follows */
} candidate;

struct avsvti_sung {
    const avsvt_allocator *allocator;
    avsvt_activations_info info;
    double share;
    candidate *waiting; /* ordered; the first may be undecided */
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
    *out = s;
    return AVSVT_OK;
}

/* Is enough of what has a pitch from one frame on sung, and frames more? */
static int is_sung(const avsvti_sung *s, const avsvti_heard *heard, int64_t from,
                   double more)
{
    avsvti_heard_sums sums = avsvti_heard_between(heard, from, heard->known);
    return avsvti_heard_is_sung(&sums, s->share, more);
}

static avsvt_status add_candidate(avsvti_sung *s, const avsvti_heard *heard,
                                  const avsvt_note *note, avsvt_error *err)
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
    int64_t from = avsvti_heard_from(heard), known = heard->known;
    c.start = start > 0 ? start < (double)known ? (int64_t)start : known : 0;
    c.sure = c.start <= from || is_sung(s, heard, from, 0);
    s->waiting[s->count++] = c;
    return AVSVT_OK;
}

/* Gives the notes that are decided, up to the first that is not. */
static avsvt_status give(avsvti_sung *s, const avsvti_heard *heard, int all,
                         avsvti_note_list *list, avsvt_error *err)
{
    avsvt_status status = AVSVT_OK;
    double more = SOON_S * s->info.frame_rate_hz;
    for (size_t i = s->first; i < s->count; i++)
        if (!s->waiting[i].sure)
            s->waiting[i].sure = is_sung(s, heard, s->waiting[i].start, more);
    for (; s->first < s->count && status == AVSVT_OK; s->first++) {
        const candidate *c = &s->waiting[s->first];
        if (!c->sure && !all && heard->known < c->start + heard->reach)
            break;
        if (c->sure || is_sung(s, heard, c->start, 0))
            status = avsvti_note_list_append(list, &c->note, err);
    }
    return status;
}

static avsvt_status take(avsvti_sung *s, const avsvti_heard *heard,
                         avsvti_note_list *found, avsvt_error *err)
{
    avsvt_status status = AVSVT_OK;
    for (size_t i = 0; i < found->count && status == AVSVT_OK; i++)
        status = add_candidate(s, heard, &found->notes[i], err);
    found->count = 0;
    return status;
}

avsvt_status avsvti_sung_push(avsvti_sung *s, const avsvti_heard *heard,
                              avsvti_note_list *found, avsvti_note_list *list,
                              avsvt_error *err)
{
    avsvt_status status = take(s, heard, found, err);
    return status == AVSVT_OK ? give(s, heard, 0, list, err) : status;
}

avsvt_status avsvti_sung_finish(avsvti_sung *s, const avsvti_heard *heard,
                                avsvti_note_list *found, avsvti_note_list *list,
                                avsvt_error *err)
{
    avsvt_status status = take(s, heard, found, err);
    return status == AVSVT_OK ? give(s, heard, 1, list, err) : status;
}

void avsvti_sung_free(avsvti_sung *s)
{
    if (!s)
        return;
    avsvti_release(s->allocator, s->waiting);
    avsvti_release(s->allocator, s);
}
