/* SPDX-License-Identifier: MIT */
/* Linear layers whose weights never change, in oneDNN's own layout. */
#ifndef AVSVT_TORCH_PREPACK_HPP
#define AVSVT_TORCH_PREPACK_HPP

#include <torch/csrc/jit/ir/ir.h>

namespace avsvt_torch {

/* Replaces the large linear layers of a frozen graph that computes in float32
 * on the CPU, with the GELU behind them, where this libtorch can. */
void prepack(torch::jit::Graph &graph);

} // namespace avsvt_torch

#endif
