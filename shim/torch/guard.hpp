/* SPDX-License-Identifier: MIT */
/* What a call changes in libtorch, and puts back when it is done. */
#ifndef AVSVT_TORCH_GUARD_HPP
#define AVSVT_TORCH_GUARD_HPP

#include <c10/core/DeviceGuard.h>
#include <c10/core/InferenceMode.h>
#include <c10/core/impl/LocalDispatchKeySet.h>
#include <c10/util/Exception.h>
#include <torch/version.h>

#include <cfenv>

#include <signal.h>

namespace avsvt_torch {

/* Whether the host uses this libtorch too. Set once, before the first call. */
void set_shared(bool shared);
bool is_shared();

#if TORCH_VERSION_MAJOR >= 2
using warnings_guard = c10::WarningUtils::WarningHandlerGuard;
#else
using warnings_guard = c10::Warning::WarningHandlerGuard;
#endif
/* Takes libtorch's warnings, which would be printed, and drops them. */
c10::WarningHandler *no_warnings();

/* libtorch computes with infinities and the like, which the host may have chosen
 * to be ended by: nothing is trapped until this goes. */
class floats_guard {
public:
    floats_guard() { std::feholdexcept(&before_); }
    ~floats_guard() { std::fesetenv(&before_); }
    floats_guard(const floats_guard &) = delete;
    floats_guard &operator=(const floats_guard &) = delete;

private:
    std::fenv_t before_;
};

/* Gloo and NCCL write to processes that may have died, without asking for an error in
 * place of the signal that would end the host: until this goes the calling thread
 * holds it back, and threads that it starts hold it back for good. */
class pipe_guard {
public:
    pipe_guard();
    ~pipe_guard();
    pipe_guard(const pipe_guard &) = delete;
    pipe_guard &operator=(const pipe_guard &) = delete;

private:
    sigset_t before_;
    bool waited_; /* one was there already */
};

/* The calling thread computes with so many threads, without a word, and whatever
 * comes out, until this goes. */
class threads_guard {
public:
    explicit threads_guard(int threads);
    ~threads_guard();
    threads_guard(const threads_guard &) = delete;
    threads_guard &operator=(const threads_guard &) = delete;

private:
    floats_guard floats_;
    warnings_guard warnings_;
    int omp_;
    int mkl_;
};

/* What every call on a model has: its threads, its GPU as the thread's current one,
 * not the host's autocast. */
class model_guard {
public:
    model_guard(int threads, const c10::Device &device)
        : threads_(threads), device_(device), autocast_(c10::autocast_dispatch_keyset) {}

private:
    threads_guard threads_;
    c10::DeviceGuard device_;
    c10::impl::ExcludeDispatchKeyGuard autocast_;
};

/* And no gradients. */
class call_guard {
public:
    call_guard(int threads, const c10::Device &device) : model_(threads, device) {}

private:
    model_guard model_;
    c10::InferenceMode inference_;
};

} // namespace avsvt_torch

#endif
