#ifndef MASKSCOPE_ENGINE_ACTIVATION_H_
#define MASKSCOPE_ENGINE_ACTIVATION_H_

#include <optional>
#include <string>

#include "graph/graph.h"

namespace maskscope {

// A function of one value that may be fused into the step that makes the value. Formulas as in the ONNX operators;
// kSwish is x * Sigmoid(x), which graphs write as two nodes (FindSwish in lowering.h).
struct Activation {
  enum class Kind { kLeaky, kClip, kSigmoid, kHardSigmoid, kHardSwish, kSwish, kTanh, kElu };
  Kind kind = Kind::kClip;
  float alpha = 0;  // kLeaky, kElu: slope; kClip: low; kHardSigmoid: alpha
  float beta = 0;   // kClip: high; kHardSigmoid: beta
  bool operator==(const Activation&) const = default;
};

// The activation `node` is; nullopt when it is none, or has bounds that are only known at run time.
std::optional<Activation> ActivationOf(const Graph& graph, const Node& node);

// Applies it in place, vectorised where the compiler can.
void ApplyActivation(const Activation& activation, float* values, int64_t count);

}  // namespace maskscope

#endif  // MASKSCOPE_ENGINE_ACTIVATION_H_
