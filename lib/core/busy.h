/* SPDX-License-Identifier: MIT */
/* One thread at a time, refused rather than raced. */
#ifndef AVSVTI_CORE_BUSY_H
#define AVSVTI_CORE_BUSY_H

#include <stdatomic.h>

#include "core/error.h"

typedef struct avsvti_busy {
    atomic_flag flag;
} avsvti_busy;

static inline void avsvti_busy_init(avsvti_busy *b)
{
    atomic_flag_clear(&b->flag);
}

static inline avsvt_status avsvti_busy_enter(avsvti_busy *b, const char *what,
                                             avsvt_error *err)
{
    if (atomic_flag_test_and_set_explicit(&b->flag, memory_order_acquire))
        return avsvti_fail(err, AVSVT_E_BUSY,
            "this %s is in use by another thread: make one per thread", what);
    return AVSVT_OK;
}

static inline void avsvti_busy_leave(avsvti_busy *b)
{
    atomic_flag_clear_explicit(&b->flag, memory_order_release);
}

#endif
