/* SPDX-License-Identifier: MIT */
/* The training part of the backend table. */
#include "guard.hpp"
#include "message.hpp"
#include "train.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

namespace avsvt_torch {

static avsvt_status train_create(void **out, void *model, const avsvt_backend_train *args) noexcept
{
    *out = nullptr;
    try {
        network &m = *static_cast<network *>(model);
        model_guard guard(m.threads, m.device);
        auto made = std::make_unique<trainer>(m, *args);
        find_entries(m.archive, m.archive_size, made->parameters, made->buffers);
        *out = made.release();
        return AVSVT_OK;
    } catch (...) {
        return explain(AVSVT_E_BACKEND, args->message, args->message_size);
    }
}

static void describe(const held &h, avsvt_backend_item *item)
{
    at::ScalarType type;
    export_type(h.tensor.scalar_type(), &item->dtype, &type);
    item->ndim = (int32_t)std::min<int64_t>(h.tensor.dim(), AVSVT_TENSOR_MAX_DIMS);
    for (int32_t i = 0; i < item->ndim; i++)
        item->shape[i] = h.tensor.size(i);
    item->name = h.name.c_str();
    item->entry = h.entry.empty() ? nullptr : h.entry.c_str();
}

static avsvt_status train_item(void *handle, int32_t kind, size_t index,
                               avsvt_backend_item *item) noexcept
{
    trainer &t = *static_cast<trainer *>(handle);
    std::memset(item, 0, sizeof(*item));
    item->struct_size = (uint32_t)sizeof(*item);
    if (kind == AVSVT_ITEM_INPUT && index < t.inputs.size()) {
        item->ndim = -1;
        item->optional = t.optional[index];
        item->name = t.inputs[index].c_str();
    } else if (kind == AVSVT_ITEM_PARAMETER && index < t.parameters.size()) {
        describe(t.parameters[index], item);
    } else if (kind == AVSVT_ITEM_BUFFER && index < t.buffers.size()) {
        describe(t.buffers[index], item);
    } else {
        return AVSVT_E_RANGE;
    }
    return AVSVT_OK;
}

static avsvt_status train_group(void *handle, size_t index, const avsvt_backend_group *group,
                                char *message, size_t size) noexcept
{
    trainer &t = *static_cast<trainer *>(handle);
    try {
        check_group(*group);
        if (index > t.groups.size())
            throw refusal(AVSVT_E_RANGE, "groups are made one after the other");
        if (index == t.groups.size())
            t.groups.push_back(*group);
        else
            t.groups[index] = *group;
        return AVSVT_OK;
    } catch (...) {
        return explain(AVSVT_E_BACKEND, message, size);
    }
}

static avsvt_status train_assign(void *handle, size_t index, size_t group, int32_t trains) noexcept
{
    trainer &t = *static_cast<trainer *>(handle);
    if (index >= t.parameters.size() || group >= t.groups.size())
        return AVSVT_E_RANGE;
    try {
        parameter &p = t.parameters[index];
        p.group = group;
        p.trains = trains != 0;
        p.tensor.requires_grad_(p.trains);
        return AVSVT_OK;
    } catch (...) {
        return AVSVT_E_BACKEND;
    }
}

static avsvt_status train_loss(void *handle, const avsvt_backend_tensor *inputs, size_t count,
                               avsvt_backend_loss *args) noexcept
{
    trainer &t = *static_cast<trainer *>(handle);
    args->value = std::numeric_limits<double>::quiet_NaN();
    try {
        model_guard guard(t.model.threads, t.model.device);
        pool_guard from_pool;
        args->value = t.loss(inputs, count, *args);
        return AVSVT_OK;
    } catch (...) {
        return explain(AVSVT_E_BACKEND, args->message, args->message_size);
    }
}

static avsvt_status train_step(void *handle, avsvt_backend_step *args) noexcept
{
    trainer &t = *static_cast<trainer *>(handle);
    try {
        model_guard guard(t.model.threads, t.model.device);
        args->norm = t.step(*args);
        return AVSVT_OK;
    } catch (...) {
        return explain(AVSVT_E_BACKEND, args->message, args->message_size);
    }
}

static void train_forget(void *handle) noexcept
{
    trainer &t = *static_cast<trainer *>(handle);
    try {
        model_guard guard(t.model.threads, t.model.device);
        t.forget();
    } catch (...) {
    }
}

static avsvt_status train_get_state(void *handle, int32_t kind, avsvt_backend_tensor *tensors,
                                    size_t capacity, size_t *count, char *message,
                                    size_t size) noexcept
{
    trainer &t = *static_cast<trainer *>(handle);
    size_t done = 0;
    *count = 0;
    try {
        model_guard guard(t.model.threads, t.model.device); /* copying is shared out too */
        std::vector<named_tensor> list = t.state(kind);
        *count = list.size();
        list.resize(std::min(list.size(), capacity));
        for (named_tensor &each : list)
            each.second = export_form(each.second, nullptr, 0);
        for (; done < list.size(); done++)
            hand_over(&tensors[done], std::move(list[done]));
        return AVSVT_OK;
    } catch (...) {
        while (done > 0) {
            done--;
            tensors[done].release(tensors[done].owner);
        }
        *count = 0;
        return explain(AVSVT_E_BACKEND, message, size);
    }
}

static avsvt_status train_set_state(void *handle, const avsvt_backend_tensor *tensors,
                                    size_t count, char *message, size_t size) noexcept
{
    trainer &t = *static_cast<trainer *>(handle);
    try {
        model_guard guard(t.model.threads, t.model.device);
        t.restore(tensors, count);
        return AVSVT_OK;
    } catch (...) {
        return explain(AVSVT_E_BACKEND, message, size);
    }
}

static void train_free(void *handle) noexcept
{
    delete static_cast<trainer *>(handle);
}

const avsvt_backend_training training_table = {
    (uint32_t)sizeof(avsvt_backend_training), 0u, train_create, train_item, train_group,
    train_assign, train_loss, train_step, train_forget, train_get_state, train_set_state, train_free,
    world_table,
};

} // namespace avsvt_torch
