/* SPDX-License-Identifier: MIT */
/* A GRU that takes the place of aten::gru in the graph of `loss`. libtorch's
 * for the CPU is made of some thirty small operations for each moment and
 * direction, each with a node of its own for the way back: what they cost does
 * not depend on how many rows the batch has, and is more than the arithmetic.
 * Here a direction is one operation, and the gradients of its weights are one
 * product each. The order of the arithmetic is that of libtorch, so that the
 * outputs are the same bits; sums over time in the gradients are rounded
 * otherwise. */
#include "calls.hpp"

#include <ATen/ATen.h>
#include <c10/core/impl/LocalDispatchKeySet.h>
#include <torch/csrc/autograd/custom_function.h>

#include <mutex>

namespace avsvt_torch {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Variable;
using torch::autograd::variable_list;

/* Of one direction of one layer; at each moment [batch, width], or twice as
 * wide for the two gates. states has one moment more: the one before the first,
 * which for a reversed direction lies after the last. */
struct course {
    at::Tensor gates, fresh, recalled, states;
    int64_t moments, rows, width;
    bool reversed;

    int64_t moment(int64_t step) const { return reversed ? moments - 1 - step : step; }
    int64_t before(int64_t t) const { return reversed ? t + 1 : t; }
    int64_t after(int64_t t) const { return reversed ? t : t + 1; }
    float *at(const at::Tensor &all, int64_t t, int64_t wide = 1) const
    {
        return all.data_ptr<float>() + t * rows * width * wide;
    }
};

/* What the state says to the three gates is added to what the input says:
 * reset and update, and, after reset, the new content. */
void advance(course &c, const at::Tensor &input, const at::Tensor &weight, const at::Tensor &bias)
{
    at::Tensor said = at::empty({c.rows, 3 * c.width}, input.options());
    const int64_t w = c.width;
    for (int64_t step = 0; step < c.moments; step++) {
        const int64_t t = c.moment(step);
        at::addmm_out(said, bias, c.states.select(0, c.before(t)), weight);
        const float *from = c.at(input, t, 3), *heard = said.data_ptr<float>();
        float *gate = c.at(c.gates, t, 2), *fresh = c.at(c.fresh, t), *recalled = c.at(c.recalled, t);
        for (int64_t b = 0; b < c.rows; b++) {
            for (int64_t k = 0; k < 2 * w; k++)
                gate[b * 2 * w + k] = heard[b * 3 * w + k] + from[b * 3 * w + k];
            for (int64_t k = 0; k < w; k++)
                recalled[b * w + k] = heard[b * 3 * w + 2 * w + k];
        }
        c.gates.select(0, t).sigmoid_();
        for (int64_t b = 0; b < c.rows; b++)
            for (int64_t k = 0; k < w; k++)
                fresh[b * w + k] = from[b * 3 * w + 2 * w + k] + recalled[b * w + k] * gate[b * 2 * w + k];
        c.fresh.select(0, t).tanh_();
        const float *old = c.at(c.states, c.before(t));
        float *now = c.at(c.states, c.after(t));
        for (int64_t b = 0; b < c.rows; b++)
            for (int64_t k = 0; k < w; k++)
                now[b * w + k] = (old[b * w + k] - fresh[b * w + k]) * gate[b * 2 * w + w + k] + fresh[b * w + k];
    }
}

/* From the gradient of what came out at t and of the state after it (carried)
 * to those of what input and state said, and in carried what goes straight to
 * the state before it. */
void go_back(const course &c, int64_t t, const at::Tensor &outcome, at::Tensor &carried,
             at::Tensor &by_input, at::Tensor &by_state)
{
    const int64_t w = c.width;
    const float *out = c.at(outcome, t), *gate = c.at(c.gates, t, 2), *fresh = c.at(c.fresh, t);
    const float *recalled = c.at(c.recalled, t), *old = c.at(c.states, c.before(t));
    float *carry = carried.data_ptr<float>(), *input = c.at(by_input, t, 3), *state = c.at(by_state, t, 3);
    for (int64_t b = 0; b < c.rows; b++)
        for (int64_t k = 0; k < w; k++) {
            const int64_t i = b * w + k, g = b * 2 * w + k, s = b * 3 * w + k;
            const float reset = gate[g], update = gate[g + w], n = fresh[i];
            const float slope = out[i] + carry[i];
            const float by_fresh = slope * (1 - update) * (1 - n * n);
            const float by_reset = by_fresh * recalled[i] * reset * (1 - reset);
            const float by_update = slope * (old[i] - n) * update * (1 - update);
            input[s] = state[s] = by_reset;
            input[s + w] = state[s + w] = by_update;
            input[s + 2 * w] = by_fresh;
            state[s + 2 * w] = by_fresh * reset;
            carry[i] = slope * update;
        }
}

/* One direction: what the input says at each moment [moments, batch, 3 width]
 * -> the states after it. */
struct direction : torch::autograd::Function<direction> {
    static Variable forward(AutogradContext *ctx, const Variable &input, const Variable &first,
                            const Variable &weight, const Variable &bias, bool reversed)
    {
        at::NoGradGuard no_grad;
        const auto options = input.options();
        course c;
        c.moments = input.size(0);
        c.rows = input.size(1);
        c.width = weight.size(1);
        c.reversed = reversed;
        c.gates = at::empty({c.moments, c.rows, 2 * c.width}, options);
        c.fresh = at::empty({c.moments, c.rows, c.width}, options);
        c.recalled = at::empty({c.moments, c.rows, c.width}, options);
        c.states = at::empty({c.moments + 1, c.rows, c.width}, options);
        c.states.select(0, reversed ? c.moments : 0).copy_(first);
        advance(c, input.detach().contiguous(), weight.detach().t(), bias.detach());
        ctx->save_for_backward({weight, c.gates, c.fresh, c.recalled, c.states});
        ctx->saved_data["reversed"] = reversed;
        return c.states.narrow(0, reversed ? 0 : 1, c.moments).clone();
    }

    static variable_list backward(AutogradContext *ctx, variable_list outcomes)
    {
        at::NoGradGuard no_grad;
        const variable_list kept = ctx->get_saved_variables();
        const at::Tensor weight = kept[0].detach();
        course c{kept[1], kept[2], kept[3], kept[4], kept[2].size(0), kept[2].size(1), kept[2].size(2),
                 ctx->saved_data["reversed"].toBool()};
        const at::Tensor outcome = outcomes[0].contiguous();
        at::Tensor carried = at::zeros({c.rows, c.width}, weight.options());
        at::Tensor by_input = at::empty({c.moments, c.rows, 3 * c.width}, weight.options());
        at::Tensor by_state = at::empty_like(by_input);
        for (int64_t step = c.moments; step-- > 0;) {
            const int64_t t = c.moment(step);
            go_back(c, t, outcome, carried, by_input, by_state);
            carried.addmm_(by_state.select(0, t), weight);
        }
        const at::Tensor flat = by_state.view({-1, 3 * c.width});
        const at::Tensor old = c.states.narrow(0, c.reversed ? 1 : 0, c.moments).view({-1, c.width});
        return {by_input, carried, flat.t().mm(old), flat.sum(0), {}};
    }
};

struct call {
    at::Tensor input, first;
    std::vector<at::Tensor> weights;
    bool biased, training, both_ways, batch_first;
    int64_t layers;
    double dropout;
};

bool is_plain(const at::Tensor &t, int64_t axes)
{
    return t.is_cpu() && t.scalar_type() == at::kFloat && t.layout() == at::kStrided && t.dim() == axes;
}

/* Of one direction: what weighs the input, the state, and the biases of both. */
bool fits(const at::Tensor *w, int64_t width)
{
    const bool plain = is_plain(w[0], 2) && is_plain(w[1], 2) && is_plain(w[2], 1) && is_plain(w[3], 1);
    return plain && w[1].size(1) == width && w[0].size(0) == 3 * width && w[1].size(0) == 3 * width &&
        w[2].size(0) == 3 * width && w[3].size(0) == 3 * width;
}

/* What we do ourselves; the rest is libtorch's, whose other ways (a GPU's, or
 * in half precision) have no such cost or are chosen by the user, and which
 * tells what is wrong with sizes. */
bool is_ours(const call &c)
{
    const size_t each = 4, directions = c.both_ways ? 2 : 1;
    if (!c.biased || c.weights.size() != (size_t)c.layers * directions * each || !is_plain(c.input, 3) ||
        !is_plain(c.first, 3) || c.input.numel() == 0 ||
        c10::impl::tls_is_dispatch_key_included(c10::DispatchKey::AutocastCPU))
        return false;
    for (size_t i = 0; i < c.weights.size(); i += each)
        if (!fits(&c.weights[i], c.first.size(2)))
            return false;
    return c.first.size(0) == c.layers * (int64_t)directions && c.first.size(1) == c.input.size(c.batch_first ? 0 : 1);
}

/* As aten::gru puts layers and directions together. */
std::tuple<at::Tensor, at::Tensor> run_layers(const call &c)
{
    const int64_t directions = c.both_ways ? 2 : 1;
    at::Tensor x = c.batch_first ? c.input.transpose(0, 1) : c.input;
    std::vector<at::Tensor> last;
    for (int64_t layer = 0; layer < c.layers; layer++) {
        std::vector<at::Tensor> ways;
        for (int64_t d = 0; d < directions; d++) {
            const size_t n = (size_t)(layer * directions + d);
            const at::Tensor *w = &c.weights[n * 4];
            ways.push_back(direction::apply(at::linear(x, w[0], w[2]), c.first.select(0, (int64_t)n),
                                            w[1], w[3], d == 1));
            last.push_back(ways.back().select(0, d == 1 ? 0 : x.size(0) - 1));
        }
        x = directions == 2 ? at::cat(ways, -1) : ways[0];
        if (c.dropout != 0 && c.training && layer < c.layers - 1)
            x = at::dropout(x, c.dropout, true);
    }
    return {c.batch_first ? x.transpose(0, 1) : x, at::stack(last, 0)};
}

void run_gru(torch::jit::Stack &stack)
{
    std::vector<c10::IValue> a = torch::jit::pop(stack, 9);
    const call c{a[0].toTensor(), a[1].toTensor(), a[2].toTensorVector(), a[3].toBool(), a[6].toBool(),
                 a[7].toBool(), a[8].toBool(), a[4].toInt(), a[5].toDouble()};
    const auto found = is_ours(c) ? run_layers(c)
        : at::gru(c.input, c.first, c.weights, c.biased, c.layers, c.dropout, c.training, c.both_ways, c.batch_first);
    torch::jit::push(stack, std::get<0>(found), std::get<1>(found));
}

} // namespace

void replace_recurrences(const torch::jit::Method &loss)
{
    static std::once_flag once;
    std::call_once(once, [] {
        register_call("avsvt::gru(Tensor input, Tensor hx, Tensor[] params, bool has_biases, int num_layers, "
                      "float dropout, bool train, bool bidirectional, bool batch_first) -> (Tensor, Tensor)", run_gru);
    });
    replace_calls(loss, "aten::gru", "input", "avsvt::gru");
}

} // namespace avsvt_torch
