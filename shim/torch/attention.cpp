/* SPDX-License-Identifier: MIT */
/* Our networks write attention out, since model files are to be read by libtorch
 * 1.13 too. A GPU spends most of its time on the scores then, which are written to
 * its memory and read again, a few rows at a time; libtorch's own attention keeps
 * them where they are computed. On the CPU all stays as it was written. */
#include "attention.hpp"

#include <torch/csrc/jit/api/function_impl.h>
#include <torch/csrc/jit/ir/ir.h>
#include <torch/jit.h>
#include <torch/version.h>

#include <string>
#include <vector>

namespace avsvt_torch {

#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 1)

namespace {

const char *const fused = R"(
def fused(q: Tensor, k: Tensor, v: Tensor, filled: Optional[Tensor], scale: float,
          dropout: float, most_scores: int) -> Tensor:
    mask: Optional[Tensor] = None
    if filled is not None:
        mask = filled[:, None, None, :].to(q.dtype)
    return torch.scaled_dot_product_attention(q, k, v, mask, dropout, False, scale=scale)
)";

/* Whoever names a class of theirs alike puts a number into the path. */
bool is_ours(const torch::jit::Function &f)
{
    const std::string &path = f.qualname().prefix();
    return f.qualname().name() == "attend" && path.find("avsvt.networks.speech_layers") != std::string::npos;
}

/* The graph gives what `body` gives, and computes nothing else. */
void replace(torch::jit::Graph &graph, torch::jit::Graph &body)
{
    std::vector<torch::jit::Node *> before;
    for (torch::jit::Node *node : graph.block()->nodes())
        before.push_back(node);
    const auto found = torch::jit::insertGraph(graph, body, graph.inputs());
    graph.block()->replaceOutput(0, found.at(0));
    for (auto node = before.rbegin(); node != before.rend(); ++node)
        (*node)->destroy();
}

bool takes_the_same(const torch::jit::Graph &a, const torch::jit::Graph &b)
{
    if (a.inputs().size() != b.inputs().size() || a.outputs().size() != 1)
        return false;
    for (size_t i = 0; i < a.inputs().size(); i++)
        if (*a.inputs()[i]->type() != *b.inputs()[i]->type())
            return false;
    return true;
}

} // namespace

size_t fuse_attention(torch::jit::CompilationUnit &unit)
{
    const auto made = torch::jit::compile(fused);
    const auto body = torch::jit::toGraphFunction(made->get_function("fused")).graph();
    size_t count = 0;
    for (torch::jit::Function *f : unit.get_functions()) {
        if (!is_ours(*f))
            continue;
        f->ensure_defined();
        const auto graph = torch::jit::toGraphFunction(*f).graph();
        if (!takes_the_same(*graph, *body))
            continue;
        replace(*graph, *body);
        count++;
    }
    return count;
}

#else

size_t fuse_attention(torch::jit::CompilationUnit &)
{
    return 0;
}

#endif

} // namespace avsvt_torch
