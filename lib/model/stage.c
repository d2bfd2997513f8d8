/* SPDX-License-Identifier: MIT */
#include "model/stage.h"

#include <string.h>

#include "core/size.h"

avsvt_status avsvti_stage_create(void **handle, size_t size,
                                 avsvt_model *model, const char *role,
                                 avsvt_error *err)
{
    *handle = NULL;
    if (!model)
        return avsvti_fail(err, AVSVT_E_ARG, "model is NULL");
    if (!avsvti_model_is(model, "role", role)) {
        const char *is = avsvt_model_get(model, "role");
        return avsvti_fail(err, AVSVT_E_ARG,
            "%s: its role is '%s'; a model of role '%s' is needed here",
            avsvt_model_path(model), is ? is : "", role);
    }
    const avsvt_allocator *a = avsvti_allocator(avsvti_model_context(model));
    avsvti_stage *s = avsvti_alloc_zero(a, 1, size);
    if (!s)
        return avsvti_fail_memory(err);
    avsvti_busy_init(&s->busy);
    avsvt_status status = avsvti_network_open(&s->network, model, err);
    if (status != AVSVT_OK) {
        avsvti_release(a, s);
        return status;
    }
    *handle = s;
    return AVSVT_OK;
}

void avsvti_stage_free(void *handle)
{
    avsvti_stage *s = handle;
    if (!s)
        return;
    /* Closing may free the model, and with it the context. */
    avsvt_context *context =
        avsvt_context_ref(avsvti_model_context(s->network.model));
    avsvti_network_close(&s->network);
    avsvti_release(avsvti_allocator(context), s);
    avsvt_context_free(context);
}

const avsvt_allocator *avsvti_stage_allocator(const avsvti_stage *s)
{
    return avsvti_allocator(avsvti_model_context(s->network.model));
}

avsvt_backend_tensor avsvti_stage_input(const float *data, int32_t ndim,
                                        const int64_t *shape)
{
    return avsvti_stage_inputs(data, 1, ndim, shape);
}

avsvt_backend_tensor avsvti_stage_inputs(const float *data, int64_t batch,
                                         int32_t ndim, const int64_t *shape)
{
    avsvt_backend_tensor t;
    memset(&t, 0, sizeof(t));
    t.struct_size = (uint32_t)sizeof(t);
    t.dtype = AVSVT_F32;
    t.ndim = ndim + 1;
    t.shape[0] = batch;
    for (int32_t i = 0; i < ndim; i++)
        t.shape[i + 1] = shape[i];
    t.data = data;
    return t;
}

int64_t avsvti_output_rows(const avsvt_backend_tensor *t)
{
    return t->shape[t->ndim - 2];
}

int64_t avsvti_output_columns(const avsvt_backend_tensor *t)
{
    return t->shape[t->ndim - 1];
}

static avsvt_status check_output(const avsvti_stage *s,
                                 const avsvt_backend_tensor *t, size_t index,
                                 int64_t batch, int64_t rows, int64_t columns,
                                 avsvt_error *err)
{
    const char *path = avsvt_model_path(s->network.model);
    if (t->dtype != AVSVT_F32 || (t->ndim != 3 && (t->ndim != 2 || batch > 1)) ||
        (t->ndim == 3 && t->shape[0] != batch))
        return avsvti_fail(err, AVSVT_E_BACKEND,
            "%s: output %zu of the network is not float32 of [%lld, frames, "
            "width]%s", path, index, (long long)batch, batch > 1
            ? ": it can't take several pieces at once" : "");
    int64_t r = avsvti_output_rows(t), c = avsvti_output_columns(t);
    if ((columns && c != columns) || (rows >= 0 && r != rows))
        return avsvti_fail(err, AVSVT_E_BACKEND,
            "%s: output %zu of the network has %lld frames of %lld values; "
            "the manifest promises %lld values%s", path, index, (long long)r,
            (long long)c, (long long)columns,
            rows >= 0 && r != rows ? " and the other outputs have another "
                                     "number of frames" : "");
    if (!avsvti_all_finite(t->data, (size_t)(batch * r * c)))
        return avsvti_fail(err, AVSVT_E_BACKEND,
            "%s: the network gave a value that is not a number", path);
    return AVSVT_OK;
}

avsvt_status avsvti_output_check(const avsvti_stage *s,
                                 const avsvt_backend_tensor *t, size_t index,
                                 int64_t rows, int64_t columns,
                                 avsvt_error *err)
{
    return check_output(s, t, index, 1, rows, columns, err);
}

avsvt_status avsvti_stage_run(avsvti_stage *s,
                              const avsvt_backend_tensor *inputs,
                              size_t input_count, int64_t columns,
                              avsvt_backend_tensor *outputs, size_t capacity,
                              size_t *count, avsvt_error *err)
{
    return avsvti_stage_run_batch(s, 1, inputs, input_count, columns, outputs,
                                  capacity, count, err);
}

avsvt_status avsvti_stage_run_batch(avsvti_stage *s, int64_t batch,
                                    const avsvt_backend_tensor *inputs,
                                    size_t input_count, int64_t columns,
                                    avsvt_backend_tensor *outputs,
                                    size_t capacity, size_t *count,
                                    avsvt_error *err)
{
    *count = 0;
    avsvt_status status = avsvti_network_run(&s->network, inputs, input_count,
                                             outputs, capacity, count, err);
    if (status != AVSVT_OK)
        return status;
    if (!*count)
        status = avsvti_fail(err, AVSVT_E_BACKEND, "%s: the network gave "
                             "no output", avsvt_model_path(s->network.model));
    else
        status = check_output(s, &outputs[0], 0, batch, -1, columns, err);
    if (status != AVSVT_OK) {
        avsvti_outputs_release(outputs, *count);
        *count = 0;
    }
    return status;
}

/* For an output that nobody needs to release. */
static void keep(void *owner)
{
    (void)owner;
}

avsvt_status avsvti_stage_tensor(avsvt_tensor **out, avsvti_stage *s,
                                 avsvt_backend_tensor *output,
                                 avsvt_error *err)
{
    int64_t shape[2] = { avsvti_output_rows(output),
                         avsvti_output_columns(output) };
    avsvt_status status = avsvt_tensor_create(out,
        avsvti_model_context(s->network.model), AVSVT_F32, 2, shape,
        output->data, output->release ? output->release : keep, output->owner,
        err);
    if (status != AVSVT_OK)
        avsvti_outputs_release(output, 1);
    else
        memset(output, 0, sizeof(*output));
    return status;
}
