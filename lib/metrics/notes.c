/* SPDX-License-Identifier: MIT */
/* The comparisons are those of mir_eval: differences of times are rounded to
 * 4 decimals, pitches are compared as logarithms of frequencies, and a
 * difference equal to the tolerance is a match. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <avsvt/metrics.h>

#include "core/options.h"
#include "decode/notes.h"
#include "metrics/matching.h"

typedef struct timed {
    double time; /* what the list is sorted by */
    double onset, offset, log_hz;
} timed;

typedef struct comparison {
    timed *reference, *estimate;
    size_t references, estimates;
    size_t *from, *to; /* estimates within reach of each reference */
    avsvt_metrics_options options;
    int onset, pitch, offset; /* what must agree */
} comparison;

static avsvt_status check_options(avsvt_metrics_options *o, avsvt_error *err)
{
    double *values[] = { &o->onset_tolerance_s, &o->pitch_tolerance_cents,
                         &o->offset_ratio, &o->offset_min_tolerance_s };
    static const double defaults[] = { 0.05, 50, 0.2, 0.05 };
    static const char *const names[] = { "onset_tolerance_s",
        "pitch_tolerance_cents", "offset_ratio", "offset_min_tolerance_s" };
    for (size_t i = 0; i < 4; i++) {
        if (!isfinite(*values[i]) || *values[i] < 0)
            return avsvti_fail(err, AVSVT_E_ARG,
                "%s must be above 0, or 0 for the default", names[i]);
        if (!(*values[i] > 0))
            *values[i] = defaults[i];
    }
    if (o->reserved)
        return avsvti_fail(err, AVSVT_E_ARG,
            "avsvt_metrics_options.reserved must be 0");
    return AVSVT_OK;
}

static avsvt_status check_notes(const avsvt_notes *notes, const char *name,
                                avsvt_error *err)
{
    for (size_t i = 0; i < notes->count; i++) {
        const avsvt_note *n = &notes->notes[i];
        if (n->onset_s < 0)
            return avsvti_fail(err, AVSVT_E_ARG,
                "%s: note %zu (of %zu) starts before 0 s", name, i + 1,
                notes->count);
        if (!(n->offset_s > n->onset_s))
            return avsvti_fail(err, AVSVT_E_ARG,
                "%s: note %zu (of %zu) does not end after its onset", name,
                i + 1, notes->count);
    }
    return AVSVT_OK;
}

static timed *copy_notes(const avsvt_notes *notes, const avsvt_allocator *a)
{
    timed *list = avsvti_alloc(a, notes->count, sizeof(*list));
    for (size_t i = 0; list && i < notes->count; i++) {
        const avsvt_note *n = &notes->notes[i];
        list[i].onset = n->onset_s;
        list[i].offset = n->offset_s;
        list[i].log_hz = log2(440.0 * pow(2.0, (n->pitch - 69.0) / 12.0));
    }
    return list;
}

static int by_time(const void *a, const void *b)
{
    double x = ((const timed *)a)->time, y = ((const timed *)b)->time;
    return x < y ? -1 : x > y;
}

static void sort_by(timed *list, size_t count, int offset)
{
    for (size_t i = 0; i < count; i++)
        list[i].time = offset ? list[i].offset : list[i].onset;
    qsort(list, count, sizeof(*list), by_time);
}

static double rounded(double difference)
{
    return rint(fabs(difference) * 1e4) / 1e4;
}

static double offset_tolerance(const comparison *c, const timed *reference)
{
    double part = c->options.offset_ratio *
                  fabs(reference->offset - reference->onset);
    double least = c->options.offset_min_tolerance_s;
    return part > least ? part : least;
}

static int agrees(const void *user, size_t i, size_t j)
{
    const comparison *c = user;
    const timed *r = &c->reference[i], *e = &c->estimate[j];
    if (c->onset && !(rounded(r->onset - e->onset) <= c->options.onset_tolerance_s))
        return 0;
    if (c->pitch && !(fabs(1200.0 * (r->log_hz - e->log_hz)) <=
                      c->options.pitch_tolerance_cents))
        return 0;
    return !c->offset ||
           rounded(r->offset - e->offset) <= offset_tolerance(c, r);
}

/* First estimate that is not before a time. */
static size_t first_from(const comparison *c, double time)
{
    size_t low = 0, high = c->estimates;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (c->estimate[middle].time < time)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static avsvt_status measure(avsvt_score *score, comparison *c,
                            const avsvt_allocator *a, avsvt_error *err)
{
    size_t matched = 0;
    sort_by(c->reference, c->references, !c->onset);
    sort_by(c->estimate, c->estimates, !c->onset);
    for (size_t i = 0; i < c->references; i++) {
        const timed *r = &c->reference[i];
        double reach = c->onset ? c->options.onset_tolerance_s
                                : offset_tolerance(c, r);
        reach += 1e-4; /* the difference is rounded before it is compared */
        c->from[i] = first_from(c, r->time - reach);
        c->to[i] = first_from(c, nextafter(r->time + reach, HUGE_VAL));
    }
    avsvti_pairs pairs = { c->references, c->estimates, c->from, c->to,
                           agrees, c };
    avsvt_status status = avsvti_matching_size(&matched, &pairs, a, err);
    if (status != AVSVT_OK)
        return status;
    double p = (double)matched / (double)c->estimates;
    double r = (double)matched / (double)c->references;
    score->precision = p;
    score->recall = r;
    score->f1 = matched ? 2.0 * p * r / (p + r) : 0.0;
    return AVSVT_OK;
}

static avsvt_status compare(avsvt_notes_scores *full,
                            const avsvt_notes *reference,
                            const avsvt_notes *estimate,
                            const avsvt_metrics_options *options,
                            avsvt_error *err)
{
    const avsvt_allocator *a = avsvti_allocator(reference->context);
    avsvt_score *scores[] = { &full->conpoff, &full->conp, &full->con,
                              &full->coff };
    static const int what[4][3] = { /* onset, pitch, offset */
        { 1, 1, 1 }, { 1, 1, 0 }, { 1, 0, 0 }, { 0, 0, 1 },
    };
    comparison c = { .references = reference->count,
                     .estimates = estimate->count, .options = *options };
    c.reference = copy_notes(reference, a);
    c.estimate = copy_notes(estimate, a);
    c.from = avsvti_alloc(a, c.references, sizeof(*c.from));
    c.to = avsvti_alloc(a, c.references, sizeof(*c.to));
    avsvt_status status = AVSVT_OK;
    if (!c.reference || !c.estimate || !c.from || !c.to)
        status = avsvti_fail_memory(err);
    for (size_t i = 0; i < 4 && status == AVSVT_OK; i++) {
        c.onset = what[i][0];
        c.pitch = what[i][1];
        c.offset = what[i][2];
        status = measure(scores[i], &c, a, err);
    }
    avsvti_release(a, c.reference);
    avsvti_release(a, c.estimate);
    avsvti_release(a, c.from);
    avsvti_release(a, c.to);
    return status;
}

avsvt_status avsvt_metrics_notes(avsvt_notes_scores *scores,
                                 const avsvt_notes *reference,
                                 const avsvt_notes *estimate,
                                 const avsvt_metrics_options *opts,
                                 avsvt_error *err)
{
    avsvt_notes_scores full = AVSVT_NOTES_SCORES_INIT;
    avsvt_metrics_options options;
    avsvt_status status = avsvti_record_write(scores, &full, sizeof(full),
                                              "avsvt_notes_scores", err);
    if (status != AVSVT_OK)
        return status;
    if (!reference || !estimate)
        return avsvti_fail(err, AVSVT_E_ARG, "avsvt_metrics_notes: %s is NULL",
                           reference ? "estimate" : "reference");
    status = avsvti_options_read(&options, sizeof(options), opts,
                                 "avsvt_metrics_options", err);
    if (status == AVSVT_OK)
        status = check_options(&options, err);
    if (status == AVSVT_OK)
        status = check_notes(reference, "reference", err);
    if (status == AVSVT_OK)
        status = check_notes(estimate, "estimate", err);
    full.reference = reference->count;
    full.estimated = estimate->count;
    if (status == AVSVT_OK && full.reference && full.estimated)
        status = compare(&full, reference, estimate, &options, err);
    if (status != AVSVT_OK)
        return status;
    return avsvti_record_write(scores, &full, sizeof(full),
                               "avsvt_notes_scores", err);
}
