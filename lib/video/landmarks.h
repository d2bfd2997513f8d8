/* SPDX-License-Identifier: MIT */
/* Sets of landmarks that grow while they are read. */
#ifndef AVSVTI_VIDEO_LANDMARKS_H
#define AVSVTI_VIDEO_LANDMARKS_H

#include <avsvt/mouth.h>

#include "core/error.h"
#include "core/memory.h"

typedef struct avsvti_points {
    const avsvt_allocator *allocator;
    double *data; /* [count][68][2]; NaN: no face */
    size_t count, room;
} avsvti_points;

double *avsvti_points_add(avsvti_points *p);
avsvt_status avsvti_points_of(avsvti_points *p, const avsvt_tensor *t, const char *name,
                              avsvt_error *err);

/* Text closed by a zero. What was read is in p also after a failure. */
avsvt_status avsvti_landmarks_json(avsvti_points *p, const char *text, const char *name,
                                   avsvt_error *err);
avsvt_status avsvti_landmarks_csv(avsvti_points *p, const char *text, const char *name,
                                  avsvt_error *err);

#endif
