/* SPDX-License-Identifier: MIT */
/* Operations of ours that take the place of libtorch's in the graph of `loss`. */
#ifndef AVSVT_TORCH_CALLS_HPP
#define AVSVT_TORCH_CALLS_HPP

#include <ATen/core/stack.h>
#include <torch/csrc/jit/api/module.h>

namespace avsvt_torch {

/* Registers `schema` (an "avsvt::" name and its arguments) to be done by run(). */
void register_call(const char *schema, void (*run)(torch::jit::Stack &));

/* Each call of from ("aten::x", overload "" or its name) becomes one of to,
 * which takes the same arguments and gives the same results. */
void replace_calls(const torch::jit::Method &loss, const char *from, const char *overload, const char *to);

/* gru.cpp: puts our GRU into `loss`. */
void replace_recurrences(const torch::jit::Method &loss);

} // namespace avsvt_torch

#endif
