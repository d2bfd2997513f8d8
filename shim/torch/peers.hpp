/* SPDX-License-Identifier: MIT */
/* What the processes of a world leave for each other in its store: that they
 * came, and why they went. */
#ifndef AVSVT_TORCH_PEERS_HPP
#define AVSVT_TORCH_PEERS_HPP

#include <torch/csrc/distributed/c10d/Store.hpp>

#include <chrono>
#include <string>
#include <vector>

namespace avsvt_torch {

/* A machine, or a container on it, inside which process numbers mean the same. */
std::string machine();

class peers {
public:
    peers(c10::intrusive_ptr<c10d::Store> store, int rank, int size, bool serves, std::chrono::milliseconds patience)
        : store_(std::move(store)), rank_(rank), size_(size), serves_(serves), patience_(patience) {}

    /* Throws a refusal where it does not fit what the others were told. */
    void arrive();
    /* What each says, by rank, once all have said it. */
    std::vector<std::string> exchange(const char *what, const std::string &mine);
    /* Whether another one is known to have died or failed. */
    bool gone();
    /* Which of them have not, in words. */
    std::string missing();
    /* Says why this process goes: "" when another failed first. */
    void say(const std::string &why) noexcept;
    /* After say(): waits for what the others say and gives, in words, who
     * failed or died. A process that keeps the store waits until all know. */
    std::string blame();
    /* After blame(): none of a lower rank is known to be left. Where the store
     * went with rank 0 that is not known of any. */
    bool first_left() const;

private:
    bool came(const std::string &key);
    std::string read(const std::string &key);
    bool dead(int rank);

    c10::intrusive_ptr<c10d::Store> store_;
    int rank_, size_;
    bool serves_;
    std::chrono::milliseconds patience_;
    std::vector<bool> lost_;
    bool store_lost_ = false;
};

} // namespace avsvt_torch

#endif
