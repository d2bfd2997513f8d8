/* SPDX-License-Identifier: MIT */
#include "decode/curve.h"

#include <math.h>

#include "decode/frames.h"
#include "head/activations.h"

#define LOWEST 36 /* C2: octave 0, class 0 */
#define SILENCE 0.5

static int strongest(const float *values, int count)
{
    int best = 0;
    for (int i = 1; i < count; i++)
        if (values[i] > values[best])
            best = i;
    return best;
}

double avsvti_fine_pitch(const float *fine, int bins, double lowest, double step)
{
    int best = strongest(fine, bins);
    int reach = step < 1 && 1 / step < bins ? (int)(1 / step + 0.5) : 1;
    double sum = 0, moment = 0;
    for (int i = best - reach; i <= best + reach; i++) {
        if (i < 0 || i >= bins)
            continue;
        double weight = exp((double)fine[i] - (double)fine[best]);
        sum += weight;
        moment += weight * (i - best);
    }
    return lowest + step * (best + moment / sum);
}

double avsvti_frame_pitch(const avsvt_activations_info *info,
                          const float *logits, const float *fine)
{
    if (fine && info->fine_bins)
        return avsvti_fine_pitch(fine, info->fine_bins, info->fine_lowest, info->fine_step);
    return LOWEST + 12 * strongest(logits + 2, 4) + strongest(logits + 7, 12);
}

int avsvti_frame_sounds(const float *logits, double threshold)
{
    return avsvti_probability((double)logits[1]) < (threshold > 0 ? threshold : SILENCE);
}

avsvt_status avsvt_activations_pitch(const avsvt_activations *activations,
                                     int64_t first, int64_t count,
                                     float *pitch)
{
    if (!activations || (!pitch && count > 0))
        return AVSVT_E_ARG;
    const avsvt_activations_info *info = &activations->info;
    if (first < 0 || count < 0 || first > info->frames ||
        count > info->frames - first)
        return AVSVT_E_RANGE;
    for (int64_t i = first; i < first + count; i++) {
        const float *logits = activations->logits + i * AVSVT_NOTE_LOGITS;
        const float *fine = activations->fine
            ? activations->fine + i * info->fine_bins : NULL;
        pitch[i - first] =
            avsvti_frame_sounds(logits, activations->defaults.offset_threshold)
                ? (float)avsvti_frame_pitch(info, logits, fine) : NAN;
    }
    return AVSVT_OK;
}
