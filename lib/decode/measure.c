/* SPDX-License-Identifier: MIT */
/* Pitch, level and confidence of a place in activations, as the precise rule
 * measures the notes it finds. */
#include <math.h>

#include <avsvt/edit.h>

#include "core/options.h"
#include "decode/curve.h"
#include "decode/frames.h"
#include "decode/pitch.h"
#include "head/activations.h"

#define ONSET_REACH 2 /* frames around the beginning where its onset may lie */

/* Frames first..end of the span; at least one. */
static avsvt_status find_frames(const avsvt_activations_info *info,
                                double onset_s, double offset_s,
                                int64_t *first, int64_t *end, avsvt_error *err)
{
    double from = rint((onset_s - info->start_s) * info->frame_rate_hz);
    double to = ceil((offset_s - info->start_s) * info->frame_rate_hz - 1e-6);
    double last = (double)info->frames;
    if (!isfinite(onset_s) || !isfinite(offset_s) || onset_s >= offset_s)
        return avsvti_fail(err, AVSVT_E_ARG,
            "a note must end after it starts, at times that are numbers");
    if (!info->frames || !(from < last) || !(to > 0))
        return avsvti_fail(err, AVSVT_E_RANGE,
            "no frame of the activations lies in the note");
    *first = from > 0 ? (int64_t)from : 0;
    *end = to < last ? (int64_t)to : info->frames;
    if (*end <= *first)
        *end = *first + 1;
    return AVSVT_OK;
}

static float level_of(const avsvt_activations *a, int64_t first, int64_t end)
{
    double power = 0;
    int64_t most = avsvti_level_frames(a->info.frame_rate_hz);
    if (!a->level)
        return 0;
    end = end - first > most ? first + most : end;
    for (int64_t i = first; i < end; i++)
        power += avsvti_power((double)a->level[i]);
    return avsvti_note_level(power / (double)(end - first));
}

static double chance(const avsvt_activations *a, int64_t frame, int column)
{
    return avsvti_probability((double)a->logits[frame * AVSVT_NOTE_LOGITS + column]);
}

/* How sure an onset and sounding are, each 0..1. */
static double sureness(const avsvt_activations *a, int64_t first, int64_t end)
{
    double onset = 0, sounding = 0;
    for (int64_t i = first - ONSET_REACH; i <= first + ONSET_REACH; i++)
        if (i >= 0 && i < a->info.frames)
            onset = fmax(onset, chance(a, i, 0));
    for (int64_t i = first; i < end; i++)
        sounding += 1 - chance(a, i, 1);
    return onset * sounding / (double)(end - first);
}

static void add_frames(avsvti_pitch *p, const avsvt_activations *a,
                       int64_t first, int64_t end, int all)
{
    for (int64_t i = first; i < end; i++) {
        const float *logits = a->logits + i * AVSVT_NOTE_LOGITS;
        if (all || avsvti_frame_sounds(logits, a->defaults.offset_threshold))
            avsvti_pitch_add(p, logits,
                             a->fine ? a->fine + i * a->info.fine_bins : NULL);
    }
}

avsvt_status avsvt_activations_note(const avsvt_activations *activations,
                                    double onset_s, double offset_s,
                                    avsvt_note *note, avsvt_error *err)
{
    const avsvt_activations *a = activations;
    avsvt_note made = AVSVT_NOTE_INIT;
    avsvti_pitch pitch;
    int64_t first = 0, end = 0;
    double sure = 0;
    if (!a || !note)
        return avsvti_fail(err, AVSVT_E_ARG,
            "avsvt_activations_note: activations and note are needed");
    avsvt_status status = find_frames(&a->info, onset_s, offset_s, &first, &end,
                                      err);
    if (status != AVSVT_OK)
        return status;
    const avsvt_allocator *allocator = avsvti_allocator(a->context);
    status = avsvti_pitch_create(&pitch, allocator, a->info.fine_bins,
                                 a->info.fine_lowest, a->info.fine_step, err);
    if (status == AVSVT_OK) {
        avsvti_pitch_clear(&pitch);
        add_frames(&pitch, a, first, end, 0);
        if (!pitch.frames)
            add_frames(&pitch, a, first, end, 1);
        made.onset_s = onset_s;
        made.offset_s = offset_s;
        made.pitch = avsvti_pitch_estimate(&pitch, &sure);
        made.confidence = sure * sureness(a, first, end);
        made.level_db = level_of(a, first, end);
        status = avsvti_record_write(note, &made, sizeof(made), "avsvt_note",
                                     err);
    }
    avsvti_pitch_release(&pitch, allocator);
    return status;
}
