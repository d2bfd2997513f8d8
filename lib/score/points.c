/* SPDX-License-Identifier: MIT */
/* What it is worth: points of notes, lines and the whole song. */
#include <math.h>

#include "core/options.h"
#include "score/scorer.h"

#define HIT 0.5              /* share of a note that was hit */
#define OUT_OF_TUNE_CENTS 200 /* another note, not this one out of tune */

static double length_of(const avsvt_chart_note *n)
{
    return n->offset_s - n->onset_s;
}

static double share_of(const avsvt_scorer *s, size_t i)
{
    const avsvti_sung_note *sung = &s->sung[i];
    double length = length_of(&s->chart->notes[i]);
    double got = sung->credit_s[AVSVTI_OWN];
    double missing = length - sung->right_s[AVSVTI_OWN];
    double beside = sung->right_s[AVSVTI_BESIDE];
    if (beside > 0 && missing > 0) /* what was sung beside it fills the gaps */
        got += sung->credit_s[AVSVTI_BESIDE] * (missing < beside ? missing / beside : 1);
    return got > length * (1 - 1e-9) ? 1 : got / length; /* sums are not exact */
}

static double possible_of(const avsvt_scorer *s, size_t i)
{
    const avsvt_chart_note *n = &s->chart->notes[i];
    return s->weight_s > 0 ? AVSVTI_NOTES_POINTS * avsvti_chart_weight(n->kind) *
                             length_of(n) / s->weight_s : 0;
}

avsvt_status avsvt_scorer_note(const avsvt_scorer *scorer, size_t i,
                               avsvt_note_points *points)
{
    avsvt_note_points p = AVSVT_NOTE_POINTS_INIT;
    if (!scorer || !points)
        return AVSVT_E_ARG;
    if (i >= scorer->chart->count)
        return AVSVT_E_RANGE;
    const avsvti_sung_note *sung = &scorer->sung[i];
    p.heard = (uint32_t)sung->heard;
    p.share = share_of(scorer, i);
    p.possible = possible_of(scorer, i);
    p.points = p.share * p.possible;
    p.sung_s = sung->own_s;
    p.cents = sung->own_s > 0 ? sung->cents_s / sung->own_s : 0;
    p.late_s = sung->late_s;
    return avsvti_record_write(points, &p, sizeof(p), "avsvt_note_points", NULL);
}

/* Sums on the way to one line, or to all of them. */
typedef struct sums {
    avsvt_line_points *to;
    double own_s, cents_s, late_s;
    size_t heard;
} sums;

static int is_over(const avsvt_scorer *s, size_t i)
{
    return s->chart->notes[i].offset_s + s->options.time_tolerance_s <= s->now_s;
}

static void add_note(sums *t, const avsvt_scorer *s, size_t i)
{
    const avsvti_sung_note *sung = &s->sung[i];
    const avsvt_chart_note *n = &s->chart->notes[i];
    double share = share_of(s, i), possible = possible_of(s, i);
    if (!(avsvti_chart_weight(n->kind) > 0))
        return;
    int hit = share >= HIT;
    t->to->notes++;
    t->to->hits += (uint32_t)hit;
    t->to->golden += (uint32_t)(hit && avsvti_chart_weight(n->kind) > 1);
    t->to->points += share * possible;
    t->to->possible += possible;
    t->to->so_far += is_over(s, i) ? possible : 0;
    if (sung->heard) {
        t->heard++;
        t->late_s += sung->late_s;
    }
    if (fabs(sung->cents_s) <= OUT_OF_TUNE_CENTS * sung->own_s &&
        (n->kind == AVSVT_CHART_NORMAL || n->kind == AVSVT_CHART_GOLDEN)) {
        t->own_s += sung->own_s;
        t->cents_s += sung->cents_s;
    }
}

static void add_line(sums *t, const avsvt_scorer *s, size_t line)
{
    const avsvt_chart *c = s->chart;
    double points = t->to->points, possible = t->to->possible;
    for (size_t i = c->lines[line]; i < c->lines[line + 1]; i++)
        add_note(t, s, i);
    points = t->to->points - points;
    possible = t->to->possible - possible;
    if (!(possible > 0))
        return;
    double most = AVSVTI_LINES_POINTS / (double)s->lines;
    double got = most * (points < possible ? points / possible : 1);
    t->to->line_points += got;
    t->to->points += got;
    t->to->possible += most;
    t->to->so_far += is_over(s, c->lines[line + 1] - 1) ? most : 0;
}

static avsvt_status add_lines(const avsvt_scorer *s, size_t from, size_t to,
                              avsvt_line_points *points)
{
    avsvt_line_points p = AVSVT_LINE_POINTS_INIT;
    const avsvt_chart *c = s->chart;
    sums t = { &p, 0, 0, 0, 0 };
    p.first_note = c->lines[from];
    p.onset_s = c->notes[c->lines[from]].onset_s;
    p.offset_s = c->notes[c->lines[to] - 1].offset_s;
    for (size_t line = from; line < to; line++)
        add_line(&t, s, line);
    p.cents = t.own_s > 0 ? t.cents_s / t.own_s : 0;
    p.late_s = t.heard ? t.late_s / (double)t.heard : 0;
    return avsvti_record_write(points, &p, sizeof(p), "avsvt_line_points", NULL);
}

avsvt_status avsvt_scorer_line(const avsvt_scorer *scorer, size_t i,
                               avsvt_line_points *points)
{
    if (!scorer || !points)
        return AVSVT_E_ARG;
    if (i >= scorer->chart->info.lines)
        return AVSVT_E_RANGE;
    return add_lines(scorer, i, i + 1, points);
}

avsvt_status avsvt_scorer_total(const avsvt_scorer *scorer,
                                avsvt_line_points *points)
{
    if (!scorer || !points)
        return AVSVT_E_ARG;
    return add_lines(scorer, 0, scorer->chart->info.lines, points);
}
