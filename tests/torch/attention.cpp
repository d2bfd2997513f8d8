/* SPDX-License-Identifier: MIT */
/* The attention that a GPU gets gives what that of our networks gives. */
#include "attention.hpp"

#include <ATen/ATen.h>
#include <torch/csrc/jit/api/function_impl.h>
#include <torch/csrc/jit/frontend/resolver.h>
#include <torch/csrc/jit/passes/inliner.h>
#include <torch/version.h>

#include <fstream>
#include <iterator>

#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
extern "C" {
#include <cmocka.h>
}

using torch::jit::CompilationUnit;

/* The functions as they are exported: those of the Python source between its
 * first one of that name and the next class. */
static std::string source()
{
    std::ifstream file(AVSVT_TEST_LAYERS);
    const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    const size_t from = text.find("def attend_in_blocks"), to = text.find("\nclass ", from);
    assert_true(from != std::string::npos && to != std::string::npos);
    return text.substr(from, to - from);
}

namespace {

/* `attend` calls the other by its plain name. */
struct resolver : torch::jit::Resolver {
    CompilationUnit &unit;
    c10::QualifiedName path;

    resolver(CompilationUnit &u, c10::QualifiedName p) : unit(u), path(std::move(p)) {}
    std::shared_ptr<torch::jit::SugaredValue> resolveValue(const std::string &name,
        torch::jit::GraphFunction &m, const torch::jit::SourceRange &at) override
    {
        torch::jit::Function *f = unit.find_function(c10::QualifiedName(path, name));
        return f ? std::make_shared<torch::jit::FunctionValue>(f)
                 : torch::jit::nativeResolver()->resolveValue(name, m, at);
    }
};

} // namespace

static void define(CompilationUnit &unit, const char *path)
{
    const c10::QualifiedName name(path);
    const auto names = std::make_shared<resolver>(unit, name);
    const std::string text = source();
    const size_t second = text.find("def attend(");
    unit.define(name, text.substr(0, second), names, nullptr);
    unit.define(name, text.substr(second), names, nullptr);
}

static at::Tensor attend(CompilationUnit &unit, const char *path, bool padded)
{
    at::manual_seed(2);
    std::vector<c10::IValue> stack;
    for (int i = 0; i < 3; i++)
        stack.emplace_back(at::randn({2, 150, 4, 8}).transpose(1, 2));
    at::Tensor behind = at::zeros({2, 150});
    behind[1].slice(0, 77).fill_(-INFINITY);
    stack.emplace_back(padded ? c10::IValue(behind) : c10::IValue());
    stack.emplace_back(0.25);
    stack.emplace_back(0.0);
    stack.emplace_back((int64_t)1);
    return unit.get_function(c10::QualifiedName(c10::QualifiedName(path), "attend"))(std::move(stack)).toTensor();
}

static size_t count(const std::shared_ptr<torch::jit::Graph> &graph, const char *kind)
{
    size_t n = 0;
    for (torch::jit::Node *node : graph->block()->nodes())
        n += node->kind() == c10::Symbol::fromQualString(kind);
    return n;
}

static void is_the_same(void **)
{
    const char *path = "__torch__.avsvt.networks.speech_layers";
    CompilationUnit written, changed;
    define(written, path);
    define(changed, path);
    const bool has = TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 1);
    assert_int_equal(avsvt_torch::fuse_attention(changed), has ? 1 : 0);
    const auto graph = torch::jit::toGraphFunction(
        changed.get_function(c10::QualifiedName(c10::QualifiedName(path), "attend"))).graph();
    assert_int_equal(count(graph, "aten::scaled_dot_product_attention"), has ? 1 : 0);
    assert_int_equal(count(graph, "prim::CallFunction"), has ? 0 : 1);
    for (bool padded : {false, true}) {
        const at::Tensor one = attend(written, path, padded), other = attend(changed, path, padded);
        assert_true(at::allclose(one, other, 1e-5, 1e-6));
        assert_true(one.isfinite().all().item<bool>());
    }
}

/* What only has the name, or other arguments, is somebody else's. */
static void others_stay(void **)
{
    const char *path = "__torch__.theirs.layers";
    CompilationUnit theirs;
    define(theirs, path);
    assert_int_equal(avsvt_torch::fuse_attention(theirs), 0);
    CompilationUnit older;
    older.define(c10::QualifiedName("__torch__.avsvt.networks.speech_layers"),
                 "def attend(q: Tensor, k: Tensor) -> Tensor:\n    return q + k\n",
                 torch::jit::nativeResolver(), nullptr);
    assert_int_equal(avsvt_torch::fuse_attention(older), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(is_the_same), cmocka_unit_test(others_stay) };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
