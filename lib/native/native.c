/* SPDX-License-Identifier: MIT */
/* The native backend's table: small note networks without libtorch, on the
 * processor, one thread per instance. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "backend/registry.h"
#include "native/native.h"

#define FAMILY "harmonic-gru-1"
#define LIVE_FAMILY "harmonic-gru-live-1"
#define MAX_SAMPLES ((size_t)600 * 16000) /* of one sound: ten minutes */
#define MAX_BATCH 1024
#define LOUDEST 1e9f /* squares of what is louder might not be finite */

static int little_endian(void)
{
    const uint16_t one = 1;
    return *(const unsigned char *)&one;
}

int avsvti_native_has_family(const char *family)
{
    return family && (!strcmp(family, FAMILY) || avsvti_native_is_live(family)) &&
           little_endian();
}

int avsvti_native_is_live(const char *family)
{
    return family && !strcmp(family, LIVE_FAMILY);
}

/* A message of the table's kind from one of ours. */
static avsvt_status tell(char *message, size_t size, avsvt_status status,
                         const avsvt_error *err)
{
    if (message && size && status != AVSVT_OK)
        snprintf(message, size, "%s", err->message);
    return status;
}

static void model_free(void *model)
{
    avsvti_native_model *m = model;
    if (!m)
        return;
    avsvt_allocator a = m->allocator;
    avsvti_native_store_free(&m->store);
    avsvti_release(&a, m);
}

static avsvt_status model_open(void **model, const avsvt_backend_open *args)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    const char *device = args->device ? args->device : "auto";
    avsvt_status status = AVSVT_OK;
    *model = NULL;
    if (args->training)
        status = avsvti_fail(&err, AVSVT_E_UNSUPPORTED,
            "the native backend does not train: choose the backend 'torch'");
    else if (strcmp(device, "auto") && strcmp(device, "cpu"))
        status = avsvti_fail(&err, AVSVT_E_DEVICE,
            "the native backend runs on the processor, not on '%s': choose the "
            "device 'cpu' or the backend 'torch'", device);
    if (status != AVSVT_OK)
        return tell(args->message, args->message_size, status, &err);
    const avsvt_allocator *a = args->allocator ? args->allocator
                                               : avsvti_default_allocator();
    avsvti_native_model *m = avsvti_alloc_zero(a, 1, sizeof(*m));
    if (!m)
        return tell(args->message, args->message_size, avsvti_fail_memory(&err), &err);
    m->allocator = *a;
    m->store.allocator = &m->allocator;
    m->kernels = avsvti_native_kernels_choose(~0u);
    status = avsvti_native_weights(m, args, &err);
    if (status == AVSVT_OK)
        *model = m;
    else
        model_free(m);
    return tell(args->message, args->message_size, status, &err);
}

static void instance_free(void *instance)
{
    avsvti_native_instance *n = instance;
    if (!n)
        return;
    avsvti_native_flow_end(n);
    avsvti_native_store_free(&n->store);
    avsvti_release(n->store.allocator, n);
}

/* Everything whose size does not depend on the sound's length. */
static int make_room(avsvti_native_instance *n, const avsvti_native_model *m)
{
    size_t row = COLUMNS * m->planes, joint = TILE + LAG_JOINT + 1 - LAG_MEL_WIDE;
    const struct { float **at; size_t n; } parts[] = {
        { &n->span, (LANES - 1) * HOP + PITCH_WINDOW },
        { &n->transform[0], PITCH_WINDOW * LANES },
        { &n->transform[1], PITCH_WINDOW * LANES },
        { &n->bins, PITCH_BINS * LANES },
        { &n->power, LAG_BINS * LANES },
        { &n->pitch, PITCHES * LANES },
        { &n->lags, LAGS * LANES },
        { &n->stack, STACK },
        { &n->near, (TILE + 4) * row },
        { &n->wide, (TILE + 8) * row },
        { &n->plane, row },
        { &n->depth, SEMITONES * m->planes },
        { &n->posterior, (TILE + 2) * FINE },
        { &n->summary, (TILE + 2) * 2 * m->channels },
        { &n->mel, (TILE + 4) * MELS },
        { &n->mel_near, (TILE + 2) * m->width },
        { &n->joint, joint * m->joint_width },
        { &n->gates, TILE * 3 * m->padded },
        { &n->state, m->padded },
        { &n->recurrent, 3 * m->padded },
        { &n->forward, m->layers * m->padded },
        { &n->answers, TILE * m->hidden },
    };
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        if (!(*parts[i].at = avsvti_native_floats(&n->store, parts[i].n)))
            return 0;
    return 1;
}

static avsvt_status instance_create(void **instance, void *model, char *message,
                                    size_t message_size)
{
    avsvti_native_model *m = model;
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvti_native_instance *n = avsvti_alloc_zero(&m->allocator, 1, sizeof(*n));
    *instance = NULL;
    if (!n)
        return tell(message, message_size, avsvti_fail_memory(&err), &err);
    n->model = m;
    n->store.allocator = &m->allocator;
    if (m->lookahead ? !avsvti_native_live_room(n) : !make_room(n, m)) {
        instance_free(n);
        return tell(message, message_size, avsvti_fail_memory(&err), &err);
    }
    *instance = n;
    return AVSVT_OK;
}

avsvt_status avsvti_native_check(const float *samples, size_t count, size_t first,
                                 avsvt_error *err)
{
    for (size_t i = 0; i < count; i++)
        if (!(samples[i] >= -LOUDEST && samples[i] <= LOUDEST))
            return avsvti_fail(err, AVSVT_E_ARG,
                isfinite(samples[i]) ? "sample %zu is louder than 1e9: sound lies "
                                       "between -1 and 1"
                                     : "sample %zu is not a finite number", first + i);
    return AVSVT_OK;
}

static avsvt_status check_input(const avsvt_backend_tensor *x, size_t count,
                                avsvt_error *err)
{
    if (count != 1)
        return avsvti_fail(err, AVSVT_E_ARG, "the network takes 1 input, not %zu", count);
    if (x->dtype != AVSVT_F32 || x->ndim != 2 || x->shape[0] < 1 || x->shape[1] < 0)
        return avsvti_fail(err, AVSVT_E_ARG,
            "the input must be 32-bit floats [batch, samples]");
    if (x->shape[0] > MAX_BATCH || x->shape[1] > (int64_t)MAX_SAMPLES ||
        x->shape[0] * x->shape[1] > (int64_t)MAX_SAMPLES)
        return avsvti_fail(err, AVSVT_E_RANGE,
            "the input has %lld x %lld samples; at most ten minutes (%zu) are run at "
            "once: cut it into chunks", (long long)x->shape[0], (long long)x->shape[1],
            MAX_SAMPLES);
    return avsvti_native_check(x->data, (size_t)(x->shape[0] * x->shape[1]), 0, err);
}

/* An output's memory, with its allocator in front: it may outlive the model. */
typedef union output_head {
    avsvt_allocator allocator;
    char room[64];
} output_head;

static void release_output(void *owner)
{
    output_head *head = owner;
    avsvt_allocator a = head->allocator;
    avsvti_release(&a, head);
}

static float *make_output(avsvt_backend_tensor *t, const avsvt_allocator *a,
                          size_t batch, size_t frames, size_t width)
{
    size_t n = batch * frames * width * sizeof(float);
    output_head *head = avsvti_alloc(a, 1, sizeof(*head) + n);
    memset(t, 0, sizeof(*t));
    if (!head)
        return NULL;
    head->allocator = *a;
    t->struct_size = (uint32_t)sizeof(*t);
    t->dtype = AVSVT_F32;
    t->ndim = width > 1 ? 3 : 2;
    t->shape[0] = (int64_t)batch;
    t->shape[1] = (int64_t)frames;
    t->shape[2] = width > 1 ? (int64_t)width : 0;
    t->data = head + 1;
    t->release = release_output;
    t->owner = head;
    return (float *)(void *)(head + 1);
}

static avsvt_status instance_run(void *instance,
    const avsvt_backend_tensor *inputs, size_t input_count,
    avsvt_backend_tensor *outputs, size_t capacity, size_t *output_count,
    char *message, size_t message_size)
{
    avsvti_native_instance *n = instance;
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_backend_tensor made[3];
    static const size_t widths[3] = { LOGITS, FINE, 1 };
    float *data[3] = { NULL, NULL, NULL };
    size_t i = 0;
    *output_count = 0;
    avsvt_status status = check_input(inputs, input_count, &err);
    if (status != AVSVT_OK)
        return tell(message, message_size, status, &err);
    size_t batch = (size_t)inputs->shape[0], count = (size_t)inputs->shape[1];
    size_t frames = count / HOP + 1;
    while (i < 3 && (data[i] = make_output(&made[i], &n->model->allocator, batch,
                                           frames, widths[i])))
        i++;
    if (i < 3)
        status = avsvti_fail_memory(&err);
    for (size_t b = 0; status == AVSVT_OK && b < batch; b++) {
        avsvti_native_outputs out = { data[0] + b * frames * LOGITS,
                                      data[1] + b * frames * FINE, data[2] + b * frames };
        if (!avsvti_native_run(n, (const float *)inputs->data + b * count, count, frames,
                               &out))
            status = avsvti_fail_memory(&err);
    }
    for (size_t j = 0; j < i; j++) {
        if (status == AVSVT_OK && j < capacity)
            outputs[j] = made[j];
        else
            release_output(made[j].owner);
    }
    if (status == AVSVT_OK)
        *output_count = i; /* also where there is no room for all */
    return tell(message, message_size, status, &err);
}

const avsvt_backend avsvti_backend_native = {
    (uint32_t)sizeof(avsvt_backend), AVSVT_BACKEND_INTERFACE, "native",
    "plain C, no libtorch: networks of the families " FAMILY " and " LIVE_FAMILY, model_open,
    instance_create, instance_run, instance_free, model_free, NULL,
};
