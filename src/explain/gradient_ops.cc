#include "explain/gradient_ops.h"

#include "engine/reference_ops.h"

namespace maskscope {
namespace {

GradientRules AllRules() {
  GradientRules all;
  for (const auto* family :
       {&ElementwiseGradients(), &WindowGradients(), &MatrixGradients(), &MovingGradients(), &ResizeGradients()}) {
    all.insert(family->begin(), family->end());
  }
  return all;
}

}  // namespace

const Tensor& GradientCall::In(size_t i) const {
  if (i >= inputs.size() || inputs[i] == nullptr) {
    ThrowUnsupportedNode(
        node, "input " + std::to_string(i) + " is computed, and the rule of this operator does not read its value");
  }
  return *inputs[i];
}

const GradientRule& FindGradientRule(const Node& node) {
  static const GradientRules rules = AllRules();
  const auto rule = rules.find(node.op);
  if (rule == rules.end()) ThrowUnsupportedNode(node, "no gradient is known for this operator");
  return rule->second;
}

bool IsMoving(const std::string& op) { return MovingGradients().contains(op); }

Tensor SumTo(const Tensor& values, const Shape& to) {
  if (values.shape == to) return values;
  const std::vector<int64_t> strides = BroadcastStrides(to, values.shape);
  std::vector<double> sums(static_cast<size_t>(ElementCount(to)), 0.0);
  ForEachIndex(values.shape, [&, at = size_t{0}](const std::vector<int64_t>& i) mutable {
    sums[static_cast<size_t>(Dot(i, strides))] += values.floats[at++];
  });
  Tensor result = MakeTensor(DataType::kFloat32, to);
  for (size_t i = 0; i < sums.size(); ++i) result.floats[i] = static_cast<float>(sums[i]);
  return result;
}

}  // namespace maskscope
