/* SPDX-License-Identifier: MIT */
/* ProcessGroupNCCL inside a program that must live on, whatever becomes of the
 * other processes:
 *  - Its watchdog thread ends the process when a sum fails or takes too long.
 *    With TORCH_NCCL_BLOCKING_WAIT, which is read when a group is made, there
 *    is none; a libtorch that does not say so gets no NCCL (CMakeLists.txt).
 *  - A kernel of NCCL keeps the GPU until all have come, and much of CUDA, as
 *    the loading of another kernel, may wait for it. So sums begin only when
 *    all are known to have come, after the backward pass, and this thread asks
 *    nothing else of the GPU until they are done.
 *  - Starting and aborting have been known to hang where a process is gone.
 *    Both happen on a thread of their own, which is left behind if they do. */
#include "message.hpp"

#if AVSVT_DISTRIBUTED
#include "cards.hpp"
#include "cards_choice.hpp"

#if AVSVT_NCCL
#include "guard.hpp"

#include <ATen/ATen.h>
#include <torch/csrc/cuda/nccl.h>
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>

#include <algorithm>
#include <cstdlib>
#include <future>
#include <thread>
#endif

namespace avsvt_torch {

#if AVSVT_NCCL

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using group_pointer = c10::intrusive_ptr<c10d::ProcessGroupNCCL>;

std::string version_text(uint64_t version)
{
    return std::to_string(version >> 32) + "." + std::to_string(version >> 16 & 0xffff) + "." +
        std::to_string(version & 0xffff);
}

constexpr uint64_t header_version = (uint64_t)NCCL_MAJOR << 32 | (uint64_t)NCCL_MINOR << 16 | NCCL_PATCH;

std::string hexadecimal(const void *data, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    std::string text;
    for (size_t i = 0; i < size; i++) {
        const unsigned char byte = static_cast<const unsigned char *>(data)[i];
        text += digits[byte >> 4];
        text += digits[byte & 15];
    }
    return text;
}

/* Lets `work` run on a thread of its own and waits for it so long; what it
 * holds stays with it if it takes longer. */
void beside(milliseconds patience, const char *what, std::function<void()> work)
{
    std::packaged_task<void()> task([work = std::move(work)] {
        warnings_guard quiet(no_warnings());
        work();
    });
    std::future<void> done = task.get_future();
    std::thread(std::move(task)).detach();
    if (done.wait_for(patience) != std::future_status::ready)
        throw refusal(AVSVT_E_BACKEND, std::string(what) + " took more than " +
                      std::to_string(patience.count() / 1000) + " s");
    done.get();
}

/* While it lives a group is made without a watchdog. */
class no_watchdog {
public:
    no_watchdog()
    {
        const char *value = std::getenv(name);
        had_ = value != nullptr;
        before_ = value ? value : "";
        setenv(name, "1", 1);
    }
    ~no_watchdog()
    {
        if (had_)
            setenv(name, before_.c_str(), 1);
        else
            unsetenv(name);
    }
    no_watchdog(const no_watchdog &) = delete;
    no_watchdog &operator=(const no_watchdog &) = delete;

private:
    static constexpr const char *name = "TORCH_NCCL_BLOCKING_WAIT";
    bool had_;
    std::string before_;
};

class nccl_sums : public card_sums {
public:
    nccl_sums(const c10::intrusive_ptr<c10d::Store> &store, int rank, int size, milliseconds timeout);
    ~nccl_sums() override;
    void connect(const at::Device &device);
    void sum(const std::vector<at::Tensor> &tensors, const std::function<bool()> &alone) override;

private:
    struct held {
        group_pointer group;
        std::vector<c10::intrusive_ptr<c10d::Work>> works;
    };

    std::unique_ptr<held> held_;
    milliseconds timeout_;
};

nccl_sums::nccl_sums(const c10::intrusive_ptr<c10d::Store> &store, int rank, int size, milliseconds timeout)
    : held_(std::make_unique<held>()), timeout_(timeout)
{
    auto options = c10d::ProcessGroupNCCL::Options::create();
    options->timeout = timeout;
    no_watchdog lent;
    held_->group = c10::make_intrusive<c10d::ProcessGroupNCCL>(store, rank, size, options);
}

/* Never through the group's own destructor, which throws where aborting does. */
nccl_sums::~nccl_sums()
{
    held *h = held_.release();
    if (!h->group)
        delete h;
    else
        try {
            beside(milliseconds(10000), "ending NCCL", [h] {
                h->group->abort();
                delete h;
            });
        } catch (...) { /* then it stays where it is */
        }
}

/* With a sum of known numbers: what NCCL can't do here should show now, while
 * there is another way. */
void nccl_sums::connect(const at::Device &device)
{
    at::NoGradGuard no_grad;
    const double rank = held_->group->getRank(), size = held_->group->getSize();
    held_->group->eagerConnectSingleDevice(device);
    const at::Tensor known = at::full({1 << 18}, rank + 1, at::TensorOptions(device).dtype(at::kDouble));
    sum({known}, [] { return false; });
    if (!known.eq(size * (size + 1) / 2).all().item<bool>())
        throw refusal(AVSVT_E_BACKEND, "NCCL adds up wrongly");
}

void nccl_sums::sum(const std::vector<at::Tensor> &tensors, const std::function<bool()> &alone)
{
    const auto begun = steady_clock::now();
    auto asked = begun;
    for (const at::Tensor &t : tensors) {
        std::vector<at::Tensor> one{t};
        held_->works.push_back(held_->group->allreduce(one));
    }
    for (const auto &work : held_->works) {
        /* Not wait(): the GPU itself would wait too, also for what never ends. */
        while (!work->isCompleted()) {
            const auto now = steady_clock::now();
            if (now - begun > timeout_)
                throw refusal(AVSVT_E_BACKEND, "a sum over all GPUs took more than " +
                              std::to_string(timeout_.count() / 1000) + " s");
            if (now - asked > milliseconds(100)) {
                asked = now;
                if (alone())
                    throw refusal(AVSVT_E_BACKEND, "another process has gone");
            }
            std::this_thread::sleep_for(std::chrono::microseconds(50));
        }
        if (work->exception())
            std::rethrow_exception(work->exception());
        work->wait();
    }
    held_->works.clear();
}

} // namespace

std::string card_of(const at::Device &device)
{
    if (!device.is_cuda())
        return card_none();
    const uint64_t version = torch::cuda::nccl::version();
    if (version != header_version)
        return card_refusal("the torch module was built for NCCL " + version_text(header_version) +
                            ", libtorch has " + version_text(version));
    try {
        const auto &id = at::cuda::getDeviceProperties(device.index())->uuid;
        return card_line(version_text(version), hexadecimal(id.bytes, sizeof(id.bytes)));
    } catch (const std::exception &e) {
        return card_refusal(plain_words(e.what()));
    }
}

std::unique_ptr<card_sums> open_cards(const c10::intrusive_ptr<c10d::Store> &store, int rank, int size,
                                      const at::Device &device, milliseconds timeout)
{
    auto sums = std::make_shared<std::unique_ptr<nccl_sums>>(
        std::make_unique<nccl_sums>(store, rank, size, timeout));
    beside(std::min(timeout / 2, milliseconds(120000)), "starting NCCL", [=] { (*sums)->connect(device); });
    return std::move(*sums);
}

#else

std::string card_of(const at::Device &device)
{
    return device.is_cuda() ? card_refusal("the torch module was built without NCCL") : card_none();
}

std::unique_ptr<card_sums> open_cards(const c10::intrusive_ptr<c10d::Store> &, int, int, const at::Device &,
                                      std::chrono::milliseconds)
{
    throw refusal(AVSVT_E_UNSUPPORTED, "the torch module was built without NCCL");
}

#endif

} // namespace avsvt_torch
#endif
