/* SPDX-License-Identifier: MIT */
#include "backend/null.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "backend/registry.h"
#include "core/number.h"
#include "core/tensor.h"

typedef struct null_instance {
    avsvti_null_model *model;
    int64_t runs;
} null_instance;

static int says(const avsvti_null_model *m, const char *key, const char *text)
{
    const char *value = avsvti_yaml_get(m->manifest, key);
    return value && !strcmp(value, text);
}

static double number(const avsvti_null_model *m, const char *key, double value)
{
    const char *text = avsvti_yaml_get(m->manifest, key), *end;
    double read = 0;
    end = text ? avsvti_number_parse(text, &read) : NULL;
    return end && !*end ? read : value;
}

static avsvt_status fail(char *message, size_t size, avsvt_status status,
                         const char *text)
{
    if (message && size)
        snprintf(message, size, "%s", text);
    return status;
}

static void null_free(void *handle)
{
    avsvti_null_model *m = handle;
    if (!m)
        return;
    avsvt_allocator a = m->allocator;
    avsvti_yaml_free(m->manifest);
    avsvti_release(&a, m);
}

static avsvt_status null_open(void **out, const avsvt_backend_open *args)
{
    *out = NULL;
    avsvti_null_model *m = avsvti_alloc_zero(args->allocator, 1, sizeof(*m));
    if (!m)
        return AVSVT_E_NOMEM;
    m->allocator = *args->allocator;
    m->archive = args->archive;
    m->archive_size = args->archive_size;
    avsvt_status status = avsvti_yaml_parse(&m->manifest, &m->allocator,
        args->manifest, strlen(args->manifest), args->path, NULL);
    if (status != AVSVT_OK) {
        null_free(m);
        return fail(args->message, args->message_size, status,
                    "its manifest can't be read");
    }
    if (number(m, "null.local_rank", args->local_rank) != args->local_rank) {
        null_free(m);
        return fail(args->message, args->message_size, AVSVT_E_BACKEND,
                    "the manifest asks for another local rank");
    }
    if (says(m, "null.fail", "open")) {
        null_free(m);
        return fail(args->message, args->message_size, AVSVT_E_BACKEND,
                    "the manifest asks for a failure");
    }
    m->hop = (int64_t)number(m, "input.hop", 320);
    m->rate_hz = number(m, "input.sample_rate", 16000);
    m->fine_bins = (int64_t)number(m, "output.fine.bins", 0);
    m->fine_lowest = number(m, "output.fine.lowest", 0);
    m->fine_step = number(m, "output.fine.step", 1);
    *out = m;
    return AVSVT_OK;
}

static avsvt_status null_instance_create(void **out, void *model, char *message,
                                         size_t message_size)
{
    avsvti_null_model *m = model;
    *out = NULL;
    if (says(m, "null.fail", "instance"))
        return fail(message, message_size, AVSVT_E_BACKEND,
                    "the manifest asks for a failure");
    null_instance *i = avsvti_alloc_zero(&m->allocator, 1, sizeof(*i));
    if (!i)
        return AVSVT_E_NOMEM;
    i->model = m;
    *out = i;
    return AVSVT_OK;
}

static void null_instance_free(void *instance)
{
    null_instance *i = instance;
    if (i)
        avsvti_release(&i->model->allocator, i);
}

/* An output outlives the model, so its allocator lies before its data. */
typedef struct output_block {
    avsvt_allocator allocator;
    max_align_t data[];
} output_block;

static void output_release(void *owner)
{
    output_block *b = owner;
    avsvt_allocator a = b->allocator;
    avsvti_release(&a, b);
}

static void *output_new(const avsvti_null_model *m, avsvt_backend_tensor *out,
                        int32_t dtype, int32_t ndim, const int64_t *shape)
{
    int64_t bytes = avsvti_tensor_bytes(dtype, ndim, shape);
    if (bytes < 0 || bytes > INT64_MAX / 4)
        return NULL;
    output_block *b = avsvti_alloc(&m->allocator, 1,
                                   sizeof(*b) + (size_t)bytes);
    if (!b)
        return NULL;
    b->allocator = m->allocator;
    memset(out, 0, sizeof(*out));
    out->struct_size = (uint32_t)sizeof(*out);
    out->dtype = dtype;
    out->ndim = ndim;
    if (ndim)
        memcpy(out->shape, shape, (size_t)ndim * sizeof(*shape));
    out->data = b->data;
    out->release = output_release;
    out->owner = b;
    return b->data;
}

float *avsvti_null_output(const avsvti_null_model *m, avsvt_backend_tensor *out,
                          int32_t ndim, const int64_t *shape)
{
    return output_new(m, out, AVSVT_F32, ndim, shape);
}

static avsvt_status echo(const avsvti_null_model *m,
                         const avsvt_backend_tensor *inputs, size_t input_count,
                         avsvt_backend_tensor *outputs, size_t capacity,
                         size_t *count)
{
    if (input_count > capacity) {
        *count = input_count;
        return AVSVT_OK;
    }
    for (; *count < input_count; ++*count) {
        const avsvt_backend_tensor *in = &inputs[*count];
        int64_t bytes = avsvti_tensor_bytes(in->dtype, in->ndim, in->shape);
        void *to = output_new(m, &outputs[*count], in->dtype, in->ndim,
                              in->shape);
        if (!to)
            return AVSVT_E_NOMEM;
        if (bytes > 0)
            memcpy(to, in->data, (size_t)bytes);
    }
    return AVSVT_OK;
}

static int64_t size_of_word(const avsvti_null_model *m, const char *word,
                            const avsvt_backend_tensor *in)
{
    double value = 0;
    int64_t last = in && in->ndim ? in->shape[in->ndim - 1] : 0;
    if (!word)
        return 0;
    switch (word[1] ? 0 : word[0]) {
    case 'B': return in && in->ndim ? in->shape[0] : 0;
    case 'F': return in && in->ndim > 1 ? in->shape[1] : 0;
    case 'S': return last;
    case 'T': return last / m->hop + 1;
    default:
        return avsvti_number_parse(word, &value) && fabs(value) < 1e15 ? (int64_t)value : 0;
    }
}

static float mean(const avsvt_backend_tensor *in)
{
    double sum = 0;
    int64_t n = in && in->dtype == AVSVT_F32
        ? avsvti_tensor_bytes(in->dtype, in->ndim, in->shape) / 4 : 0;
    for (int64_t i = 0; i < n; i++)
        sum += ((const float *)in->data)[i];
    return n ? (float)(sum / (double)n) : 0.0f;
}

static avsvt_status shapes(const avsvti_null_model *m,
                           const avsvt_backend_tensor *in,
                           avsvt_backend_tensor *outputs, size_t capacity,
                           size_t *count)
{
    size_t wanted = avsvti_yaml_count(m->manifest, "null.outputs");
    int ramp = says(m, "null.fill", "ramp");
    float fill = says(m, "null.fill", "mean") ? mean(in)
                                              : (float)number(m, "null.fill", 0);
    if (wanted > capacity) {
        *count = wanted;
        return AVSVT_OK;
    }
    for (; *count < wanted; ++*count) {
        int64_t shape[AVSVT_TENSOR_MAX_DIMS] = { 0 };
        char key[64];
        snprintf(key, sizeof(key), "null.outputs.%zu", *count);
        size_t ndim = avsvti_yaml_count(m->manifest, key);
        if (ndim > AVSVT_TENSOR_MAX_DIMS)
            return AVSVT_E_BACKEND;
        for (size_t i = 0; i < ndim; i++) {
            snprintf(key, sizeof(key), "null.outputs.%zu.%zu", *count, i);
            shape[i] = size_of_word(m, avsvti_yaml_get(m->manifest, key), in);
        }
        float *to = avsvti_null_output(m, &outputs[*count], (int32_t)ndim, shape);
        if (!to)
            return AVSVT_E_NOMEM;
        int64_t n = avsvti_tensor_bytes(AVSVT_F32, (int32_t)ndim, shape) / 4;
        for (int64_t i = 0; i < n; i++)
            to[i] = ramp ? (float)i : fill;
    }
    return AVSVT_OK;
}

static avsvt_status run_notes(const avsvti_null_model *m,
                              const avsvt_backend_tensor *inputs,
                              size_t input_count, avsvt_backend_tensor *outputs,
                              size_t capacity, size_t *count, char *message,
                              size_t message_size)
{
    if (input_count != 1 || inputs[0].dtype != AVSVT_F32 || inputs[0].ndim != 2)
        return fail(message, message_size, AVSVT_E_BACKEND,
                    "it takes one input, float32 [batch, samples]");
    if (capacity < 3) {
        *count = 3;
        return AVSVT_OK;
    }
    return avsvti_null_notes(m, inputs, outputs, count);
}

/* Makes output 0 wrong in the way that the manifest asks for. */
static void lie(const avsvti_null_model *m, avsvt_backend_tensor *t)
{
    if (says(m, "null.lie", "dtype"))
        t->dtype = 99;
    else if (says(m, "null.lie", "rank"))
        t->ndim = AVSVT_TENSOR_MAX_DIMS + 1;
    else if (says(m, "null.lie", "negative"))
        t->shape[0] = -1;
    else if (says(m, "null.lie", "huge"))
        t->shape[0] = t->shape[1] = INT64_MAX / 2;
    else if (says(m, "null.lie", "missing"))
        t->data = NULL;
    else if (says(m, "null.lie", "nan")) {
        float *x = (float *)(uintptr_t)t->data;
        int64_t n = avsvti_tensor_bytes(t->dtype, t->ndim, t->shape) / 4;
        for (int64_t i = 0; t->dtype == AVSVT_F32 && i < n; i++)
            x[i] = NAN;
    }
}

static avsvt_status null_run(void *instance, const avsvt_backend_tensor *inputs,
                             size_t input_count, avsvt_backend_tensor *outputs,
                             size_t capacity, size_t *output_count,
                             char *message, size_t message_size)
{
    null_instance *i = instance;
    const avsvti_null_model *m = i->model;
    avsvt_status status;
    size_t count = 0;
    i->runs++;
    *output_count = 0;
    if (says(m, "null.fail", "run") &&
        (double)i->runs >= number(m, "null.fail_at", 1))
        return fail(message, message_size, AVSVT_E_BACKEND,
                    "the manifest asks for a failure");
    if (says(m, "null.mode", "notes20") ||
        (!avsvti_yaml_get(m->manifest, "null.mode") &&
         says(m, "output.layout", "notes20")))
        status = run_notes(m, inputs, input_count, outputs, capacity, &count,
                           message, message_size);
    else if (avsvti_yaml_count(m->manifest, "null.outputs") &&
             !says(m, "null.mode", "echo"))
        status = shapes(m, input_count ? inputs : NULL, outputs, capacity,
                        &count);
    else
        status = echo(m, inputs, input_count, outputs, capacity, &count);
    if (status != AVSVT_OK) {
        for (size_t k = 0; k < capacity; k++)
            if (outputs[k].release)
                outputs[k].release(outputs[k].owner);
        memset(outputs, 0, capacity * sizeof(*outputs));
        return status;
    }
    if (count && count <= capacity)
        lie(m, &outputs[0]);
    *output_count = says(m, "null.lie", "many") ? capacity + 1 : count;
    return AVSVT_OK;
}

const avsvt_backend avsvti_backend_null = {
    (uint32_t)sizeof(avsvt_backend), AVSVT_BACKEND_INTERFACE, "null",
    "no network: what the manifest's key 'null' says", null_open,
    null_instance_create, null_run, null_instance_free, null_free,
    &avsvti_null_training,
};
