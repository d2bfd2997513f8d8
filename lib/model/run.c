/* SPDX-License-Identifier: MIT */
/* Running any model on tensors. Instances that are done wait in the model for
 * the next call, since making one may cost more than running it. */
#include "model/handle.h"

#include <string.h>

#include "core/error.h"
#include "core/tensor.h"

#define MAX_TENSORS 1024u

static avsvt_status borrow(avsvti_network *n, avsvt_model *m, avsvt_error *err)
{
    memset(n, 0, sizeof(*n));
    avsvti_mutex_lock(&m->lock);
    if (m->idle_count) {
        n->model = avsvt_model_ref(m);
        n->backend = m->backend;
        n->instance = m->idle[--m->idle_count];
    }
    avsvti_mutex_unlock(&m->lock);
    return n->backend ? AVSVT_OK : avsvti_network_open(n, m, err);
}

static void give_back(avsvti_network *n, avsvt_model *m)
{
    avsvti_mutex_lock(&m->lock);
    int kept = m->idle_count < AVSVTI_IDLE_INSTANCES;
    if (kept)
        m->idle[m->idle_count++] = n->instance;
    avsvti_mutex_unlock(&m->lock);
    if (kept)
        avsvt_model_free(n->model);
    else
        avsvti_network_close(n);
}

static avsvt_status check_arguments(avsvt_tensor **outputs, size_t capacity,
    size_t *count, avsvt_model *model, avsvt_tensor *const *inputs,
    size_t input_count, avsvt_error *err)
{
    const char *wrong = NULL;
    if (count)
        *count = 0;
    if (outputs && capacity && capacity <= MAX_TENSORS)
        memset(outputs, 0, capacity * sizeof(*outputs));
    if (!outputs)
        wrong = "outputs is NULL";
    else if (!capacity || capacity > MAX_TENSORS)
        wrong = "capacity must be 1 to 1024";
    else if (!count)
        wrong = "count is NULL";
    else if (!model)
        wrong = "model is NULL";
    else if (input_count > MAX_TENSORS || (input_count && !inputs))
        wrong = "there must be at most 1024 inputs, and not NULL";
    for (size_t i = 0; !wrong && i < input_count; i++)
        if (!inputs[i])
            return avsvti_fail(err, AVSVT_E_ARG,
                "avsvt_model_run: input %zu is NULL", i);
    return wrong ? avsvti_fail(err, AVSVT_E_ARG, "avsvt_model_run: %s", wrong)
                 : AVSVT_OK;
}

static void lend_input(avsvt_backend_tensor *to, const avsvt_tensor *from)
{
    memset(to, 0, sizeof(*to));
    to->struct_size = (uint32_t)sizeof(*to);
    to->dtype = from->dtype;
    to->ndim = from->ndim;
    memcpy(to->shape, from->shape, sizeof(to->shape));
    to->data = from->data;
}

/* Makes tensors of the backend's outputs, which own them from then on. */
static avsvt_status wrap(avsvt_tensor **outputs, avsvt_context *context,
                         avsvt_backend_tensor *from, size_t count,
                         avsvt_error *err)
{
    avsvt_status status = AVSVT_OK;
    for (size_t i = 0; i < count && status == AVSVT_OK; i++) {
        status = avsvt_tensor_create(&outputs[i], context, from[i].dtype,
            from[i].ndim, from[i].shape, from[i].data, from[i].release,
            from[i].owner, err);
        if (status == AVSVT_OK)
            memset(&from[i], 0, sizeof(from[i]));
    }
    if (status == AVSVT_OK)
        return AVSVT_OK;
    for (size_t i = 0; i < count; i++) {
        avsvt_tensor_free(outputs[i]);
        outputs[i] = NULL;
    }
    avsvti_outputs_release(from, count);
    return status;
}

avsvt_status avsvt_model_run(avsvt_tensor **outputs, size_t capacity,
                             size_t *count, avsvt_model *model,
                             avsvt_tensor *const *inputs, size_t input_count,
                             avsvt_error *err)
{
    avsvti_network network;
    size_t given = 0;
    avsvt_status status = check_arguments(outputs, capacity, count, model,
                                          inputs, input_count, err);
    if (status != AVSVT_OK)
        return status;
    const avsvt_allocator *a = avsvti_allocator(model->context);
    avsvt_backend_tensor *tensors = avsvti_alloc_zero(a,
        input_count + capacity, sizeof(*tensors));
    if (!tensors)
        return avsvti_fail_memory(err);
    for (size_t i = 0; i < input_count; i++)
        lend_input(&tensors[i], inputs[i]);
    status = borrow(&network, model, err);
    if (status == AVSVT_OK) {
        status = avsvti_network_run(&network, tensors, input_count,
            tensors + input_count, capacity, &given, err);
        if (status == AVSVT_OK)
            status = wrap(outputs, model->context, tensors + input_count, given,
                          err);
        give_back(&network, model);
    }
    avsvti_release(a, tensors);
    if (status == AVSVT_OK)
        *count = given;
    return status;
}
