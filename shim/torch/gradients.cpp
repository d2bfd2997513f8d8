/* SPDX-License-Identifier: MIT */
/* As DistributedDataParallel does it: parameters in the order in which their
 * gradients are likely to come, which is from the last to the first; a bucket
 * sets out when it is full and those before it have. The order of the buckets
 * never depends on what a process happens to compute first, so that all agree
 * on it and a training gives the same bits again. */
#include "train.hpp"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/utils/lambda_post_hook.h>

namespace avsvt_torch {

/* Bytes, DistributedDataParallel's: a small one first, to begin early. */
static const size_t first_size = 1 << 20, bucket_size = 25 << 20;

/* Each by itself would take a line of 64 bytes more at most, and has a mark. */
size_t gradients::most(const std::vector<parameter> &parameters)
{
    size_t bytes = 64;
    for (const parameter &p : parameters)
        bytes += p.tensor.nbytes() + 64 + sizeof(float);
    return bytes;
}

bool gradients::changed() const
{
    size_t i = trained_.size();
    for (const parameter &p : parameters_)
        if (p.trains && (i == 0 || trained_[--i].owner != &p))
            return true;
    return i > 0;
}

/* libtorch calls it behind a parameter's accumulated gradient. It stays, also
 * while the parameter does not train. */
void gradients::hook(size_t index)
{
    if (nodes_[index])
        return;
    nodes_[index] = torch::autograd::impl::grad_accumulator(parameters_[index].tensor);
    using list = torch::autograd::variable_list;
    nodes_[index]->add_post_hook(std::make_unique<torch::autograd::utils::LambdaPostHook>(
        [this, index](const list &outputs, const list &) {
            if (open_ && parameters_[index].trains && parameters_[index].tensor.grad().defined()) {
                at::NoGradGuard no_grad;
                arrived(trained_[place_[index]]);
                send();
            }
            return outputs;
        }));
}

void gradients::arrange()
{
    buckets_.clear();
    trained_.clear();
    nodes_.resize(parameters_.size());
    place_.assign(parameters_.size(), 0);
    for (size_t i = parameters_.size(); i-- > 0;) {
        const at::Tensor &t = parameters_[i].tensor;
        if (!parameters_[i].trains)
            continue;
        const size_t most = buckets_.size() < 2 ? first_size : bucket_size;
        if (buckets_.empty() || buckets_.back().flat.scalar_type() != t.scalar_type() ||
            buckets_.back().flat.nbytes() >= most) {
            buckets_.emplace_back();
            buckets_.back().flat = at::empty({0}, t.options().requires_grad(false));
        }
        bucket &last = buckets_.back();
        place_[i] = trained_.size();
        last.members++;
        trained_.push_back({&parameters_[i], buckets_.size() - 1, last.flat.numel()});
        last.flat = at::empty({last.flat.numel() + t.numel()}, last.flat.options());
        hook(i);
    }
    drop();
}

void gradients::drop()
{
    open_ = false;
    sent_ = 0;
    for (bucket &b : buckets_) {
        b.flat = at::empty_like(b.flat);
        b.missing = b.members;
    }
    for (trained &t : trained_)
        t.there = t.had = false;
}

void gradients::begin()
{
    if (changed())
        arrange();
    else
        drop();
    open_ = true;
}

/* Moves the gradient into its bucket. */
void gradients::arrived(trained &t)
{
    bucket &b = buckets_[t.in];
    const at::Tensor &p = t.owner->tensor;
    if (t.there)
        return;
    const at::Tensor place = b.flat.narrow(0, t.at, p.numel()).view(p.sizes());
    t.there = true;
    t.had = p.grad().defined();
    if (t.had)
        place.copy_(p.grad());
    else
        place.zero_();
    p.mutable_grad().reset();
    b.missing--;
}

void gradients::send()
{
    for (; sent_ < buckets_.size() && buckets_[sent_].missing == 0; sent_++)
        all_.set_out(buckets_[sent_].flat);
}

void gradients::finish()
{
    if (!open_)
        begin();
    for (trained &t : trained_)
        arrived(t);
    send();
    /* What no process has a gradient of is left as it is. */
    at::Tensor have = at::zeros({(int64_t)trained_.size()});
    for (size_t i = 0; i < trained_.size(); i++)
        have.data_ptr<float>()[i] = trained_[i].had ? 1.0f : 0.0f;
    all_.set_out(have);
    all_.wait();
    for (size_t i = 0; i < trained_.size(); i++) {
        const trained &t = trained_[i];
        at::Tensor &p = t.owner->tensor;
        if (have.data_ptr<float>()[i] > 0)
            p.mutable_grad() = buckets_[t.in].flat.narrow(0, t.at, p.numel()).view(p.sizes());
    }
    drop();
}

} // namespace avsvt_torch
