/* SPDX-License-Identifier: MIT */
#include "train.hpp"

#include "calls.hpp"
#include "guard.hpp"
#include "message.hpp"
#include "tensors.hpp"

#include <ATen/ATen.h>
#include <ATen/autocast_mode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/jit/api/function_impl.h>
#include <torch/version.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#define AUTOCAST_BY_DEVICE \
    (TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 4))

namespace avsvt_torch {

namespace {

/* What is random in a call depends on the seed and its number alone, and the
 * host's generators stand where they stood. With a GPU there are two: a network
 * decides on the CPU what it decides at all. */
class random_guard {
public:
    random_guard(const at::Device &device, uint64_t seed) : cpu_(at::Device(at::kCPU), seed)
    {
        if (!device.is_cpu())
            other_.emplace(device, seed);
    }

private:
    struct lent {
        at::Generator generator;
        at::Tensor state;

        lent(const at::Device &device, uint64_t seed) : generator(at::globalContext().defaultGenerator(device))
        {
            state = generator.get_state();
            generator.set_current_seed(seed);
        }
        ~lent() { generator.set_state(state); }
        lent(const lent &) = delete;
        lent &operator=(const lent &) = delete;
    };

    lent cpu_;
    std::optional<lent> other_;
};

uint64_t mix(uint64_t seed, uint64_t draw)
{
    uint64_t z = seed + 0x9e3779b97f4a7c15ull * (draw + 1);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
}

/* Mixed precision as torch.autocast has it; otherwise none, whatever the host
 * has set. */
class mixed_guard {
public:
    mixed_guard(const at::Device &device, at::ScalarType type)
        : on_(type != at::kFloat), device_(device.type())
    {
        if (!on_)
            return;
#if AUTOCAST_BY_DEVICE
        was_ = at::autocast::is_autocast_enabled(device_);
        type_ = at::autocast::get_autocast_dtype(device_);
        at::autocast::set_autocast_enabled(device_, true);
        at::autocast::set_autocast_dtype(device_, type);
#else
        if (device_ == at::kCPU) {
            was_ = at::autocast::is_cpu_enabled();
            type_ = at::autocast::get_autocast_cpu_dtype();
            at::autocast::set_cpu_enabled(true);
            at::autocast::set_autocast_cpu_dtype(type);
        } else {
            was_ = at::autocast::is_enabled();
            type_ = at::autocast::get_autocast_gpu_dtype();
            at::autocast::set_enabled(true);
            at::autocast::set_autocast_gpu_dtype(type);
        }
#endif
        at::autocast::increment_nesting();
    }
    ~mixed_guard()
    {
        if (!on_)
            return;
        if (at::autocast::decrement_nesting() == 0)
            at::autocast::clear_cache();
#if AUTOCAST_BY_DEVICE
        at::autocast::set_autocast_enabled(device_, was_);
        at::autocast::set_autocast_dtype(device_, type_);
#else
        if (device_ == at::kCPU) {
            at::autocast::set_cpu_enabled(was_);
            at::autocast::set_autocast_cpu_dtype(type_);
        } else {
            at::autocast::set_enabled(was_);
            at::autocast::set_autocast_gpu_dtype(type_);
        }
#endif
    }

private:
    bool on_, was_ = false;
    c10::DeviceType device_;
    at::ScalarType type_ = at::kFloat;
};

torch::jit::Method find_loss(const torch::jit::Module &module)
{
    auto found = module.find_method("loss");
    if (!found)
        throw refusal(AVSVT_E_UNSUPPORTED, "the network has no method 'loss': it can't be trained");
    torch::jit::toGraphFunction(found->function())._set_initial_executor_execution_mode(
        torch::jit::ExecutorExecutionMode::SIMPLE);
    return *found;
}

/* The number to make small: alone, first, or under "loss". */
at::Tensor total_of(const c10::IValue &result)
{
    const std::vector<named_tensor> list = flatten(result);
    auto found = std::find_if(list.begin(), list.end(),
                              [](const named_tensor &each) { return each.first == "loss"; });
    if (found == list.end())
        found = list.begin();
    std::string what = "nothing";
    if (!list.empty()) {
        const at::Tensor &t = found->second;
        if (t.defined() && t.layout() == at::kStrided && t.numel() == 1 && t.is_floating_point())
            return t;
        if (t.defined())
            what = std::to_string(t.numel()) + (t.numel() == 1 ? " value" : " values") + " of type " +
                toString(t.scalar_type());
    }
    throw refusal(AVSVT_E_UNSUPPORTED, "'loss' gives " + what + "; it must give one floating number, alone, "
                  "first among others, or under the name 'loss'");
}

/* fp16 on the CPU came with the new autocast. */
at::ScalarType mixed_type(int32_t precision, const at::Device &device)
{
    at::ScalarType type = precision_type(precision);
#if !AUTOCAST_BY_DEVICE
    if (type == at::kHalf && device.is_cpu())
        throw refusal(AVSVT_E_UNSUPPORTED, "libtorch " TORCH_VERSION " can't train in fp16 on the CPU: "
                      "that needs 2.4 or later; use bf16, fp32 or a GPU");
#else
    (void)device;
#endif
    return type;
}

const double least_scale = 1.0 / 16384;

} // namespace

bool loss_scale::shrink()
{
    if (!on || factor <= least_scale)
        return false;
    factor *= 0.5;
    good_steps = 0;
    return true;
}

void loss_scale::keep()
{
    if (++good_steps < 2000)
        return;
    good_steps = 0;
    if (factor < 1e38) /* the gradients are float32 */
        factor *= 2;
}

trainer::trainer(network &m, const avsvt_backend_train &args)
    : model(m), loss_method(find_loss(m.module)), seed(args.seed)
{
    if (!m.training)
        throw refusal(AVSVT_E_ARG, "the model was not opened for training");
    mixed = mixed_type(args.precision, m.device);
    scale.on = mixed == at::kHalf;
    replace_norms(loss_method);
    replace_recurrences(loss_method);
    /* Files are written in evaluation mode. */
    model.module.train();
    const auto &arguments = loss_method.function().getSchema().arguments();
    for (size_t i = 1; i < arguments.size(); i++) {
        inputs.push_back(arguments[i].name());
        optional.push_back(arguments[i].default_value().has_value());
    }
    for (const auto &each : model.module.named_parameters()) {
        parameters.emplace_back();
        parameters.back().name = each.name;
        parameters.back().tensor = each.value;
        parameters.back().tensor.requires_grad_(false);
    }
    for (const auto &each : model.module.named_buffers()) {
        buffers.emplace_back();
        buffers.back().name = each.name;
        buffers.back().tensor = each.value;
        buffers.back().first = each.value._version();
    }
}

/* The first call after a step: should the loss not be finite, buffers are put
 * back. Those that never change cost nothing. */
void trainer::remember_buffers()
{
    if (!fresh)
        return;
    fresh = false;
    for (buffer &b : buffers) {
        if (b.before.defined() && b.tensor._version() == b.known)
            continue;
        b.before = b.tensor.detach().clone();
        b.known = b.tensor._version();
    }
}

void trainer::forget()
{
    at::NoGradGuard no_grad;
    for (buffer &b : buffers)
        if (!fresh && b.before.defined() && b.tensor._version() != b.known) {
            b.tensor.copy_(b.before);
            b.known = b.tensor._version();
        }
    for (const auto &each : norms)
        each.first.variable_data().copy_(each.second);
    norms.clear();
    for (parameter &p : parameters)
        p.tensor.mutable_grad().reset();
    if (sharing)
        sharing->drop();
    fresh = true;
}

void trainer::swap_average()
{
    const auto swap = [](held &h) {
        if (!h.average.defined())
            return;
        const at::Tensor now = h.tensor.detach();
        at::Tensor &t = h.tensor;
        t.set_data(h.average);
        h.average = now;
    };
    for (parameter &p : parameters)
        swap(p);
    for (buffer &b : buffers)
        swap(b);
}

c10::IValue trainer::call(const avsvt_backend_tensor *given, size_t count)
{
    std::vector<c10::IValue> none;
    torch::jit::Kwargs named;
    for (size_t i = 0; i < count; i++) {
        const std::string name = given[i].name ? given[i].name : i < inputs.size() ? inputs[i] : "";
        if (std::find(inputs.begin(), inputs.end(), name) == inputs.end())
            throw refusal(AVSVT_E_ARG, "'loss' has no input '" + name + "'");
        if (!named.emplace(name, view_input(given[i], i + 1).to(model.device)).second)
            throw refusal(AVSVT_E_ARG, "input '" + name + "' is given twice");
    }
    for (size_t i = 0; i < inputs.size(); i++)
        if (!optional[i] && !named.count(inputs[i]))
            throw refusal(AVSVT_E_ARG, "'loss' needs an input '" + inputs[i] + "'");
    return loss_method(none, named);
}

/* Where another process is gone, that is the reason, and not in which
 * operation it was noticed. */
double trainer::loss(const avsvt_backend_tensor *given, size_t count,
                     const avsvt_backend_loss &args)
{
    try {
        return compute(given, count, args);
    } catch (...) {
        if (all && !all->over.empty())
            throw refusal(AVSVT_E_BACKEND, all->over);
        throw;
    }
}

double trainer::compute(const avsvt_backend_tensor *given, size_t count,
                        const avsvt_backend_loss &args)
{
    const bool evaluates = (args.flags & AVSVT_LOSS_EVALUATE) != 0;
    at::AutoGradMode gradients(!evaluates);
    /* Each process draws for other rows. */
    const uint64_t own = all && !evaluates ? (uint64_t)all->rank : 0;
    random_guard random(model.device, mix(seed + own * 0xd1342543de82ef95ull, args.draw));
    if (evaluates) {
        struct evaluation {
            trainer &t;
            explicit evaluation(trainer &self) : t(self) { t.model.module.eval(); t.swap_average(); }
            ~evaluation() { t.swap_average(); t.model.module.train(); }
        } for_now(*this);
        mixed_guard precision(model.device, mixed);
        return total_of(call(given, count)).item<double>();
    }
    remember_buffers();
    at::Tensor total;
    const double share = all ? args.share : 1;
    {
        norm_guard looking(norms, all.get(), !(share > 0));
        mixed_guard precision(model.device, mixed);
        total = total_of(call(given, count));
    }
    double value = total.item<double>();
    if (all) {
        at::Tensor sum = at::full({1}, share > 0 ? share * value : 0, at::kDouble);
        all->sum({sum});
        value = sum.item<double>();
    }
    if (sharing && std::isfinite(value) && (args.flags & AVSVT_LOSS_LAST))
        sharing->begin();
    if (std::isfinite(value) && total.requires_grad())
        (scale.on ? total.to(at::kFloat).mul(args.scale * share * scale.factor)
                  : total.mul(args.scale * share)).backward();
    return value;
}

tensor_list trainer::gradients_now() const
{
    tensor_list list;
    for (const parameter &p : parameters)
        if (p.tensor.grad().defined())
            list.push_back(p.tensor.grad());
    return list;
}

/* A batch may give none, where nothing in it counts; one that never does would
 * train for ever, and change nothing. */
void trainer::check_gradients(const tensor_list &list) const
{
    if (!moved && list.empty())
        throw refusal(AVSVT_E_BACKEND, "the loss of the first step depends on no weight that trains: "
            "look at what 'loss' computes, and at the groups' parameters");
}

/* As torch.nn.utils.clip_grad_norm_ does it. */
static double clip(const tensor_list &list, double most)
{
    if (list.empty())
        return 0;
    const double norm = norms_of(list).to(at::kFloat).norm().item<double>();
    if (most > 0 && std::isfinite(norm) && most / (norm + 1e-6) < 1)
        at::_foreach_mul_(list, most / (norm + 1e-6));
    return norm;
}

/* A processor changes one after the other, while its numbers are near; a GPU
 * all of a group at once. */
void trainer::change()
{
    for (size_t g = 0; g < groups.size(); g++) {
        changing list;
        for (parameter &p : parameters) {
            if (!p.trains || p.group != g || !p.tensor.grad().defined())
                continue;
            list.parameters.push_back(p.tensor);
            list.gradients.push_back(p.tensor.grad());
            list.states.push_back(&p.state);
            if (model.device.is_cpu())
                optimize(groups[g], std::exchange(list, {}));
        }
        optimize(groups[g], std::move(list));
    }
}

void trainer::update_average(double keep)
{
    tensor_list averages, values;
    const auto update = [&](held &h) {
        if (!h.average.defined()) {
            h.average = h.tensor.detach().clone();
        } else if (h.tensor.is_floating_point()) {
            averages.push_back(h.average);
            values.push_back(h.tensor.detach());
        } else {
            h.average.copy_(h.tensor);
        }
    };
    for (parameter &p : parameters)
        if (p.group != (size_t)-1)
            update(p);
    for (buffer &b : buffers)
        if (b.average.defined() || b.tensor._version() != b.first)
            update(b);
    approach(averages, values, 1 - keep);
}

double trainer::step(avsvt_backend_step &args)
{
    at::NoGradGuard no_grad;
    args.skipped = 0;
    const tensor_list list = gradients_now();
    check_gradients(list);
    if (scale.on && !list.empty())
        at::_foreach_mul_(list, 1 / scale.factor);
    const double norm = clip(list, args.clip_norm);
    if (!std::isfinite(norm)) {
        args.skipped = scale.shrink();
        forget();
        return norm;
    }
    scale.keep();
    moved = true;
    change();
    for (parameter &p : parameters)
        p.tensor.mutable_grad().reset();
    fresh = true;
    norms.clear();
    if (args.average > 0)
        update_average(args.average);
    return norm;
}

} // namespace avsvt_torch
