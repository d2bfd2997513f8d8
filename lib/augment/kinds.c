/* SPDX-License-Identifier: MIT */
/* The steps that there are, and the numbers they take. */
#include "augment/chain.h"

#include <math.h>

#define NEEDED(name, least, most) \
    { name, AVSVTI_PARAM_RANGE, least, most, 0, { 0 } }
#define RANGE(name, least, most, low, high) \
    { name, AVSVTI_PARAM_RANGE, least, most, 2, { low, high } }
#define WHOLE(name, least, most, low, high) \
    { name, AVSVTI_PARAM_WHOLE, least, most, 2, { low, high } }
#define SNR NEEDED("snr_db", -200, 200)

const avsvti_step_kind avsvti_step_kinds[] = {
    { "gain", NULL, AVSVTI_SOURCE_NONE, { NEEDED("db", -120, 120) }, avsvti_apply_gain },
    { "peak", NULL, AVSVTI_SOURCE_NONE, { NEEDED("db", -120, 40) }, avsvti_apply_peak },
    { "clip", NULL, AVSVTI_SOURCE_NONE, { NEEDED("db", 0, 60) }, avsvti_apply_clip },
    { "speed", NULL, AVSVTI_SOURCE_NONE, { NEEDED("factor", 0.25, 4) }, avsvti_apply_speed },
    { "pitch", NULL, AVSVTI_SOURCE_STRETCH, { NEEDED("semitones", -24, 24) }, avsvti_apply_pitch },
    { "stretch", NULL, AVSVTI_SOURCE_STRETCH, { NEEDED("factor", 0.25, 4) }, avsvti_apply_stretch },
    { "noise", "white|pink", AVSVTI_SOURCE_NONE, { SNR }, avsvti_apply_noise },
    { "mix", NULL, AVSVTI_SOURCE_FOLDER, { SNR }, avsvti_apply_mix },
    { "accompaniment", NULL, AVSVTI_SOURCE_TUNES,
      { SNR, { "tunes", AVSVTI_PARAM_ONE, 1, 100000, 1, { 100 } },
        { "first", AVSVTI_PARAM_ONE, 0, 1e9, 1, { 0 } } }, avsvti_apply_mix },
    { "babble", NULL, AVSVTI_SOURCE_FOLDER,
      { SNR, WHOLE("voices", 1, 200, 20, 20) },
      avsvti_apply_babble },
    { "reverb", NULL, AVSVTI_SOURCE_NONE,
      { NEEDED("rt60_s", 0.01, 10), RANGE("wet_db", -60, 20, -12, -12),
        RANGE("delay_ms", 0, 200, 0, 20),
        RANGE("damping_hz", 50, 384000, 2000, 8000) }, avsvti_apply_reverb },
    { "eq", NULL, AVSVTI_SOURCE_NONE, { NEEDED("db", 0, 40), WHOLE("points", 2, 64, 8, 8) },
      avsvti_apply_eq },
    { "band", NULL, AVSVTI_SOURCE_NONE,
      { RANGE("low_hz", 0, 384000, 0, 0), RANGE("high_hz", 0, 384000, 0, 0) },
      avsvti_apply_band },
    { "drop_frequencies", NULL, AVSVTI_SOURCE_NONE,
      { WHOLE("count", 0, 100, 0, 3), RANGE("at", 0, 1, 1e-14, 1) },
      avsvti_apply_drop_frequencies },
    { "drop_chunks", NULL, AVSVTI_SOURCE_NONE,
      { WHOLE("count", 0, 1000, 0, 5), WHOLE("samples", 1, 1e9, 1000, 2000) },
      avsvti_apply_drop_chunks },
    { "resample", NULL, AVSVTI_SOURCE_NONE,
      { { "percent", AVSVTI_PARAM_ONE_OF, 25, 400, 3, { 95, 100, 105 } } },
      avsvti_apply_resample },
    { NULL, NULL, AVSVTI_SOURCE_NONE, { { NULL, AVSVTI_PARAM_RANGE, 0, 0, 0, { 0 } } }, NULL },
};

const char *avsvti_augment_unseen(const avsvt_augment *chain)
{
    for (size_t i = 0; i < chain->count; i++) {
        const avsvti_step_kind *kind = chain->steps[i].kind;
        if (kind->apply != avsvti_apply_speed && kind->apply != avsvti_apply_stretch &&
            kind->apply != avsvti_apply_resample)
            return kind->name;
    }
    return NULL;
}

double avsvti_step_draw(const avsvti_step *step, size_t i, avsvti_random *r)
{
    const double *v = step->values[i];
    double low = v[0], high = step->counts[i] > 1 ? v[1] : v[0];
    switch (step->kind->params[i].form) {
    case AVSVTI_PARAM_ONE_OF:
        return v[avsvti_random_below(r, (uint64_t)step->counts[i])];
    case AVSVTI_PARAM_WHOLE:
        return low + (double)avsvti_random_below(r, (uint64_t)(high - low) + 1);
    default:
        return avsvti_random_between(r, low, high);
    }
}
