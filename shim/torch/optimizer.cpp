/* SPDX-License-Identifier: MIT */
/* Written here, also where libtorch has them: torch::optim lacks Adadelta and
 * LARS, and hides the state of the others from whoever wants to save it. The
 * order of operations is that of torch.optim (Python, not fused), so that
 * numbers agree to the last bits. */
#include "optimizer.hpp"

#include "message.hpp"

#include <ATen/ATen.h>
#include <torch/version.h>

#include <cmath>

namespace avsvt_torch {

at::Tensor norms_of(const tensor_list &tensors)
{
    return at::stack(at::_foreach_norm(tensors));
}

void approach(const tensor_list &to, const tensor_list &from, double share)
{
    if (to.empty())
        return;
#if TORCH_VERSION_MAJOR >= 2
    at::_foreach_lerp_(to, from, share);
#else
    for (size_t i = 0; i < to.size(); i++)
        to[i].lerp_(from[i], share);
#endif
}

namespace {

tensor_list remembered(const changing &list, const char *name)
{
    tensor_list all;
    for (size_t i = 0; i < list.states.size(); i++) {
        at::Tensor &t = list.states[i]->tensors[name];
        if (!t.defined())
            t = at::zeros_like(list.parameters[i], at::MemoryFormat::Preserve);
        all.push_back(t);
    }
    return all;
}

/* Their squares, smoothed. */
void smooth_squares(const tensor_list &squares, const tensor_list &of, double keep)
{
    at::_foreach_mul_(squares, keep);
    at::_foreach_addcmul_(squares, of, of, 1 - keep);
}

/* Adam; AdamW has taken its weight decay off before. */
void adam(const avsvt_backend_group &g, const changing &list)
{
    const tensor_list means = remembered(list, "exp_avg"), squares = remembered(list, "exp_avg_sq");
    std::vector<at::Scalar> roots, rates;
    for (const moments *state : list.states) {
        const double n = (double)state->steps;
        roots.emplace_back(std::sqrt(1 - std::pow(g.beta2, n)));
        rates.emplace_back(-(g.lr / (1 - std::pow(g.beta1, n))));
    }
    approach(means, list.gradients, 1 - g.beta1);
    smooth_squares(squares, list.gradients, g.beta2);
    const tensor_list below = at::_foreach_sqrt(squares);
    at::_foreach_div_(below, roots);
    at::_foreach_add_(below, g.eps);
    at::_foreach_addcdiv_(list.parameters, means, below, rates);
}

void adadelta(const avsvt_backend_group &g, const changing &list)
{
    const tensor_list squares = remembered(list, "square_avg"), changes = remembered(list, "acc_delta");
    smooth_squares(squares, list.gradients, g.rho);
    const tensor_list deltas = at::_foreach_add(changes, g.eps), below = at::_foreach_add(squares, g.eps);
    at::_foreach_sqrt_(deltas);
    at::_foreach_sqrt_(below);
    at::_foreach_div_(deltas, below);
    at::_foreach_mul_(deltas, list.gradients);
    smooth_squares(changes, deltas, g.rho);
    at::_foreach_add_(list.parameters, deltas, -g.lr);
}

/* The buffers of momentum; the first gradient is the first of them. */
tensor_list gather_speed(const avsvt_backend_group &g, const changing &list)
{
    tensor_list all, old, gradients;
    for (size_t i = 0; i < list.states.size(); i++) {
        at::Tensor &buffer = list.states[i]->tensors["momentum_buffer"];
        if (buffer.defined()) {
            old.push_back(buffer);
            gradients.push_back(list.gradients[i]);
        } else {
            buffer = list.gradients[i].clone();
        }
        all.push_back(buffer);
    }
    if (!old.empty()) {
        at::_foreach_mul_(old, g.momentum);
        at::_foreach_add_(old, gradients, 1 - g.dampening);
    }
    return all;
}

void sgd(const avsvt_backend_group &g, changing list)
{
    if (g.momentum != 0) {
        const tensor_list speed = gather_speed(g, list);
        list.gradients = (g.flags & AVSVT_GROUP_NESTEROV)
            ? at::_foreach_add(list.gradients, speed, g.momentum) : speed;
    }
    at::_foreach_add_(list.parameters, list.gradients, -g.lr);
}

/* All in one copy from the device. */
std::vector<double> sizes_of(const tensor_list &tensors)
{
    const at::Tensor all = norms_of(tensors).to(at::kCPU, at::kDouble);
    return std::vector<double>(all.data_ptr<double>(), all.data_ptr<double>() + all.numel());
}

/* Layer-wise rate: trust |p| / (|grad| + weight_decay |p| + eps) for matrices;
 * biases and norms (one axis) go as in SGD, without weight decay. */
void rate_layers(const avsvt_backend_group &g, changing &list)
{
    const std::vector<double> owns = sizes_of(list.parameters);
    const std::vector<double> slopes = sizes_of(list.gradients);
    tensor_list pulls, of;
    std::vector<at::Scalar> rates;
    std::vector<size_t> places;
    for (size_t i = 0; i < owns.size(); i++) {
        if (list.parameters[i].dim() < 2 || !(owns[i] > 0) || !(slopes[i] > 0))
            continue;
        pulls.push_back(list.gradients[i]);
        of.push_back(list.parameters[i]);
        rates.emplace_back(g.trust * owns[i] / (slopes[i] + g.weight_decay * owns[i] + g.eps));
        places.push_back(i);
    }
    if (pulls.empty())
        return;
    pulls = at::_foreach_add(pulls, of, g.weight_decay);
    at::_foreach_mul_(pulls, rates);
    for (size_t k = 0; k < places.size(); k++)
        list.gradients[places[k]] = pulls[k];
}

/* The simclr package's: trust |p| / |grad + weight_decay p| for every tensor, so one
 * that is all zeros stays so. Where nothing pulls it divides by 0; here that stays. */
void rate_tensors(const avsvt_backend_group &g, changing &list)
{
    list.gradients = at::_foreach_add(list.gradients, list.parameters, g.weight_decay);
    const std::vector<double> owns = sizes_of(list.parameters);
    const std::vector<double> slopes = sizes_of(list.gradients);
    std::vector<at::Scalar> rates;
    for (size_t i = 0; i < owns.size(); i++)
        rates.emplace_back(slopes[i] > 0 ? g.trust * owns[i] / slopes[i] : 1.0);
    at::_foreach_mul_(list.gradients, rates);
}

void lars(const avsvt_backend_group &g, changing list)
{
    if (g.optimizer == AVSVT_OPTIMIZER_LARS)
        rate_layers(g, list);
    else
        rate_tensors(g, list);
    const tensor_list speed = remembered(list, "momentum_buffer");
    at::_foreach_mul_(speed, g.momentum);
    at::_foreach_add_(speed, list.gradients, g.lr); /* lr in it, unlike SGD's */
    at::_foreach_sub_(list.parameters, speed);
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

void optimize(const avsvt_backend_group &g, changing list)
{
    if (list.states.empty())
        return;
    for (moments *state : list.states)
        state->steps++;
    if (g.optimizer >= AVSVT_OPTIMIZER_LARS)
        return lars(g, std::move(list));
    if (g.optimizer == AVSVT_OPTIMIZER_ADAMW)
        at::_foreach_mul_(list.parameters, 1 - g.lr * g.weight_decay);
    else if (g.weight_decay != 0)
        list.gradients = at::_foreach_add(list.gradients, list.parameters, g.weight_decay);
    if (g.optimizer == AVSVT_OPTIMIZER_ADADELTA)
        adadelta(g, list);
    else if (g.optimizer == AVSVT_OPTIMIZER_SGD)
        sgd(g, std::move(list));
    else
        adam(g, list);
}

} // namespace avsvt_torch
