/* SPDX-License-Identifier: MIT */
/* Frames in no note whose pitch is clear make runs; where the pitch moves on,
 * a run is cut into pieces. A piece counts when the network half heard it and
 * the last seconds are singing by itself: most of what has a pitch lies in
 * notes, and some frames are far quieter than those. Music that accompanies
 * leaves no such frames, and people who talk leave most pitches outside notes;
 * where nobody talks, neither that share nor the network is asked. */
#include "decode/fill.h"

#include <math.h>
#include <string.h>

#include "decode/frames.h"
#include "decode/pitch.h"

/* Frames */
#define CLEAR 0.22f       /* share of the likeliest bin where a run begins */
#define STILL_CLEAR 0.13f /* and where it goes on */
#define MOST_SILENT 0.98  /* what is surer to be silent is no candidate */
#define RELEASE_S 0.04    /* after a note: it dies away */
/* Pieces */
#define MOVED 0.8        /* semitones: another pitch */
#define MOVED_S 0.04     /* for so long */
#define RECENT 10        /* frames that tell a piece's pitch so far */
#define KEPT 512         /* frames that tell its pitch in the end */
/* What makes them count */
#define SUNG_S 1.0       /* so much lies in notes */
#define SOUNDING 0.2     /* the network's probability, on average */
#define SOFTER_DB 8.0    /* than notes on average: at most */
#define QUIET_DB 25.0    /* below notes on average */
#define QUIET 0.02       /* share of frames that are so */
#define JOIN_S 0.04      /* from the note before */
#define SAME 0.6         /* semitones from its pitch */

typedef struct sums {
    int64_t frames;
    double power, sounding, clarity;
} sums;

typedef struct piece {
    int64_t start, end;
    double pitch;
    sums of;
} piece;

struct avsvti_fill {
    const avsvt_allocator *allocator;
    avsvt_activations_info info;
    double silent;                 /* as a logit */
    double note_s;                 /* a shorter note is none */
    int64_t shortest, release, moved;
    double share;                  /* of what has a pitch; 0: nobody talks */
    int64_t now, last_sung;        /* frames; -1: nothing sung yet */
    int64_t run;                   /* where the run began; -1: none */
    piece open;                    /* of the run */
    sums away;                     /* its last frames, whose pitch has moved */
    float pitch[KEPT];             /* of the open piece */
    int64_t pitches;
    avsvt_note held;               /* may grow yet */
    int holds;
};

static int64_t frames_of(const avsvt_activations_info *info, double seconds)
{
    return (int64_t)ceil(fmin(seconds * info->frame_rate_hz, 1e9) - 1e-6);
}

avsvt_status avsvti_fill_create(avsvti_fill **out, const avsvt_allocator *a,
                                const avsvt_activations_info *info,
                                double shortest_s, double note_s, double share,
                                avsvt_error *err)
{
    avsvti_fill *f = avsvti_alloc_zero(a, 1, sizeof(*f));
    *out = f;
    if (!f)
        return avsvti_fail_memory(err);
    f->allocator = a;
    f->info = *info;
    f->silent = avsvti_limit(MOST_SILENT);
    f->note_s = note_s;
    f->shortest = frames_of(info, shortest_s);
    f->release = frames_of(info, RELEASE_S);
    f->share = share;
    f->moved = frames_of(info, MOVED_S);
    f->now = f->last_sung = f->run = -1;
    return AVSVT_OK;
}

static avsvt_status give_held(avsvti_fill *f, avsvti_note_list *list, avsvt_error *err)
{
    if (!f->holds)
        return AVSVT_OK;
    f->holds = 0;
    return avsvti_note_list_append(list, &f->held, err);
}

/* Does a piece that starts at a frame go on from the note that is held? */
static int follows(const avsvti_fill *f, int64_t start)
{
    double end = (f->held.offset_s - f->info.start_s) * f->info.frame_rate_hz;
    return f->holds && (double)start - end <= JOIN_S * f->info.frame_rate_hz;
}

static int counts(const avsvti_fill *f, const avsvti_heard *heard, const piece *p)
{
    int64_t from = avsvti_heard_from(heard), to = heard->known;
    int64_t start = p->start > from ? p->start : from;
    avsvti_heard_sums all = avsvti_heard_between(heard, from, to);
    avsvti_heard_sums own = avsvti_heard_between(heard, start, to);
    double sung = (double)all.sung, frames = (double)p->of.frames;
    all.pitched -= own.pitched - own.sung;
    if (sung < SUNG_S * f->info.frame_rate_hz || !(all.power > 0) ||
        (f->share > 0 && (!avsvti_heard_is_sung(&all, f->share, 0) ||
                          p->of.sounding < SOUNDING * frames)))
        return 0;
    double power = all.power / sung, quiet = 10 * log10(power) - QUIET_DB;
    return p->of.power / frames >= power * avsvti_power(-SOFTER_DB) &&
        (double)avsvti_heard_quiet(heard, from, to, quiet) >= QUIET * (double)(to - from);
}

/* A piece becomes a note, or more of the note before it, where it counts. */
static avsvt_status settle(avsvti_fill *f, const avsvti_heard *heard, const piece *p,
                           avsvti_note_list *list, avsvt_error *err)
{
    avsvt_note note = AVSVT_NOTE_INIT;
    double frames = (double)p->of.frames;
    if (!counts(f, heard, p))
        return AVSVT_OK;
    note.onset_s = avsvti_time_given(&f->info, (double)p->start);
    note.offset_s = avsvti_time_given(&f->info, (double)p->end - 0.5);
    note.pitch = p->pitch;
    note.confidence = p->of.sounding / frames * (p->of.clarity / frames);
    note.level_db = avsvti_note_level(p->of.power / frames);
    if (follows(f, p->start) && fabs(note.pitch - f->held.pitch) < SAME) {
        f->held.offset_s = note.offset_s;
        return AVSVT_OK;
    }
    if (!avsvti_note_lasts(&note, f->note_s))
        return AVSVT_OK;
    avsvt_status status = give_held(f, list, err);
    return status == AVSVT_OK ? avsvti_note_list_append(list, &note, err) : status;
}

static void add(sums *to, const sums *from)
{
    to->frames += from->frames;
    to->power += from->power;
    to->sounding += from->sounding;
    to->clarity += from->clarity;
}

static double mean(const float *x, int64_t from, int64_t to)
{
    double sum = 0;
    for (int64_t i = from; i < to; i++)
        sum += (double)x[i];
    return sum / (double)(to - from);
}

static void begin_piece(avsvti_fill *f, int64_t start, const sums *of, float pitch)
{
    memset(&f->open, 0, sizeof(f->open));
    f->open.start = start;
    f->open.of = *of;
    f->pitch[0] = pitch;
    f->pitches = 1;
    memset(&f->away, 0, sizeof(f->away));
}

/* The open piece ends before a frame. */
static avsvt_status end_piece(avsvti_fill *f, const avsvti_heard *heard, int64_t end,
                              avsvti_note_list *list, avsvt_error *err)
{
    piece *p = &f->open;
    int64_t from, to;
    avsvti_pitch_middle(f->pitches, &from, &to);
    p->end = end;
    p->pitch = mean(f->pitch, from, to);
    return end - p->start < f->shortest ? AVSVT_OK : settle(f, heard, p, list, err);
}

/* A frame that may be sung. */
static avsvt_status go_on(avsvti_fill *f, const avsvti_heard *heard, const sums *frame,
                          float pitch, avsvti_note_list *list, avsvt_error *err)
{
    avsvt_status status = AVSVT_OK;
    if (f->run < 0) {
        f->run = f->now;
        begin_piece(f, f->now, frame, pitch);
        return AVSVT_OK;
    }
    int64_t recent = f->pitches < RECENT ? f->pitches : RECENT;
    double so_far = mean(f->pitch, f->pitches - recent, f->pitches);
    add(&f->away, frame);
    if (!(fabs((double)pitch - so_far) > MOVED)) {
        add(&f->open.of, &f->away);
        memset(&f->away, 0, sizeof(f->away));
        if (f->pitches < KEPT)
            f->pitch[f->pitches++] = pitch;
    } else if (f->away.frames >= f->moved) {
        sums since = f->away;
        int64_t start = f->now + 1 - since.frames;
        status = end_piece(f, heard, start, list, err);
        begin_piece(f, start, &since, pitch);
    }
    return status;
}

static avsvt_status end_run(avsvti_fill *f, const avsvti_heard *heard,
                            avsvti_note_list *list, avsvt_error *err)
{
    if (f->run < 0)
        return AVSVT_OK;
    f->run = -1;
    add(&f->open.of, &f->away);
    return end_piece(f, heard, f->now, list, err);
}

/* Notes that have ended: the last of them may grow. */
static avsvt_status take(avsvti_fill *f, avsvti_note_list *found,
                         avsvti_note_list *list, avsvt_error *err)
{
    avsvt_status status = AVSVT_OK;
    for (size_t i = 0; i < found->count && status == AVSVT_OK; i++) {
        status = give_held(f, list, err);
        f->held = found->notes[i];
        f->holds = 1;
    }
    found->count = 0;
    if (status == AVSVT_OK && !(f->run >= 0 ? follows(f, f->open.start)
                                            : follows(f, f->now + 1)))
        status = give_held(f, list, err);
    return status;
}

avsvt_status avsvti_fill_push(avsvti_fill *f, const avsvti_heard *heard,
                              const float *logits, avsvti_clarity clarity,
                              avsvti_note_state state, float level_db,
                              avsvti_note_list *found, avsvti_note_list *list,
                              avsvt_error *err)
{
    avsvt_status status;
    float clear = f->run < 0 ? CLEAR : STILL_CLEAR;
    f->now++;
    if (state == AVSVTI_NO_NOTE && f->now - f->last_sung > f->release &&
        clarity.share >= clear && (double)logits[1] <= f->silent && isfinite(level_db)) {
        sums frame = { 1, avsvti_power((double)level_db),
                       1 - avsvti_probability((double)logits[1]),
                       (double)clarity.share };
        status = go_on(f, heard, &frame, clarity.midi, list, err);
    } else {
        status = end_run(f, heard, list, err);
    }
    if (state == AVSVTI_NOTE_SOUNDS)
        f->last_sung = f->now;
    return status == AVSVT_OK ? take(f, found, list, err) : status;
}

avsvt_status avsvti_fill_finish(avsvti_fill *f, const avsvti_heard *heard,
                                avsvti_note_list *found, avsvti_note_list *list,
                                avsvt_error *err)
{
    avsvt_status status;
    f->now++;
    status = end_run(f, heard, list, err);
    if (status == AVSVT_OK)
        status = take(f, found, list, err);
    return status == AVSVT_OK ? give_held(f, list, err) : status;
}

void avsvti_fill_free(avsvti_fill *f)
{
    if (f)
        avsvti_release(f->allocator, f);
}
