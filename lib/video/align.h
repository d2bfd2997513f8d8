/* SPDX-License-Identifier: MIT */
/* From landmarks to where each picture's mouth lies: plain arithmetic. */
#ifndef AVSVTI_VIDEO_ALIGN_H
#define AVSVTI_VIDEO_ALIGN_H

#include <avsvt/mouth.h>

#include "core/memory.h"

#define AVSVTI_STABLE 5     /* landmarks 33, 36, 39, 42, 45 */
#define AVSVTI_FACE_SIDE 256 /* of the mean face's picture */
#define AVSVTI_PATCH 96

/* x' = a x - b y + c, y' = b x + a y + d */
typedef struct avsvti_similarity {
    double a, b, c, d;
} avsvti_similarity;

typedef struct avsvti_face {
    avsvti_similarity to_mean; /* picture -> mean face */
    double mouth_x, mouth_y;   /* in the mean face's picture */
} avsvti_face;

/* The five points of our own mean face. */
extern const double avsvti_mean_face[AVSVTI_STABLE][2];
extern const int avsvti_stable_points[AVSVTI_STABLE];

/* Fills gaps (sets with a NaN) of points [count][68][2] in place. Returns the
 * number of sets that had a face; with 0 nothing is changed. */
size_t avsvti_landmarks_fill(double *points, size_t count);

/* A face for each set of filled landmarks; 0 when points lie in one point, with
 * *bad the first such set. */
int avsvti_faces_align(avsvti_face *faces, const double *points, size_t count,
                       const double mean[AVSVTI_STABLE][2], int smoothing,
                       size_t window, size_t *bad);

/* Where the patch around a mouth begins: its first row or column. */
int avsvti_patch_start(double centre);

/* The size x size centre of the patch of a face out of a picture (width x height,
 * channels bytes a pixel): scikit-image's warp(), bilinear, black outside, cut
 * off to whole numbers. */
void avsvti_patch_cut(uint8_t *to, int size, const uint8_t *picture, int width,
                      int height, int channels, const avsvti_face *face);

/* A whole picture at 96 x 96, and the size x size centre of that: OpenCV's
 * resize(), bilinear. */
void avsvti_patch_whole(uint8_t *to, int size, const uint8_t *picture, int width,
                        int height, int channels);

#endif
