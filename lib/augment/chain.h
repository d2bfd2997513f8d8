/* SPDX-License-Identifier: MIT */
/* What avsvt_augment holds. */
#ifndef AVSVTI_AUGMENT_CHAIN_H
#define AVSVTI_AUGMENT_CHAIN_H

#include "augment/augment.h"

struct avsvt_augment {
    avsvt_context *context; /* counted */
    size_t count;
    avsvti_step steps[];
};

/* With all steps zero; NULL when there is no memory. */
avsvt_augment *avsvti_augment_new(avsvt_context *context, size_t count);

#endif
