#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/reference_ops.h"
#include "explain/gradient_ops.h"

// Activations and arithmetic. Where a function has a kink the gradient is that of PyTorch: 0 at the bounds of ReLU and
// ReLU6.
namespace maskscope {
namespace {

// Gradient times slope(value) at each place; `value` is what the rule reads.
template <typename Slope>
std::vector<Tensor> Unary(const GradientCall& call, const Tensor& value, Slope slope) {
  std::vector<Tensor> result(call.inputs.size());
  Tensor gradient = call.Gradient();
  for (size_t i = 0; i < gradient.floats.size(); ++i) {
    gradient.floats[i] = static_cast<float>(gradient.floats[i] * slope(double{value.floats[i]}));
  }
  result[0] = std::move(gradient);
  return result;
}

template <typename Slope>
std::vector<Tensor> OfOutput(const GradientCall& call, Slope slope) {
  return Unary(call, *call.output, slope);
}
template <typename Slope>
std::vector<Tensor> OfInput(const GradientCall& call, Slope slope) {
  return Unary(call, call.In(0), slope);
}

std::vector<Tensor> Relu(const GradientCall& call) {
  return OfOutput(call, [](double y) { return y > 0 ? 1.0 : 0.0; });
}

std::vector<Tensor> LeakyRelu(const GradientCall& call) {
  const double alpha = call.node.Float("alpha", 0.01f);
  return OfInput(call, [=](double x) { return x < 0 ? alpha : 1.0; });
}

std::vector<Tensor> Elu(const GradientCall& call) {
  const double alpha = call.node.Float("alpha", 1.0f);
  return OfOutput(call, [=](double y) { return y < 0 ? y + alpha : 1.0; });
}

std::vector<Tensor> Sigmoid(const GradientCall& call) {
  return OfOutput(call, [](double y) { return y * (1 - y); });
}

std::vector<Tensor> HardSigmoid(const GradientCall& call) {
  const double alpha = call.node.Float("alpha", 0.2f);
  return OfOutput(call, [=](double y) { return y > 0 && y < 1 ? alpha : 0.0; });
}

std::vector<Tensor> HardSwish(const GradientCall& call) {
  return OfInput(call, [](double x) { return x < -3 ? 0.0 : x <= 3 ? x / 3 + 0.5 : 1.0; });
}

std::vector<Tensor> Tanh(const GradientCall& call) {
  return OfOutput(call, [](double y) { return 1 - y * y; });
}
std::vector<Tensor> Exp(const GradientCall& call) {
  return OfOutput(call, [](double y) { return y; });
}
std::vector<Tensor> Log(const GradientCall& call) {
  return OfInput(call, [](double x) { return 1 / x; });
}
std::vector<Tensor> Sqrt(const GradientCall& call) {
  return OfOutput(call, [](double y) { return 0.5 / y; });
}
std::vector<Tensor> Abs(const GradientCall& call) {
  return OfInput(call, [](double x) { return x > 0 ? 1.0 : x < 0 ? -1.0 : 0.0; });
}
std::vector<Tensor> Neg(const GradientCall& call) {
  std::vector<Tensor> result = {call.Gradient()};
  for (float& value : result[0].floats) value = -value;
  return result;
}

std::vector<Tensor> Clip(const GradientCall& call) {
  const double low = call.Has(1) ? call.In(1).floats.at(0) : -std::numeric_limits<double>::infinity();
  const double high = call.Has(2) ? call.In(2).floats.at(0) : std::numeric_limits<double>::infinity();
  return OfOutput(call, [=](double y) { return y > low && y < high ? 1.0 : 0.0; });
}

// The gradient of one of two broadcast inputs: slope(a, b) times the output's, summed over the axes it was repeated
// along. slope is not called where both inputs are not read.
template <typename Slope>
Tensor OfPair(const GradientCall& call, size_t which, bool reads, Slope slope) {
  const Tensor& gradient = call.Gradient();
  const auto a_strides = BroadcastStrides(call.input_shapes[0], gradient.shape);
  const auto b_strides = BroadcastStrides(call.input_shapes[1], gradient.shape);
  const float* a = reads && call.inputs[0] != nullptr ? call.inputs[0]->floats.data() : nullptr;
  const float* b = reads && call.inputs[1] != nullptr ? call.inputs[1]->floats.data() : nullptr;
  Tensor scaled = gradient;
  ForEachIndex(gradient.shape, [&, at = size_t{0}](const std::vector<int64_t>& i) mutable {
    const double x = a == nullptr ? 0 : a[Dot(i, a_strides)], y = b == nullptr ? 0 : b[Dot(i, b_strides)];
    scaled.floats[at] = static_cast<float>(scaled.floats[at] * slope(x, y));
    ++at;
  });
  return SumTo(scaled, call.input_shapes[which]);
}

std::vector<Tensor> Scaled(const GradientCall& call, float second) {
  std::vector<Tensor> result(2);
  if (call.Wants(0)) result[0] = SumTo(call.Gradient(), call.input_shapes[0]);
  if (call.Wants(1)) {
    result[1] = SumTo(call.Gradient(), call.input_shapes[1]);
    for (float& value : result[1].floats) value *= second;
  }
  return result;
}
std::vector<Tensor> Add(const GradientCall& call) { return Scaled(call, 1); }
std::vector<Tensor> Sub(const GradientCall& call) { return Scaled(call, -1); }

template <typename First, typename Second>
std::vector<Tensor> Pair(const GradientCall& call, First first, Second second) {
  std::vector<Tensor> result(2);
  if (call.Wants(0)) result[0] = OfPair(call, 0, true, first);
  if (call.Wants(1)) result[1] = OfPair(call, 1, true, second);
  return result;
}

std::vector<Tensor> Mul(const GradientCall& call) {
  return Pair(
      call, [](double, double b) { return b; }, [](double a, double) { return a; });
}
std::vector<Tensor> Div(const GradientCall& call) {
  return Pair(
      call, [](double, double b) { return 1 / b; }, [](double a, double b) { return -a / (b * b); });
}
std::vector<Tensor> Pow(const GradientCall& call) {
  return Pair(
      call, [](double a, double b) { return b * std::pow(a, b - 1); },
      [](double a, double b) { return a > 0 ? std::pow(a, b) * std::log(a) : 0.0; });
}

// Slopes are weights, so only the data has a gradient.
std::vector<Tensor> PRelu(const GradientCall& call) {
  call.In(1);
  std::vector<Tensor> result(2);
  if (call.Wants(0)) result[0] = OfPair(call, 0, true, [](double x, double slope) { return x < 0 ? slope : 1.0; });
  return result;
}

// The first of the inputs that has the extreme value gets the gradient.
template <typename Better>
std::vector<Tensor> Extreme(const GradientCall& call, Better better) {
  const Tensor& gradient = call.Gradient();
  const size_t count = call.inputs.size();
  std::vector<std::vector<int64_t>> strides;
  std::vector<Tensor> spread(count, Tensor::Filled(gradient.shape, 0));
  for (size_t k = 0; k < count; ++k) strides.push_back(BroadcastStrides(call.input_shapes[k], gradient.shape));
  ForEachIndex(gradient.shape, [&, at = size_t{0}](const std::vector<int64_t>& i) mutable {
    const auto value = [&](size_t k) { return call.In(k).floats[static_cast<size_t>(Dot(i, strides[k]))]; };
    size_t best = 0;
    for (size_t k = 1; k < count; ++k) {
      if (better(value(k), value(best))) best = k;
    }
    spread[best].floats[at] = gradient.floats[at];
    ++at;
  });
  std::vector<Tensor> result(count);
  for (size_t k = 0; k < count; ++k) {
    if (call.Wants(k)) result[k] = SumTo(spread[k], call.input_shapes[k]);
  }
  return result;
}
std::vector<Tensor> Max(const GradientCall& call) {
  return Extreme(call, [](float a, float b) { return a > b; });
}
std::vector<Tensor> Min(const GradientCall& call) {
  return Extreme(call, [](float a, float b) { return a < b; });
}

// With fixed statistics it is one factor a channel.
std::vector<Tensor> BatchNormalization(const GradientCall& call) {
  std::vector<Tensor> result(call.inputs.size());
  Tensor gradient = call.Gradient();
  const auto channels = static_cast<size_t>(gradient.shape.at(1));
  const auto inner = static_cast<size_t>(ElementCount({gradient.shape.begin() + 2, gradient.shape.end()}));
  const double epsilon = call.node.Float("epsilon", 1e-5f);
  for (size_t i = 0; i < gradient.floats.size(); ++i) {
    const size_t c = i / inner % channels;
    const double factor = call.In(1).floats[c] / std::sqrt(call.In(4).floats[c] + epsilon);
    gradient.floats[i] = static_cast<float>(gradient.floats[i] * factor);
  }
  result[0] = std::move(gradient);
  return result;
}

}  // namespace

const GradientRules& ElementwiseGradients() {
  using enum GradientReads;
  static const GradientRules rules = {
      {"Relu", {kOutput, Relu}},
      {"LeakyRelu", {kInput, LeakyRelu}},
      {"Elu", {kOutput, Elu}},
      {"PRelu", {kInput, PRelu}},
      {"Clip", {kOutput, Clip}},
      {"Sigmoid", {kOutput, Sigmoid}},
      {"HardSigmoid", {kOutput, HardSigmoid}},
      {"HardSwish", {kInput, HardSwish}},
      {"Tanh", {kOutput, Tanh}},
      {"Exp", {kOutput, Exp}},
      {"Log", {kInput, Log}},
      {"Sqrt", {kOutput, Sqrt}},
      {"Abs", {kInput, Abs}},
      {"Neg", {kNothing, Neg}},
      {"Add", {kNothing, Add}},
      {"Sub", {kNothing, Sub}},
      {"Mul", {kOthers, Mul}},
      {"Div", {kAll, Div}},
      {"Pow", {kAll, Pow}},
      {"Max", {kAll, Max}},
      {"Min", {kAll, Min}},
      {"BatchNormalization", {kNothing, BatchNormalization}},
  };
  return rules;
}

}  // namespace maskscope
