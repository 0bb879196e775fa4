#include <numeric>

#include "engine/reference_ops.h"
#include "engine/resize_axis.h"
#include "explain/gradient_ops.h"

// Operators that move values: the gradient goes back where each value came from.
namespace maskscope {
namespace {

// The order in memory is kept, only the shape changes.
std::vector<Tensor> Reshape(const GradientCall& call) {
  std::vector<Tensor> result(call.inputs.size());
  result[0] = call.Gradient();
  result[0].shape = call.input_shapes[0];
  return result;
}

// Which inputs of the operator are data; the others say what is to be done with it.
bool IsData(const Node& node, size_t input) { return input == 0 || node.op == "Concat"; }

// Where each value comes from is told by the operator itself: it is given every data value's number (from 1; padding
// stays 0) in place of the value.
std::vector<Tensor> Trace(const GradientCall& call) {
  ReferenceCall forward{call.node, {}};
  std::vector<Tensor> numbers(call.inputs.size());
  std::vector<int64_t> begins(call.inputs.size() + 1, 1);
  for (size_t i = 0; i < call.inputs.size(); ++i) {
    begins[i + 1] = begins[i];
    if (!call.Has(i)) {
      forward.inputs.push_back(nullptr);
    } else if (!IsData(call.node, i)) {
      forward.inputs.push_back(&call.In(i));
    } else {
      std::vector<int64_t> values(static_cast<size_t>(ElementCount(call.input_shapes[i])));
      std::iota(values.begin(), values.end(), begins[i]);
      begins[i + 1] += static_cast<int64_t>(values.size());
      numbers[i] = Tensor::Ints(call.input_shapes[i], std::move(values));
      forward.inputs.push_back(&numbers[i]);
    }
  }
  std::vector<float> all(static_cast<size_t>(begins.back()), 0);
  const std::vector<Tensor> sources = EvaluateReference(forward);
  for (size_t k = 0; k < sources.size() && k < call.output_gradients.size(); ++k) {
    const Tensor* gradient = call.output_gradients[k];
    if (gradient == nullptr) continue;
    for (size_t i = 0; i < gradient->floats.size(); ++i) {
      all[static_cast<size_t>(sources[k].ints[i])] += gradient->floats[i];
    }
  }
  std::vector<Tensor> result(call.inputs.size());
  for (size_t i = 0; i < call.inputs.size(); ++i) {
    if (!call.Wants(i)) continue;
    result[i] = Tensor::Floats(call.input_shapes[i], {all.begin() + begins[i], all.begin() + begins[i + 1]});
  }
  return result;
}

// The transpose of one axis' interpolation.
Tensor BackAlongAxis(const Tensor& gradient, size_t axis, int64_t in_size, const ResizeAxis& places, bool linear) {
  Shape shape = gradient.shape;
  shape[axis] = in_size;
  const auto strides = RowMajorStrides(shape);
  Tensor result = Tensor::Filled(shape, 0);
  ForEachIndex(gradient.shape, [&, at = size_t{0}](const std::vector<int64_t>& i) mutable {
    const int64_t line = Dot(i, strides) - i[axis] * strides[axis];
    const float value = gradient.floats[at++];
    if (value == 0) return;
    float* target = result.floats.data() + line;
    const auto share = static_cast<float>(linear ? places.weight[i[axis]] : 0);
    target[places.low[i[axis]] * strides[axis]] += (1 - share) * value;
    if (linear) target[places.high[i[axis]] * strides[axis]] += share * value;
  });
  return result;
}

std::vector<Tensor> Resize(const GradientCall& call) {
  const Shape& in = call.input_shapes[0];
  const Tensor* scales = call.Has(2) ? &call.In(2) : nullptr;
  const Tensor* sizes = call.Has(3) ? &call.In(3) : nullptr;
  const ResizeGeometry geometry = ResolveResize(call.node, in, scales, sizes);
  std::vector<Tensor> result(call.inputs.size());
  result[0] = call.Gradient();
  for (size_t axis = geometry.axes.size(); axis-- > 0;) {
    if (in[axis] == geometry.out[axis]) continue;
    result[0] = BackAlongAxis(result[0], axis, in[axis], geometry.axes[axis], geometry.linear);
  }
  return result;
}

}  // namespace

const GradientRules& MovingGradients() {
  using enum GradientReads;
  static const GradientRules rules = {
      {"Identity", {kNothing, Reshape}}, {"Dropout", {kNothing, Reshape}}, {"Reshape", {kNothing, Reshape}},
      {"Flatten", {kNothing, Reshape}},  {"Squeeze", {kNothing, Reshape}}, {"Unsqueeze", {kNothing, Reshape}},
      {"Concat", {kNothing, Trace}},     {"Slice", {kNothing, Trace}},     {"Split", {kNothing, Trace}},
      {"Transpose", {kNothing, Trace}},  {"Pad", {kNothing, Trace}},       {"Gather", {kNothing, Trace}},
      {"Expand", {kNothing, Trace}},
  };
  return rules;
}

const GradientRules& ResizeGradients() {
  static const GradientRules rules = {{"Resize", {GradientReads::kNothing, Resize}}};
  return rules;
}

}  // namespace maskscope
