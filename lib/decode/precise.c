/* SPDX-License-Identifier: MIT */
/* Our rule. A note starts where the onset is highest within the window (the
 * first of equals), between frames where the parabola through the logits has
 * its top. It may take a few frames to sound. It ends where silence crosses
 * its threshold, between frames too, and a delay later, or, where its pitch goes
 * on in the sound, a little before that ends; or at the next onset.
 * What sounds in the first frame began before it and is a note from there on. */
#include <math.h>
#include <string.h>

#include "decode/frames.h"
#include "decode/pitch.h"
#include "decode/rule.h"

#define MAY_BE_LATE 3     /* frames from the onset to the first sound */
#define HELD_NEAR 0.7     /* semitones from its pitch: the same */
#define HELD_S 0.05       /* of it a note may miss at most */

typedef struct precise_state {
    avsvti_pitch pitch;
    double onset_limit, offset_limit; /* as logits */
    double delay;         /* from silence to the end, in frames */
    int open;
    int64_t peak, frames; /* frame of the onset; frames that sound */
    double hold, missed;  /* frames that a pitch that goes on holds it at most, and
                           * that it may end before that */
    int ending, held;     /* silence was crossed; its pitch goes on */
    int64_t silent;       /* frame where that was */
    double onset, end;    /* in frames */
    double midi, sure;    /* of the note that is ending */
    double onset_logit, sounding; /* sounding: sum of 1 - silence */
    double power;         /* sum over level_frames */
    int64_t level_frames, level_limit;
} precise_state;

/* A network may take the edge of digital silence for the start of a note. */
static int sounds(const avsvti_decoder *d, int64_t i)
{
    const precise_state *p = d->state;
    double level = (double)avsvti_frame_level(d, i);
    return (double)avsvti_frame(d, i)[1] < p->offset_limit && !(level <= AVSVTI_INAUDIBLE_DB);
}

static int is_onset(const avsvti_decoder *d, int64_t i)
{
    const precise_state *p = d->state;
    float onset = avsvti_frame(d, i)[0];
    int64_t from = i - d->settings.window, to = i + d->settings.window + 1;
    if (!((double)onset >= p->onset_limit))
        return 0;
    if (to > d->known)
        to = d->known;
    for (int64_t k = from > 0 ? from : 0; k < i; k++)
        if (avsvti_frame(d, k)[0] >= onset)
            return 0;
    for (int64_t k = i + 1; k < to; k++)
        if (avsvti_frame(d, k)[0] > onset)
            return 0;
    return 1;
}

/* A recording that is cut begins in the middle of a note: no onset is heard. */
static int sounds_from_the_start(const avsvti_decoder *d, int64_t i)
{
    const precise_state *p = d->state;
    if (i != 0 || !sounds(d, 0))
        return 0;
    for (int64_t k = 0; k <= d->settings.window && k < d->known; k++)
        if ((double)avsvti_frame(d, k)[0] >= p->onset_limit)
            return 0;
    return 1;
}

/* Where the parabola through the peak and its neighbours has its top. */
static double refine(const avsvti_decoder *d, int64_t i)
{
    if (i == 0 || i + 1 >= d->known)
        return (double)i;
    return (double)i + avsvti_top((double)avsvti_frame(d, i - 1)[0],
                                  (double)avsvti_frame(d, i)[0],
                                  (double)avsvti_frame(d, i + 1)[0]);
}

/* Where silence crosses its threshold between frame i - 1 and i. */
static double crossing(const avsvti_decoder *d, int64_t i)
{
    return (double)(i - 1) + avsvti_crossing((double)avsvti_frame(d, i - 1)[1],
                                             (double)avsvti_frame(d, i)[1],
                                             d->settings.offset_threshold);
}

/* Ends the open note at a place in frames, or before it where it has ended. */
static avsvt_status close_note(avsvti_decoder *d, double end,
                               avsvti_note_list *list, avsvt_error *err)
{
    precise_state *p = d->state;
    avsvt_note note = AVSVT_NOTE_INIT;
    double shortest = 0.5 / d->info.frame_rate_hz;
    if (!p->open || !p->frames) {
        p->open = 0;
        return AVSVT_OK;
    }
    if (!p->ending)
        p->midi = avsvti_pitch_estimate(&p->pitch, &p->sure);
    else if (p->end < end)
        end = p->end;
    p->open = 0;
    note.onset_s = avsvti_time_given(&d->info, p->onset);
    note.offset_s = avsvti_time_given(&d->info, end);
    note.pitch = p->midi;
    note.confidence = avsvti_probability(p->onset_logit) * p->sure * p->sounding /
                      (double)p->frames;
    if (!isfinite(note.pitch) || !isfinite(note.confidence))
        return AVSVT_OK;
    if (!avsvti_note_lasts(&note, d->settings.min_duration_s))
        return AVSVT_OK;
    if (note.offset_s - note.onset_s < shortest)
        note.offset_s = note.onset_s + shortest;
    if (p->level_frames)
        note.level_db = avsvti_note_level(p->power / (double)p->level_frames);
    return avsvti_note_list_append(list, &note, err);
}

static void open_note(avsvti_decoder *d, int64_t i, double onset)
{
    precise_state *p = d->state;
    avsvti_pitch_clear(&p->pitch);
    p->open = 1;
    p->peak = i;
    p->frames = 0;
    p->ending = 0;
    p->onset = onset;
    p->onset_logit = (double)avsvti_frame(d, i)[0];
    p->sounding = 0;
    p->power = 0;
    p->level_frames = 0;
}

static void add_frame(avsvti_decoder *d, int64_t i)
{
    precise_state *p = d->state;
    const float *row = avsvti_frame(d, i);
    double level = (double)avsvti_frame_level(d, i);
    avsvti_pitch_add(&p->pitch, row, row + AVSVT_NOTE_LOGITS);
    d->in_note = AVSVTI_NOTE_SOUNDS;
    d->lasted = ++p->frames;
    p->sounding += 1 - avsvti_probability((double)row[1]);
    if (!isnan(level) && p->level_frames < p->level_limit) {
        p->power += avsvti_power(level);
        p->level_frames++;
    }
}

/* Silence is crossed before frame i: unless an onset comes first the note ends
 * a delay later, or as its pitch does. */
static void begin_end(avsvti_decoder *d, int64_t i)
{
    precise_state *p = d->state;
    p->midi = avsvti_pitch_estimate(&p->pitch, &p->sure);
    p->ending = p->held = 1;
    p->silent = i;
    p->end = crossing(d, i) + p->delay;
}

/* Frame i of a note that is ending. */
static avsvt_status go_on_ending(avsvti_decoder *d, int64_t i, avsvti_note_list *list,
                                 avsvt_error *err)
{
    precise_state *p = d->state;
    double voice = (double)avsvti_frame_voice(d, i);
    p->held = p->held && (double)(i - p->silent) < p->hold && voice > 0 &&
              fabs(voice - p->midi) < HELD_NEAR;
    if (p->held)
        p->end = fmax(p->end, (double)(i + 1) - p->missed);
    else if ((double)(i - p->silent) >= p->delay)
        return close_note(d, p->end, list, err);
    return AVSVT_OK;
}

static avsvt_status see_frame(avsvti_decoder *d, int64_t i,
                              avsvti_note_list *list, avsvt_error *err)
{
    precise_state *p = d->state;
    avsvt_status status = AVSVT_OK;
    if (is_onset(d, i) || sounds_from_the_start(d, i)) {
        double onset = refine(d, i);
        status = close_note(d, onset < (double)i ? onset : (double)i, list, err);
        open_note(d, i, onset);
    }
    if (!p->open)
        return status;
    if (!p->ending && sounds(d, i)) {
        add_frame(d, i);
        return status;
    }
    if (!p->ending && p->frames)
        begin_end(d, i);
    if (p->ending)
        status = go_on_ending(d, i, list, err);
    else if (i - p->peak + 1 >= MAY_BE_LATE)
        p->open = 0;
    return status;
}

static avsvt_status precise_step(avsvti_decoder *d, int64_t i,
                                 avsvti_note_list *list, avsvt_error *err)
{
    const precise_state *p = d->state;
    avsvt_status status = see_frame(d, i, list, err);
    if (p->open && d->in_note == AVSVTI_NO_NOTE)
        d->in_note = AVSVTI_NOTE_OPEN;
    return status;
}

static avsvt_status precise_finish(avsvti_decoder *d, avsvti_note_list *list,
                                   avsvt_error *err)
{
    return close_note(d, (double)d->known, list, err);
}

static void precise_release(void *state, const avsvt_allocator *a)
{
    precise_state *p = state;
    avsvti_pitch_release(&p->pitch, a);
    avsvti_release(a, p);
}

static avsvt_status precise_create(void **state, const avsvti_decoder *d,
                                   avsvt_error *err)
{
    precise_state *p = avsvti_alloc_zero(d->allocator, 1, sizeof(*p));
    if (!p)
        return avsvti_fail_memory(err);
    *state = p;
    p->onset_limit = avsvti_limit(d->settings.onset_threshold);
    p->offset_limit = avsvti_limit(d->settings.offset_threshold);
    p->delay = fmin(d->settings.offset_delay_s * d->info.frame_rate_hz, 1e9);
    p->hold = d->settings.hold_s * d->info.frame_rate_hz;
    p->missed = HELD_S * d->info.frame_rate_hz;
    p->level_limit = avsvti_level_frames(d->info.frame_rate_hz);
    return avsvti_pitch_create(&p->pitch, d->allocator, d->info.fine_bins,
                               d->info.fine_lowest, d->info.fine_step, err);
}

const avsvti_rule avsvti_rule_precise = {
    { 0.4, 0.5, 0.0, 0.0, 0.0, 0.0, 0.0, 3 }, 0, precise_create, precise_step, precise_finish,
    precise_release,
};
