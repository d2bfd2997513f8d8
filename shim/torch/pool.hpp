/* SPDX-License-Identifier: MIT */
/* The memory of a training's tensors, kept from one step to the next. malloc
 * would give large blocks back to the system as soon as they are free, and the
 * system clears each of their pages again: some twenty thousand a step. */
#ifndef AVSVT_TORCH_POOL_HPP
#define AVSVT_TORCH_POOL_HPP

namespace avsvt_torch {

/* While one of these lives, what is kept stays; with the last it goes. Does
 * nothing where the host uses this libtorch too: whose memory is not ours. */
class pool_user {
public:
    pool_user();
    ~pool_user();
    pool_user(const pool_user &) = delete;
    pool_user &operator=(const pool_user &) = delete;
};

/* While it lives, large tensors that this thread makes come from what is kept. */
class pool_guard {
public:
    pool_guard();
    ~pool_guard();
    pool_guard(const pool_guard &) = delete;
    pool_guard &operator=(const pool_guard &) = delete;

private:
    bool before_;
};

} // namespace avsvt_torch

#endif
