/* SPDX-License-Identifier: MIT */
/* A loaded network and its instances. */
#ifndef AVSVT_TORCH_NETWORK_HPP
#define AVSVT_TORCH_NETWORK_HPP

#include <avsvt/sys/backend.h>

#include <torch/csrc/jit/api/module.h>

#include <string>
#include <vector>

namespace avsvt_torch {

struct network {
    torch::jit::Module module;
    at::Device device = at::Device(at::kCPU);
    at::ScalarType floats = at::kFloat; /* what floating numbers compute in */
    int threads = 1;
    bool training = false;
    bool private_state = false; /* instances keep state of their own */
    bool writes_inputs = false; /* computes in its inputs' memory */
    size_t archive_size = 0;

    explicit network(const avsvt_backend_open &args);
};

struct instance {
    network &model;
    torch::jit::Module module;

    explicit instance(network &m);
    c10::IValue run(const avsvt_backend_tensor *inputs, size_t count);
};

} // namespace avsvt_torch

#endif
