/* SPDX-License-Identifier: MIT */
#include "decode/sung.h"

#include <math.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"

#define MORE_S 1.2 /* sung than the share needs: enough, in however short a time */
#define SHORT_S 0.15 /* of more that would be no song, where all is short */

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

/* Is enough of what has a pitch from one frame on sung, and seconds more? */
static int is_sung(const avsvti_sung *s, const avsvti_heard *heard, int64_t from,
                   double more_s)
{
    avsvti_heard_sums sums = avsvti_heard_between(heard, from, heard->known);
    return avsvti_heard_is_sung(&sums, s->share, more_s * s->info.frame_rate_hz);
}

/* A syllable may be all that has a pitch in a recording of a second or two: less
 * than one would need beside some talk is not enough. */
static int last_are_sung(const avsvti_sung *s, const avsvti_heard *heard)
{
    return is_sung(s, heard, avsvti_heard_from(heard),
                   heard->known < heard->reach ? (1 - s->share) * SHORT_S : 0);
}

/* Before a note's end: all that can be heard there, or some that is enough. */
static int was_sung(const avsvti_sung *s, const avsvti_heard *heard)
{
    int64_t from = avsvti_heard_from(heard), i = heard->known;
    if (heard->known >= heard->reach && last_are_sung(s, heard))
        return 1;
    while (i > from && !is_sung(s, heard, i, MORE_S))
        i--;
    return i > from;
}

/* After a note's start. At the edges of a recording, where less is to be
 * heard on one side, the other makes up for it. */
static int goes_on_sung(const avsvti_sung *s, const avsvti_heard *heard,
                        int64_t start, int ends)
{
    int is_heard = ends || heard->known == heard->reach ||
        heard->known == start + heard->reach;
    return (is_heard && last_are_sung(s, heard)) || is_sung(s, heard, start, MORE_S);
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
    int64_t known = heard->known;
    c.start = start > 0 ? start < (double)known ? (int64_t)start : known : 0;
    c.sure = c.start < avsvti_heard_from(heard) || was_sung(s, heard);
    s->waiting[s->count++] = c;
    return AVSVT_OK;
}

/* Gives the notes that are decided, up to the first that is not. */
static avsvt_status give(avsvti_sung *s, const avsvti_heard *heard, int ends,
                         avsvti_note_list *list, avsvt_error *err)
{
    avsvt_status status = AVSVT_OK;
    for (size_t i = s->first; i < s->count; i++) {
        candidate *c = &s->waiting[i];
        c->sure = c->sure || goes_on_sung(s, heard, c->start, ends);
    }
    for (; s->first < s->count && status == AVSVT_OK; s->first++) {
        const candidate *c = &s->waiting[s->first];
        if (c->sure)
            status = avsvti_note_list_append(list, &c->note, err);
        else if (!ends && heard->known < c->start + heard->reach)
            break;
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
