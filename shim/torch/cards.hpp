/* SPDX-License-Identifier: MIT */
/* Sums over the GPUs of several processes, through NCCL. */
#ifndef AVSVT_TORCH_CARDS_HPP
#define AVSVT_TORCH_CARDS_HPP

#include <ATen/core/Tensor.h>
#include <torch/csrc/distributed/c10d/Store.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace avsvt_torch {

/* All tensors on one GPU; one sum at a time. What throws leaves it unusable. */
class card_sums {
public:
    virtual ~card_sums() = default; /* ends what is under way */
    /* Each tensor becomes the sum over all processes, done when this returns.
     * All must have come this far, so that little is waited for; `alone` is
     * asked now and then whether somebody has gone all the same. */
    virtual void sum(const std::vector<at::Tensor> &tensors, const std::function<bool()> &alone) = 0;
};

/* What a process tells the others of its GPU, for choose_cards(). */
std::string card_of(const at::Device &device);

/* To be called in all processes at once: NCCL is ready, and has been tried,
 * when this returns. */
std::unique_ptr<card_sums> open_cards(const c10::intrusive_ptr<c10d::Store> &store, int rank, int size,
                                      const at::Device &device, std::chrono::milliseconds timeout);

} // namespace avsvt_torch

#endif
