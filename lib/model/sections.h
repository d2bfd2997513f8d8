/* SPDX-License-Identifier: MIT */
/* Sections of a manifest that more than one stage reads, and what the numbers
 * of a manifest may be wherever they are read. */
#ifndef AVSVTI_MODEL_SECTIONS_H
#define AVSVTI_MODEL_SECTIONS_H

#include <avsvt/media.h>
#include <avsvt/notes.h>

#include "core/yaml.h"
#include "model/model.h"

/* Lowest and highest. */
#define AVSVTI_SAMPLE_RATES AVSVT_MIN_RATE_HZ, AVSVT_MAX_RATE_HZ
#define AVSVTI_HOPS 1, 768000      /* samples: up to a second */
#define AVSVTI_RAISES_DB -100, 0
#define AVSVTI_FRAME_RATES 1e-3, 1e6
#define AVSVTI_CHUNKS_S 0.1, 3600
#define AVSVTI_CONTEXTS_S 0, 600
#define AVSVTI_MOST_FINE_BINS 4096
#define AVSVTI_FINE_BINS 0, AVSVTI_MOST_FINE_BINS
#define AVSVTI_FINE_LOWEST -100, 200
#define AVSVTI_FINE_STEPS 1e-3, 12

/* The input section; 0: not told. */
typedef struct avsvti_input {
    double rate_hz;
    int64_t hop;         /* samples */
    int64_t edge;        /* that a frame sees beyond its hop */
    int64_t min_samples;
} avsvti_input;
avsvt_status avsvti_model_input(avsvti_input *in, const avsvt_model *m,
                                avsvt_error *err);

/* As loud as quieter sound is made, see media/loudness.h; NAN: it stays. */
avsvt_status avsvti_model_raise(double *to_db, const avsvt_model *m,
                                avsvt_error *err);

/* Samples that one of picture_hz pictures lasts, which must be whole. */
avsvt_status avsvti_model_picture(int64_t *samples, const avsvt_model *m,
                                  double rate_hz, double picture_hz,
                                  avsvt_error *err);

/* The chunk section; what it does not tell stays. */
avsvt_status avsvti_model_chunk(const avsvt_model *m, double *chunk_s,
                                double *context_s, avsvt_error *err);

/* What the "decode" section of a model's manifest or of a pipeline file says;
 * members it leaves out stay as they are. */
avsvt_status avsvti_decode_settings(avsvt_notes_options *o,
                                    const avsvti_yaml *manifest,
                                    const char *file, avsvt_error *err);
/* Refuses keys of it that the one above does not read. */
avsvt_status avsvti_decode_keys(const avsvti_yaml *manifest, const char *file,
                                avsvt_error *err);

/* The manifest lacks that key of its input section. */
avsvt_status avsvti_model_lacks(const avsvt_model *m, const char *key,
                                avsvt_error *err);

#endif
