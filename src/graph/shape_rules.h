#ifndef MASKSCOPE_GRAPH_SHAPE_RULES_H_
#define MASKSCOPE_GRAPH_SHAPE_RULES_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "graph/graph.h"

// What every operator makes of its inputs' shapes, types and, where they are known, values. Internal to graph.
namespace maskscope::shape_rules {

// Throws Error{kBadModel} "node 'N' (Op): MESSAGE".
[[noreturn]] void Fail(const Node& node, const std::string& message);
// Throws Error{kUnsupported} in the same form.
[[noreturn]] void Refuse(const Node& node, const std::string& message);

// What is known of a value.
struct Fact {
  Shape shape;
  DataType type = DataType::kFloat32;
  std::shared_ptr<const Tensor> constant;  // nullptr: depends on input data (or is too large to be worth knowing)
};

// A node with what is known of its inputs; nullptr where an optional input is absent.
struct Call {
  const Node& node;
  std::vector<const Fact*> inputs;

  bool Has(size_t i) const { return i < inputs.size() && inputs[i] != nullptr; }
  // Errors: kBadModel when input i is absent.
  const Fact& In(size_t i) const;
  // Errors: kBadModel when it is absent or not of floats.
  const Fact& FloatIn(size_t i) const;
  // The integers of input i. Errors: kBadModel when it is absent or of floats, kUnsupported when they depend on input
  // data.
  const std::vector<int64_t>& IntsIn(size_t i) const;
  // All float inputs that are there have one type, all integer inputs too: what arithmetic may mix.
  void RequireInputs(size_t least, size_t most) const;
};

// Shape and type of every output of the node. Errors: kBadModel, kUnsupported.
using Rule = std::vector<Fact> (*)(const Call& call);
using RuleTable = std::map<std::string, Rule>;

const RuleTable& AllRules();
const RuleTable& LayerRules();        // shape_rules_layers.cc: convolution, pooling, normalisation, products, Resize
const RuleTable& ElementwiseRules();  // shape_rules_elementwise.cc: activations and arithmetic
const RuleTable& MovingRules();       // shape_rules_moving.cc: everything that only moves or makes values

// `axis` counted from the front. Errors: kBadModel when it is outside [-rank, rank).
size_t FrontAxis(const Node& node, int64_t axis, size_t rank);
// Errors: kBadModel.
Shape Broadcast(const Node& node, const Shape& a, const Shape& b);
std::vector<int64_t> Strides(const Shape& shape);
// Strides of `shape` read along `out`, to which it broadcasts: 0 where a side is repeated.
std::vector<int64_t> RepeatStrides(const Shape& shape, const Shape& out);
// Number of elements. Errors: kBadModel when a side is negative or the number is above `most`.
int64_t CheckedCount(const Node& node, const Shape& shape, int64_t most);
// The type an ONNX data type number names, half and double being float. Errors: kUnsupported.
DataType TypeOfNumber(const Node& node, int64_t number);

// One axis of a Slice: `count` values from `start` on, `step` apart.
struct SliceAxis {
  int64_t start = 0, step = 1, count = 0;
};
std::vector<SliceAxis> PlanSlice(const Call& call);
// For every axis: is it named by the node's axes (input 1)?
std::vector<bool> NamedAxes(const Call& call, size_t rank);

}  // namespace maskscope::shape_rules

#endif  // MASKSCOPE_GRAPH_SHAPE_RULES_H_
