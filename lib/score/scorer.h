/* SPDX-License-Identifier: MIT */
/* What avsvt_scorer holds. */
#ifndef AVSVTI_SCORE_SCORER_H
#define AVSVTI_SCORE_SCORER_H

#include <avsvt/score.h>

#include "chart/chart.h"

#define AVSVTI_NOTES_POINTS 9000.0
#define AVSVTI_LINES_POINTS 1000.0

/* What was sung of a note: within its own time and beside it. */
typedef struct avsvti_sung_note {
    double right_s[2];  /* time that counts for it, and */
    double credit_s[2]; /* the same weighed by how right it was */
    double own_s;       /* anything sung in its own time, and */
    double cents_s;     /* cents times that */
    double late_s;
    int heard;
} avsvti_sung_note;

#define AVSVTI_OWN 0
#define AVSVTI_BESIDE 1

struct avsvt_scorer {
    avsvt_chart *chart; /* counted */
    avsvt_scorer_options options; /* without zeros */
    avsvti_sung_note *sung;  /* of each note */
    size_t first;       /* notes before it are over */
    double now_s;       /* end of the last span, in the song */
    double weight_s;    /* length of all notes, golden ones twice */
    size_t lines;       /* that count */
};

/* How often a note of that kind counts. */
double avsvti_chart_weight(int32_t kind);

#endif
