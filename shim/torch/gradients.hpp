/* SPDX-License-Identifier: MIT */
/* Gradients on their way to the other processes, in buckets that set out while
 * the rest of the gradients is still being computed. */
#ifndef AVSVT_TORCH_GRADIENTS_HPP
#define AVSVT_TORCH_GRADIENTS_HPP

#include "world.hpp"

#include <torch/csrc/autograd/variable.h>

#include <vector>

namespace avsvt_torch {

struct parameter;

class gradients {
public:
    gradients(world &all, std::vector<parameter> &parameters) : all_(all), parameters_(parameters) {}

    /* Bytes that set out in a step, should all of them train. */
    static size_t most(const std::vector<parameter> &parameters);

    /* The gradients of the backward pass to come are the step's last. */
    void begin();
    /* Each gradient is the sum of all processes' when this is done. */
    void finish();
    /* What has set out is not looked at any more. */
    void drop();

private:
    /* Gradients of like type, one behind the other. */
    struct bucket {
        size_t members = 0, missing = 0; /* gradients; those not in it yet */
        at::Tensor flat;
    };
    using accumulator = decltype(torch::autograd::impl::grad_accumulator(std::declval<const at::Tensor &>()));
    struct trained {
        parameter *owner;
        size_t in = 0;  /* which bucket */
        int64_t at = 0; /* where in it */
        bool there = false, had = false; /* had: a gradient, rather than zeros */
    };

    bool changed() const; /* what trains */
    void arrange();
    void hook(size_t parameter);
    void arrived(trained &t);
    void send();

    world &all_;
    std::vector<parameter> &parameters_;
    std::vector<accumulator> nodes_; /* of each parameter: they keep its hook */
    std::vector<size_t> place_;      /* of each parameter in trained_ */
    std::vector<trained> trained_;
    std::vector<bucket> buckets_;
    size_t sent_ = 0; /* buckets: always in order */
    bool open_ = false;
};

} // namespace avsvt_torch

#endif
