/* SPDX-License-Identifier: MIT */
#include "model/sections.h"

#include <math.h>
#include <string.h>

#define MOST_SAMPLES (1 << 24)
#define WINDOWS 1, 1000 /* frames */
#define DECODE_S 0, 10

avsvt_status avsvti_model_lacks(const avsvt_model *m, const char *key,
                                avsvt_error *err)
{
    return avsvti_fail(err, AVSVT_E_FORMAT, "%s: its manifest lacks input.%s",
                       avsvt_model_path(m), key);
}

avsvt_status avsvti_model_input(avsvti_input *in, const avsvt_model *m,
                                avsvt_error *err)
{
    int64_t window = 0;
    memset(in, 0, sizeof(*in));
    avsvt_status status = avsvti_model_number(m, "input.sample_rate",
                                              AVSVTI_SAMPLE_RATES, &in->rate_hz, err);
    if (status == AVSVT_OK)
        status = avsvti_model_integer(m, "input.hop", AVSVTI_HOPS, &in->hop, err);
    if (status == AVSVT_OK)
        status = avsvti_model_integer(m, "input.min_samples", 0, MOST_SAMPLES,
                                      &in->min_samples, err);
    if (status == AVSVT_OK)
        status = avsvti_model_integer(m, "input.window", 1, MOST_SAMPLES, &window, err);
    in->edge = window > in->hop ? window - in->hop : 0;
    return status;
}

avsvt_status avsvti_model_raise(double *to_db, const avsvt_model *m,
                                avsvt_error *err)
{
    *to_db = NAN;
    return avsvti_model_number(m, "input.raise_to_db", AVSVTI_RAISES_DB, to_db, err);
}

avsvt_status avsvti_model_picture(int64_t *samples, const avsvt_model *m,
                                  double rate_hz, double picture_hz,
                                  avsvt_error *err)
{
    double exact = rate_hz / picture_hz;
    *samples = (int64_t)llround(exact);
    return fabs(exact - (double)*samples) <= 1e-6 ? AVSVT_OK : avsvti_fail(err,
        AVSVT_E_FORMAT, "%s: a picture does not last a whole number of samples",
        avsvt_model_path(m));
}

avsvt_status avsvti_model_chunk(const avsvt_model *m, double *chunk_s,
                                double *context_s, avsvt_error *err)
{
    avsvt_status status = avsvti_model_number(m, "chunk.length_s", AVSVTI_CHUNKS_S,
                                              chunk_s, err);
    return status == AVSVT_OK
        ? avsvti_model_number(m, "chunk.context_s", AVSVTI_CONTEXTS_S, context_s, err)
        : status;
}

avsvt_status avsvti_decode_keys(const avsvti_yaml *manifest, const char *file,
                                avsvt_error *err)
{
    static const char *const keys[] = { "rule", "onset_threshold", "offset_threshold",
        "window", "min_duration_s", "offset_delay_s", "sung_share", "fill_s", "hold_s",
        NULL };
    return avsvti_yaml_keys(manifest, file, "decode", keys, err);
}

avsvt_status avsvti_decode_settings(avsvt_notes_options *o,
                                    const avsvti_yaml *manifest,
                                    const char *file, avsvt_error *err)
{
    const struct { const char *key; double lowest, highest, *value; } numbers[] = {
        { "decode.onset_threshold", 0, 1, &o->onset_threshold },
        { "decode.offset_threshold", 0, 1, &o->offset_threshold },
        { "decode.min_duration_s", DECODE_S, &o->min_duration_s },
        { "decode.offset_delay_s", DECODE_S, &o->offset_delay_s },
        { "decode.sung_share", 0, 1, &o->sung_share },
        { "decode.fill_s", DECODE_S, &o->fill_s },
        { "decode.hold_s", DECODE_S, &o->hold_s },
    };
    static const char *const rules[] = { "precise", "published", NULL };
    int rule = o->rule - AVSVT_RULE_PRECISE;
    double window = o->window_frames;
    avsvt_status status = avsvti_yaml_word(manifest, file, "decode.rule", rules, &rule, err);
    if (status != AVSVT_OK)
        return status;
    o->rule = AVSVT_RULE_PRECISE + rule;
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        if (status == AVSVT_OK)
            status = avsvti_yaml_number(manifest, file, numbers[i].key,
                numbers[i].lowest, numbers[i].highest, 0, numbers[i].value, err);
    if (status == AVSVT_OK)
        status = avsvti_yaml_number(manifest, file, "decode.window",
                                    WINDOWS, 1, &window, err);
    o->window_frames = (int32_t)window;
    return status;
}
