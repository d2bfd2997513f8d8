/* SPDX-License-Identifier: MIT */
#include "tensors.hpp"

#include "message.hpp"

#include <ATen/ATen.h>
#include <ATen/core/Dict.h>
#include <ATen/core/List.h>
#include <ATen/core/function_schema.h>
#include <ATen/core/jit_type.h>

#include <cstring>
#include <memory>

namespace avsvt_torch {

static bool scalar_type(int32_t dtype, at::ScalarType *type)
{
    switch (dtype) {
    case AVSVT_F32: *type = at::kFloat; return true;
    case AVSVT_F64: *type = at::kDouble; return true;
    case AVSVT_I32: *type = at::kInt; return true;
    case AVSVT_I64: *type = at::kLong; return true;
    case AVSVT_U8: *type = at::kByte; return true;
    case AVSVT_BOOL: *type = at::kBool; return true;
    default: return false;
    }
}

at::ScalarType precision_type(int32_t precision)
{
    switch (precision) {
    case AVSVT_PRECISION_FP32: return at::kFloat;
    case AVSVT_PRECISION_BF16: return at::kBFloat16;
    case AVSVT_PRECISION_FP16: return at::kHalf;
    default: throw refusal(AVSVT_E_UNSUPPORTED, "precision " + std::to_string(precision) + " is unknown");
    }
}

bool export_type(at::ScalarType from, int32_t *dtype, at::ScalarType *type)
{
    switch (from) {
    case at::kFloat: case at::kHalf: case at::kBFloat16: *dtype = AVSVT_F32; break;
    case at::kDouble: *dtype = AVSVT_F64; break;
    case at::kInt: case at::kShort: case at::kChar: *dtype = AVSVT_I32; break;
    case at::kLong: *dtype = AVSVT_I64; break;
    case at::kByte: *dtype = AVSVT_U8; break;
    case at::kBool: *dtype = AVSVT_BOOL; break;
    default: return false;
    }
    return scalar_type(*dtype, type);
}

at::Tensor view_input(const avsvt_backend_tensor &in, size_t position)
{
    const std::string which = "input " + std::to_string(position);
    at::ScalarType type;
    if (!scalar_type(in.dtype, &type))
        throw refusal(AVSVT_E_ARG, which + " has the unknown type " + std::to_string(in.dtype));
    if (in.ndim < 0 || in.ndim > AVSVT_TENSOR_MAX_DIMS)
        throw refusal(AVSVT_E_ARG, which + " has " + std::to_string(in.ndim) +
                      " axes; 0 to " + std::to_string(AVSVT_TENSOR_MAX_DIMS) + " are allowed");
    int64_t count = 1;
    for (int32_t i = 0; i < in.ndim; i++) {
        if (in.shape[i] < 0 || __builtin_mul_overflow(count, in.shape[i], &count))
            throw refusal(AVSVT_E_ARG, which + " has an impossible size along axis " +
                          std::to_string(i));
    }
    at::IntArrayRef shape(in.shape, (size_t)in.ndim);
    at::TensorOptions options(type);
    if (count == 0)
        return at::empty(shape, options);
    if (!in.data)
        throw refusal(AVSVT_E_ARG, which + " has no data");
    return at::from_blob(const_cast<void *>(in.data), shape, options);
}

static const char *kind_of(const c10::IValue &value)
{
    return value.isNone() ? "nothing (None)" : value.isString() ? "text" : "something else";
}

static void add(std::vector<named_tensor> &list, const std::string &name,
                const c10::IValue &value, int depth)
{
    if (value.isTensor()) {
        list.emplace_back(name, value.toTensor());
    } else if (value.isDouble() || value.isInt() || value.isBool()) {
        list.emplace_back(name, at::scalar_tensor(value.toScalar(),
            at::TensorOptions(value.isDouble() ? at::kDouble : value.isInt() ? at::kLong : at::kBool)));
    } else if (depth < 2 && value.isTuple()) {
        /* A NamedTuple's fields name the outputs. */
        const auto type = value.type()->cast<c10::TupleType>();
        const auto schema = type ? type->schema() : nullptr;
        const auto &elements = value.toTupleRef().elements();
        for (size_t i = 0; i < elements.size(); i++)
            add(list, schema ? schema->arguments()[i].name() : std::string(), elements[i], depth + 1);
    } else if (depth < 2 && value.isList()) {
        for (const c10::IValue &element : value.toListRef())
            add(list, std::string(), element, depth + 1);
    } else if (depth < 2 && value.isGenericDict()) {
        for (const auto &entry : value.toGenericDict())
            add(list, entry.key().isString() ? entry.key().toStringRef() : std::string(),
                entry.value(), depth + 1);
    } else {
        throw refusal(AVSVT_E_UNSUPPORTED, "output " + std::to_string(list.size() + 1) + " is " +
                      kind_of(value) + ", not a tensor; a network gives tensors, or a tuple, list "
                      "or dictionary of them, nested once");
    }
}

std::vector<named_tensor> flatten(const c10::IValue &result)
{
    std::vector<named_tensor> list;
    add(list, std::string(), result, 0);
    return list;
}

/* Whether the tensor lies in memory that is only lent for the call. */
static bool in_inputs(const at::Tensor &t, const avsvt_backend_tensor *inputs, size_t count)
{
    const char *data = static_cast<const char *>(t.data_ptr());
    for (size_t i = 0; i < count; i++) {
        at::ScalarType type;
        if (!inputs[i].data || !scalar_type(inputs[i].dtype, &type))
            continue;
        size_t bytes = c10::elementSize(type);
        for (int32_t d = 0; d < inputs[i].ndim; d++)
            bytes *= (size_t)inputs[i].shape[d];
        const char *start = static_cast<const char *>(inputs[i].data);
        if (data >= start && data < start + bytes)
            return true;
    }
    return false;
}

at::Tensor export_form(const at::Tensor &tensor, const avsvt_backend_tensor *inputs,
                       size_t input_count)
{
    int32_t dtype;
    at::ScalarType type;
    if (!tensor.defined() || tensor.layout() != at::kStrided || tensor.is_quantized() ||
        !export_type(tensor.scalar_type(), &dtype, &type))
        throw refusal(AVSVT_E_UNSUPPORTED, std::string("an output is ") +
            (!tensor.defined() ? "undefined" : tensor.layout() != at::kStrided ? "sparse" :
             toString(tensor.scalar_type())) +
            "; networks may give dense float, int, uint8 and bool tensors");
    if (tensor.dim() > AVSVT_TENSOR_MAX_DIMS)
        throw refusal(AVSVT_E_UNSUPPORTED, "an output has " + std::to_string(tensor.dim()) +
            " axes; at most " + std::to_string(AVSVT_TENSOR_MAX_DIMS) + " can be handed on");
    at::Tensor dense = tensor.to(at::Device(at::kCPU), type).contiguous();
    dense = dense.resolve_neg();
    /* Held by others: as a view, or as this very tensor (2: tensor and dense). */
    const bool held = dense.storage().use_count() > 1 ||
        (dense.is_same(tensor) && tensor.use_count() > 2);
    if (dense.numel() > 0 && (held || in_inputs(dense, inputs, input_count)))
        dense = dense.clone(at::MemoryFormat::Contiguous);
    return dense;
}

namespace {

struct owned_output {
    at::Tensor tensor;
    std::string name;
};

void release_output(void *owner)
{
    delete static_cast<owned_output *>(owner);
}

} // namespace

void hand_over(avsvt_backend_tensor *out, named_tensor &&tensor)
{
    auto owner = std::make_unique<owned_output>();
    owner->name = std::move(tensor.first);
    owner->tensor = std::move(tensor.second);
    const at::Tensor &t = owner->tensor;
    at::ScalarType type;
    std::memset(out, 0, sizeof(*out));
    out->struct_size = (uint32_t)sizeof(*out);
    export_type(t.scalar_type(), &out->dtype, &type);
    out->ndim = (int32_t)t.dim();
    for (int64_t d = 0; d < t.dim(); d++)
        out->shape[d] = t.size(d);
    out->data = t.numel() > 0 ? t.data_ptr() : nullptr;
    out->name = owner->name.empty() ? nullptr : owner->name.c_str();
    out->release = release_output;
    out->owner = owner.release();
}

} // namespace avsvt_torch
