/* SPDX-License-Identifier: MIT */
/* How the learning rate goes. */
#ifndef AVSVTI_TRAIN_SCHEDULE_H
#define AVSVTI_TRAIN_SCHEDULE_H

#include <stdint.h>

typedef enum avsvti_schedule_kind {
    AVSVTI_CONSTANT,
    AVSVTI_NEWBOB,    /* SpeechBrain's NewBobScheduler */
    AVSVTI_PLATEAU,   /* PyTorch's ReduceLROnPlateau, mode min */
    AVSVTI_COSINE,    /* linear warm-up, then half a cosine */
    AVSVTI_ONE_CYCLE, /* PyTorch's OneCycleLR, cosine, two phases */
} avsvti_schedule_kind;

typedef enum avsvti_measure {
    /* Of a validation: */
    AVSVTI_MEASURE_LOSS,
    AVSVTI_MEASURE_CONPOFF,
    AVSVTI_MEASURE_CONP,
    AVSVTI_MEASURE_CON,
    AVSVTI_MEASURE_COFF,
    /* Of the epoch's steps, for schedules alone: */
    AVSVTI_MEASURE_TRAIN_LOSS,
} avsvti_measure;

/* A recipe's words for those of a validation. */
#define AVSVTI_MEASURE_WORDS "loss", "conpoff", "conp", "con", "coff"

typedef struct avsvti_schedule {
    avsvti_schedule_kind kind;
    avsvti_measure on;                      /* NewBob, plateau */
    double base;                            /* the group's lr */
    double factor, threshold;               /* NewBob, plateau */
    int64_t patience, cooldown;
    double min_lr, eps;                     /* plateau */
    double warmup, last;                    /* cosine: steps; share of base */
    double rise, start_div, end_div;        /* one cycle */
    double momentum_low, momentum_high;     /* one cycle; 0: left alone */
} avsvti_schedule;

/* What changes; saved with a checkpoint. */
typedef struct avsvti_schedule_state {
    double lr;
    double before; /* NewBob: the metric before; plateau: the best */
    double calls;  /* NewBob, plateau: metrics seen */
    double waited, cooling;
} avsvti_schedule_state;

void avsvti_schedule_begin(const avsvti_schedule *s, avsvti_schedule_state *state);
/* Before step number `step` (from 0) of `steps`: sets state->lr, and *momentum
 * where the schedule moves it. */
void avsvti_schedule_step(const avsvti_schedule *s, avsvti_schedule_state *state,
                          int64_t step, int64_t steps, double *momentum);
/* After a validation, or an epoch of steps; lower is better. */
void avsvti_schedule_metric(const avsvti_schedule *s, avsvti_schedule_state *state,
                            double metric);

#endif
