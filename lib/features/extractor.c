/* SPDX-License-Identifier: MIT */
#include "features/extractor.h"

#include <math.h>
#include <string.h>

#define MAX_OUTPUTS 4

static avsvt_status read_kind(avsvt_extractor *e, const avsvt_model *m,
                              avsvt_error *err)
{
    const char *kind = avsvt_model_get(m, "input.kind");
    e->sound = !kind || !strcmp(kind, "audio") || !strcmp(kind, "audio-video");
    e->sight = kind && (!strcmp(kind, "video") || !strcmp(kind, "audio-video"));
    if (e->sound || e->sight)
        return AVSVT_OK;
    return avsvti_fail(err, AVSVT_E_FORMAT,
        "%s: the manifest's 'input.kind' is '%.40s': it must be one of audio, "
        "video, audio-video", avsvt_model_path(m), kind);
}

avsvt_status avsvti_pictures_read(avsvti_crop_rule *r, double *hz,
                                  const avsvt_model *m, avsvt_error *err)
{
    memset(r, 0, sizeof(*r));
    r->deviation = 1.0;
    avsvt_status status = avsvti_model_integer(m, "input.width", 1, 4096,
                                               &r->width, err);
    if (status == AVSVT_OK)
        status = avsvti_model_integer(m, "input.height", 1, 4096, &r->height,
                                      err);
    if (status == AVSVT_OK)
        status = avsvti_model_number(m, "input.mean", -100, 100, &r->mean, err);
    if (status == AVSVT_OK)
        status = avsvti_model_number(m, "input.deviation", 1e-6, 100,
                                     &r->deviation, err);
    if (status == AVSVT_OK)
        status = avsvti_model_number(m, "input.frame_rate", 0.1, 1000, hz, err);
    return status;
}

static avsvt_status read_pictures(avsvt_extractor *e, const avsvt_model *m,
                                  avsvt_error *err)
{
    const avsvti_crop_rule *r = &e->crop;
    avsvt_status status = avsvti_pictures_read(&e->crop, &e->picture_hz, m, err);
    if (status == AVSVT_OK && e->sight && (!r->width || !r->height))
        status = avsvti_fail(err, AVSVT_E_FORMAT,
            "%s: its manifest lacks input.%s", avsvt_model_path(m),
            r->width ? "height" : "width");
    return status;
}

avsvt_status avsvt_extractor_create(avsvt_extractor **out, avsvt_model *model,
                                    avsvt_error *err)
{
    if (!out)
        return avsvti_fail(err, AVSVT_E_ARG,
                           "avsvt_extractor_create: out is NULL");
    return avsvti_extractor_of_role(out, model, "extractor", err);
}

avsvt_status avsvti_extractor_of_role(avsvt_extractor **out, avsvt_model *model,
                                      const char *role, avsvt_error *err)
{
    void *handle;
    *out = NULL;
    avsvt_status status = avsvti_stage_create(&handle, sizeof(**out), model, role, err);
    if (status != AVSVT_OK)
        return status;
    avsvt_extractor *e = handle;
    status = read_kind(e, model, err);
    if (status == AVSVT_OK)
        status = avsvti_model_integer(model, "input.min_samples", 0, 1 << 24,
                                      &e->min_samples, err);
    if (status == AVSVT_OK)
        status = read_pictures(e, model, err);
    if (status != AVSVT_OK) {
        avsvt_extractor_free(e);
        return status;
    }
    *out = e;
    return AVSVT_OK;
}

/* The samples of all pieces one behind the other, where the network needs
 * more than to be pointed at them. */
static avsvt_status lay_samples(const float **laid, float **room,
                                int64_t *length, const avsvt_extractor *e,
                                const avsvti_pieces *p, avsvt_error *err)
{
    const avsvt_allocator *a = avsvti_stage_allocator(&e->stage);
    *laid = p->samples;
    *length = p->length < e->min_samples ? e->min_samples : p->length;
    if (p->count == 1 && *length == p->length)
        return AVSVT_OK;
    *room = avsvti_alloc_zero(a, p->count, (size_t)*length * sizeof(float));
    if (!*room)
        return avsvti_fail_memory(err);
    for (size_t i = 0; i < p->count; i++)
        memcpy(*room + i * (size_t)*length, p->samples + (int64_t)i * p->step,
               (size_t)p->length * sizeof(float));
    *laid = *room;
    return AVSVT_OK;
}

static avsvt_status lay_pictures(float **laid, const avsvt_extractor *e,
                                 const avsvti_pieces *p, avsvt_error *err)
{
    const avsvt_allocator *a = avsvti_stage_allocator(&e->stage);
    size_t values = (size_t)(p->frames * e->crop.height * e->crop.width);
    *laid = avsvti_alloc(a, p->count, values * sizeof(float));
    if (!*laid)
        return avsvti_fail_memory(err);
    for (size_t i = 0; i < p->count; i++)
        avsvti_crops_prepare(*laid + i * values, p->pictures,
                             p->first + (int64_t)i * p->stride, p->frames,
                             &e->crop);
    return AVSVT_OK;
}

/* Each piece's rows of an output [count, rows, columns], copied. */
static avsvt_status share_out(avsvt_tensor **out, size_t count,
                              avsvti_stage *s,
                              const avsvt_backend_tensor *output,
                              avsvt_error *err)
{
    int64_t shape[2] = { avsvti_output_rows(output),
                         avsvti_output_columns(output) };
    const float *data = output->data;
    avsvt_status status = AVSVT_OK;
    for (size_t i = 0; i < count && status == AVSVT_OK; i++)
        status = avsvt_tensor_create(&out[i],
            avsvti_model_context(s->network.model), AVSVT_F32, 2, shape,
            data + (int64_t)i * shape[0] * shape[1], NULL, NULL, err);
    for (size_t i = 0; i < count && status != AVSVT_OK; i++) {
        avsvt_tensor_free(out[i]);
        out[i] = NULL;
    }
    return status;
}

avsvt_status avsvti_extractor_batch(avsvt_tensor **out, avsvt_extractor *e,
                                    const avsvti_pieces *pieces,
                                    avsvt_error *err)
{
    const avsvt_allocator *a = avsvti_stage_allocator(&e->stage);
    avsvt_backend_tensor inputs[2], outputs[MAX_OUTPUTS];
    float *padded = NULL, *cut = NULL;
    size_t input_count = 0, given = 0;
    int64_t batch = (int64_t)pieces->count;
    avsvt_status status = AVSVT_OK;

    memset(out, 0, pieces->count * sizeof(*out));
    if (pieces->samples) {
        const float *samples;
        int64_t length;
        status = lay_samples(&samples, &padded, &length, e, pieces, err);
        inputs[input_count++] = avsvti_stage_inputs(samples, batch, 1, &length);
    }
    if (status == AVSVT_OK && pieces->pictures) {
        int64_t shape[3] = { pieces->frames, e->crop.height, e->crop.width };
        status = lay_pictures(&cut, e, pieces, err);
        inputs[input_count++] = avsvti_stage_inputs(cut, batch, 3, shape);
    }
    if (status == AVSVT_OK)
        status = avsvti_stage_run_batch(&e->stage, batch, inputs, input_count, 0,
                                        outputs, MAX_OUTPUTS, &given, err);
    if (status == AVSVT_OK)
        status = batch == 1
            ? avsvti_stage_tensor(out, &e->stage, &outputs[0], err)
            : share_out(out, pieces->count, &e->stage, &outputs[0], err);
    avsvti_outputs_release(outputs, given);
    avsvti_release(a, cut);
    avsvti_release(a, padded);
    return status;
}

avsvt_status avsvti_extractor_call(avsvt_tensor **out, avsvt_extractor *e,
                                   const float *samples, int64_t count,
                                   const avsvti_pictures *pictures,
                                   int64_t first, int64_t frames,
                                   avsvt_error *err)
{
    avsvti_pieces one = { 1, samples, count, 0, pictures, first, frames, 0 };
    return avsvti_extractor_batch(out, e, &one, err);
}

/* Checks of all three ways in, then the run. */
static avsvt_status run(avsvt_tensor **out, avsvt_extractor *e,
                        const float *samples, size_t count,
                        const avsvt_tensor *crops, avsvt_error *err)
{
    avsvt_status status = AVSVT_OK;
    if (!samples != !e->sound || !crops != !e->sight)
        return avsvti_fail(err, AVSVT_E_ARG, "%s: takes %s",
            avsvt_model_path(e->stage.network.model),
            e->sound && e->sight ? "sound and pictures: avsvt_extractor_run_av()"
            : e->sight ? "pictures: avsvt_extractor_run_video()"
                       : "sound: avsvt_extractor_run()");
    for (size_t i = 0; samples && i < count; i++)
        if (!isfinite(samples[i]))
            return avsvti_fail(err, AVSVT_E_ARG,
                               "sample %zu is not a number", i);
    if (crops)
        status = avsvti_crops_check(crops, &e->crop, err);
    if (status == AVSVT_OK)
        status = avsvti_busy_enter(&e->stage.busy, "extractor", err);
    if (status != AVSVT_OK)
        return status;
    avsvti_pictures plain = avsvti_pictures_plain(crops);
    status = avsvti_extractor_call(out, e, samples, (int64_t)count,
                                   crops ? &plain : NULL, 0,
                                   crops ? crops->shape[0] : 0, err);
    avsvti_busy_leave(&e->stage.busy);
    return status;
}

avsvt_status avsvt_extractor_run(avsvt_tensor **out,
                                 avsvt_extractor *extractor,
                                 const float *samples, size_t count,
                                 avsvt_error *err)
{
    if (out)
        *out = NULL;
    if (!out || !extractor || !samples || !count || count > INT64_MAX / 8)
        return avsvti_fail(err, AVSVT_E_ARG,
            "avsvt_extractor_run: out, extractor and at least one sample are "
            "needed");
    return run(out, extractor, samples, count, NULL, err);
}

avsvt_status avsvt_extractor_run_video(avsvt_tensor **out,
                                       avsvt_extractor *extractor,
                                       avsvt_tensor *crops, avsvt_error *err)
{
    if (out)
        *out = NULL;
    if (!out || !extractor || !crops)
        return avsvti_fail(err, AVSVT_E_ARG,
            "avsvt_extractor_run_video: out, extractor and crops are needed");
    return run(out, extractor, NULL, 0, crops, err);
}

avsvt_status avsvt_extractor_run_av(avsvt_tensor **out,
                                    avsvt_extractor *extractor,
                                    const float *samples, size_t count,
                                    avsvt_tensor *crops, avsvt_error *err)
{
    if (out)
        *out = NULL;
    if (!out || !extractor || !samples || !count || count > INT64_MAX / 8 ||
        !crops)
        return avsvti_fail(err, AVSVT_E_ARG,
            "avsvt_extractor_run_av: out, extractor, at least one sample and "
            "crops are needed");
    return run(out, extractor, samples, count, crops, err);
}

void avsvt_extractor_free(avsvt_extractor *extractor)
{
    avsvti_stage_free(extractor);
}
