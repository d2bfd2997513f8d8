/* SPDX-License-Identifier: MIT */
/* Songs with their notes: where they are, and their sound when it is wanted. */
#ifndef AVSVTI_TRAIN_DATA_H
#define AVSVTI_TRAIN_DATA_H

#include <avsvt/media.h>
#include <avsvt/notes.h>

#include "augment/augment.h"
#include "core/context.h"
#include "features/crops.h"
#include "platform/thread.h"
#include "train/recipe.h"

typedef struct avsvti_song {
    char *sound, *notes_path; /* NULL: given in memory */
    char *real;               /* the sound's path without links */
    double begin_s, end_s;    /* the part of the file; end_s -1: all of it */
    double weight;            /* how often in an epoch */
    const avsvt_augment *augment; /* borrowed; NULL: sound and notes as they are */
    int64_t length;           /* samples at the set's rate */
    float *samples;           /* length of them; NULL until read */
    avsvt_note *notes;        /* by onset; seconds from the part's beginning */
    size_t note_count;
    char *video;              /* of the whole file; NULL: none is named */
    uint8_t *pictures;        /* of the part; NULL until kept */
    int64_t picture_count;
    int32_t wide, high;       /* of pictures as they are kept */
} avsvti_song;

/* Pictures that a model takes. */
typedef struct avsvti_sight {
    avsvti_crop_rule crop; /* width 0: none */
    double picture_hz;
    int alone;             /* it hears nothing: songs are as long as their videos,
                              and cut as AV_SVT cuts those */
    int roams;             /* each piece is cut out at a place of its own; else
                              out of the middle */
    double mirror;         /* this share of pieces is shown mirrored */
} avsvti_sight;

/* A list of steps of the recipe. Sources that name the same one share it, and
 * with it the sound that it keeps. */
typedef struct avsvti_chain {
    char key[96]; /* where it is written: "chains.loud" */
    avsvt_augment *augment;
} avsvti_chain;

/* What the songs of one entry of a list share. */
typedef struct avsvti_source {
    double weight;
    const avsvt_augment *augment;
} avsvti_source;

typedef struct avsvti_songs {
    avsvt_context *context; /* borrowed */
    double rate_hz;
    const avsvt_augment *augment; /* of songs whose source has none of its own;
                                     borrowed. NULL: no song is changed */
    avsvti_chain *chains;   /* sources' own */
    size_t chain_count;
    avsvti_song *songs;
    size_t count, capacity;
    avsvti_sight sight;
    size_t *budget;         /* bytes of sound and sight that may still be kept */
    avsvti_mutex lock;      /* guards budget, songs' samples and pictures:
                               batches are made on several threads */
} avsvti_songs;

void avsvti_songs_init(avsvti_songs *s, avsvt_context *context, double rate_hz,
                       const avsvt_augment *augment, size_t *budget);
/* Everything at key ("data.train") of the recipe: folders, list files. */
avsvt_status avsvti_songs_read(avsvti_songs *s, const avsvti_recipe *r,
                               const char *key, avsvt_error *err);
/* A song in memory; its sound is brought to the set's rate. */
avsvt_status avsvti_songs_add(avsvti_songs *s, const float *samples,
                              int64_t count, double rate_hz,
                              const avsvt_notes *notes, avsvt_error *err);
/* Says so when a part of a file is in both. */
avsvt_status avsvti_songs_apart(const avsvti_songs *a, const avsvti_songs *b,
                                const char *recipe, avsvt_error *err);
/* Samples start .. start + count of song i; silence where it has none. */
avsvt_status avsvti_songs_cut(avsvti_songs *s, size_t i, int64_t start,
                              int64_t count, float *to, avsvt_error *err);
/* What messages call it. */
const char *avsvti_song_name(const avsvti_song *song);
double avsvti_songs_seconds(const avsvti_songs *s);
void avsvti_songs_free(avsvti_songs *s);

/* Appends the part of a file from begin_s to end_s (-1: to its end); all that
 * it names is still to be checked. */
avsvt_status avsvti_songs_append(avsvti_songs *s, const char *sound,
                                 const char *notes, double begin_s,
                                 double end_s, const avsvti_source *source,
                                 avsvt_error *err);
/* data_list.c: the songs of a list file. */
avsvt_status avsvti_songs_list(avsvti_songs *s, const char *path,
                               const avsvti_source *source, avsvt_error *err);

#endif
