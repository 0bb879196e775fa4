#include <torch/torch.h>

#include <cmath>
#include <limits>

#include "train/torch_ops.h"

namespace maskscope {

namespace {

using Tensors = std::vector<at::Tensor>;

Tensors Add(const OpCall& call) { return {call.In(0) + call.In(1)}; }
Tensors Sub(const OpCall& call) { return {call.In(0) - call.In(1)}; }
Tensors Mul(const OpCall& call) { return {call.In(0) * call.In(1)}; }
// Integers divide towards zero, as ONNX asks.
Tensors Div(const OpCall& call) {
  if (!call.In(0).is_floating_point()) return {at::div(call.In(0), call.In(1), "trunc")};
  return {call.In(0) / call.In(1)};
}
Tensors Pow(const OpCall& call) { return {at::pow(call.In(0), call.In(1))}; }
Tensors Sqrt(const OpCall& call) { return {call.In(0).sqrt()}; }
Tensors Exp(const OpCall& call) { return {call.In(0).exp()}; }
Tensors Log(const OpCall& call) { return {call.In(0).log()}; }
Tensors Neg(const OpCall& call) { return {call.In(0).neg()}; }
Tensors Abs(const OpCall& call) { return {call.In(0).abs()}; }
Tensors Floor(const OpCall& call) { return {call.In(0).is_floating_point() ? call.In(0).floor() : call.In(0)}; }
Tensors Ceil(const OpCall& call) { return {call.In(0).is_floating_point() ? call.In(0).ceil() : call.In(0)}; }

Tensors Min(const OpCall& call) {
  at::Tensor result = call.In(0);
  for (size_t i = 1; i < call.inputs.size(); ++i) result = at::minimum(result, call.In(i));
  return {result};
}

Tensors Max(const OpCall& call) {
  at::Tensor result = call.In(0);
  for (size_t i = 1; i < call.inputs.size(); ++i) result = at::maximum(result, call.In(i));
  return {result};
}

Tensors Relu(const OpCall& call) {
  if (call.may_overwrite_input) {
    at::Tensor x = call.In(0);
    return {x.relu_()};
  }
  return {call.In(0).relu()};
}

Tensors LeakyRelu(const OpCall& call) { return {at::leaky_relu(call.In(0), call.node.Float("alpha", 0.01f))}; }

// Slopes come as [channels, 1, 1] (any shape that broadcasts from the right); libtorch's own prelu wants a vector over
// axis 1.
Tensors PRelu(const OpCall& call) {
  const at::Tensor& x = call.In(0);
  return {x.clamp_min(0) + call.In(1) * x.clamp_max(0)};
}

Tensors Clip(const OpCall& call) {
  const double low = call.Has(1) ? call.In(1).item<double>() : -std::numeric_limits<double>::infinity();
  const double high = call.Has(2) ? call.In(2).item<double>() : std::numeric_limits<double>::infinity();
  if (low == 0 && std::isinf(high)) return Relu(call);
  // hardtanh goes back in one pass, but for bfloat16 on CPUs not at all; clamp builds two masks first.
  if (call.In(0).scalar_type() == at::kBFloat16) return {at::clamp(call.In(0), low, high)};
  if (call.may_overwrite_input) {
    at::Tensor x = call.In(0);
    return {at::hardtanh_(x, low, high)};
  }
  return {at::hardtanh(call.In(0), low, high)};
}

Tensors Sigmoid(const OpCall& call) { return {call.In(0).sigmoid()}; }
Tensors Tanh(const OpCall& call) { return {call.In(0).tanh()}; }
Tensors HardSigmoid(const OpCall& call) {
  return {at::clamp(call.In(0) * call.node.Float("alpha", 0.2f) + call.node.Float("beta", 0.5f), 0, 1)};
}
Tensors HardSwish(const OpCall& call) { return {at::hardswish(call.In(0))}; }

Tensors Softmax(const OpCall& call) {
  return {at::softmax(call.In(0), NormalAxis(call.node, call.node.Int("axis", -1), call.In(0).dim()))};
}

Tensors ReduceMean(const OpCall& call) {
  std::vector<int64_t> axes = call.Has(1) ? call.Ints(1) : call.node.Ints("axes", {});
  if (axes.empty()) {
    for (int64_t i = 0; i < call.In(0).dim(); ++i) axes.push_back(i);
  }
  for (int64_t& axis : axes) axis = NormalAxis(call.node, axis, call.In(0).dim());
  return {call.In(0).mean(axes, call.node.Int("keepdims", 1) != 0)};
}

Tensors Identity(const OpCall& call) { return {call.In(0)}; }

}  // namespace

void AddElementwiseOps(OpTable& table) {
  const OpTable ops{{"Add", Add},
                    {"Sub", Sub},
                    {"Mul", Mul},
                    {"Div", Div},
                    {"Pow", Pow},
                    {"Sqrt", Sqrt},
                    {"Exp", Exp},
                    {"Log", Log},
                    {"Neg", Neg},
                    {"Abs", Abs},
                    {"Floor", Floor},
                    {"Ceil", Ceil},
                    {"Min", Min},
                    {"Max", Max},
                    {"Relu", Relu},
                    {"LeakyRelu", LeakyRelu},
                    {"PRelu", PRelu},
                    {"Clip", Clip},
                    {"Sigmoid", Sigmoid},
                    {"Tanh", Tanh},
                    {"HardSigmoid", HardSigmoid},
                    {"HardSwish", HardSwish},
                    {"Softmax", Softmax},
                    {"ReduceMean", ReduceMean},
                    {"Identity", Identity}};
  table.insert(ops.begin(), ops.end());
}

}  // namespace maskscope
