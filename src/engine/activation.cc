#include "engine/activation.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "engine/vectorize.h"
#include "graph/operators.h"

namespace maskscope {

namespace {

MASKSCOPE_VECTORIZED void Leaky(float* values, int64_t count, float slope) {
  for (int64_t i = 0; i < count; ++i) values[i] = values[i] < 0 ? slope * values[i] : values[i];
}

MASKSCOPE_VECTORIZED void Clip(float* values, int64_t count, float low, float high) {
  for (int64_t i = 0; i < count; ++i) {
    const float raised = values[i] < low ? low : values[i];
    values[i] = raised > high ? high : raised;
  }
}

// Beyond these exp gives no normal float. Not constants: a compiler that knows them makes branches of what happens
// there, and then no vectors.
volatile float least_exponent = -87, greatest_exponent = 88;

// exp by 2^n * p(r) with r in ±ln(2)/2 and the Taylor polynomial of degree 6 (error below 2e-7 relative): std::exp
// does not vectorise, nor does a loop that calls a function of our own for it. `times_value`: value * sigmoid(value).
MASKSCOPE_VECTORIZED void Sigmoid(float* values, int64_t count, bool times_value) {
  const float least = least_exponent, greatest = greatest_exponent;
  for (int64_t i = 0; i < count; ++i) {
    const float x = -values[i];
    const float raised = x < least ? least : x;
    const float bounded = raised > greatest ? greatest : raised;
    // Adding and taking away 1.5 * 2^23 rounds to the nearest whole number.
    const float n = (bounded * 1.44269504f + 12582912.0f) - 12582912.0f;
    const float r = (bounded - n * 0.693359375f) + n * 2.12194440e-4f;
    const float p =
        1 + r * (1 + r * (1.0f / 2 + r * (1.0f / 6 + r * (1.0f / 24 + r * (1.0f / 120 + r * (1.0f / 720))))));
    const float numerator = times_value ? values[i] : 1.0f;
    values[i] = numerator / (1 + p * std::bit_cast<float>((static_cast<int32_t>(n) + 127) << 23));
  }
}

MASKSCOPE_VECTORIZED void HardSigmoid(float* values, int64_t count, float alpha, float beta) {
  for (int64_t i = 0; i < count; ++i) {
    const float raised = std::max(alpha * values[i] + beta, 0.0f);
    values[i] = raised > 1 ? 1 : raised;
  }
}

MASKSCOPE_VECTORIZED void HardSwish(float* values, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    const float raised = std::max(values[i] * (1.0f / 6) + 0.5f, 0.0f);
    values[i] *= raised > 1 ? 1 : raised;
  }
}

void Tanh(float* values, int64_t count) {
  for (int64_t i = 0; i < count; ++i) values[i] = std::tanh(values[i]);
}

void Elu(float* values, int64_t count, float alpha) {
  for (int64_t i = 0; i < count; ++i) values[i] = values[i] < 0 ? alpha * std::expm1(values[i]) : values[i];
}

// nullopt where the bounds are computed at run time.
std::optional<Activation> ClipOf(const Graph& graph, const Node& node) {
  for (size_t i = 1; i < node.inputs.size(); ++i) {
    if (node.HasInput(i) && graph.FindInitializer(node.inputs[i]) == nullptr) return std::nullopt;
  }
  const ClipBounds bounds = ResolveClip(graph, node);
  return Activation{Activation::Kind::kClip, bounds.min, bounds.max};
}

}  // namespace

std::optional<Activation> ActivationOf(const Graph& graph, const Node& node) {
  using Kind = Activation::Kind;
  if (node.op == "Relu") return Activation{Kind::kClip, 0, std::numeric_limits<float>::infinity()};
  if (node.op == "LeakyRelu") return Activation{Kind::kLeaky, node.Float("alpha", 0.01f), 0};
  if (node.op == "Clip") return ClipOf(graph, node);
  if (node.op == "Sigmoid") return Activation{Kind::kSigmoid, 0, 0};
  if (node.op == "HardSigmoid")
    return Activation{Kind::kHardSigmoid, node.Float("alpha", 0.2f), node.Float("beta", 0.5f)};
  if (node.op == "HardSwish") return Activation{Kind::kHardSwish, 0, 0};
  if (node.op == "Tanh") return Activation{Kind::kTanh, 0, 0};
  if (node.op == "Elu") return Activation{Kind::kElu, node.Float("alpha", 1), 0};
  return std::nullopt;
}

void ApplyActivation(const Activation& activation, float* values, int64_t count) {
  using Kind = Activation::Kind;
  switch (activation.kind) {
    case Kind::kLeaky:
      return Leaky(values, count, activation.alpha);
    case Kind::kClip:
      return Clip(values, count, activation.alpha, activation.beta);
    case Kind::kSigmoid:
      return Sigmoid(values, count, false);
    case Kind::kHardSigmoid:
      return HardSigmoid(values, count, activation.alpha, activation.beta);
    case Kind::kHardSwish:
      return HardSwish(values, count);
    case Kind::kSwish:
      return Sigmoid(values, count, true);
    case Kind::kTanh:
      return Tanh(values, count);
    case Kind::kElu:
      return Elu(values, count, activation.alpha);
  }
}

}  // namespace maskscope
