/* SPDX-License-Identifier: MIT */
/* What an avsvt_head holds, and reading a manifest's decoding defaults. */
#ifndef AVSVTI_HEAD_HEAD_H
#define AVSVTI_HEAD_HEAD_H

#include <avsvt/notes.h>

#include "core/yaml.h"
#include "model/stage.h"

/* A model's decoding; members its manifest leaves out are 0. */
avsvt_status avsvti_head_defaults(avsvt_notes_options *defaults,
                                  const avsvt_model *m, avsvt_error *err);

/* The manifest's "output" section: layout, frame rate, fine bins. */
avsvt_status avsvti_head_layout(avsvt_activations_info *info,
                                const avsvt_model *m, avsvt_error *err);

#endif
