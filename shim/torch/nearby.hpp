/* SPDX-License-Identifier: MIT */
/* Sums among processes of one machine, through memory that all of them map.
 * Nothing is sent, and who comes early sleeps: over Gloo a thread of the later
 * one would spin from the time that it is sent something until it asks for it,
 * on the core that the computing needs. */
#ifndef AVSVT_TORCH_NEARBY_HPP
#define AVSVT_TORCH_NEARBY_HPP

#include "peers.hpp"

#include <ATen/core/Tensor.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace avsvt_torch {

class nearby {
public:
    /* None where one of them can't map it: then in no process. most: bytes that
     * set out between two waits. */
    static std::unique_ptr<nearby> open(peers &all, int rank, int size, size_t most,
                                        std::chrono::milliseconds timeout);
    ~nearby();
    nearby(const nearby &) = delete;
    nearby &operator=(const nearby &) = delete;

    /* As of a world. False, and nothing done, where there is no room for it;
     * the same in all processes. They throw when another one is gone. */
    bool sum(const at::Tensor &tensor);
    bool set_out(const at::Tensor &tensor);
    void wait();
    /* Whoever waits for this process learns that it has gone. */
    void leave();

private:
    /* Of one process, on a line of its own. */
    struct alignas(64) line {
        std::atomic<uint32_t> written[2]; /* turns, of each lane */
        std::atomic<uint32_t> left;
    };
    struct head {
        alignas(64) std::atomic<uint32_t> news; /* goes up with each change of a line */
    };
    /* What comes in one order: sums, or what sets out. In a turn each process
     * fills its part of one half, while the others may still read the other. */
    struct lane {
        int number;
        size_t start, part; /* bytes */
        uint32_t turn;
    };

    nearby(peers &all, int rank, int size, size_t most, std::chrono::milliseconds timeout);
    size_t bytes() const;
    bool map(int file);
    int make(const std::string &name);
    line &of(int rank) const;
    char *part(const lane &l, int rank) const;
    void put(const lane &l, size_t at, const at::Tensor &tensor) const;
    void add_up(const lane &l, size_t at, const at::Tensor &tensor) const;
    void meet(lane &l);
    void tell() const;

    peers &peers_;
    int rank_, size_;
    std::chrono::milliseconds timeout_;
    lane sums_, out_;
    char *memory_ = nullptr;
    struct gone_out {
        at::Tensor tensor;
        size_t at;
    };
    std::vector<gone_out> set_out_;
    size_t filled_ = 0; /* of this process's part of out_, in this turn */
};

} // namespace avsvt_torch

#endif
