#include "graph/shape_rules.h"

// Activations and arithmetic: the output has the inputs' broadcast shape.
namespace maskscope::shape_rules {
namespace {

std::vector<Fact> FloatUnary(const Call& call) {
  call.RequireInputs(1, 1);
  return {Fact{call.FloatIn(0).shape, DataType::kFloat32, nullptr}};
}

std::vector<Fact> AnyUnary(const Call& call) {
  call.RequireInputs(1, 1);
  return {Fact{call.In(0).shape, call.In(0).type, nullptr}};
}

std::vector<Fact> Variadic(const Call& call) {
  Fact out{call.In(0).shape, call.In(0).type, nullptr};
  for (size_t i = 1; i < call.inputs.size(); ++i) {
    const Fact& other = call.In(i);
    if (other.type != out.type) {
      Fail(call.node, "input 0 is " + std::string(DataTypeName(out.type)) + " and input " + std::to_string(i) + " " +
                          std::string(DataTypeName(other.type)));
    }
    out.shape = Broadcast(call.node, out.shape, other.shape);
  }
  return {out};
}

std::vector<Fact> Binary(const Call& call) {
  call.RequireInputs(2, 2);
  return Variadic(call);
}

std::vector<Fact> Clip(const Call& call) {
  call.RequireInputs(1, 3);
  for (size_t i = 1; i < 3; ++i) {
    if (call.Has(i) && (call.In(i).type != call.In(0).type || ElementCount(call.In(i).shape) != 1)) {
      Fail(call.node, "bound '" + call.node.inputs[i] + "' is " + std::string(DataTypeName(call.In(i).type)) +
                          " of shape " + ToString(call.In(i).shape) + ", wanted one " +
                          std::string(DataTypeName(call.In(0).type)));
    }
  }
  return {Fact{call.In(0).shape, call.In(0).type, nullptr}};
}

std::vector<Fact> PRelu(const Call& call) {
  call.RequireInputs(2, 2);
  const Shape& x = call.FloatIn(0).shape;
  if (Broadcast(call.node, x, call.FloatIn(1).shape) != x) {
    Fail(call.node, "slopes " + ToString(call.In(1).shape) + " do not broadcast to " + ToString(x));
  }
  return {Fact{x, DataType::kFloat32, nullptr}};
}

}  // namespace

const RuleTable& ElementwiseRules() {
  static const RuleTable rules = {
      {"Relu", FloatUnary},      {"LeakyRelu", FloatUnary}, {"Elu", FloatUnary},
      {"Sigmoid", FloatUnary},   {"Tanh", FloatUnary},      {"HardSigmoid", FloatUnary},
      {"HardSwish", FloatUnary}, {"Exp", FloatUnary},       {"Log", FloatUnary},
      {"Sqrt", FloatUnary},      {"Floor", FloatUnary},     {"Ceil", FloatUnary},
      {"Abs", AnyUnary},         {"Neg", AnyUnary},         {"Clip", Clip},
      {"PRelu", PRelu},          {"Add", Binary},           {"Sub", Binary},
      {"Mul", Binary},           {"Div", Binary},           {"Pow", Binary},
      {"Max", Variadic},         {"Min", Variadic},
  };
  return rules;
}

}  // namespace maskscope::shape_rules
