/* SPDX-License-Identifier: MIT */
/* A loaded network and its instances. */
#ifndef AVSVT_TORCH_NETWORK_HPP
#define AVSVT_TORCH_NETWORK_HPP

#include <avsvt/sys/backend.h>

#include <caffe2/serialize/read_adapter_interface.h>
#include <torch/csrc/jit/api/module.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

namespace avsvt_torch {

/* The archive where it lies, without a copy. */
class memory_reader : public caffe2::serialize::ReadAdapterInterface {
public:
    memory_reader(const void *data, size_t size)
        : data_(static_cast<const char *>(data)), size_(size) {}
    size_t size() const override { return size_; }
    size_t read(uint64_t pos, void *buf, size_t n, const char *) const override
    {
        if (pos >= size_)
            return 0;
        n = std::min(n, size_ - (size_t)pos);
        std::memcpy(buf, data_ + pos, n);
        return n;
    }

private:
    const char *data_;
    size_t size_;
};

struct network {
    torch::jit::Module module;
    at::Device device = at::Device(at::kCPU);
    at::ScalarType floats = at::kFloat; /* what floating numbers compute in */
    int threads = 1;
    bool training = false;
    bool private_state = false; /* instances keep state of their own */
    bool writes_inputs = false; /* computes in its inputs' memory */
    const void *archive = nullptr; /* lent until the network goes */
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
