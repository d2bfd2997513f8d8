/* SPDX-License-Identifier: MIT */
/* Where the pieces lie that long input is cut into. Everything is counted in
 * frames; a frame is hop samples, or one picture. */
#ifndef AVSVTI_FEATURES_PIECES_H
#define AVSVTI_FEATURES_PIECES_H

#include <stdint.h>

#define AVSVTI_USUAL_CHUNK_S 20.0  /* where a manifest does not tell it */
#define AVSVTI_USUAL_CONTEXT_S 5.0
#define AVSVTI_MOST_BATCH 64       /* pieces that go through a network at once */

/* AV_SVT's utterances, and frames as it counts them: 249 of sound and 250 of
 * pictures in one. */
#define AVSVTI_PUBLISHED_S 5.0
#define AVSVTI_PUBLISHED_SOUND_HZ 49.8
#define AVSVTI_PUBLISHED_SIGHT_HZ 50.0

/* Frames kept of each piece, and those given beside them on the left and
 * right, which are thrown away. */
typedef struct avsvti_cut {
    int64_t chunk, left, right;
} avsvti_cut;

/* One piece: frames core..end-1 are kept, first.. are given. */
typedef struct avsvti_place {
    int64_t core, first, end;
    int64_t upto; /* what is given ends here, in units (see below) */
    int64_t given; /* units from first on */
    int ended;    /* the input ends within or at what is given */
} avsvti_place;

/* The place of the piece whose core begins at a frame, in input of `total`
 * units (INT64_MAX: more than the piece needs). A frame is `hop` units long
 * and sees `edge` more; units are samples or pictures. */
avsvti_place avsvti_place_piece(const avsvti_cut *cut, int64_t core, int64_t hop,
                                int64_t edge, int64_t total);
/* Whether there is anything in it that the piece before has not given. */
int avsvti_place_counts(const avsvti_place *p, int64_t hop, int64_t edge);

/* Length of AV_SVT's utterance that starts at start, of total in all; chunk is
 * the usual length. Sound and video are cut differently: a song is cut into
 * round(total / chunk) utterances (half to even), the last of which takes the
 * rest; a video goes on in steps while more than one and a half of them are
 * left. A song too short for one utterance is dropped there; here it is one. */
int64_t avsvti_published_piece(int64_t start, int64_t total, int64_t chunk,
                               int video);

#endif
