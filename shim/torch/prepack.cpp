/* SPDX-License-Identifier: MIT */
/* libtorch's linear layers go to the BLAS it was built with, which lays the
 * weights anew in each call, and some of which leave a third of the speed of a
 * processor that is not their maker's. oneDNN, which is in libtorch 2 as well,
 * takes weights laid out once and does the GELU on the way. Its operators are
 * those of PyTorch's own compiler; libtorch 1.13 has none of them, so they are
 * looked up by name. */
#include "prepack.hpp"

#include <ATen/Context.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/stack.h>
#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/passes/dead_code_elimination.h>

#include <vector>

namespace avsvt_torch {

namespace {

using torch::jit::Graph;
using torch::jit::Node;
using torch::jit::Value;

const int64_t least_weights = 1 << 16; /* below it the call costs more than it saves */

const char *const reorder_name = "mkldnn::_reorder_linear_weight";
const char *const linear_name = "mkldnn::_linear_pointwise";

bool has_operators()
{
    auto &dispatcher = c10::Dispatcher::singleton();
    const auto reorder = dispatcher.findSchema({reorder_name, ""});
    const auto linear = dispatcher.findSchema({linear_name, ""});
    return reorder && linear && at::globalContext().userEnabledMkldnn() &&
        reorder->schema().arguments().size() == 2 && linear->schema().arguments().size() == 6;
}

at::Tensor reordered(const at::Tensor &weight)
{
    torch::jit::Stack stack{weight.contiguous(), c10::IValue()};
    c10::Dispatcher::singleton().findSchemaOrThrow(reorder_name, "").callBoxed(&stack);
    return stack.at(0).toTensor();
}

/* Its weights, where the node is a layer that is worth it. */
c10::optional<at::Tensor> weights_of(Node *node)
{
    static const auto linear = c10::Symbol::fromQualString("aten::linear");
    if (node->kind() != linear)
        return c10::nullopt;
    const auto weight = torch::jit::toIValue(node->input(1));
    const auto bias = torch::jit::toIValue(node->input(2));
    if (!weight || !weight->isTensor() || !bias)
        return c10::nullopt;
    const at::Tensor t = weight->toTensor();
    if (t.layout() != at::kStrided || t.dim() != 2 || t.scalar_type() != at::kFloat ||
        !t.device().is_cpu() || t.numel() < least_weights)
        return c10::nullopt;
    return t;
}

/* The GELU that alone takes what the layer gives, or nothing. */
Node *gelu_behind(Value *given)
{
    static const auto gelu = c10::Symbol::fromQualString("aten::gelu");
    if (given->uses().size() != 1 || given->uses()[0].user->kind() != gelu)
        return nullptr;
    Node *user = given->uses()[0].user;
    const auto how = user->inputs().size() > 1 ? torch::jit::toIValue(user->input(1)) : c10::nullopt;
    return how && how->isString() && how->toStringRef() == "none" ? user : nullptr;
}

void replace(Graph &graph, Node *node, const at::Tensor &weight)
{
    torch::jit::WithInsertPoint here(node);
    /* What libtorch keeps such tensors in: other constants are compared. */
    Node *packed = graph.create(c10::Symbol::fromQualString("prim::ConstantMKLDNNTensor"));
    packed->t_(c10::Symbol::attr("value"), reordered(weight));
    graph.insertNode(packed);
    Node *none = graph.insertNode(graph.createList(
        c10::OptionalType::create(c10::NumberType::get()), {}));
    Node *gelu = gelu_behind(node->output());
    Value *how = graph.insertConstant(std::string(gelu ? "gelu" : "none"));
    Value *algorithm = graph.insertConstant(std::string(gelu ? "none" : ""));
    Node *made = graph.insertNode(graph.create(c10::Symbol::fromQualString(linear_name),
        {node->input(0), packed->output(), node->input(2), how, none->output(), algorithm}));
    (gelu ? gelu : node)->output()->replaceAllUsesWith(made->output());
    if (gelu)
        gelu->destroy();
    /* The weights as they were go at once: all of them twice is much memory. */
    Value *before = node->input(1);
    node->destroy();
    if (before->uses().empty() && before->node()->outputs().size() == 1)
        before->node()->destroy();
}

void collect(torch::jit::Block *block, std::vector<Node *> &nodes)
{
    for (Node *node : block->nodes()) {
        if (weights_of(node))
            nodes.push_back(node);
        for (torch::jit::Block *inner : node->blocks())
            collect(inner, nodes);
    }
}

} // namespace

void prepack(Graph &graph)
{
    std::vector<Node *> nodes;
    if (!has_operators())
        return;
    collect(graph.block(), nodes);
    for (Node *node : nodes)
        replace(graph, node, *weights_of(node));
    torch::jit::EliminateDeadCode(graph.block());
}

} // namespace avsvt_torch
