/* SPDX-License-Identifier: MIT */
/* The backend table on TorchScript. Every function catches what libtorch
 * throws. */
#include "guard.hpp"
#include "impl.h"
#include "message.hpp"
#include "network.hpp"
#include "tensors.hpp"
#include "train.hpp"

#include <ATen/Context.h>
#include <torch/version.h>

#include <algorithm>
#include <cstdio>
#include <malloc.h>

namespace avsvt_torch {

/* Above this size freeing a network gives the heap's memory back: libtorch
 * leaves hundreds of megabytes in it. */
static const size_t large_archive = 16u << 20;

static avsvt_status backend_open(void **model, const avsvt_backend_open *args) noexcept
{
    *model = nullptr;
    try {
        *model = new network(*args);
        return AVSVT_OK;
    } catch (...) {
        return explain(AVSVT_E_FORMAT, args->message, args->message_size);
    }
}

static avsvt_status backend_instance_create(void **out, void *model, char *message,
                                            size_t size) noexcept
{
    *out = nullptr;
    try {
        *out = new instance(*static_cast<network *>(model));
        return AVSVT_OK;
    } catch (...) {
        return explain(AVSVT_E_BACKEND, message, size);
    }
}

/* Releases what was handed over before a failure. */
static void take_back(avsvt_backend_tensor *outputs, size_t count) noexcept
{
    for (size_t i = 0; i < count; i++)
        outputs[i].release(outputs[i].owner);
}

static avsvt_status backend_run(void *handle, const avsvt_backend_tensor *inputs,
                                size_t input_count, avsvt_backend_tensor *outputs,
                                size_t capacity, size_t *output_count, char *message,
                                size_t size) noexcept
{
    instance &self = *static_cast<instance *>(handle);
    size_t done = 0;
    *output_count = 0;
    try {
        call_guard guard(self.model.threads, self.model.device);
        std::vector<named_tensor> results = flatten(self.run(inputs, input_count));
        /* With too little room the caller learns how many there are. */
        *output_count = results.size();
        results.resize(std::min(results.size(), capacity));
        for (named_tensor &result : results)
            result.second = export_form(result.second, inputs, input_count);
        for (; done < results.size(); done++)
            hand_over(&outputs[done], std::move(results[done]));
        return AVSVT_OK;
    } catch (...) {
        take_back(outputs, done);
        *output_count = 0;
        return explain(AVSVT_E_BACKEND, message, size);
    }
}

static void backend_instance_free(void *handle) noexcept
{
    delete static_cast<instance *>(handle);
}

static void backend_free(void *handle) noexcept
{
    network *model = static_cast<network *>(handle);
    if (!model)
        return;
    const bool large = model->archive_size >= large_archive;
    delete model;
    if (large)
        malloc_trim(0);
}

} // namespace avsvt_torch

extern "C" __attribute__((visibility("default")))
const avsvt_backend *avsvti_torch_entry(int shared, avsvt_status *status, char *message, size_t size)
{
    using namespace avsvt_torch;
    static char description[64];
    static const avsvt_backend table = {
        (uint32_t)sizeof(avsvt_backend), AVSVT_BACKEND_INTERFACE, "torch", description,
        backend_open, backend_instance_create, backend_run, backend_instance_free, backend_free,
        &training_table,
    };
    try {
        set_shared(shared != 0);
        std::snprintf(description, sizeof(description), "libtorch %d.%d.%d, %s", TORCH_VERSION_MAJOR,
                      TORCH_VERSION_MINOR, TORCH_VERSION_PATCH, at::hasCUDA() ? "CUDA" : "CPU");
        *status = AVSVT_OK;
        return &table;
    } catch (...) {
        *status = explain(AVSVT_E_MODULE, message, size);
        return nullptr;
    }
}
