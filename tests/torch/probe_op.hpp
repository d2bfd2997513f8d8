/* SPDX-License-Identifier: MIT */
/* An operator that tells in which setting a network runs. It takes a tensor so
 * that it is not computed once and for all when the network is frozen. */
#ifndef AVSVT_TESTS_TORCH_PROBE_OP_HPP
#define AVSVT_TESTS_TORCH_PROBE_OP_HPP

#include <ATen/Parallel.h>
#include <torch/library.h>

TORCH_LIBRARY_FRAGMENT(aten, m)
{
    m.def("avsvt_test_threads(Tensor x) -> int",
          [](const at::Tensor &) { return (int64_t)at::get_num_threads(); });
    m.def("avsvt_test_grad(Tensor x) -> bool",
          [](const at::Tensor &) { return at::GradMode::is_enabled(); });
}

#endif
