/* SPDX-License-Identifier: MIT */
/* Attention as one operation. */
#ifndef AVSVT_TORCH_ATTENTION_HPP
#define AVSVT_TORCH_ATTENTION_HPP

#include <torch/csrc/jit/api/compilation_unit.h>

namespace avsvt_torch {

/* Puts libtorch's own attention, where it has one, in the place of `attend` of our
 * networks (bindings/python/avsvt/networks/speech_layers.py); tells how many. */
size_t fuse_attention(torch::jit::CompilationUnit &unit);

} // namespace avsvt_torch

#endif
