#ifndef MASKSCOPE_EXPLAIN_GRADIENT_OPS_H_
#define MASKSCOPE_EXPLAIN_GRADIENT_OPS_H_

#include <map>
#include <string>
#include <vector>

#include "graph/graph.h"

// How the gradient goes through each operator, from a node's outputs back to its inputs, by family. Internal to
// explain. Only what data flows through is differentiated: weights are constants here.
namespace maskscope {

// One node on the way back.
struct GradientCall {
  const Node& node;
  std::vector<Shape> input_shapes;              // of all inputs; {} for absent ones
  std::vector<Shape> output_shapes;             //
  std::vector<const Tensor*> inputs;            // constants, and the values the rule reads; nullptr for the others
  const Tensor* output;                         // value of output 0 where the rule reads it, else nullptr
  std::vector<const Tensor*> output_gradients;  // one an output, nullptr = all zero
  std::vector<bool> wanted;                     // inputs whose gradient is asked for

  bool Wants(size_t i) const { return i < wanted.size() && wanted[i]; }
  // Gradient of output 0. Only nodes of one output may ask.
  const Tensor& Gradient() const { return *output_gradients[0]; }
  // Input i as floats or integers, which must be a constant or read. Throws Error{kUnsupported} where it is computed at
  // run time and not read.
  const Tensor& In(size_t i) const;
  bool Has(size_t i) const { return node.HasInput(i); }
};

// One gradient an input, of the input's shape; those that are not wanted stay empty.
using GradientKernel = std::vector<Tensor> (*)(const GradientCall& call);

// Values of the forward pass that a rule needs besides constants.
enum class GradientReads {
  kNothing,  // shapes and constants tell all
  kOutput,
  kInput,   // input 0
  kOthers,  // for the gradient of an input, the other inputs
  kAll,     // every input
};

struct GradientRule {
  GradientReads reads;
  GradientKernel kernel;
};
using GradientRules = std::map<std::string, GradientRule>;

const GradientRules& ElementwiseGradients();
const GradientRules& WindowGradients();
const GradientRules& MatrixGradients();
const GradientRules& MovingGradients();  // values change place only
const GradientRules& ResizeGradients();

// Errors: kUnsupported naming node and operator.
const GradientRule& FindGradientRule(const Node& node);
// Whether the operator only moves values about, so that its gradient needs no value.
bool IsMoving(const std::string& op);

// Sums of `values`, which have shape `from`, over the axes along which a tensor of `to` was broadcast to `from`.
Tensor SumTo(const Tensor& values, const Shape& to);

}  // namespace maskscope

#endif  // MASKSCOPE_EXPLAIN_GRADIENT_OPS_H_
