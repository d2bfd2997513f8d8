/* SPDX-License-Identifier: MIT */
/* What was heard in the last seconds, frame by frame: which frames have a
 * pitch, which lie in notes, and how loud those are. */
#ifndef AVSVTI_DECODE_HEARD_H
#define AVSVTI_DECODE_HEARD_H

#include <avsvt/notes.h>

#include "core/error.h"
#include "core/memory.h"

/* What a rule says of a frame. */
typedef enum avsvti_note_state {
    AVSVTI_NO_NOTE,
    AVSVTI_NOTE_OPEN,  /* a note has begun that does not sound there */
    AVSVTI_NOTE_SOUNDS,
} avsvti_note_state;

/* The fine pitch of one frame. */
typedef struct avsvti_clarity {
    float share; /* of the likeliest bin: how clear the pitch is */
    float midi;  /* the centre of what lies around that bin */
} avsvti_clarity;

/* Sums over frames. */
typedef struct avsvti_heard_sums {
    int64_t pitched, sung; /* those with a pitch; of them those in notes */
    double sounding;       /* how sure of these it is that they are sung: 1 each at most */
    double power;          /* of these; full scale is 1 */
} avsvti_heard_sums;

typedef struct avsvti_heard {
    avsvti_heard_sums *sums; /* before each of the last reach + 1 frames and now */
    float *level_db;         /* of the last reach + 1 frames */
    int64_t reach, known;    /* frames: kept, pushed */
    double held;             /* frames from which on a note is held */
} avsvti_heard;

avsvti_clarity avsvti_clarity_of(const float *fine,
                                 const avsvt_activations_info *info);

avsvt_status avsvti_heard_create(avsvti_heard *h, const avsvt_allocator *a,
                                 const avsvt_activations_info *info,
                                 avsvt_error *err);
/* lasted: the frames that the note it lies in has sounded with it, 0: it lies in
 * none. sounding: the network's probability; it counts in full where a note is
 * held, since the sounds that are taken for notes where people talk are short. */
void avsvti_heard_push(avsvti_heard *h, avsvti_clarity clarity, int64_t lasted,
                       double sounding, float level_db);
/* Is that share of what has a pitch sung, as sure as that is, and frames more? */
static inline int avsvti_heard_is_sung(const avsvti_heard_sums *sums, double share,
                                       double more)
{
    return sums->sounding >= share * (double)sums->pitched + more;
}
/* The first frame that is still kept. */
int64_t avsvti_heard_from(const avsvti_heard *h);
/* Over the frames from .. to - 1, all of them kept. */
avsvti_heard_sums avsvti_heard_between(const avsvti_heard *h, int64_t from, int64_t to);
/* How many of them are no louder than that. */
int64_t avsvti_heard_quiet(const avsvti_heard *h, int64_t from, int64_t to,
                           double level_db);
void avsvti_heard_free(avsvti_heard *h, const avsvt_allocator *a);

#endif
