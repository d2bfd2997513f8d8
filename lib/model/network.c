/* SPDX-License-Identifier: MIT */
/* A model's network: loaded once, an instance for every stage. */
#include "model/handle.h"

#include <string.h>

#include "backend/registry.h"
#include "core/error.h"
#include "core/tensor.h"

#define MESSAGE_SIZE 400

/* A backend may answer anything; callers see one of ours and the model. */
static avsvt_status backend_failed(const avsvt_model *m,
                                   const avsvt_backend *backend,
                                   avsvt_status status, const char *doing,
                                   char *message, avsvt_error *err)
{
    message[MESSAGE_SIZE - 1] = '\0';
    if (status == AVSVT_E_NOMEM && !message[0])
        return avsvti_fail_memory(err);
    if (status < AVSVT_OK || status > AVSVT_E_INTERNAL)
        status = AVSVT_E_BACKEND;
    return avsvti_fail(err, status, "%s: the %s backend can't %s it: %s",
        m->path, backend->name, doing, message[0] ? message : "it says no more");
}

/* Weights of 8 bits compute on the CPU alone. */
static avsvt_status choose_device(const char **device, const avsvt_model *m,
                                  avsvt_error *err)
{
    const char *int8 = avsvti_yaml_get(m->manifest, "encoder.int8");
    *device = m->context->device;
    if (!int8 || strcmp(int8, "true") || !strcmp(*device, "cpu"))
        return AVSVT_OK;
    if (strcmp(*device, "auto"))
        return avsvti_fail(err, AVSVT_E_UNSUPPORTED,
            "%s: weights of 8 bits compute on the CPU, not on %s: use device cpu or auto",
            m->path, *device);
    *device = "cpu";
    return AVSVT_OK;
}

static avsvt_status load(avsvt_model *m, avsvt_error *err)
{
    char message[MESSAGE_SIZE] = "";
    const avsvt_backend *backend = NULL;
    const avsvt_context *c = m->context;
    if (!m->verified) {
        avsvt_status status = avsvti_archive_verify(&m->archive, err);
        if (status != AVSVT_OK)
            return status;
        m->verified = 1;
    }
    const char *device;
    avsvt_status status = avsvti_backend_choose(&backend, c,
        avsvti_yaml_get(m->manifest, "native.family"), err);
    if (status == AVSVT_OK)
        status = choose_device(&device, m, err);
    if (status != AVSVT_OK)
        return status;
    avsvt_backend_open args = {
        .struct_size = (uint32_t)sizeof(args),
        .threads = c->threads, .precision = c->precision, .device = device,
        .path = m->path, .manifest = m->text, .archive = m->archive.data,
        .archive_size = m->archive.size, .allocator = avsvti_allocator(c),
        .local_rank = m->local_rank,
        .message = message, .message_size = sizeof(message),
    };
    void *network = NULL;
    status = backend->open(&network, &args);
    if (status != AVSVT_OK)
        return backend_failed(m, backend, status, "load", message, err);
    m->backend = backend;
    m->network = network;
    avsvti_log(c, AVSVT_LOG_INFO, "%s: runs on %s (%s)", m->path, backend->name,
               backend->description ? backend->description : "");
    return AVSVT_OK;
}

void avsvti_model_set_local_rank(avsvt_model *m, int32_t rank)
{
    avsvti_mutex_lock(&m->lock);
    m->local_rank = rank;
    avsvti_mutex_unlock(&m->lock);
}

avsvt_status avsvti_network_open(avsvti_network *n, avsvt_model *model,
                                 avsvt_error *err)
{
    char message[MESSAGE_SIZE] = "";
    avsvt_status status = AVSVT_OK;
    void *instance = NULL;
    memset(n, 0, sizeof(*n));
    avsvti_mutex_lock(&model->lock);
    if (!model->backend)
        status = load(model, err);
    avsvti_mutex_unlock(&model->lock);
    if (status != AVSVT_OK)
        return status;
    status = model->backend->instance_create(&instance, model->network, message,
                                             sizeof(message));
    if (status != AVSVT_OK)
        return backend_failed(model, model->backend, status, "prepare", message,
                              err);
    n->model = avsvt_model_ref(model);
    n->backend = model->backend;
    n->instance = instance;
    return AVSVT_OK;
}

void avsvti_outputs_release(avsvt_backend_tensor *outputs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (outputs[i].release)
            outputs[i].release(outputs[i].owner);
        memset(&outputs[i], 0, sizeof(outputs[i]));
    }
}

static int output_is_sound(const avsvt_backend_tensor *t)
{
    int64_t bytes;
    if (t->ndim < 0 || t->ndim > AVSVT_TENSOR_MAX_DIMS ||
        !avsvti_dtype_size(t->dtype))
        return 0;
    bytes = avsvti_tensor_bytes(t->dtype, t->ndim, t->shape);
    return bytes == 0 || (bytes > 0 && t->data);
}

avsvt_status avsvti_network_run(avsvti_network *n,
                                const avsvt_backend_tensor *inputs,
                                size_t input_count,
                                avsvt_backend_tensor *outputs, size_t capacity,
                                size_t *output_count, avsvt_error *err)
{
    char message[MESSAGE_SIZE] = "";
    *output_count = 0;
    memset(outputs, 0, capacity * sizeof(*outputs));
    for (size_t i = 0; i < capacity; i++)
        outputs[i].struct_size = (uint32_t)sizeof(*outputs);
    size_t count = 0;
    avsvt_status status = n->backend->run(n->instance, inputs, input_count,
        outputs, capacity, &count, message, sizeof(message));
    if (status != AVSVT_OK) {
        memset(outputs, 0, capacity * sizeof(*outputs));
        return backend_failed(n->model, n->backend, status, "run", message, err);
    }
    if (count > capacity) {
        avsvti_outputs_release(outputs, capacity);
        return avsvti_fail(err, AVSVT_E_RANGE,
            "%s: the network gives %zu outputs; there is room for %zu",
            n->model->path, count, capacity);
    }
    for (size_t i = 0; i < count; i++) {
        if (output_is_sound(&outputs[i]))
            continue;
        avsvti_outputs_release(outputs, count);
        return avsvti_fail(err, AVSVT_E_BACKEND,
            "%s: output %zu of the network has an impossible type or size",
            n->model->path, i);
    }
    *output_count = count;
    return AVSVT_OK;
}

void avsvti_network_close(avsvti_network *n)
{
    if (n->backend)
        n->backend->instance_free(n->instance);
    avsvt_model_free(n->model);
    memset(n, 0, sizeof(*n));
}

void avsvti_model_drop_network(avsvt_model *m)
{
    if (!m->backend)
        return;
    while (m->idle_count)
        m->backend->instance_free(m->idle[--m->idle_count]);
    m->backend->free(m->network);
    m->backend = NULL;
    m->network = NULL;
}
