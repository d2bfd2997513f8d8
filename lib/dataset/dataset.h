/* SPDX-License-Identifier: MIT */
/* What the readers of data sets share: the lists that grow, the songs, and
 * what is left out. */
#ifndef AVSVTI_DATASET_DATASET_H
#define AVSVTI_DATASET_DATASET_H

#include <avsvt/dataset.h>

#include "core/buffer.h"
#include "core/context.h"
#include "decode/notes.h"

#define AVSVTI_MAX_LISTS 128 /* one per kind of noise, level and split */

typedef enum avsvti_split {
    AVSVTI_TRAIN,
    AVSVTI_VALID,
    AVSVTI_TEST,
    AVSVTI_SPLITS,
} avsvti_split;

typedef struct avsvti_list {
    char name[256]; /* of the file */
    avsvti_buffer text;
} avsvti_list;

typedef struct avsvti_made { /* folders */
    char *path;
    size_t from; /* bytes up to the first of it that was made */
} avsvti_made;

typedef struct avsvti_dataset {
    avsvt_context *context;
    const avsvt_allocator *allocator;
    const char *prefix; /* of AV_SVT's lists: "mir_st500" */
    char *folder, *out; /* whole paths */
    avsvt_dataset_options opts;
    avsvt_dataset_report report;
    avsvt_dataset_fn progress;
    void *user;
    avsvti_list lists[AVSVTI_MAX_LISTS];
    size_t list_count;
    avsvti_made *made; /* below OUT */
    size_t made_count, made_capacity;
    avsvt_error *err;
} avsvti_dataset;

typedef struct avsvti_dataset_kind {
    const char *name, *prefix;
    avsvt_status (*read)(avsvti_dataset *d);
} avsvti_dataset_kind;

extern const char *const avsvti_split_names[AVSVTI_SPLITS]; /* "train" ... */
/* AVSVTI_SPLITS for a word that is none of them; "dev" is valid. */
avsvti_split avsvti_split_of(const char *word);

/* Whether training song i (from 0) of a set without songs for validation
 * becomes one. */
avsvti_split avsvti_dataset_spread(const avsvti_dataset *d, uint64_t i);
/* Whether a name can be that of a file. */
int avsvti_dataset_good_name(const char *name);
/* Asks whether to go on, before a song. */
avsvt_status avsvti_dataset_tell(avsvti_dataset *d, const char *song);
/* Counts something that is left out, and why. */
void avsvti_dataset_leave_out(avsvti_dataset *d, const char *format, ...)
    AVSVTI_PRINTF(2, 3);
/* The failure in *err makes a song be left out, unless it is the machine's. */
avsvt_status avsvti_dataset_forgive(avsvti_dataset *d, avsvt_status status,
                                    avsvt_error *err);
void avsvti_dataset_count(avsvti_dataset *d, avsvti_split split, double sound_s);

/* A row of the list "PREFIX_SPLIT.csv" ("SPLIT.csv" where prefix is ""),
 * which begins with the header when this is the first. */
avsvt_status avsvti_dataset_row(avsvti_dataset *d, const char *prefix,
                                const char *split, const char *header,
                                const char *const *cells, size_t count);
/* The same for a row that is written already. */
avsvt_status avsvti_dataset_raw(avsvti_dataset *d, const char *prefix,
                                const char *split, const char *header,
                                const char *row, size_t size);
/* A line of text for a language model, in "PREFIX_SPLIT.txt". */
avsvt_status avsvti_dataset_line(avsvti_dataset *d, const char *prefix,
                                 const char *split, const char *line);
/* All lists to the folder. */
avsvt_status avsvti_dataset_write(avsvti_dataset *d);

/* OUT/file, with the folders above it made. */
avsvt_status avsvti_dataset_out(avsvti_dataset *d, char **path, const char *file);

/* Sampling frames over rate; a failure when it can't be known. */
avsvt_status avsvti_dataset_duration(avsvti_dataset *d, const char *sound,
                                     double *duration_s, avsvt_error *err);

/* A song with notes: everything that is written of it. */
typedef struct avsvti_dataset_song {
    const char *name;
    const char *sound;     /* whole path */
    const char *video;     /* NULL: none */
    avsvti_split split;
    const avsvt_note *notes;
    size_t count;
    int fractions;         /* some pitch is written with a decimal point */
    const char *json;      /* files of AV_SVT, below OUT: the notes, and */
    const char *labels;    /* the labels of the sound */
    const char *video_labels; /* NULL: the set has no videos */
    const char *stored;    /* folder of features, whole path; NULL: none */
} avsvti_dataset_song;
avsvt_status avsvti_dataset_add(avsvti_dataset *d, const avsvti_dataset_song *song);

/* lyrics.c: label_encoder.txt; whether words can be learnt (says so when not). */
avsvt_status avsvti_lyrics_tokens(avsvti_dataset *d);
int avsvti_lyrics_good(avsvti_dataset *d, const char *id, const char *words);
/* The next line "ID WORDS" that is not blank, cut out in place, without blanks
 * around it; false at the end. */
int avsvti_lyrics_line(char **next, char **id, char **words);

avsvt_status avsvti_read_benchmark(avsvti_dataset *d);
avsvt_status avsvti_read_mir_st500(avsvti_dataset *d);
avsvt_status avsvti_read_n20emv2(avsvti_dataset *d);
avsvt_status avsvti_read_n20em(avsvti_dataset *d);
avsvt_status avsvti_read_dsing(avsvti_dataset *d);
avsvt_status avsvti_read_librispeech(avsvti_dataset *d);
avsvt_status avsvti_read_mix(avsvti_dataset *d);
avsvt_status avsvti_read_folder(avsvti_dataset *d);
avsvt_status avsvti_read_midi_folder(avsvti_dataset *d);

#endif
