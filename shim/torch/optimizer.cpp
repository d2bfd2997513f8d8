/* SPDX-License-Identifier: MIT */
/* Written here, also where libtorch has them: torch::optim lacks Adadelta and
 * LARS, and hides the state of the others from whoever wants to save it. The
 * order of operations is that of torch.optim (Python, not fused), so that
 * numbers agree to the last bits. */
#include "optimizer.hpp"

#include "message.hpp"

#include <ATen/ATen.h>

#include <cmath>

namespace avsvt_torch {

namespace {

at::Tensor &remembered(moments &state, const char *name, const at::Tensor &like)
{
    at::Tensor &t = state.tensors[name];
    if (!t.defined())
        t = at::zeros_like(like, at::MemoryFormat::Preserve);
    return t;
}

/* Adam; AdamW has taken its weight decay off before. */
void adam(const avsvt_backend_group &g, at::Tensor &p, const at::Tensor &grad, moments &state)
{
    at::Tensor &mean = remembered(state, "exp_avg", p);
    at::Tensor &square = remembered(state, "exp_avg_sq", p);
    const double n = (double)++state.steps;
    mean.lerp_(grad, 1 - g.beta1);
    square.mul_(g.beta2).addcmul_(grad, grad, 1 - g.beta2);
    const double first = 1 - std::pow(g.beta1, n), second = 1 - std::pow(g.beta2, n);
    const at::Tensor below = square.sqrt().div_(std::sqrt(second)).add_(g.eps);
    p.addcdiv_(mean, below, -(g.lr / first));
}

void adadelta(const avsvt_backend_group &g, at::Tensor &p, const at::Tensor &grad, moments &state)
{
    at::Tensor &square = remembered(state, "square_avg", p);
    at::Tensor &change = remembered(state, "acc_delta", p);
    state.steps++;
    square.mul_(g.rho).addcmul_(grad, grad, 1 - g.rho);
    const at::Tensor above = change.add(g.eps).sqrt_();
    const at::Tensor delta = above.div_(square.add(g.eps).sqrt_()).mul_(grad);
    change.mul_(g.rho).addcmul_(delta, delta, 1 - g.rho);
    p.add_(delta, -g.lr);
}

void sgd(const avsvt_backend_group &g, at::Tensor &p, at::Tensor grad, moments &state)
{
    if (g.momentum != 0) {
        at::Tensor &buffer = state.tensors["momentum_buffer"];
        if (!buffer.defined())
            buffer = grad.clone();
        else
            buffer.mul_(g.momentum).add_(grad, 1 - g.dampening);
        grad = (g.flags & AVSVT_GROUP_NESTEROV) ? grad.add(buffer, g.momentum) : buffer;
    }
    state.steps++;
    p.add_(grad, -g.lr);
}

/* Layer-wise rate: trust |p| / (|grad| + weight_decay |p| + eps) for matrices;
 * biases and norms (one axis) go as in SGD, without weight decay. */
at::Tensor by_layer(const avsvt_backend_group &g, const at::Tensor &p, const at::Tensor &grad)
{
    const double own = p.dim() > 1 ? p.norm().item<double>() : 0;
    const double slope = own > 0 ? grad.norm().item<double>() : 0;
    if (!(slope > 0))
        return grad;
    return grad.add(p, g.weight_decay)
        .mul_(g.trust * own / (slope + g.weight_decay * own + g.eps));
}

/* The simclr package's: trust |p| / |grad + weight_decay p| for every tensor, so one
 * that is all zeros stays so. Where nothing pulls it divides by 0; here that stays. */
at::Tensor by_tensor(const avsvt_backend_group &g, const at::Tensor &p, const at::Tensor &grad)
{
    at::Tensor pull = grad.add(p, g.weight_decay);
    const double slope = pull.norm().item<double>();
    return slope > 0 ? pull.mul_(g.trust * p.norm().item<double>() / slope) : pull;
}

void lars(const avsvt_backend_group &g, at::Tensor &p, at::Tensor grad, moments &state)
{
    grad = g.optimizer == AVSVT_OPTIMIZER_LARS ? by_layer(g, p, grad) : by_tensor(g, p, grad);
    at::Tensor &buffer = remembered(state, "momentum_buffer", p);
    buffer.mul_(g.momentum).add_(grad, g.lr); /* lr in it, unlike SGD's */
    state.steps++;
    p.sub_(buffer);
}

void in_range(double value, double low, double high, const char *name)
{
    if (!(value >= low && value <= high))
        throw refusal(AVSVT_E_ARG, std::string("an optimizer's ") + name + " is out of range");
}

} // namespace

void check_group(const avsvt_backend_group &g)
{
    if (g.optimizer < AVSVT_OPTIMIZER_ADAM || g.optimizer > AVSVT_OPTIMIZER_SIMCLR_LARS)
        throw refusal(AVSVT_E_UNSUPPORTED, "optimizer " + std::to_string(g.optimizer) + " is unknown");
    in_range(g.lr, 0, 1e9, "lr");
    in_range(g.beta1, 0, 1, "beta1");
    in_range(g.beta2, 0, 1, "beta2");
    in_range(g.rho, 0, 1, "rho");
    in_range(g.momentum, 0, 1, "momentum");
    in_range(g.weight_decay, 0, 1e9, "weight_decay");
    in_range(g.eps, 0, 1e9, "eps");
}

void optimize(const avsvt_backend_group &g, at::Tensor p, at::Tensor grad, moments &state)
{
    if (g.optimizer >= AVSVT_OPTIMIZER_LARS)
        return lars(g, p, grad, state);
    if (g.optimizer == AVSVT_OPTIMIZER_ADAMW)
        p.mul_(1 - g.lr * g.weight_decay);
    else if (g.weight_decay != 0)
        grad = grad.add(p, g.weight_decay);
    if (g.optimizer == AVSVT_OPTIMIZER_ADADELTA)
        adadelta(g, p, grad, state);
    else if (g.optimizer == AVSVT_OPTIMIZER_SGD)
        sgd(g, p, grad, state);
    else
        adam(g, p, grad, state);
}

} // namespace avsvt_torch
