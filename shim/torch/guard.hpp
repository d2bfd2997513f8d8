/* SPDX-License-Identifier: MIT */
/* What a call changes in libtorch, and puts back when it is done. */
#ifndef AVSVT_TORCH_GUARD_HPP
#define AVSVT_TORCH_GUARD_HPP

#include <c10/core/InferenceMode.h>
#include <c10/core/impl/LocalDispatchKeySet.h>

namespace avsvt_torch {

/* Whether the host uses this libtorch too. Set once, before the first call. */
void set_shared(bool shared);

/* The calling thread computes with so many threads until this goes. */
class threads_guard {
public:
    explicit threads_guard(int threads);
    ~threads_guard();
    threads_guard(const threads_guard &) = delete;
    threads_guard &operator=(const threads_guard &) = delete;

private:
    int omp_;
    int mkl_;
};

/* All of it: threads; no gradients; not the host's autocast. */
class call_guard {
public:
    explicit call_guard(int threads) : threads_(threads), autocast_(c10::autocast_dispatch_keyset) {}

private:
    threads_guard threads_;
    c10::InferenceMode inference_;
    c10::impl::ExcludeDispatchKeyGuard autocast_;
};

} // namespace avsvt_torch

#endif
