/* SPDX-License-Identifier: MIT */
/* Fusion for the pipeline, which warns of misfits itself, once a song. */
#ifndef AVSVTI_FUSION_FUSION_H
#define AVSVTI_FUSION_FUSION_H

#include <avsvt/fusion.h>

#include "fusion/align.h"

/* As avsvt_fusion_run_timed() on arguments that are right, without warnings;
 * by->repeat is ignored: the model's is taken. Either tensor may be NULL. */
avsvt_status avsvti_fusion_call(avsvt_tensor **out, avsvt_fusion *f,
                                const avsvt_tensor *audio,
                                const avsvt_tensor *video,
                                const avsvti_alignment *by,
                                avsvti_misfit *misfit, avsvt_error *err);

/* Whether the features are what the model takes as audio (0) or video (1);
 * NULL is right where the manifest tells the width. */
avsvt_status avsvti_fusion_check(const avsvt_fusion *f, const avsvt_tensor *t,
                                 int which, avsvt_error *err);
/* Values in a frame of audio (0) or video (1); 0: the manifest does not tell. */
int64_t avsvti_fusion_width(const avsvt_fusion *f, int which);
/* Audio frames for one video frame in the published rule. */
int64_t avsvti_fusion_repeat(const avsvt_fusion *f);

#endif
