/* SPDX-License-Identifier: MIT */
/* A trainer's state as flat named tensors. "model/NAME" are the network's,
 * "average/NAME" their averages, "moment/KEY/NAME" what optimizers remember,
 * "steps" how often each parameter was changed, "scale" the loss scale of fp16
 * and the steps since it was changed. */
#include "train.hpp"

#include "message.hpp"

#include <ATen/ATen.h>

#include <cstring>

namespace avsvt_torch {

static at::Tensor step_counts(const std::vector<parameter> &parameters)
{
    at::Tensor counts = at::zeros({(int64_t)parameters.size()}, at::kLong);
    for (size_t i = 0; i < parameters.size(); i++)
        counts[(int64_t)i] = parameters[i].state.steps;
    return counts;
}

/* What get_state hands over is the caller's: training goes on meanwhile. */
static at::Tensor own(const at::Tensor &t)
{
    return t.is_cpu() ? t.detach().clone(at::MemoryFormat::Contiguous)
                      : t.detach().to(at::Device(at::kCPU)).contiguous();
}

std::vector<named_tensor> trainer::state(int32_t kind)
{
    at::NoGradGuard no_grad;
    std::vector<named_tensor> list;
    const bool whole = kind == AVSVT_STATE_ALL;
    const auto add = [&](const held &h) {
        const bool average = h.average.defined();
        if (!whole)
            list.emplace_back(h.name, own(average ? h.average : h.tensor));
        else
            list.emplace_back("model/" + h.name, own(h.tensor));
        if (whole && average)
            list.emplace_back("average/" + h.name, own(h.average));
    };
    for (const parameter &p : parameters)
        add(p);
    for (const buffer &b : buffers)
        add(b);
    for (const parameter &p : parameters)
        for (const auto &each : p.state.tensors)
            if (whole)
                list.emplace_back("moment/" + each.first + "/" + p.name, own(each.second));
    if (whole)
        list.emplace_back("steps", step_counts(parameters));
    if (whole && scale.on)
        list.emplace_back("scale", at::tensor({scale.factor, (double)scale.good_steps}, at::kDouble));
    return list;
}

namespace {

[[noreturn]] void foreign(const std::string &name)
{
    throw refusal(AVSVT_E_FORMAT, "the state holds '" + name + "', which this network does not have");
}

template <class list> typename list::value_type &find(list &all, const std::string &name,
                                                      const std::string &whole)
{
    for (auto &each : all)
        if (each.name == name)
            return each;
    foreign(whole);
}

void put(at::Tensor &to, const at::Tensor &from, const std::string &whole)
{
    if (to.sizes() != from.sizes() || to.scalar_type() != from.scalar_type())
        throw refusal(AVSVT_E_FORMAT, "the state's '" + whole + "' has another size or type than the "
                      "network's");
    /* Its version stays: it tells which buffers the network itself changes. */
    to.variable_data().copy_(from);
}

} // namespace

void trainer::restore(const avsvt_backend_tensor *tensors, size_t count)
{
    at::NoGradGuard no_grad;
    forget();
    for (buffer &b : buffers)
        b.before.reset();
    const auto any = [&](const std::string &name, const std::string &whole) -> held & {
        for (parameter &p : parameters)
            if (p.name == name)
                return p;
        return find(buffers, name, whole);
    };
    for (size_t i = 0; i < count; i++) {
        const std::string whole = tensors[i].name ? tensors[i].name : "";
        const at::Tensor from = view_input(tensors[i], i + 1);
        const size_t slash = whole.find('/'), second = whole.find('/', slash + 1);
        const std::string kind = whole.substr(0, slash);
        if (kind == "model" && slash != std::string::npos) {
            put(any(whole.substr(slash + 1), whole).tensor, from, whole);
        } else if (kind == "average" && slash != std::string::npos) {
            held &h = any(whole.substr(slash + 1), whole);
            h.average = at::empty_like(h.tensor);
            put(h.average, from, whole);
        } else if (kind == "moment" && second != std::string::npos) {
            parameter &p = find(parameters, whole.substr(second + 1), whole);
            at::Tensor &t = p.state.tensors[whole.substr(slash + 1, second - slash - 1)];
            t = at::empty_like(p.tensor);
            put(t, from, whole);
        } else if (whole == "steps" && from.numel() == (int64_t)parameters.size() &&
                   from.scalar_type() == at::kLong) {
            for (size_t k = 0; k < parameters.size(); k++)
                parameters[k].state.steps = from.data_ptr<int64_t>()[k];
        } else if (whole == "scale" && scale.on && from.numel() == 2 &&
                   from.scalar_type() == at::kDouble) {
            scale.factor = from.data_ptr<double>()[0];
            scale.good_steps = (int64_t)from.data_ptr<double>()[1];
        } else {
            foreign(whole);
        }
    }
}

} // namespace avsvt_torch
