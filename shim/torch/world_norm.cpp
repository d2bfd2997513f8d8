/* SPDX-License-Identifier: MIT */
/* Batch normalisation that takes the place of aten::batch_norm in the graph of
 * `loss`. It keeps running statistics before it changes them, which their
 * version does not tell, and in several processes its mean and variance are
 * those of the rows of all, so that parts of a batch give what the whole would. */
#include "world.hpp"

#include "calls.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include <mutex>

namespace avsvt_torch {

namespace {

struct place {
    statistics_before *before;
    world *all;
    bool idle;
};

thread_local place here{nullptr, nullptr, false};

using torch::autograd::AutogradContext;
using torch::autograd::Variable;
using torch::autograd::variable_list;

struct statistics {
    at::Tensor mean, variance; /* double, on the CPU; one for each channel */
    double count;
};

/* Chan's rule over what each process finds in its own rows; all come to the
 * same bits. */
statistics of_all(const at::Tensor &x, const place &at)
{
    const int64_t channels = x.size(1), row = 2 * channels + 1;
    const auto own = at.idle ? std::tuple<at::Tensor, at::Tensor>()
        : at::batch_norm_update_stats(x.to(at::kFloat), {}, {}, 0); /* of aten::batch_norm itself */
    const auto doubles = at::TensorOptions().dtype(at::kDouble);
    at::Tensor gathered = at::zeros({at.all->size, row}, doubles);
    if (!at.idle)
        gathered[at.all->rank].copy_(at::cat({
            at::full({1}, (double)(x.numel() / channels), doubles),
            std::get<0>(own).to(at::kCPU, at::kDouble), std::get<1>(own).to(at::kCPU, at::kDouble)}));
    at.all->sum({gathered});
    const at::Tensor counts = gathered.slice(1, 0, 1), means = gathered.slice(1, 1, channels + 1);
    statistics s;
    s.count = counts.sum().item<double>();
    s.mean = (counts * means).sum(0) / s.count;
    s.variance = (counts * (gathered.slice(1, channels + 1) + (means - s.mean).square())).sum(0) / s.count;
    return s;
}

void keep(const at::Tensor &running)
{
    if (!running.defined())
        return;
    for (const auto &each : *here.before)
        if (each.first.is_same(running))
            return;
    here.before->emplace_back(running, running.detach().clone());
}

/* Like aten::batch_norm it leaves the version as it is. */
void follow(const at::Tensor &running, const at::Tensor &now, double momentum)
{
    if (running.defined())
        running.variable_data().mul_(1 - momentum)
            .add_(now.to(running.device(), running.scalar_type()), momentum);
}

/* a y + b x + c, each channel with its own a, b and c. */
at::Tensor combine(const at::Tensor &y, const at::Tensor &a, const at::Tensor &x, const at::Tensor &b,
                   const at::Tensor &c)
{
    if (!x.is_cpu() || x.scalar_type() != at::kFloat || y.scalar_type() != at::kFloat) {
        std::vector<int64_t> shape((size_t)x.dim(), 1);
        shape[1] = x.size(1);
        at::Tensor sum = y.to(at::kFloat) * a.view(shape);
        return sum.addcmul_(x.to(at::kFloat), b.view(shape)).add_(c.view(shape));
    }
    const at::Tensor from = x.contiguous(), sum = at::empty_like(y);
    const int64_t channels = x.size(1), planes = x.size(0) * channels, size = planes ? x.numel() / planes : 0;
    const float *p = y.data_ptr<float>(), *q = from.data_ptr<float>();
    float *to = sum.data_ptr<float>();
    at::parallel_for(0, planes, std::max<int64_t>(1, 32768 / std::max<int64_t>(1, size)), [&](int64_t begin, int64_t end) {
        for (int64_t plane = begin; plane < end; plane++) {
            const float u = a.data_ptr<float>()[plane % channels], v = b.data_ptr<float>()[plane % channels];
            const float w = c.data_ptr<float>()[plane % channels];
            for (int64_t i = plane * size; i < (plane + 1) * size; i++)
                to[i] = p[i] * u + q[i] * v + w;
        }
    });
    return sum;
}

struct shared_norm : torch::autograd::Function<shared_norm> {
    static Variable forward(AutogradContext *ctx, const Variable &x, const at::Tensor &weight,
                            const at::Tensor &bias, const at::Tensor &running_mean,
                            const at::Tensor &running_var, double momentum, double eps)
    {
        at::NoGradGuard no_grad;
        const statistics s = of_all(x, here);
        follow(running_mean, s.mean, momentum);
        follow(running_var, s.variance * (s.count / std::max(1.0, s.count - 1)), momentum);
        const at::Tensor mean = s.mean.to(x.device(), at::kFloat);
        const at::Tensor variance = s.variance.to(x.device(), at::kFloat);
        ctx->save_for_backward({x, weight, mean, (s.variance + eps).rsqrt().to(x.device(), at::kFloat)});
        ctx->saved_data["world"] = (int64_t)reinterpret_cast<intptr_t>(here.all);
        ctx->saved_data["count"] = s.count;
        ctx->saved_data["eps"] = eps;
        ctx->saved_data["idle"] = here.idle;
        return at::batch_norm(x, weight, bias, mean, variance, false, 0, eps, false);
    }

    static variable_list backward(AutogradContext *ctx, variable_list outputs)
    {
        const variable_list kept = ctx->get_saved_variables();
        const at::Tensor &x = kept[0], &weight = kept[1], &mean = kept[2], &scale = kept[3];
        const double count = ctx->saved_data["count"].toDouble();
        const at::Tensor dy = outputs[0].contiguous();
        world *all = reinterpret_cast<world *>((intptr_t)ctx->saved_data["world"].toInt());
        /* Sums over this process's rows: the gradients of weight and bias,
         * which are added up with all others later. */
        const auto own = at::native_batch_norm_backward(dy, x, weight, {}, {}, mean, scale, true,
            ctx->saved_data["eps"].toDouble(), {false, true, true});
        at::Tensor sums = at::stack({std::get<1>(own), std::get<2>(own)}).to(at::kDouble);
        const at::Tensor by_weight = weight.defined() ? std::get<1>(own) : at::Tensor();
        const at::Tensor by_bias = weight.defined() ? std::get<2>(own) : at::Tensor();
        all->sum({sums});
        if (ctx->saved_data["idle"].toBool()) /* nothing depends on these rows */
            return {at::zeros_like(x), by_weight, by_bias, {}, {}, {}, {}};
        const at::Tensor wide = scale.to(at::kDouble);
        const at::Tensor slope = weight.defined() ? wide * weight.detach().to(at::kDouble) : wide;
        const at::Tensor of_x = -slope * wide * sums[0] / count;
        const at::Tensor rest = -slope * sums[1] / count - of_x * mean.to(at::kDouble);
        const at::Tensor dx = combine(dy, slope.to(at::kFloat), x, of_x.to(at::kFloat), rest.to(at::kFloat));
        return {dx.to(x.scalar_type()), by_weight, by_bias, {}, {}, {}, {}};
    }
};

at::Tensor tensor_or_none(const c10::IValue &v)
{
    return v.isNone() ? at::Tensor() : v.toTensor();
}

/* As aten::batch_norm is called; alone, or with statistics that stand, it is
 * that very function. */
void run_norm(torch::jit::Stack &stack)
{
    std::vector<c10::IValue> a = torch::jit::pop(stack, 9);
    const at::Tensor x = a[0].toTensor(), weight = tensor_or_none(a[1]), bias = tensor_or_none(a[2]);
    const at::Tensor mean = tensor_or_none(a[3]), variance = tensor_or_none(a[4]);
    const bool training = a[5].toBool();
    const double momentum = a[6].toDouble(), eps = a[7].toDouble();
    if (training && here.before) {
        keep(mean);
        keep(variance);
    }
    if (training && here.all)
        torch::jit::push(stack, shared_norm::apply(x, weight, bias, mean, variance, momentum, eps));
    else
        torch::jit::push(stack, at::batch_norm(x, weight, bias, mean, variance, training, momentum, eps,
                                               a[8].toBool()));
}

} // namespace

norm_guard::norm_guard(statistics_before &before, world *w, bool idle)
{
    here = {&before, w, idle};
}

norm_guard::~norm_guard()
{
    here = {nullptr, nullptr, false};
}

void replace_norms(const torch::jit::Method &loss)
{
    static std::once_flag once;
    std::call_once(once, [] {
        register_call("avsvt::batch_norm(Tensor input, Tensor? weight, Tensor? bias, Tensor? running_mean, "
                      "Tensor? running_var, bool training, float momentum, float eps, bool cudnn_enabled) -> Tensor",
                      run_norm);
    });
    replace_calls(loss, "aten::batch_norm", "", "avsvt::batch_norm");
}

} // namespace avsvt_torch
