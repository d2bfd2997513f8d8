/* SPDX-License-Identifier: MIT */
/* Taking in what is sung. A span is cut where a note or the time around it
 * begins or ends, so that every piece is wholly inside or outside of each. */
#include "score/scorer.h"

#include <math.h>
#include <string.h>

#include "core/options.h"
#include "decode/notes.h"
#include "head/activations.h"

#define EPSILON_S 1e-9 /* times that are meant to be the same */
#define OVERLAP_S 1e-3 /* that spans may have, for times that were rounded */
#define BLOCK 256

double avsvti_chart_weight(int32_t kind)
{
    if (kind == AVSVT_CHART_FREESTYLE)
        return 0;
    return kind == AVSVT_CHART_GOLDEN || kind == AVSVT_CHART_RAP_GOLDEN ? 2 : 1;
}

static avsvt_status check_options(avsvt_scorer_options *o, avsvt_error *err)
{
    if (o->flags & ~AVSVT_SCORE_OCTAVE_STRICT)
        return avsvti_fail(err, AVSVT_E_UNSUPPORTED,
            "avsvt_scorer_options.flags: 0x%x is not known to this version",
            (unsigned)o->flags);
    if (o->pitch_tolerance_cents == 0)
        o->pitch_tolerance_cents = 50;
    if (o->time_tolerance_s == 0)
        o->time_tolerance_s = 0.1;
    if (!(o->pitch_tolerance_cents >= 1 && o->pitch_tolerance_cents <= 600))
        return avsvti_fail(err, AVSVT_E_ARG,
            "avsvt_scorer_options.pitch_tolerance_cents must be 1..600");
    if (!(o->time_tolerance_s > 0 && o->time_tolerance_s <= 1))
        return avsvti_fail(err, AVSVT_E_ARG,
            "avsvt_scorer_options.time_tolerance_s must be above 0, up to 1");
    if (!(fabs(o->delay_s) <= 10))
        return avsvti_fail(err, AVSVT_E_ARG,
            "avsvt_scorer_options.delay_s must be -10..10");
    if (!(fabs(o->transpose) <= 48))
        return avsvti_fail(err, AVSVT_E_ARG,
            "avsvt_scorer_options.transpose must be -48..48");
    return AVSVT_OK;
}

static void weigh(avsvt_scorer *s)
{
    const avsvt_chart *c = s->chart;
    for (size_t line = 0; line < c->info.lines; line++) {
        double weight_s = 0;
        for (size_t i = c->lines[line]; i < c->lines[line + 1]; i++)
            weight_s += avsvti_chart_weight(c->notes[i].kind) *
                        (c->notes[i].offset_s - c->notes[i].onset_s);
        s->weight_s += weight_s;
        s->lines += weight_s > 0;
    }
}

avsvt_status avsvt_scorer_create(avsvt_scorer **out, avsvt_chart *chart,
                                 const avsvt_scorer_options *opts,
                                 avsvt_error *err)
{
    avsvt_scorer_options o;
    if (out)
        *out = NULL;
    if (!out || !chart)
        return avsvti_fail(err, AVSVT_E_ARG, "avsvt_scorer_create: %s is NULL",
                           out ? "chart" : "out");
    avsvt_status status = avsvti_options_read(&o, sizeof(o), opts,
                                              "avsvt_scorer_options", err);
    if (status == AVSVT_OK)
        status = check_options(&o, err);
    if (status != AVSVT_OK)
        return status;
    const avsvt_allocator *a = avsvti_allocator(chart->context);
    avsvt_scorer *s = avsvti_alloc_zero(a, 1, sizeof(*s));
    avsvti_sung_note *sung = avsvti_alloc(a, chart->count, sizeof(*sung));
    if (!s || !sung) {
        avsvti_release(a, s);
        avsvti_release(a, sung);
        return avsvti_fail_memory(err);
    }
    s->chart = avsvt_chart_ref(chart);
    s->options = o;
    s->sung = sung;
    weigh(s);
    avsvt_scorer_reset(s);
    *out = s;
    return AVSVT_OK;
}

void avsvt_scorer_reset(avsvt_scorer *scorer)
{
    if (!scorer)
        return;
    memset(scorer->sung, 0, scorer->chart->count * sizeof(*scorer->sung));
    scorer->first = 0;
    scorer->now_s = -HUGE_VAL;
}

void avsvt_scorer_free(avsvt_scorer *scorer)
{
    if (!scorer)
        return;
    avsvt_chart *chart = scorer->chart;
    const avsvt_allocator *a = avsvti_allocator(chart->context);
    avsvti_release(a, scorer->sung);
    avsvti_release(a, scorer);
    avsvt_chart_free(chart);
}

/* Cents from the note to what is sung. */
static double error_cents(const avsvt_scorer *s, const avsvt_chart_note *n,
                          double pitch)
{
    double error = pitch - n->pitch - s->options.transpose;
    if (!(s->options.flags & AVSVT_SCORE_OCTAVE_STRICT))
        error -= 12 * floor(error / 12 + 0.5);
    return 100 * error;
}

static double credit(const avsvt_scorer *s, const avsvt_chart_note *n,
                     double pitch)
{
    if (n->kind == AVSVT_CHART_RAP || n->kind == AVSVT_CHART_RAP_GOLDEN)
        return 1;
    double off = fabs(error_cents(s, n, pitch)) / s->options.pitch_tolerance_cents;
    return off <= 1 + 1e-9 ? 1 : off >= 2 ? 0 : 2 - off;
}

/* The nearer of two times that lies after from. */
static double nearer(double next, double from, double time)
{
    return time > from && time < next ? time : next;
}

/* From from_s on: where the next piece ends. */
static double piece_end(const avsvt_scorer *s, double from_s, double to_s)
{
    const avsvt_chart *c = s->chart;
    double slack = s->options.time_tolerance_s, next = to_s;
    for (size_t i = s->first; i < c->count; i++) {
        const avsvt_chart_note *n = &c->notes[i];
        next = nearer(next, from_s, n->onset_s - slack);
        next = nearer(next, from_s, n->onset_s);
        next = nearer(next, from_s, n->offset_s);
        next = nearer(next, from_s, n->offset_s + slack);
        if (n->onset_s - slack >= next)
            break;
    }
    return next;
}

/* How much of the note is still to be sung. */
static double missing_s(const avsvt_scorer *s, size_t i)
{
    const avsvt_chart_note *n = &s->chart->notes[i];
    const double *right_s = s->sung[i].right_s;
    return n->offset_s - n->onset_s - right_s[AVSVTI_OWN] - right_s[AVSVTI_BESIDE];
}

/* Whether a note that lacks so much is still to be sung from at_s on. Far from 0
 * it may lack less than the next time that a double can tell. */
static int is_missing(double left_s, double at_s)
{
    return left_s > EPSILON_S && at_s + left_s > at_s;
}

/* What a moment counts for. */
typedef struct choice {
    size_t inside; /* the note that it lies in, */
    size_t note;   /* and the one that it counts for; the chart's count: none */
    double credit;
} choice;

/* The note around whose pitch this is most, if some of it is still to be sung:
 * of equals the first that was begun in time, so that one tone sung late fills
 * two notes of its pitch one after the other, and one that was left out takes
 * nothing of the next. Else the note that the moment lies in. */
static choice choose(const avsvt_scorer *s, double at_s, double pitch)
{
    const avsvt_chart *c = s->chart;
    double slack = s->options.time_tolerance_s, highest = 0;
    choice best = { c->count, c->count, 0 };
    for (size_t i = s->first; i < c->count; i++) {
        const avsvt_chart_note *n = &c->notes[i];
        if (n->onset_s - slack > at_s)
            break;
        if (n->offset_s + slack <= at_s)
            continue;
        if (n->onset_s <= at_s && at_s < n->offset_s)
            best.inside = i;
        double share = credit(s, n, pitch);
        double rank = share;
        if (n->offset_s <= at_s && !s->sung[i].heard)
            rank *= 1 - EPSILON_S;
        if (rank > highest && is_missing(missing_s(s, i), at_s)) {
            highest = rank;
            best.credit = share;
            best.note = i;
        }
    }
    if (best.note == c->count && best.inside < c->count) {
        best.credit = credit(s, &c->notes[best.inside], pitch);
        best.note = best.credit > 0 ? best.inside : c->count;
    }
    return best;
}

/* Counts a piece, or as much of it as its note takes; returns where that
 * ends. */
static double count_piece(avsvt_scorer *s, double from_s, double to_s,
                          double pitch)
{
    const avsvt_chart *c = s->chart;
    choice chosen = choose(s, from_s, pitch);
    double left_s = chosen.note < c->count ? missing_s(s, chosen.note) : 0;
    if (is_missing(left_s, from_s) && from_s + left_s < to_s)
        to_s = from_s + left_s;
    double length = to_s - from_s;
    if (chosen.inside < c->count) {
        const avsvt_chart_note *n = &c->notes[chosen.inside];
        s->sung[chosen.inside].own_s += length;
        s->sung[chosen.inside].cents_s += length * error_cents(s, n, pitch);
    }
    if (chosen.note == c->count)
        return to_s;
    avsvti_sung_note *sung = &s->sung[chosen.note];
    if (!sung->heard) {
        double onset = c->notes[chosen.note].onset_s;
        double early = onset - s->options.time_tolerance_s;
        sung->heard = 1;
        sung->late_s = from_s <= early + EPSILON_S ? 0 : from_s - onset;
    }
    int where = chosen.note == chosen.inside ? AVSVTI_OWN : AVSVTI_BESIDE;
    sung->right_s[where] += length;
    sung->credit_s[where] += length * chosen.credit;
    return to_s;
}

avsvt_status avsvt_scorer_push(avsvt_scorer *scorer, double from_s,
                               double to_s, double pitch)
{
    avsvt_scorer *s = scorer;
    if (!s || !isfinite(from_s) || !isfinite(to_s) || isinf(pitch))
        return AVSVT_E_ARG;
    from_s -= s->options.delay_s;
    to_s -= s->options.delay_s;
    if (to_s < from_s || from_s < s->now_s - OVERLAP_S)
        return AVSVT_E_ARG;
    from_s = from_s > s->now_s ? from_s : s->now_s;
    while (from_s < to_s) {
        const avsvt_chart *c = s->chart;
        while (s->first < c->count && c->notes[s->first].offset_s +
               s->options.time_tolerance_s <= from_s)
            s->first++;
        if (isnan(pitch) || s->first == c->count)
            break;
        from_s = count_piece(s, from_s, piece_end(s, from_s, to_s), pitch);
    }
    s->now_s = to_s > s->now_s ? to_s : s->now_s;
    return AVSVT_OK;
}

static avsvt_status too_early(avsvt_error *err)
{
    return avsvti_fail(err, AVSVT_E_ARG,
        "what is sung starts before the end of what was told already: "
        "call avsvt_scorer_reset() for another try");
}

avsvt_status avsvt_scorer_push_notes(avsvt_scorer *scorer,
                                     const avsvt_notes *notes, avsvt_error *err)
{
    if (!scorer || !notes)
        return avsvti_fail(err, AVSVT_E_ARG,
            "avsvt_scorer_push_notes: scorer and notes are needed");
    for (size_t i = 0; i < notes->count; i++) {
        const avsvt_note *n = &notes->notes[i];
        double end_s = n->offset_s;
        if (i + 1 < notes->count && notes->notes[i + 1].onset_s < end_s)
            end_s = notes->notes[i + 1].onset_s;
        avsvt_status status = avsvt_scorer_push(scorer, n->onset_s, end_s,
                                                n->pitch);
        if (status != AVSVT_OK)
            return too_early(err);
    }
    return AVSVT_OK;
}

avsvt_status avsvt_scorer_push_activations(avsvt_scorer *scorer,
                                           const avsvt_activations *activations,
                                           avsvt_error *err)
{
    float pitch[BLOCK];
    if (!scorer || !activations)
        return avsvti_fail(err, AVSVT_E_ARG,
            "avsvt_scorer_push_activations: scorer and activations are needed");
    const avsvt_activations_info *info = &activations->info;
    for (int64_t first = 0; first < info->frames; first += BLOCK) {
        int64_t count = info->frames - first;
        count = count < BLOCK ? count : BLOCK;
        avsvt_activations_pitch(activations, first, count, pitch);
        for (int64_t i = first; i < first + count; i++) {
            /* Half a frame to each side of where the frame is. */
            double from_s = info->start_s + ((double)i - 0.5) / info->frame_rate_hz;
            double to_s = info->start_s + ((double)i + 0.5) / info->frame_rate_hz;
            if (avsvt_scorer_push(scorer, from_s, to_s,
                                  (double)pitch[i - first]) != AVSVT_OK)
                return too_early(err);
        }
    }
    return AVSVT_OK;
}
