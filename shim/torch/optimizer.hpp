/* SPDX-License-Identifier: MIT */
/* The optimizers, one parameter at a time. */
#ifndef AVSVT_TORCH_OPTIMIZER_HPP
#define AVSVT_TORCH_OPTIMIZER_HPP

#include <avsvt/sys/backend.h>

#include <ATen/core/Tensor.h>

#include <map>
#include <string>

namespace avsvt_torch {

/* What an optimizer remembers of one parameter, under PyTorch's names. */
struct moments {
    int64_t steps = 0;
    std::map<std::string, at::Tensor> tensors;
};

void check_group(const avsvt_backend_group &group);

/* One step, equal to PyTorch's. Changes parameter; gradient may be changed. */
void optimize(const avsvt_backend_group &group, at::Tensor parameter, at::Tensor gradient,
              moments &state);

} // namespace avsvt_torch

#endif
