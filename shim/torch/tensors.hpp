/* SPDX-License-Identifier: MIT */
/* Tensors across the border. */
#ifndef AVSVT_TORCH_TENSORS_HPP
#define AVSVT_TORCH_TENSORS_HPP

#include <avsvt/sys/backend.h>

#include <ATen/core/ivalue.h>

#include <string>
#include <utility>
#include <vector>

namespace avsvt_torch {

using named_tensor = std::pair<std::string, at::Tensor>;

/* Our type that holds all values of libtorch's, and that as libtorch's. */
bool export_type(at::ScalarType from, int32_t *dtype, at::ScalarType *type);

/* What an AVSVT_PRECISION calculates in. */
at::ScalarType precision_type(int32_t precision);

/* A view of the caller's memory. position: for messages, from 1. */
at::Tensor view_input(const avsvt_backend_tensor &in, size_t position);

/* A result as a list: a tensor, a number, or a tuple, list or dictionary of
 * them, nested once. */
std::vector<named_tensor> flatten(const c10::IValue &result);

/* Dense, on the CPU, of one of our types; memory that the caller, the network
 * or another output holds as well is copied. */
at::Tensor export_form(const at::Tensor &tensor, const avsvt_backend_tensor *inputs,
                       size_t input_count);

/* Hands tensor over; its memory lives until release(owner). */
void hand_over(avsvt_backend_tensor *out, named_tensor &&tensor);

} // namespace avsvt_torch

#endif
