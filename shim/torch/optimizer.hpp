/* SPDX-License-Identifier: MIT */
/* The optimizers, over a list of parameters: a GPU takes all of a list at once,
 * in one call for each step of the arithmetic. */
#ifndef AVSVT_TORCH_OPTIMIZER_HPP
#define AVSVT_TORCH_OPTIMIZER_HPP

#include <avsvt/sys/backend.h>

#include <ATen/core/Tensor.h>

#include <map>
#include <string>
#include <vector>

namespace avsvt_torch {

using tensor_list = std::vector<at::Tensor>;

/* What an optimizer remembers of one parameter, under PyTorch's names. */
struct moments {
    int64_t steps = 0;
    std::map<std::string, at::Tensor> tensors;
};

/* Parameters of one group that have a gradient. */
struct changing {
    tensor_list parameters, gradients;
    std::vector<moments *> states;
};

void check_group(const avsvt_backend_group &group);

/* One step, equal to PyTorch's. Gradients may be changed too. */
void optimize(const avsvt_backend_group &group, changing list);

/* The norm of each of one or more. */
at::Tensor norms_of(const tensor_list &tensors);

/* to = to + share (from - to), each. */
void approach(const tensor_list &to, const tensor_list &from, double share);

} // namespace avsvt_torch

#endif
