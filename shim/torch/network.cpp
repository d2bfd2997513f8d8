/* SPDX-License-Identifier: MIT */
#include "network.hpp"

#include "attention.hpp"
#include "guard.hpp"
#include "message.hpp"
#include "prepack.hpp"
#include "tensors.hpp"

#include <ATen/Context.h>
#include <torch/csrc/jit/api/function_impl.h>
#include <torch/csrc/jit/ir/alias_analysis.h>
#include <torch/csrc/jit/serialization/import.h>
#include <torch/cuda.h>

#include <algorithm>
#include <memory>

namespace avsvt_torch {

namespace {

/* "cpu", "cuda", "cuda:N" or "auto" */
at::Device choose_device(const char *wish, int32_t local_rank)
{
    const std::string name = wish && *wish ? wish : "auto";
    if (name == "cpu")
        return at::Device(at::kCPU);
    const bool automatic = name == "auto";
    int index = 0;
    if (!automatic && name != "cuda") {
        const bool numbered = name.compare(0, 5, "cuda:") == 0 && name.size() > 5 &&
            name.size() <= 8 && name.find_first_not_of("0123456789", 5) == std::string::npos;
        if (!numbered)
            throw refusal(AVSVT_E_DEVICE, "there is no device '" + name +
                          "'; devices are cpu, cuda, cuda:N and auto");
        index = std::stoi(name.substr(5));
    }
    if (!torch::cuda::is_available()) {
        if (automatic)
            return at::Device(at::kCPU);
        throw refusal(AVSVT_E_DEVICE, "device '" + name + "' is not available: " +
            (at::globalContext().hasCUDART() ? "no NVIDIA GPU with a working driver was found"
                                             : "this libtorch is built without CUDA") + "; use device cpu or auto");
    }
    const int count = (int)torch::cuda::device_count();
    if (index >= count)
        throw refusal(AVSVT_E_DEVICE, "there is no device '" + name + "'; this machine has " +
                      std::to_string(count) + " GPU(s), numbered from 0");
    if (automatic || name == "cuda") /* one each for the processes of a training */
        index = local_rank > 0 ? local_rank % count : 0;
    return at::Device(at::kCUDA, (c10::DeviceIndex)index);
}

at::ScalarType choose_floats(int32_t precision, const at::Device &device)
{
    at::ScalarType type = precision_type(precision);
    if (type == at::kHalf && device.is_cpu())
        throw refusal(AVSVT_E_UNSUPPORTED, "fp16 needs a GPU; on the CPU use fp32 or bf16");
    return type;
}

/* Module::to(dtype) would cast integers too. */
void cast_floats(torch::jit::Module &module, at::ScalarType floats)
{
    for (at::Tensor t : module.parameters())
        if (t.is_floating_point())
            t.set_data(t.to(floats));
    for (at::Tensor t : module.buffers())
        if (t.is_floating_point())
            t.set_data(t.to(floats));
}

torch::jit::GraphFunction &forward_of(const torch::jit::Module &module)
{
    const auto method = module.find_method("forward");
    if (!method)
        throw refusal(AVSVT_E_FORMAT, "the network has no method 'forward'");
    return torch::jit::toGraphFunction(method->function());
}

/* Constants folded in. A few networks can't be frozen; they run as they are. */
bool freeze(torch::jit::Module &module)
{
    try {
        module = torch::jit::freeze(module);
        return true;
    } catch (const std::bad_alloc &) {
        throw;
    } catch (const std::exception &) {
        return false;
    }
}

bool may_write_inputs(torch::jit::GraphFunction &forward)
{
    const auto graph = forward.optimized_graph();
    torch::jit::AliasDb aliases(graph);
    const auto inputs = graph->inputs(); /* the first is self */
    for (size_t i = 1; i < inputs.size(); i++)
        if (aliases.hasWriters(inputs[i]))
            return true;
    return false;
}

} // namespace

network::network(const avsvt_backend_open &args)
{
    if (!args.archive || args.archive_size == 0)
        throw refusal(AVSVT_E_ARG, "there is no archive");
    threads = std::max(1, (int)args.threads);
    training = args.training != 0;
    archive = args.archive;
    archive_size = args.archive_size;
    device = choose_device(args.device, args.struct_size >= sizeof(args) ? args.local_rank : 0);
    floats = choose_floats(args.precision, device);
    model_guard guard(threads, device);
    /* Not inference mode: what will be trained must not be made in it. */
    at::NoGradGuard no_grad;
    module = torch::jit::load(std::make_shared<memory_reader>(args.archive, args.archive_size), device);
    forward_of(module);
    if (device.is_cuda())
        fuse_attention(*module._ivalue()->compilation_unit());
    if (floats != at::kFloat)
        cast_floats(module, floats);
    if (!training) {
        module.eval();
        /* Of a frozen network only what its forward changes is left in the
         * module; of one that can't be frozen, everything. */
        const bool frozen = freeze(module);
        private_state = !frozen || module.attributes().size() > 0;
        if (frozen && device.is_cpu() && floats == at::kFloat)
            prepack(*forward_of(module).graph());
    }
    /* The default executor watches the first runs and compiles in the second:
     * seconds, for little gain. This one starts at once, and choosing it for
     * one function leaves the host's global setting alone. */
    torch::jit::GraphFunction &forward = forward_of(module);
    forward._set_initial_executor_execution_mode(torch::jit::ExecutorExecutionMode::SIMPLE);
    writes_inputs = may_write_inputs(forward);
}

instance::instance(network &m)
    : model(m), module(m.private_state ? m.module.deepcopy() : m.module)
{
}

namespace {

std::string arguments_of(const c10::FunctionSchema &schema)
{
    std::string list;
    for (size_t i = 1; i < schema.arguments().size(); i++)
        list += (i > 1 ? ", " : "") + schema.arguments()[i].name();
    return list;
}

/* The place of an input among forward's arguments (0 is self). */
size_t place_of(const c10::FunctionSchema &schema, const char *name, size_t i)
{
    const auto &arguments = schema.arguments();
    if (!name)
        return i + 1;
    for (size_t place = 1; place < arguments.size(); place++)
        if (arguments[place].name() == name)
            return place;
    throw refusal(AVSVT_E_ARG, std::string("the network has no input '") + name + "'; it has " +
                  arguments_of(schema));
}

/* A network may ask for plain numbers; they come as tensors of one element. */
c10::IValue as_argument(const at::Tensor &t, const c10::Argument &argument)
{
    const auto kind = argument.type()->kind();
    const bool number = kind == c10::TypeKind::IntType || kind == c10::TypeKind::FloatType ||
        kind == c10::TypeKind::BoolType;
    if (!number)
        return t;
    if (t.numel() != 1)
        throw refusal(AVSVT_E_ARG, "input '" + argument.name() + "' must be one number");
    return kind == c10::TypeKind::IntType ? c10::IValue(t.item<int64_t>()) :
        kind == c10::TypeKind::FloatType ? c10::IValue(t.item<double>()) : c10::IValue(t.item<bool>());
}

void check_count(const c10::FunctionSchema &schema, size_t count)
{
    const auto &arguments = schema.arguments();
    size_t needed = 0;
    for (size_t i = 1; i < arguments.size(); i++)
        needed += arguments[i].default_value() ? 0 : 1;
    const size_t most = arguments.size() - 1;
    if (count >= needed && count <= most)
        return;
    throw refusal(AVSVT_E_ARG, "the network takes " + std::to_string(needed) +
        (most > needed ? " to " + std::to_string(most) : "") + " input(s) (" +
        arguments_of(schema) + "), not " + std::to_string(count));
}

} // namespace

c10::IValue instance::run(const avsvt_backend_tensor *inputs, size_t count)
{
    const c10::FunctionSchema &schema = forward_of(module).getSchema();
    std::vector<c10::IValue> by_place;
    torch::jit::Kwargs by_name;
    check_count(schema, count);
    for (size_t i = 0; i < count; i++) {
        at::Tensor t = view_input(inputs[i], i + 1);
        if (model.writes_inputs)
            t = t.clone();
        const bool casts = t.is_floating_point() && model.floats != at::kFloat;
        t = t.to(model.device, casts ? model.floats : t.scalar_type());
        const size_t place = place_of(schema, inputs[i].name, i);
        const c10::Argument &argument = schema.arguments()[place];
        if (place <= by_place.size() || by_name.count(argument.name()))
            throw refusal(AVSVT_E_ARG, "input '" + argument.name() + "' is given twice");
        if (!inputs[i].name && by_name.empty())
            by_place.push_back(as_argument(t, argument));
        else
            by_name[argument.name()] = as_argument(t, argument);
    }
    return module.forward(std::move(by_place), by_name);
}

} // namespace avsvt_torch
