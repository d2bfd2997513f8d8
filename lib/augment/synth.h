/* SPDX-License-Identifier: MIT */
/* Music that nobody has written: chords, bass, drums and melodies drawn by
 * chance, played by the synth module. */
#ifndef AVSVTI_AUGMENT_SYNTH_H
#define AVSVTI_AUGMENT_SYNTH_H

#include <avsvt/sys/synth.h>

#include "core/context.h"
#include "core/error.h"

typedef struct avsvti_tune { /* events in order of time */
    const avsvt_allocator *allocator;
    avsvt_synth_event *events;
    size_t count, capacity;
    int failed; /* out of memory at some point */
} avsvti_tune;

/* Tune number n; the same number gives the same tune. */
avsvt_status avsvti_compose(avsvti_tune *tune, const avsvt_allocator *a,
                            uint64_t number, double length_s, avsvt_error *err);
void avsvti_tune_free(avsvti_tune *tune);

/* The module's table. */
avsvt_status avsvti_synth_module(const avsvt_synth_table **out,
                                 const avsvt_context *context, avsvt_error *err);

/* A file of instruments: the one named, else what AVSVT_SOUNDFONT names, else
 * where systems keep theirs. *path is released by the caller. */
avsvt_status avsvti_soundfont(char **path, const avsvt_allocator *a,
                              const char *named, avsvt_error *err);

#endif
