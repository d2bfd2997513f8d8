/* SPDX-License-Identifier: MIT */
#include "stream/follow.h"

#include <avsvt/stream.h>
#include <math.h>
#include <string.h>

#include "decode/curve.h"
#include "decode/frames.h"

#define APART 4         /* frames from one onset to the next */
#define LEVEL_FRAMES 10 /* of a note's beginning that tell its loudness */

avsvt_status avsvti_follower_create(avsvti_follower *f, const avsvt_allocator *a,
                                    const avsvti_follow_settings *settings,
                                    avsvt_error *err)
{
    memset(f, 0, sizeof(*f));
    f->settings = *settings;
    f->onset_limit = avsvti_limit(settings->onset_threshold);
    f->offset_limit = avsvti_limit(settings->offset_threshold);
    return avsvti_pitch_create(&f->pitch, a, AVSVTI_FOLLOW_FINE, settings->fine_lowest,
                               settings->fine_step, err);
}

void avsvti_follower_free(avsvti_follower *f, const avsvt_allocator *a)
{
    avsvti_pitch_release(&f->pitch, a);
}

void avsvti_follower_reset(avsvti_follower *f)
{
    avsvti_pitch_clear(&f->pitch);
    f->known = 0;
    f->open = f->told = 0;
    f->note = 0;
    f->peak = -APART;
}

double avsvti_follower_pitch(const avsvti_follower *f, const float *fine)
{
    return avsvti_fine_pitch(fine, AVSVTI_FOLLOW_FINE, f->settings.fine_lowest,
                             f->settings.fine_step);
}

static avsvti_follow_row *row_of(avsvti_follower *f, int64_t i)
{
    return &f->rows[i & 3];
}

static double onset_of(avsvti_follower *f, int64_t i)
{
    return (double)row_of(f, i)->logits[0];
}

static double silence_of(avsvti_follower *f, int64_t i)
{
    return (double)row_of(f, i)->logits[1];
}

/* A network may take the edge of digital silence for the start of a note. */
static int sounds(avsvti_follower *f, int64_t i)
{
    return silence_of(f, i) < f->offset_limit &&
           (double)row_of(f, i)->level_db > AVSVTI_INAUDIBLE_DB;
}

static int is_onset(avsvti_follower *f, int64_t i)
{
    double onset = onset_of(f, i);
    if (!(onset >= f->onset_limit) || i - f->peak < APART)
        return 0;
    return (i == 0 || onset_of(f, i - 1) < onset) &&
           (i + 1 >= f->known || onset_of(f, i + 1) <= onset);
}

/* Where the parabola through the peak and its neighbours has its top. */
static double refine(avsvti_follower *f, int64_t i)
{
    if (i == 0 || i + 1 >= f->known)
        return (double)i;
    return (double)i + avsvti_top(onset_of(f, i - 1), onset_of(f, i), onset_of(f, i + 1));
}

/* Where silence crosses its threshold between frame i - 1 and i. */
static double crossing(avsvti_follower *f, int64_t i)
{
    return (double)(i - 1) + avsvti_crossing(silence_of(f, i - 1), silence_of(f, i),
                                             f->settings.offset_threshold);
}

static void tell(avsvti_follower *f, int32_t kind, double frame, double pitch,
                 const avsvti_follow_row *row)
{
    double sure = 0, so_far = avsvti_pitch_estimate(&f->pitch, &sure);
    avsvti_follow_event e = { .kind = kind, .note = f->note, .frame = frame };
    e.pitch = kind == AVSVT_STREAM_NOTE_ON ? pitch : so_far;
    e.pitch_now = kind == AVSVT_STREAM_NOTE_OFF ? so_far : pitch;
    e.level_db = row->level_db;
    e.confidence = (float)(avsvti_probability(f->onset_logit) * sure * f->sounding /
                           (double)f->frames);
    if (kind == AVSVT_STREAM_NOTE_OFF) {
        e.level_db = avsvti_note_level(f->power / (double)f->level_frames);
        if (frame - f->onset < f->settings.min_frames - 1e-6)
            e.flags = AVSVT_STREAM_SHORT;
    }
    f->emit(f->user, &e);
}

static void close_note(avsvti_follower *f, double end)
{
    if (f->open && f->told)
        tell(f, AVSVT_STREAM_NOTE_OFF, end > f->onset ? end : f->onset, 0,
             row_of(f, f->known - 1));
    f->open = f->told = 0;
}

static void open_note(avsvti_follower *f, int64_t i, double onset)
{
    avsvti_pitch_clear(&f->pitch);
    f->open = 1;
    f->peak = i;
    f->onset = onset;
    f->onset_logit = onset_of(f, i);
    f->frames = f->level_frames = 0;
    f->sounding = f->power = 0;
}

static void add_frame(avsvti_follower *f, int64_t i)
{
    const avsvti_follow_row *row = row_of(f, i);
    avsvti_pitch_add(&f->pitch, row->logits, row->fine);
    f->frames++;
    f->sounding += 1 - avsvti_probability((double)row->logits[1]);
    if (f->level_frames < LEVEL_FRAMES) {
        f->power += avsvti_power((double)row->level_db);
        f->level_frames++;
    }
    if (f->told) {
        tell(f, AVSVT_STREAM_NOTE_UPDATE, (double)i, avsvti_follower_pitch(f, row->fine),
             row);
        return;
    }
    /* The newest frame tells more of a pitch that has just begun. */
    const avsvti_follow_row *newest = row_of(f, f->known - 1);
    f->note++;
    f->told = 1;
    tell(f, AVSVT_STREAM_NOTE_ON, f->onset, avsvti_follower_pitch(f, newest->fine), row);
}

static void decide(avsvti_follower *f, int64_t i)
{
    if (is_onset(f, i)) {
        double onset = refine(f, i);
        close_note(f, onset < (double)i ? onset : (double)i);
        open_note(f, i, onset > 0 ? onset : 0);
    }
    if (!f->open)
        return;
    if (sounds(f, i))
        add_frame(f, i);
    else if (f->frames)
        close_note(f, crossing(f, i));
    else if (i - f->peak + 1 >= AVSVTI_FOLLOW_LATE)
        f->open = 0;
}

void avsvti_follower_push(avsvti_follower *f, const float *logits,
                          const float *fine, float level_db)
{
    avsvti_follow_row *row = row_of(f, f->known);
    memcpy(row->logits, logits, sizeof(row->logits));
    memcpy(row->fine, fine, sizeof(row->fine));
    row->level_db = level_db;
    f->known++;
    if (f->known > AVSVTI_FOLLOW_WAIT)
        decide(f, f->known - 1 - AVSVTI_FOLLOW_WAIT);
}

void avsvti_follower_finish(avsvti_follower *f, double end)
{
    if (f->known)
        decide(f, f->known - 1);
    close_note(f, end);
}
