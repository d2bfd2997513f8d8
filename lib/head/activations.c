/* SPDX-License-Identifier: MIT */
#include "head/activations.h"

#include <math.h>
#include <string.h>

#include "core/options.h"
#include "model/sections.h"

#define FARTHEST_S 1e9
#define MAX_FRAMES ((int64_t)1 << 40)

static int is_within(double value, double lowest, double highest)
{
    return value >= lowest && value <= highest; /* not so for what is no number */
}

avsvt_status avsvti_activations_check(const avsvt_activations_info *info,
                                      avsvt_error *err)
{
    if (info->frames < 0 || info->frames > MAX_FRAMES)
        return avsvti_fail(err, AVSVT_E_ARG,
            "activations: frames is %lld, which is out of range",
            (long long)info->frames);
    if (!is_within(info->fine_bins, AVSVTI_FINE_BINS))
        return avsvti_fail(err, AVSVT_E_ARG,
            "activations: fine_bins is %d: use 0 to %d", (int)info->fine_bins,
            AVSVTI_MOST_FINE_BINS);
    if (!is_within(info->frame_rate_hz, AVSVTI_FRAME_RATES))
        return avsvti_fail(err, AVSVT_E_ARG,
            "activations: frame_rate_hz must be 0.001 to 1000000");
    if (!is_within(info->start_s, -FARTHEST_S, FARTHEST_S))
        return avsvti_fail(err, AVSVT_E_ARG,
            "activations: start_s must be within a thousand million seconds");
    if (info->fine_bins && (!isfinite(info->fine_lowest) ||
                            !(info->fine_step > 0) || !isfinite(info->fine_step)))
        return avsvti_fail(err, AVSVT_E_ARG,
            "activations: fine_step must be above 0 and fine_lowest a number");
    return AVSVT_OK;
}

static avsvt_status check_rows(const float *x, int64_t frames, int32_t columns,
                               const char *name, avsvt_error *err)
{
    size_t n = (size_t)frames * (size_t)columns; /* below 2^53: see the limits */
    for (size_t i = 0; x && i < n; i++)
        if (!isfinite(x[i]))
            return avsvti_fail(err, AVSVT_E_ARG,
                "activations: %s of frame %zu, column %zu, is not a finite number",
                name, i / (size_t)columns, i % (size_t)columns);
    return AVSVT_OK;
}

static avsvt_status check_level(float *x, int64_t frames, avsvt_error *err)
{
    for (int64_t i = 0; x && i < frames; i++) {
        if (isnan(x[i]) || x[i] > 1000.0f)
            return avsvti_fail(err, AVSVT_E_ARG,
                "activations: level_db of frame %lld is not a number of dB",
                (long long)i);
        if (x[i] < AVSVTI_SILENCE_DB)
            x[i] = AVSVTI_SILENCE_DB;
    }
    return AVSVT_OK;
}

avsvt_status avsvti_activations_adopt(avsvt_activations **out, avsvt_context *context,
                                      const avsvt_activations_info *info,
                                      avsvti_activation_rows *rows, avsvt_error *err)
{
    *out = NULL;
    avsvt_status status = avsvti_activations_check(info, err);
    if (status == AVSVT_OK)
        status = check_rows(rows->logits, info->frames, AVSVT_NOTE_LOGITS, "logits", err);
    if (status == AVSVT_OK)
        status = check_rows(rows->fine, info->frames, info->fine_bins, "fine pitch", err);
    if (status == AVSVT_OK)
        status = check_level(rows->level, info->frames, err);
    if (status == AVSVT_OK)
        status = check_rows(rows->voice, info->frames, 1, "voice", err);
    if (status != AVSVT_OK)
        return status;
    avsvt_activations *made = avsvti_alloc_zero(avsvti_allocator(context), 1,
                                                sizeof(*made));
    if (!made)
        return avsvti_fail_memory(err);
    made->context = avsvt_context_ref(avsvti_context_or_default(context));
    made->info = *info;
    made->end_s = INFINITY;
    made->defaults.struct_size = (uint32_t)sizeof(made->defaults);
    made->logits = rows->logits;
    made->fine = rows->fine;
    made->level = rows->level;
    made->voice = rows->voice;
    memset(rows, 0, sizeof(*rows));
    *out = made;
    return AVSVT_OK;
}

void avsvti_activation_rows_free(avsvti_activation_rows *rows, const avsvt_allocator *a)
{
    avsvti_release(a, rows->logits);
    avsvti_release(a, rows->fine);
    avsvti_release(a, rows->level);
    avsvti_release(a, rows->voice);
    memset(rows, 0, sizeof(*rows));
}

static int copy_rows(float **to, const avsvt_allocator *a, const float *from,
                     int64_t frames, int32_t columns)
{
    size_t n = (size_t)frames * (size_t)columns;
    if (!from || !n)
        return 1;
    if ((*to = avsvti_alloc(a, n, sizeof(**to))) != NULL)
        memcpy(*to, from, n * sizeof(**to));
    return *to != NULL;
}

static avsvt_status check_arguments(avsvt_activations_info *checked,
                                    const avsvt_activations_info *info,
                                    const float *logits, const float *fine,
                                    avsvt_error *err)
{
    if (!info)
        return avsvti_fail(err, AVSVT_E_ARG,
                           "avsvt_activations_create: info is NULL");
    avsvt_status status = avsvti_options_read(checked, sizeof(*checked), info,
                                              "avsvt_activations_info", err);
    if (status == AVSVT_OK)
        status = avsvti_activations_check(checked, err);
    if (status != AVSVT_OK)
        return status;
    if (checked->frames && !logits)
        return avsvti_fail(err, AVSVT_E_ARG,
                           "avsvt_activations_create: logits is NULL");
    if (checked->frames && !fine != !checked->fine_bins)
        return avsvti_fail(err, AVSVT_E_ARG,
            "avsvt_activations_create: fine is %s, but fine_bins is %d",
            fine ? "given" : "NULL", (int)checked->fine_bins);
    return AVSVT_OK;
}

avsvt_status avsvt_activations_create_heard(avsvt_activations **out,
                                            avsvt_context *context,
                                            const avsvt_activations_info *info,
                                            const float *logits, const float *fine,
                                            const float *level_db,
                                            const float *voice, avsvt_error *err)
{
    avsvt_activations_info checked;
    avsvti_activation_rows rows = { NULL, NULL, NULL, NULL };
    const avsvt_allocator *a = avsvti_allocator(context);
    if (!out)
        return avsvti_fail(err, AVSVT_E_ARG,
                           "avsvt_activations_create: out is NULL");
    *out = NULL;
    avsvt_status status = check_arguments(&checked, info, logits, fine, err);
    if (status != AVSVT_OK)
        return status;
    if (!copy_rows(&rows.logits, a, logits, checked.frames, AVSVT_NOTE_LOGITS) ||
        !copy_rows(&rows.fine, a, fine, checked.frames, checked.fine_bins) ||
        !copy_rows(&rows.level, a, level_db, checked.frames, 1) ||
        !copy_rows(&rows.voice, a, voice, checked.frames, 1))
        status = avsvti_fail_memory(err);
    if (status == AVSVT_OK)
        status = avsvti_activations_adopt(out, context, &checked, &rows, err);
    avsvti_activation_rows_free(&rows, a);
    return status;
}

avsvt_status avsvt_activations_create(avsvt_activations **out,
                                      avsvt_context *context,
                                      const avsvt_activations_info *info,
                                      const float *logits, const float *fine,
                                      const float *level_db, avsvt_error *err)
{
    return avsvt_activations_create_heard(out, context, info, logits, fine, level_db,
                                          NULL, err);
}

avsvt_status avsvt_activations_describe(const avsvt_activations *activations,
                                        avsvt_activations_info *info)
{
    if (!activations)
        return AVSVT_E_ARG;
    return avsvti_record_write(info, &activations->info,
                               sizeof(activations->info),
                               "avsvt_activations_info", NULL);
}

const float *avsvt_activations_logits(const avsvt_activations *activations)
{
    return activations ? activations->logits : NULL;
}

const float *avsvt_activations_fine(const avsvt_activations *activations)
{
    return activations ? activations->fine : NULL;
}

const float *avsvt_activations_level(const avsvt_activations *activations)
{
    return activations ? activations->level : NULL;
}

const float *avsvt_activations_voice(const avsvt_activations *activations)
{
    return activations ? activations->voice : NULL;
}

void avsvt_activations_free(avsvt_activations *activations)
{
    if (!activations)
        return;
    avsvt_context *context = activations->context;
    const avsvt_allocator *a = avsvti_allocator(context);
    avsvti_release(a, activations->logits);
    avsvti_release(a, activations->fine);
    avsvti_release(a, activations->level);
    avsvti_release(a, activations->voice);
    avsvti_release(a, activations);
    avsvt_context_free(context);
}
