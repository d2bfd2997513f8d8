/* SPDX-License-Identifier: MIT */
/* Pictures of the mouth that belong to a song, for networks that look too. */
#ifndef AVSVTI_TRAIN_SIGHT_H
#define AVSVTI_TRAIN_SIGHT_H

#include "train/data.h"

/* Which pictures the model takes, out of its manifest's input. */
avsvt_status avsvti_sight_read(avsvti_sight *sight, const avsvt_model *model,
                               avsvt_error *err);
/* Finds and checks the video of each song: song->video where a list names it,
 * else what lies beside the sound. Does nothing where s->sight sees nothing. */
avsvt_status avsvti_songs_videos(avsvti_songs *s, avsvt_error *err);
/* What is shown at start_s + k * step_s of song i, k < count, cut and
 * normalised: [count, height, width]. Before the first picture stands the
 * first, after the last the last. draw decides what is random. */
avsvt_status avsvti_songs_show(avsvti_songs *s, size_t i, uint64_t draw,
                               double start_s, double step_s, int64_t count,
                               float *to, avsvt_error *err);
/* All of song i in the model's time, not yet cut: uint8 [count, high, wide]. */
avsvt_status avsvti_songs_pictures(avsvt_tensor **out, avsvti_songs *s, size_t i,
                                   avsvt_error *err);

#endif
