/* SPDX-License-Identifier: MIT */
#include "world.hpp"

#include "guard.hpp"
#include "message.hpp"

#if AVSVT_DISTRIBUTED
#include "cards.hpp"
#include "cards_choice.hpp"
#include "nearby.hpp"
#include "peers.hpp"

#include <ATen/ATen.h>
#include <c10/util/Flags.h>
#include <torch/csrc/distributed/c10d/FileStore.hpp>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include <algorithm>
#include <cstdlib>
#include <functional>

#ifndef C10_USE_GLOG
C10_DECLARE_int(caffe2_log_level);
#endif

namespace avsvt_torch {

namespace {

using std::chrono::milliseconds;

std::string where(const avsvt_backend_join &args)
{
    return args.file ? args.file : std::string(args.host) + ", port " + std::to_string(args.port);
}

bool serves(const avsvt_backend_join &args)
{
    return !args.file && args.rank == 0 && !(args.flags & AVSVT_WORLD_CLIENT);
}

c10::intrusive_ptr<c10d::Store> open_store(const avsvt_backend_join &args, milliseconds timeout)
{
    c10::intrusive_ptr<c10d::Store> store;
    if (args.file) {
        store = c10::make_intrusive<c10d::FileStore>(args.file, args.size);
        store->setTimeout(timeout);
    } else {
        c10d::TCPStoreOptions options;
        options.port = (uint16_t)args.port;
        options.isServer = serves(args);
        options.waitWorkers = false;
        options.timeout = timeout;
        store = c10::make_intrusive<c10d::TCPStore>(args.host, options);
    }
    return c10::make_intrusive<c10d::PrefixStore>(args.prefix ? args.prefix : "avsvt", store);
}

/* The network that Gloo talks over: the one named, this machine's own loop, or
 * the one of this machine's name. */
std::shared_ptr<gloo::transport::Device> choose_network(const avsvt_backend_join &args)
{
    const char *named = std::getenv("GLOO_SOCKET_IFNAME");
    const std::string host = args.file ? "localhost" : args.host;
    if (named && *named)
        return c10d::ProcessGroupGloo::createDeviceForInterface(named);
    if (host == "localhost" || host == "127.0.0.1" || host == "::1")
        return c10d::ProcessGroupGloo::createDeviceForHostname("127.0.0.1");
    return c10d::ProcessGroupGloo::createDefaultDevice();
}

class gloo_world : public world {
public:
    gloo_world(const avsvt_backend_join &args, const at::Device &device, size_t most);
    void sum(std::vector<at::Tensor> tensors) override;
    void set_out(const at::Tensor &tensor) override;
    void wait() override;
    void leave(const std::string &why) override;

private:
    struct under_way {
        at::Tensor tensor;
        std::vector<at::Tensor> on_cpu; /* itself, where it lies there */
        c10::intrusive_ptr<c10d::Work> work;
    };

    void start(const avsvt_backend_join &args);
    void start_cards(bool wanted);
    void end_cards();
    under_way begin(const c10::intrusive_ptr<c10d::ProcessGroupGloo> &group, const at::Tensor &tensor);
    void finish(std::vector<under_way> &list);
    void attempt(const std::function<void()> &what);
    [[noreturn]] void fail(const std::string &why);

    c10::intrusive_ptr<c10d::Store> store_;
    std::unique_ptr<peers> peers_;
    c10::intrusive_ptr<c10d::ProcessGroupGloo> group_; /* none: the world has ended */
    /* Another, since what sets out falls between sums at no certain place. */
    c10::intrusive_ptr<c10d::ProcessGroupGloo> beside_;
    std::vector<under_way> out_;
    std::unique_ptr<nearby> nearby_; /* none: they are on several machines, or told to do without */
    std::unique_ptr<card_sums> cards_; /* none: what is on a GPU goes through the CPU */
    std::vector<at::Tensor> on_card_;  /* set out, for cards_ */
    at::Device device_;
    milliseconds timeout_;
    bool serves_;
};

gloo_world::gloo_world(const avsvt_backend_join &args, const at::Device &device, size_t most)
    : device_(device), timeout_((int64_t)(args.timeout_s * 1000)), serves_(avsvt_torch::serves(args))
{
    const std::string name = "rank " + std::to_string(args.rank) + " of " + std::to_string(args.size);
    rank = args.rank;
    size = args.size;
    try {
        store_ = open_store(args, timeout_);
    } catch (const std::exception &e) {
        throw refusal(AVSVT_E_IO, name + (serves_ ? " can't listen at " : " can't reach rank 0 at ") +
                      where(args) + ": " + plain_words(e.what()));
    }
    peers_ = std::make_unique<peers>(store_, rank, size, serves_, std::min(timeout_, milliseconds(10000)));
    try {
        peers_->arrive();
        start(args);
        if (!(args.flags & AVSVT_WORLD_GLOO))
            nearby_ = nearby::open(*peers_, rank, size, most, timeout_);
    } catch (const refusal &r) {
        leave(r.what());
        throw;
    } catch (const std::exception &e) {
        std::string absent;
        try {
            absent = peers_->missing();
        } catch (const std::exception &) {
            absent = "rank 0";
        }
        const std::string text = plain_words(e.what());
        const std::string why = absent.empty() ? "can't connect to the others: " + text
                                               : absent + " did not come to " + where(args);
        leave(why);
        throw refusal(AVSVT_E_IO, name + ": " + why);
    }
    start_cards(!(args.flags & AVSVT_WORLD_GLOO));
}

void gloo_world::start(const avsvt_backend_join &args)
{
    auto options = c10d::ProcessGroupGloo::Options::create(timeout_);
    options->devices.push_back(choose_network(args));
    options->threads = 1; /* of what one waits for there is one at a time */
    group_ = c10::make_intrusive<c10d::ProcessGroupGloo>(
        c10::make_intrusive<c10d::PrefixStore>("gloo", store_), rank, size, options);
    beside_ = c10::make_intrusive<c10d::ProcessGroupGloo>(
        c10::make_intrusive<c10d::PrefixStore>("beside", store_), rank, size, options);
}

/* NCCL where all can have it, and in all or in none. */
void gloo_world::start_cards(bool wanted)
{
    const std::string mine = wanted || !device_.is_cuda() ? card_of(device_) : card_refusal("it is not wanted");
    cards_choice choice{false, ""};
    attempt([&] { choice = choose_cards(peers_->exchange("card", mine)); });
    std::string why = choice.why_not;
    if (choice.nccl) {
        try {
            cards_ = open_cards(c10::make_intrusive<c10d::PrefixStore>("nccl", store_), rank, size, device_, timeout_);
        } catch (const std::exception &e) {
            why = plain_words(e.what());
        }
        at::Tensor failed = at::zeros({size}, at::kDouble);
        failed[rank] = cards_ ? 0 : 1;
        sum({failed});
        if (failed.sum().item<double>() > 0) {
            cards_.reset();
            why = "rank " + std::to_string(failed.argmax().item<int64_t>()) + " can't start NCCL" +
                (why.empty() ? "" : ": " + why);
        }
    }
    if (!why.empty() && wanted)
        note = "GPUs talk over Gloo, which is slower than NCCL: " + why;
}

/* The connections are closed first, so that whoever waits for this process
 * learns of it too. */
void gloo_world::fail(const std::string &why)
{
    peers_->say("");
    if (nearby_)
        nearby_->leave();
    out_.clear();
    group_.reset();
    beside_.reset();
    const std::string to_blame = peers_->blame();
    over = to_blame.empty() ? why : to_blame;
    first_left = peers_->first_left();
    end_cards();
    throw refusal(AVSVT_E_BACKEND, over);
}

gloo_world::under_way gloo_world::begin(const c10::intrusive_ptr<c10d::ProcessGroupGloo> &group,
                                        const at::Tensor &tensor)
{
    under_way u{tensor, {tensor.to(at::kCPU)}, {}};
    u.work = group->allreduce(u.on_cpu);
    return u;
}

void gloo_world::finish(std::vector<under_way> &list)
{
    for (under_way &u : list) {
        u.work->wait();
        if (!u.tensor.is_cpu())
            u.tensor.copy_(u.on_cpu[0]);
    }
    list.clear();
}

/* The world ends outside the handler: it waits for the others' reasons. */
void gloo_world::attempt(const std::function<void()> &what)
{
    if (!group_)
        throw refusal(AVSVT_E_BACKEND, over);
    pipe_guard no_signal;
    std::string why;
    try {
        what();
        return;
    } catch (const std::exception &e) {
        why = plain_words(e.what());
    }
    fail(why);
}

void gloo_world::sum(std::vector<at::Tensor> tensors)
{
    attempt([&] {
        std::vector<under_way> list;
        for (const at::Tensor &t : tensors)
            if (!nearby_ || !nearby_->sum(t))
                list.push_back(begin(group_, t));
        finish(list);
    });
}

void gloo_world::set_out(const at::Tensor &tensor)
{
    attempt([&] {
        if (cards_ && tensor.device() == device_)
            on_card_.push_back(tensor);
        else if (!nearby_ || !nearby_->set_out(tensor))
            out_.push_back(begin(beside_, tensor));
    });
}

/* What goes through the CPU comes first: after it all have come this far, and
 * the GPUs hardly wait for each other. */
void gloo_world::wait()
{
    attempt([&] {
        if (nearby_)
            nearby_->wait();
        finish(out_);
        if (!on_card_.empty())
            cards_->sum(on_card_, [&] { return peers_->gone(); });
        on_card_.clear();
    });
}

void gloo_world::leave(const std::string &why)
{
    if (!over.empty())
        return;
    pipe_guard no_signal;
    over = why.empty() ? "this process has left the others" : why;
    if (!why.empty())
        peers_->say(why);
    if (nearby_)
        nearby_->leave();
    out_.clear();
    group_.reset();
    beside_.reset();
    if (!why.empty() && serves_)
        peers_->blame();
    end_cards();
}

void gloo_world::end_cards()
{
    on_card_.clear();
    cards_.reset();
}

} // namespace

/* c10d writes pages to standard error where we say one line. It stays as it is
 * where the host uses this libtorch too, or asks for its words. */
static void silence()
{
#ifndef C10_USE_GLOG
    if (!is_shared() && !std::getenv("TORCH_CPP_LOG_LEVEL"))
        FLAGS_caffe2_log_level = 3;
#endif
}

std::unique_ptr<world> world::join(const avsvt_backend_join &args, const at::Device &device, size_t most)
{
    silence();
    if (args.size < 1 || args.rank < 0 || args.rank >= args.size || (!args.file && !args.host))
        throw refusal(AVSVT_E_ARG, "rank " + std::to_string(args.rank) + " of " +
                      std::to_string(args.size) + " processes makes no sense");
    pipe_guard no_signal;
    return std::make_unique<gloo_world>(args, device, most);
}

} // namespace avsvt_torch
#endif
