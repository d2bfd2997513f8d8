/* SPDX-License-Identifier: MIT */
/* Chains of augmentation: what a step is, what it works on, and running a
 * chain without handles around the sound. */
#ifndef AVSVTI_AUGMENT_AUGMENT_H
#define AVSVTI_AUGMENT_AUGMENT_H

#include <avsvt/augment.h>

#include "augment/pool.h"
#include "core/random.h"
#include "core/yaml.h"
#include "decode/notes.h"

/* What a chain works on. Empty notes and samples NULL with count 0 are fine. */
typedef struct avsvti_piece {
    const avsvt_allocator *allocator;
    float  *samples; /* owned; from the allocator */
    int64_t count;
    double  rate_hz;
    double  pace;    /* how many times as fast as at first; 0: as at first */
    avsvti_note_list notes; /* owned */
} avsvti_piece;

void avsvti_piece_free(avsvti_piece *piece);
/* Takes new samples (from the piece's allocator) in place of the old ones. */
void avsvti_piece_replace(avsvti_piece *piece, float *samples, int64_t count);
/* Notes are played factor times as fast and semitones higher; the pace is kept. */
void avsvti_piece_move_notes(avsvti_piece *piece, double factor,
                             double semitones);

#define AVSVTI_STEP_PARAMS 5
#define AVSVTI_STEP_VALUES 16 /* of one parameter */

typedef enum avsvti_param_form {
    AVSVTI_PARAM_RANGE,  /* a number, or two to draw between */
    AVSVTI_PARAM_WHOLE,  /* the same, whole numbers, both ends drawn */
    AVSVTI_PARAM_ONE,    /* one whole number, nothing to draw */
    AVSVTI_PARAM_ONE_OF, /* a whole number, or a list to draw one of */
} avsvti_param_form;

typedef struct avsvti_param {
    const char *name; /* NULL: no more parameters */
    avsvti_param_form form;
    double least, most; /* allowed */
    int count;          /* of the defaults; 0: must be given */
    double defaults[3];
} avsvti_param;

typedef struct avsvti_step avsvti_step;

typedef enum avsvti_step_source {
    AVSVTI_SOURCE_NONE,
    AVSVTI_SOURCE_FOLDER, /* recordings of the key `folder` */
    AVSVTI_SOURCE_STRETCH, /* SoundTouch */
    AVSVTI_SOURCE_TUNES,  /* played with `soundfont`; parameter 1 says how many */
} avsvti_step_source;

typedef struct avsvti_step_kind {
    const char *name;
    const char *choices; /* of the key `kind`, the first one the default; or NULL */
    avsvti_step_source source;
    avsvti_param params[AVSVTI_STEP_PARAMS];
    avsvt_status (*apply)(const avsvti_step *step, avsvti_piece *piece,
                          avsvti_random *random, avsvt_error *err);
} avsvti_step_kind;

struct avsvti_step {
    const avsvti_step_kind *kind;
    double probability;
    double values[AVSVTI_STEP_PARAMS][AVSVTI_STEP_VALUES];
    int    counts[AVSVTI_STEP_PARAMS];
    int    choice;      /* of kind->choices */
    avsvti_pool *pool;  /* NULL without a source */
};

/* All that there are, closed by one without a name. */
extern const avsvti_step_kind avsvti_step_kinds[];

/* Draws parameter i. */
double avsvti_step_draw(const avsvti_step *step, size_t i, avsvti_random *r);

/* A chain out of the list at key ("" for the root, "augment" in a recipe) of a
 * YAML tree; name and folder as in avsvt_augment_create(). A missing or empty
 * list is a chain that does nothing. */
avsvt_status avsvti_augment_parse(avsvt_augment **out, avsvt_context *context,
                                  const avsvti_yaml *yaml, const char *key,
                                  const char *name, const char *folder,
                                  avsvt_error *err);

/* Runs it on the piece; a failure leaves the piece valid, but half done. */
avsvt_status avsvti_augment_apply(const avsvt_augment *chain,
                                  avsvti_piece *piece, uint64_t seed,
                                  avsvt_error *err);

/* The first step that leaves the pace as it is, and so does nothing to pictures;
 * NULL: there is none. */
const char *avsvti_augment_unseen(const avsvt_augment *chain);

/* Goes on with h by all that the chain's steps do; recordings count, not what
 * is in them. */
uint64_t avsvti_augment_hash(const avsvt_augment *chain, uint64_t h);

/* steps, by file */
avsvt_status avsvti_apply_gain(const avsvti_step *, avsvti_piece *, avsvti_random *, avsvt_error *);
avsvt_status avsvti_apply_peak(const avsvti_step *, avsvti_piece *, avsvti_random *, avsvt_error *);
avsvt_status avsvti_apply_clip(const avsvti_step *, avsvti_piece *, avsvti_random *, avsvt_error *);
avsvt_status avsvti_apply_speed(const avsvti_step *, avsvti_piece *, avsvti_random *, avsvt_error *);
avsvt_status avsvti_apply_pitch(const avsvti_step *, avsvti_piece *, avsvti_random *, avsvt_error *);
avsvt_status avsvti_apply_stretch(const avsvti_step *, avsvti_piece *, avsvti_random *, avsvt_error *);
avsvt_status avsvti_apply_noise(const avsvti_step *, avsvti_piece *, avsvti_random *, avsvt_error *);
avsvt_status avsvti_apply_mix(const avsvti_step *, avsvti_piece *, avsvti_random *, avsvt_error *);
avsvt_status avsvti_apply_babble(const avsvti_step *, avsvti_piece *, avsvti_random *, avsvt_error *);
avsvt_status avsvti_apply_reverb(const avsvti_step *, avsvti_piece *, avsvti_random *, avsvt_error *);
avsvt_status avsvti_apply_eq(const avsvti_step *, avsvti_piece *, avsvti_random *, avsvt_error *);
avsvt_status avsvti_apply_band(const avsvti_step *, avsvti_piece *, avsvti_random *, avsvt_error *);
avsvt_status avsvti_apply_drop_frequencies(const avsvti_step *, avsvti_piece *, avsvti_random *, avsvt_error *);
avsvt_status avsvti_apply_drop_chunks(const avsvti_step *, avsvti_piece *, avsvti_random *, avsvt_error *);
avsvt_status avsvti_apply_resample(const avsvti_step *, avsvti_piece *, avsvti_random *, avsvt_error *);

#endif
