/* SPDX-License-Identifier: MIT */
/* at::set_num_threads() is not used: besides the calling thread's setting it
 * stores the number for the whole process, where a call that runs at the same
 * time finds it and later "restores" it for the host. The settings of the
 * calling thread alone are those of OpenMP and, where libtorch has it built
 * in, MKL. Both are looked up in libtorch's own dependencies, since a wheel
 * may bring a libgomp of its own beside the system's. */
#include "guard.hpp"

#include <ATen/Parallel.h>

#include <cerrno>
#include <ctime>

#include <dlfcn.h>

namespace avsvt_torch {

static bool host_shares;

void set_shared(bool shared)
{
    host_shares = shared;
}

bool is_shared()
{
    return host_shares;
}

namespace {

struct thread_functions {
    int (*omp_get)(void) = nullptr;
    void (*omp_set)(int) = nullptr;
    int (*mkl_set_local)(int) = nullptr;

    thread_functions()
    {
        Dl_info info;
        if (!dladdr(reinterpret_cast<void *>(&at::get_num_threads), &info) || !info.dli_fname)
            return;
        void *handle = dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
        if (!handle)
            return;
        omp_get = reinterpret_cast<int (*)(void)>(dlsym(handle, "omp_get_max_threads"));
        omp_set = reinterpret_cast<void (*)(int)>(dlsym(handle, "omp_set_num_threads"));
        mkl_set_local = reinterpret_cast<int (*)(int)>(dlsym(handle, "MKL_Set_Num_Threads_Local"));
        dlclose(handle);
    }
};

const thread_functions &functions()
{
    static const thread_functions found;
    return found;
}

} // namespace

c10::WarningHandler *no_warnings()
{
    class : public c10::WarningHandler {
#if TORCH_VERSION_MAJOR >= 2
        void process(const c10::Warning &) override {}
#else
        void process(const c10::SourceLocation &, const std::string &, const bool) override {}
#endif
    } static handler;
    return &handler;
}

threads_guard::threads_guard(int threads) : warnings_(no_warnings()), omp_(0), mkl_(0)
{
    const thread_functions &f = functions();
    if (!f.omp_get || !f.omp_set)
        return;
    /* libtorch sets a thread's number when it is first asked for it. A host
     * that uses this libtorch expects that number afterwards, any other the
     * one from before. */
    omp_ = f.omp_get();
    int torch = at::get_num_threads();
    if (host_shares)
        omp_ = torch;
    f.omp_set(threads);
    if (f.mkl_set_local)
        mkl_ = f.mkl_set_local(threads);
}

threads_guard::~threads_guard()
{
    const thread_functions &f = functions();
    if (!f.omp_get || !f.omp_set)
        return;
    f.omp_set(omp_);
    if (f.mkl_set_local)
        f.mkl_set_local(mkl_);
}

static sigset_t broken_pipe()
{
    sigset_t one;
    sigemptyset(&one);
    sigaddset(&one, SIGPIPE);
    return one;
}

pipe_guard::pipe_guard()
{
    const sigset_t one = broken_pipe();
    sigset_t waiting;
    pthread_sigmask(SIG_BLOCK, &one, &before_);
    sigpending(&waiting);
    waited_ = sigismember(&waiting, SIGPIPE) == 1;
}

pipe_guard::~pipe_guard()
{
    const sigset_t one = broken_pipe();
    const timespec at_once = {0, 0};
    while (!waited_ && sigtimedwait(&one, nullptr, &at_once) < 0 && errno == EINTR)
        continue;
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

} // namespace avsvt_torch
