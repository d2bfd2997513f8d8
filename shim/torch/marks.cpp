/* SPDX-License-Identifier: MIT */
/* Which part of an archive holds which tensor. libtorch tells nobody, and the
 * archive's own index is a program for a stack machine. So the archive is read
 * once more with every part data/N overwritten, as it is read, by its number:
 * each tensor then says by itself where it came from. */
#include "train.hpp"

#include "message.hpp"
#include "network.hpp"

#include <ATen/ATen.h>
#include <caffe2/serialize/inline_container.h>
#include <torch/csrc/jit/serialization/import.h>

#include <algorithm>
#include <cstring>
#include <map>

namespace avsvt_torch {

namespace {

struct part {
    size_t offset, size;
    int32_t number;
};

class marking_reader : public memory_reader {
public:
    marking_reader(const void *data, size_t size, std::vector<part> parts)
        : memory_reader(data, size), parts_(std::move(parts)) {}
    size_t read(uint64_t pos, void *buf, size_t n, const char *what) const override
    {
        n = memory_reader::read(pos, buf, n, what);
        char *to = static_cast<char *>(buf);
        for (const part &p : parts_) {
            const size_t from = std::max<size_t>(p.offset, pos);
            const size_t end = std::min<size_t>(p.offset + p.size, pos + n);
            for (size_t at = from; at < end; at++)
                to[at - pos] = (char)((uint32_t)p.number >> 8 * ((at - p.offset) % 4));
        }
        return n;
    }

private:
    std::vector<part> parts_;
};

/* Empty where the tensor is not all that its part holds. */
std::string entry_of(const at::Tensor &t, const std::vector<part> &parts)
{
    int32_t number = -1;
    const size_t bytes = (size_t)t.numel() * t.element_size();
    if (bytes < sizeof(number) || !t.is_contiguous() || t.storage_offset() != 0 ||
        t.storage().nbytes() != bytes)
        return "";
    std::memcpy(&number, t.data_ptr(), sizeof(number));
    for (const part &p : parts)
        if (p.number == number && p.size == bytes)
            return "data/" + std::to_string(number);
    return "";
}

} // namespace

void find_entries(const void *archive, size_t size, std::vector<parameter> &parameters,
                  std::vector<buffer> &buffers)
{
    caffe2::serialize::PyTorchStreamReader reader(std::make_shared<memory_reader>(archive, size));
    std::vector<part> parts;
    for (const std::string &name : reader.getAllRecords()) {
        if (name.compare(0, 5, "data/") || name.size() < 6 || name.size() > 12 ||
            name.find_first_not_of("0123456789", 5) != std::string::npos)
            continue;
        parts.push_back({reader.getRecordOffset(name), std::get<1>(reader.getRecord(name)),
                         std::stoi(name.substr(5))});
    }
    const torch::jit::Module marked =
        torch::jit::load(std::make_shared<marking_reader>(archive, size, parts), at::kCPU);
    std::map<std::string, std::string> found, last;
    const auto note = [&](const std::string &name, const at::Tensor &t) {
        const std::string entry = entry_of(t, parts);
        if (!entry.empty() && last.count(entry))
            found[last[entry]].clear(); /* two tensors share it */
        else if (!entry.empty())
            found[name] = entry;
        last[entry] = name;
    };
    for (const auto &each : marked.named_parameters())
        note(each.name, each.value);
    for (const auto &each : marked.named_buffers())
        note(each.name, each.value);
    for (parameter &p : parameters)
        p.entry = found[p.name];
    for (buffer &b : buffers)
        b.entry = found[b.name];
}

} // namespace avsvt_torch
