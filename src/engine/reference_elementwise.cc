#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/reference_ops.h"

// Operators that compute every value from the values at the same place.
namespace maskscope {

namespace {

template <typename Function>
std::vector<Tensor> Unary(const ReferenceCall& call, Function function) {
  Tensor y = call.FloatIn(0);
  for (float& value : y.floats) value = static_cast<float>(function(double{value}));
  return {y};
}

std::vector<Tensor> Relu(const ReferenceCall& call) {
  return Unary(call, [](double x) { return std::max(x, 0.0); });
}

std::vector<Tensor> LeakyRelu(const ReferenceCall& call) {
  const double alpha = call.node.Float("alpha", 0.01f);
  return Unary(call, [=](double x) { return x < 0 ? alpha * x : x; });
}

std::vector<Tensor> Elu(const ReferenceCall& call) {
  const double alpha = call.node.Float("alpha", 1.0f);
  return Unary(call, [=](double x) { return x < 0 ? alpha * std::expm1(x) : x; });
}

std::vector<Tensor> Sigmoid(const ReferenceCall& call) {
  return Unary(call, [](double x) { return 1 / (1 + std::exp(-x)); });
}

std::vector<Tensor> HardSigmoid(const ReferenceCall& call) {
  const double alpha = call.node.Float("alpha", 0.2f), beta = call.node.Float("beta", 0.5f);
  return Unary(call, [=](double x) { return std::clamp(alpha * x + beta, 0.0, 1.0); });
}

std::vector<Tensor> HardSwish(const ReferenceCall& call) {
  return Unary(call, [](double x) { return x * std::clamp(x / 6 + 0.5, 0.0, 1.0); });
}

std::vector<Tensor> Tanh(const ReferenceCall& call) {
  return Unary(call, [](double x) { return std::tanh(x); });
}
std::vector<Tensor> Exp(const ReferenceCall& call) {
  return Unary(call, [](double x) { return std::exp(x); });
}
std::vector<Tensor> Log(const ReferenceCall& call) {
  return Unary(call, [](double x) { return std::log(x); });
}
std::vector<Tensor> Sqrt(const ReferenceCall& call) {
  return Unary(call, [](double x) { return std::sqrt(x); });
}
// Functions that integers have too.
template <typename Function>
std::vector<Tensor> UnaryOfAny(const ReferenceCall& call, Function function) {
  if (call.In(0).is_float()) return Unary(call, function);
  Tensor y = call.In(0);
  for (int64_t& value : y.ints) value = function(value);
  return {y};
}

// Integers wrap: their overflow would be undefined.
int64_t Wrapped(uint64_t value) { return static_cast<int64_t>(value); }
uint64_t Bits(int64_t value) { return static_cast<uint64_t>(value); }

struct NegOf {
  double operator()(double x) const { return -x; }
  int64_t operator()(int64_t x) const { return Wrapped(0 - Bits(x)); }
};
struct AbsOf {
  double operator()(double x) const { return std::abs(x); }
  int64_t operator()(int64_t x) const { return x < 0 ? NegOf()(x) : x; }
};
std::vector<Tensor> Abs(const ReferenceCall& call) { return UnaryOfAny(call, AbsOf()); }
std::vector<Tensor> Neg(const ReferenceCall& call) { return UnaryOfAny(call, NegOf()); }

std::vector<Tensor> Floor(const ReferenceCall& call) {
  return Unary(call, [](double x) { return std::floor(x); });
}
std::vector<Tensor> Ceil(const ReferenceCall& call) {
  return Unary(call, [](double x) { return std::ceil(x); });
}

float ScalarOr(const ReferenceCall& call, size_t i, float fallback) {
  if (!call.Has(i)) return fallback;
  if (call.FloatIn(i).floats.size() != 1) ThrowNodeError(call.node, "a bound must be one number");
  return call.In(i).floats[0];
}

// ONNX: min first, so that max wins where the bounds cross.
std::vector<Tensor> Clip(const ReferenceCall& call) {
  const double low = ScalarOr(call, 1, -std::numeric_limits<float>::infinity());
  const double high = ScalarOr(call, 2, std::numeric_limits<float>::infinity());
  return Unary(call, [=](double x) { return std::min(std::max(x, low), high); });
}

template <typename Function>
std::vector<Tensor> Binary(const ReferenceCall& call, Function function) {
  const Tensor& a = call.In(0);
  const Tensor& b = call.In(1);
  if (a.is_float() != b.is_float()) ThrowNodeError(call.node, "one input is of floats and the other of integers");
  Tensor y = MakeTensor(a.type, BroadcastShapes(call.node, a.shape, b.shape));
  const auto a_strides = BroadcastStrides(a.shape, y.shape), b_strides = BroadcastStrides(b.shape, y.shape);
  ForEachIndex(y.shape, [&, at = size_t{0}](const std::vector<int64_t>& i) mutable {
    const int64_t from_a = Dot(i, a_strides), from_b = Dot(i, b_strides);
    if (y.is_float()) {
      y.floats[at++] = static_cast<float>(function(double{a.floats[from_a]}, double{b.floats[from_b]}));
    } else {
      y.ints[at++] = function(a.ints[from_a], b.ints[from_b]);
    }
  });
  return {y};
}

struct Plus {
  double operator()(double a, double b) const { return a + b; }
  int64_t operator()(int64_t a, int64_t b) const { return Wrapped(Bits(a) + Bits(b)); }
};
struct Minus {
  double operator()(double a, double b) const { return a - b; }
  int64_t operator()(int64_t a, int64_t b) const { return Wrapped(Bits(a) - Bits(b)); }
};
struct Times {
  double operator()(double a, double b) const { return a * b; }
  int64_t operator()(int64_t a, int64_t b) const { return Wrapped(Bits(a) * Bits(b)); }
};
struct Over {
  double operator()(double a, double b) const { return a / b; }
  int64_t operator()(int64_t a, int64_t b) const { return b == -1 ? NegOf()(a) : a / b; }
};

std::vector<Tensor> Add(const ReferenceCall& call) { return Binary(call, Plus()); }
std::vector<Tensor> Sub(const ReferenceCall& call) { return Binary(call, Minus()); }
std::vector<Tensor> Mul(const ReferenceCall& call) { return Binary(call, Times()); }

std::vector<Tensor> Div(const ReferenceCall& call) {
  const Tensor& divisor = call.In(1);
  if (!divisor.is_float() && std::ranges::find(divisor.ints, 0) != divisor.ints.end()) {
    ThrowNodeError(call.node, "integer division by zero");
  }
  return Binary(call, Over());
}

std::vector<Tensor> Pow(const ReferenceCall& call) {
  call.FloatIn(0);
  call.FloatIn(1);
  return Binary(call, [](auto a, auto b) { return static_cast<decltype(a)>(std::pow(a, b)); });
}

// Any number of inputs, two at a time.
template <typename Function>
std::vector<Tensor> Variadic(const ReferenceCall& call, Function function) {
  std::vector<Tensor> result = {call.In(0)};
  for (size_t i = 1; i < call.inputs.size(); ++i) {
    const Tensor so_far = std::move(result[0]);
    result = Binary({call.node, {&so_far, &call.In(i)}}, function);
  }
  return result;
}

std::vector<Tensor> Max(const ReferenceCall& call) {
  return Variadic(call, [](auto a, auto b) { return std::max(a, b); });
}
std::vector<Tensor> Min(const ReferenceCall& call) {
  return Variadic(call, [](auto a, auto b) { return std::min(a, b); });
}

std::vector<Tensor> PRelu(const ReferenceCall& call) {
  if (BroadcastShapes(call.node, call.FloatIn(0).shape, call.FloatIn(1).shape) != call.In(0).shape) {
    ThrowNodeError(call.node,
                   "slopes " + ToString(call.In(1).shape) + " do not broadcast to " + ToString(call.In(0).shape));
  }
  return Binary(call, [](auto x, auto slope) { return x < 0 ? x * slope : x; });
}

std::vector<Tensor> BatchNormalization(const ReferenceCall& call) {
  Tensor y = call.FloatIn(0);
  if (y.shape.size() < 2) ThrowNodeError(call.node, "input " + ToString(y.shape) + " has no channel axis");
  const int64_t channels = y.shape[1];
  for (size_t i = 1; i < 5; ++i) {
    if (call.FloatIn(i).shape != Shape{channels}) {
      ThrowNodeError(call.node, "input " + std::to_string(i) + " has shape " + ToString(call.In(i).shape) +
                                    ", wanted " + ToString({channels}));
    }
  }
  const double epsilon = call.node.Float("epsilon", 1e-5f);
  const int64_t inner = ElementCount({y.shape.begin() + 2, y.shape.end()});
  for (size_t i = 0; i < y.floats.size(); ++i) {
    const int64_t c = static_cast<int64_t>(i) / inner % channels;
    const double scale = call.In(1).floats[c] / std::sqrt(call.In(4).floats[c] + epsilon);
    y.floats[i] = static_cast<float>((double{y.floats[i]} - call.In(3).floats[c]) * scale + call.In(2).floats[c]);
  }
  return {y};
}

}  // namespace

const ReferenceKernels& ElementwiseKernels() {
  static const ReferenceKernels kernels = {
      {"Relu", Relu},
      {"LeakyRelu", LeakyRelu},
      {"Elu", Elu},
      {"PRelu", PRelu},
      {"Clip", Clip},
      {"Sigmoid", Sigmoid},
      {"HardSigmoid", HardSigmoid},
      {"HardSwish", HardSwish},
      {"Tanh", Tanh},
      {"Exp", Exp},
      {"Log", Log},
      {"Sqrt", Sqrt},
      {"Abs", Abs},
      {"Neg", Neg},
      {"Floor", Floor},
      {"Ceil", Ceil},
      {"Add", Add},
      {"Sub", Sub},
      {"Mul", Mul},
      {"Div", Div},
      {"Pow", Pow},
      {"Max", Max},
      {"Min", Min},
      {"BatchNormalization", BatchNormalization},
  };
  return kernels;
}

}  // namespace maskscope
