/* SPDX-License-Identifier: MIT */
#include "calls.hpp"

#include <torch/csrc/jit/api/function_impl.h>
#include <torch/csrc/jit/passes/inliner.h>
#include <torch/csrc/jit/runtime/operator.h>

namespace avsvt_torch {

void register_call(const char *schema, void (*run)(torch::jit::Stack &))
{
    torch::jit::registerOperator(torch::jit::Operator(schema,
        [run](torch::jit::Stack &stack) { run(stack); }, c10::AliasAnalysisKind::CONSERVATIVE));
}

static void replace(torch::jit::Block *block, c10::Symbol from, const std::string &overload, c10::Symbol to)
{
    for (auto it = block->nodes().begin(); it != block->nodes().end();) {
        torch::jit::Node *node = *it++;
        for (torch::jit::Block *inner : node->blocks())
            replace(inner, from, overload, to);
        if (node->kind() != from || !node->maybeSchema() || node->schema().overload_name() != overload)
            continue;
        torch::jit::Node *made = node->owningGraph()->create(to, node->inputs(), node->outputs().size());
        made->insertBefore(node);
        for (size_t i = 0; i < node->outputs().size(); i++) {
            made->output(i)->copyMetadata(node->output(i));
            node->output(i)->replaceAllUsesWith(made->output(i));
        }
        node->destroy();
    }
}

void replace_calls(const torch::jit::Method &loss, const char *from, const char *overload, const char *to)
{
    const auto graph = torch::jit::toGraphFunction(loss.function()).graph();
    torch::jit::Inline(*graph);
    replace(graph->block(), c10::Symbol::fromQualString(from), overload, c10::Symbol::fromQualString(to));
}

} // namespace avsvt_torch
