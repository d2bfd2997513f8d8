/* SPDX-License-Identifier: MIT */
/* AV_SVT's frame2note, with its oddities: the last frame lies in no window,
 * not even its own; equal neighbouring maxima each start a note; a note whose
 * frames are all without pitch is dropped; among equally frequent pitches the
 * first in the order of a CPython set wins. A single frame, at which the
 * original fails, gives no notes. */
#include <math.h>
#include <string.h>

#include "decode/rule.h"

#define PITCHES 48
#define NO_OCTAVE 4
#define NO_CLASS 12
#define SLOTS 256 /* more than the largest table that 48 values need */
#define EMPTY (-1)

typedef struct published_state {
    int open;
    double onset_s;
    float confidence;
    int32_t seen;            /* different pitches */
    int16_t order[PITCHES];  /* in order of first appearance */
    int64_t count[PITCHES];
} published_state;

/* In float, as the original: probabilities that are equal there must be
 * equal here. */
static float probability(float logit)
{
    return 1.0f / (1.0f + expf(-logit));
}

static int argmax(const float *x, int n)
{
    int best = 0;
    for (int i = 1; i < n; i++)
        if (x[i] > x[best])
            best = i;
    return best;
}

/* --- the order in which CPython walks a set of small integers ----------- */

typedef struct set {
    int16_t slot[SLOTS];
    size_t size, used;
} set;

static void set_clear(set *s, size_t size)
{
    s->size = size;
    s->used = 0;
    for (size_t i = 0; i < size; i++)
        s->slot[i] = EMPTY;
}

static void set_place(set *s, int16_t value)
{
    size_t mask = s->size - 1, perturb = (size_t)value, i = perturb & mask;
    for (;;) {
        size_t probes = i + 9 <= mask ? 9 : 0;
        for (size_t k = i; k <= i + probes; k++) {
            if (s->slot[k] != EMPTY)
                continue;
            s->slot[k] = value;
            s->used++;
            return;
        }
        perturb >>= 5;
        i = (i * 5 + 1 + perturb) & mask;
    }
}

static void set_add(set *s, int16_t value)
{
    set_place(s, value);
    if (s->used * 5 < (s->size - 1) * 3)
        return;
    set old = *s;
    size_t size = 8;
    while (size <= old.used * 4)
        size *= 2;
    set_clear(s, size);
    for (size_t i = 0; i < old.size; i++)
        if (old.slot[i] != EMPTY)
            set_place(s, old.slot[i]);
}

static int most_frequent(const published_state *p)
{
    set s;
    int best = EMPTY;
    set_clear(&s, 8);
    for (int32_t i = 0; i < p->seen; i++)
        set_add(&s, p->order[i]);
    for (size_t i = 0; i < s.size; i++)
        if (s.slot[i] != EMPTY &&
            (best == EMPTY || p->count[s.slot[i]] > p->count[best]))
            best = s.slot[i];
    return best;
}

/* --- the rule ----------------------------------------------------------- */

static avsvt_status emit(avsvti_decoder *d, double offset_s,
                         avsvti_note_list *list, avsvt_error *err)
{
    published_state *p = d->state;
    avsvt_note note = AVSVT_NOTE_INIT;
    if (!p->open || !p->seen)
        return AVSVT_OK;
    note.onset_s = p->onset_s;
    note.offset_s = offset_s;
    note.pitch = 36 + most_frequent(p);
    note.confidence = (double)p->confidence;
    /* Not avsvti_note_lasts(): the original has notes of no length, of the last frame. */
    if (note.offset_s - note.onset_s < d->settings.min_duration_s - 1e-9)
        return AVSVT_OK;
    return avsvti_note_list_append(list, &note, err);
}

/* frames max(0, i - w) .. min(i + w + 1, n - 1) - 1 */
static int is_onset(const avsvti_decoder *d, int64_t i, float onset)
{
    int64_t from = i - d->settings.window, to = i + d->settings.window + 1;
    if (from < 0)
        from = 0;
    if (to > d->known - 1)
        to = d->known - 1;
    if (from >= to || !(onset >= (float)d->settings.onset_threshold))
        return 0;
    float highest = probability(avsvti_frame(d, from)[0]);
    for (int64_t k = from + 1; k < to; k++) {
        float other = probability(avsvti_frame(d, k)[0]);
        if (other > highest)
            highest = other;
    }
    return onset >= highest && onset <= highest;
}

static void count_pitch(published_state *p, const float *row)
{
    int octave = argmax(row + 2, 5), class = argmax(row + 7, 13);
    if (octave == NO_OCTAVE || class == NO_CLASS)
        return;
    int pitch = octave * 12 + class;
    if (!p->count[pitch]++)
        p->order[p->seen++] = (int16_t)pitch;
}

static avsvt_status published_step(avsvti_decoder *d, int64_t i,
                                   avsvti_note_list *list, avsvt_error *err)
{
    published_state *p = d->state;
    const float *row = avsvti_frame(d, i);
    float onset = probability(row[0]);
    avsvt_status status = AVSVT_OK;
    if (is_onset(d, i, onset)) {
        status = emit(d, avsvti_time_of(d, i), list, err);
        memset(p, 0, sizeof(*p));
        p->open = 1;
        p->onset_s = avsvti_time_of(d, i);
        p->confidence = onset;
    } else if (probability(row[1]) >= (float)d->settings.offset_threshold) {
        status = emit(d, avsvti_time_of(d, i), list, err);
        memset(p, 0, sizeof(*p));
    }
    if (p->open)
        count_pitch(p, row);
    return status;
}

static avsvt_status published_finish(avsvti_decoder *d, avsvti_note_list *list,
                                     avsvt_error *err)
{
    published_state *p = d->state;
    avsvt_status status = emit(d, avsvti_time_of(d, d->known - 1), list, err);
    memset(p, 0, sizeof(*p));
    return status;
}

static avsvt_status published_create(void **state, const avsvti_decoder *d,
                                     avsvt_error *err)
{
    *state = avsvti_alloc_zero(d->allocator, 1, sizeof(published_state));
    return *state ? AVSVT_OK : avsvti_fail_memory(err);
}

static void published_release(void *state, const avsvt_allocator *a)
{
    avsvti_release(a, state);
}

const avsvti_rule avsvti_rule_published = {
    { 0.4, 0.5, 0.0, 0.0, 0.0, 0.0, 0.0, 3 }, 1, published_create, published_step,
    published_finish, published_release,
};
