/* SPDX-License-Identifier: MIT */
/* Quiet sound made louder while it comes, where loudness.h would look ahead: at
 * once less when it gets loud, and slowly more when it stays quiet. */
#ifndef AVSVTI_MEDIA_RAISE_H
#define AVSVTI_MEDIA_RAISE_H

#include <stddef.h>

#define AVSVTI_RAISE_BLOCKS 5

typedef struct avsvti_raise {
    double target_db; /* NAN: nothing is changed */
    double block_s;
    double power[AVSVTI_RAISE_BLOCKS]; /* of the last blocks */
    size_t blocks;
    double near_db, loudest_db, gain_db;
} avsvti_raise;

/* For blocks of this length. */
void avsvti_raise_init(avsvti_raise *r, double target_db, double block_s);
void avsvti_raise_reset(avsvti_raise *r);
/* The next block, of this mean power, in place. */
void avsvti_raise_block(avsvti_raise *r, float *samples, size_t count, double power);

#endif
