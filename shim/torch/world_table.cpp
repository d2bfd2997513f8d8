/* SPDX-License-Identifier: MIT */
/* The part of the training table for several processes. */
#include "guard.hpp"
#include "message.hpp"
#include "train.hpp"

#include <ATen/ATen.h>

#include <algorithm>

namespace avsvt_torch {

#if AVSVT_DISTRIBUTED
static const int64_t bucket_size = 25 << 20; /* bytes, as DistributedDataParallel's */

void trainer::join(const avsvt_backend_join &args)
{
    if (all)
        throw refusal(AVSVT_E_ARG, "this trainer is one of several processes already");
    all = world::join(args, model.device);
}

/* Gradients of like type lie one behind the other while they are summed. */
void trainer::share_gradients()
{
    at::NoGradGuard no_grad;
    std::vector<parameter *> list;
    for (parameter &p : parameters)
        if (p.trains)
            list.push_back(&p);
    /* What no process has a gradient of is left as it is. */
    at::Tensor have = at::zeros({(int64_t)list.size()});
    for (size_t i = 0; i < list.size(); i++)
        have[(int64_t)i] = list[i]->tensor.grad().defined() ? 1.0f : 0.0f;
    std::vector<at::Tensor> buckets{have};
    std::vector<size_t> ends{0}; /* of bucket i: parameters up to here */
    for (size_t from = 0, to = 0; from < list.size(); from = to) {
        std::vector<at::Tensor> parts;
        for (int64_t bytes = 0; to < list.size() && bytes < bucket_size &&
             list[to]->tensor.scalar_type() == list[from]->tensor.scalar_type(); to++) {
            const at::Tensor &t = list[to]->tensor, &g = t.grad();
            parts.push_back(g.defined() ? g.reshape({-1}) : at::zeros({t.numel()}, t.options()));
            bytes += (int64_t)t.nbytes();
        }
        buckets.push_back(at::cat(parts));
        ends.push_back(to);
    }
    all->sum(buckets);
    for (size_t b = 1; b < buckets.size(); b++) {
        int64_t at = 0;
        for (size_t i = ends[b - 1]; i < ends[b]; i++) {
            at::Tensor &t = list[i]->tensor;
            const at::Tensor part = buckets[b].slice(0, at, at + t.numel()).view(t.sizes());
            at += t.numel();
            if (have[(int64_t)i].item<float>() > 0)
                t.mutable_grad() = part.clone();
        }
    }
}

template <class Work> static avsvt_status attempt(void *handle, char *message, size_t size, Work work) noexcept
{
    trainer &t = *static_cast<trainer *>(handle);
    try {
        threads_guard guard(t.model.threads);
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
    return ended;
}

static const avsvt_backend_world table = {
    (uint32_t)sizeof(avsvt_backend_world), 0u, world_join, world_gather, world_gradients, world_leave,
};
const avsvt_backend_world *const world_table = &table;
#else
const avsvt_backend_world *const world_table = nullptr;
#endif

} // namespace avsvt_torch
