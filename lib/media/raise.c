/* SPDX-License-Identifier: MIT */
#include "media/raise.h"

#include <math.h>

#include "media/loudness.h"

#define FALL_DB_PER_S 3.0 /* of what counts as loud nearby, while it is quieter */
#define SILENCE_DB (-200.0)

void avsvti_raise_init(avsvti_raise *r, double target_db, double block_s)
{
    r->target_db = target_db;
    r->block_s = block_s;
    avsvti_raise_reset(r);
}

void avsvti_raise_reset(avsvti_raise *r)
{
    for (size_t i = 0; i < AVSVTI_RAISE_BLOCKS; i++)
        r->power[i] = 0;
    r->blocks = 0;
    r->near_db = r->target_db;
    r->loudest_db = SILENCE_DB;
    r->gain_db = 0;
}

void avsvti_raise_block(avsvti_raise *r, float *samples, size_t count, double power)
{
    double sum = 0, before = r->gain_db;
    if (isnan(r->target_db))
        return;
    r->power[r->blocks++ % AVSVTI_RAISE_BLOCKS] = power;
    for (size_t i = 0; i < AVSVTI_RAISE_BLOCKS; i++)
        sum += r->power[i];
    double loud = sum > 0 ? 10 * log10(sum / AVSVTI_RAISE_BLOCKS) : SILENCE_DB;
    r->loudest_db = fmax(r->loudest_db, loud);
    r->near_db = fmax(loud, r->near_db - FALL_DB_PER_S * r->block_s);
    r->gain_db = avsvti_loudness_wish(r->target_db, r->near_db, r->loudest_db);
    avsvti_loudness_ramp(samples, (int64_t)count, before, r->gain_db);
}
