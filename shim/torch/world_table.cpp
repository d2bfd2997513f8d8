/* SPDX-License-Identifier: MIT */
/* The part of the training table for several processes. */
#include "guard.hpp"
#include "message.hpp"
#include "train.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstdio>

namespace avsvt_torch {

#if AVSVT_DISTRIBUTED
void trainer::join(const avsvt_backend_join &args)
{
    if (all)
        throw refusal(AVSVT_E_ARG, "this trainer is one of several processes already");
    all = world::join(args, model.device, gradients::most(parameters));
    sharing = std::make_unique<gradients>(*all, parameters);
    if (args.message && args.message_size)
        std::snprintf(args.message, args.message_size, "%s", all->note.c_str());
}

void trainer::share_gradients()
{
    at::NoGradGuard no_grad;
    sharing->finish();
}

template <class Work> static avsvt_status attempt(void *handle, char *message, size_t size, Work work) noexcept
{
    trainer &t = *static_cast<trainer *>(handle);
    try {
        model_guard guard(t.model.threads, t.model.device);
        work(t);
        return AVSVT_OK;
    } catch (...) {
        return explain(AVSVT_E_BACKEND, message, size);
    }
}

static avsvt_status world_join(void *handle, const avsvt_backend_join *args) noexcept
{
    return attempt(handle, args->message, args->message_size, [&](trainer &t) { t.join(*args); });
}

static avsvt_status world_gather(void *handle, const double *mine, size_t count, double *all,
                                 char *message, size_t size) noexcept
{
    return attempt(handle, message, size, [&](trainer &t) {
        if (!t.all)
            throw refusal(AVSVT_E_ARG, "this trainer is alone");
        const auto options = at::TensorOptions().dtype(at::kDouble);
        const size_t rank = (size_t)t.all->rank, total = (size_t)t.all->size * count;
        at::Tensor row = at::zeros({(int64_t)total}, options);
        std::copy(mine, mine + count, row.data_ptr<double>() + rank * count);
        t.all->sum({row});
        std::copy(row.data_ptr<double>(), row.data_ptr<double>() + total, all);
    });
}

static avsvt_status world_gradients(void *handle, char *message, size_t size) noexcept
{
    return attempt(handle, message, size, [](trainer &t) {
        if (t.all)
            t.share_gradients();
    });
}

static int32_t world_leave(void *handle, const char *why) noexcept
{
    const trainer &self = *static_cast<trainer *>(handle);
    const bool ended = self.all && !self.all->over.empty();
    attempt(handle, nullptr, 0, [&](trainer &t) {
        if (t.all)
            t.all->leave(why ? why : "");
    });
    return !ended ? 0 : self.all->rank > 0 && self.all->first_left ? 2 : 1;
}

static const avsvt_backend_world table = {
    (uint32_t)sizeof(avsvt_backend_world), 0u, world_join, world_gather, world_gradients, world_leave,
};
const avsvt_backend_world *const world_table = &table;
#else
const avsvt_backend_world *const world_table = nullptr;
#endif

} // namespace avsvt_torch
