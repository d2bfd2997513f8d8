/* SPDX-License-Identifier: MIT */
/** @file metrics.h
 *  The papers' measures: how well notes agree with a reference.
 *
 *  Equal to mir_eval 0.8 (transcription): maximum bipartite matching per
 *  measure, differences in time rounded to 4 decimals. */
#ifndef AVSVT_METRICS_H
#define AVSVT_METRICS_H

#include <avsvt/notes.h>

AVSVT_BEGIN_DECLS

/** Precision, recall and F1, each 0..1. */
typedef struct avsvt_score {
    double precision; /**< Matched / estimated. */
    double recall;    /**< Matched / reference. */
    double f1;        /**< Harmonic mean; 0 when both are 0. */
} avsvt_score;

/** The four measures of singing transcription. Grows at the end only. */
typedef struct avsvt_notes_scores {
    uint32_t struct_size; /**< Set by AVSVT_NOTES_SCORES_INIT. */
    uint32_t reserved;    /**< 0. */
    uint64_t reference;   /**< Notes in the reference. */
    uint64_t estimated;   /**< Notes in the estimate. */
    avsvt_score conpoff;  /**< Onset, pitch and offset. */
    avsvt_score conp;     /**< Onset and pitch. */
    avsvt_score con;      /**< Onset. */
    avsvt_score coff;     /**< Offset. */
} avsvt_notes_scores;
#define AVSVT_NOTES_SCORES_INIT \
    { sizeof(avsvt_notes_scores), 0u, 0u, 0u, \
      { 0, 0, 0 }, { 0, 0, 0 }, { 0, 0, 0 }, { 0, 0, 0 } }

/** Tolerances; zero selects the default. */
typedef struct avsvt_metrics_options {
    uint32_t struct_size;         /**< Set by AVSVT_METRICS_OPTIONS_INIT. */
    uint32_t reserved;            /**< Must be 0. */
    double onset_tolerance_s;     /**< Default 0.05. */
    double pitch_tolerance_cents; /**< Default 50. */
    double offset_ratio;          /**< Of the reference's length; default 0.2. */
    double offset_min_tolerance_s;/**< Default 0.05. */
} avsvt_metrics_options;
#define AVSVT_METRICS_OPTIONS_INIT \
    { sizeof(avsvt_metrics_options), 0u, 0.0, 0.0, 0.0, 0.0 }

/** Compare an estimate with a reference. As in mir_eval, all measures are 0
 *  when either list is empty, and a note that starts before 0 s or does not
 *  end after its onset is refused.
 *  @param scores [out] at most scores->struct_size bytes are written.
 *  @param reference [borrowed]
 *  @param estimate  [borrowed]
 *  @param opts [borrowed] NULL for the papers' tolerances.
 *  @return AVSVT_OK; AVSVT_E_ARG (an option out of range, or such a note: the
 *          message names it); AVSVT_E_UNSUPPORTED; AVSVT_E_NOMEM.
 *  @thread any  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_metrics_notes(avsvt_notes_scores *scores,
    const avsvt_notes *reference, const avsvt_notes *estimate,
    const avsvt_metrics_options *opts, avsvt_error *err);

AVSVT_END_DECLS
#endif /* AVSVT_METRICS_H */
