#include "graph/evaluate.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace maskscope {
namespace {

using shape_rules::Call;
using shape_rules::Fact;
using shape_rules::Fail;

Tensor Empty(const Fact& fact) {
  Tensor tensor{fact.type, fact.shape, {}, {}};
  const auto count = static_cast<size_t>(ElementCount(fact.shape));
  if (tensor.is_float()) {
    tensor.floats.resize(count);
  } else {
    tensor.ints.resize(count);
  }
  return tensor;
}

void CopyValue(const Tensor& from, int64_t source, Tensor& to, int64_t target) {
  if (to.is_float()) {
    to.floats[static_cast<size_t>(target)] = from.floats[static_cast<size_t>(source)];
  } else {
    to.ints[static_cast<size_t>(target)] = from.ints[static_cast<size_t>(source)];
  }
}

// Walks every index of `shape` in row-major order and keeps the place in several tensors that are read with strides of
// their own; visit(places).
template <size_t kTensors, typename Visit>
void Walk(const Shape& shape, std::array<int64_t, kTensors> places,
          const std::array<std::vector<int64_t>, kTensors>& strides, Visit visit) {
  const int64_t count = ElementCount(shape);
  std::vector<int64_t> index(shape.size(), 0);
  for (int64_t done = 0; done < count; ++done) {
    visit(places);
    for (size_t axis = shape.size(); axis-- > 0;) {
      const bool wraps = ++index[axis] == shape[axis];
      for (size_t t = 0; t < kTensors; ++t)
        places[t] += wraps ? -strides[t][axis] * (shape[axis] - 1) : strides[t][axis];
      if (!wraps) break;
      index[axis] = 0;
    }
  }
}

// A tensor of out's shape, read from `x` at `start` with `strides`.
Tensor View(const Tensor& x, const Fact& out, int64_t start, const std::vector<int64_t>& strides) {
  Tensor y = Empty(out);
  int64_t at = 0;
  Walk<1>(out.shape, {start}, {strides}, [&](const auto& places) { CopyValue(x, places[0], y, at++); });
  return y;
}

const Tensor& In(const Call& call, size_t i) { return *call.In(i).constant; }

std::vector<Tensor> Relabel(const Call& call, const std::vector<Fact>& outs) {
  Tensor y = In(call, 0);
  y.shape = outs[0].shape;
  return {y};
}

std::vector<Tensor> Concat(const Call& call, const std::vector<Fact>& outs) {
  Tensor y = Empty(outs[0]);
  const size_t axis = shape_rules::FrontAxis(call.node, call.node.Int("axis", 0), y.shape.size());
  const auto strides = shape_rules::Strides(y.shape);
  int64_t offset = 0;
  for (size_t i = 0; i < call.inputs.size(); ++i) {
    const Tensor& part = In(call, i);
    int64_t at = 0;
    Walk<1>(part.shape, {offset * strides[axis]}, {strides},
            [&](const auto& places) { CopyValue(part, at++, y, places[0]); });
    offset += part.shape[axis];
  }
  return {y};
}

std::vector<Tensor> Slice(const Call& call, const std::vector<Fact>& outs) {
  const auto plan = shape_rules::PlanSlice(call);
  auto strides = shape_rules::Strides(In(call, 0).shape);
  int64_t start = 0;
  for (size_t i = 0; i < strides.size(); ++i) {
    start += plan[i].start * strides[i];
    strides[i] *= plan[i].step;
  }
  return {View(In(call, 0), outs[0], start, strides)};
}

std::vector<Tensor> Split(const Call& call, const std::vector<Fact>& outs) {
  const Tensor& x = In(call, 0);
  const size_t axis = shape_rules::FrontAxis(call.node, call.node.Int("axis", 0), x.shape.size());
  const auto strides = shape_rules::Strides(x.shape);
  std::vector<Tensor> parts;
  int64_t offset = 0;
  for (const Fact& out : outs) {
    parts.push_back(View(x, out, offset * strides[axis], strides));
    offset += out.shape[axis];
  }
  return parts;
}

std::vector<Tensor> Transpose(const Call& call, const std::vector<Fact>& outs) {
  const auto own = shape_rules::Strides(In(call, 0).shape);
  const auto perm = call.node.Ints("perm", {});
  std::vector<int64_t> strides;
  for (size_t i = 0; i < own.size(); ++i)
    strides.push_back(own[perm.empty() ? own.size() - 1 - i : static_cast<size_t>(perm[i])]);
  return {View(In(call, 0), outs[0], 0, strides)};
}

std::vector<Tensor> Expand(const Call& call, const std::vector<Fact>& outs) {
  return {View(In(call, 0), outs[0], 0, shape_rules::RepeatStrides(In(call, 0).shape, outs[0].shape))};
}

std::vector<Tensor> Gather(const Call& call, const std::vector<Fact>& outs) {
  const Tensor &x = In(call, 0), &indices = In(call, 1);
  const size_t axis = shape_rules::FrontAxis(call.node, call.node.Int("axis", 0), x.shape.size());
  const int64_t side = x.shape[axis];
  const auto begin = x.shape.begin(), at_axis = begin + static_cast<ptrdiff_t>(axis);
  const int64_t outer = ElementCount({begin, at_axis}), inner = ElementCount({at_axis + 1, x.shape.end()});
  Tensor y = Empty(outs[0]);
  int64_t target = 0;
  for (int64_t o = 0; o < outer; ++o) {
    for (const int64_t index : indices.ints) {
      if (index < -side || index >= side) {
        Fail(call.node, "index " + std::to_string(index) + " is outside an axis of " + std::to_string(side));
      }
      const int64_t from = (o * side + (index < 0 ? index + side : index)) * inner;
      for (int64_t i = 0; i < inner; ++i) CopyValue(x, from + i, y, target++);
    }
  }
  return {y};
}

int64_t NarrowTo(DataType type, int64_t value) {
  switch (type) {
    case DataType::kBool:
      return value != 0 ? 1 : 0;
    case DataType::kUint8:
      return static_cast<uint8_t>(value);
    case DataType::kInt32:
      return static_cast<int32_t>(value);
    default:
      return value;
  }
}

int64_t ToInteger(float value) {
  if (std::isnan(value)) return 0;
  return static_cast<int64_t>(std::clamp(double{value}, -9.2e18, 9.2e18));  // beyond these the conversion is undefined
}

std::vector<Tensor> Cast(const Call& call, const std::vector<Fact>& outs) {
  const Tensor& x = In(call, 0);
  Tensor y = Empty(outs[0]);
  for (size_t i = 0; i < y.floats.size(); ++i) y.floats[i] = x.is_float() ? x.floats[i] : static_cast<float>(x.ints[i]);
  for (size_t i = 0; i < y.ints.size(); ++i) {
    const bool truth = y.type == DataType::kBool && x.is_float();
    y.ints[i] = truth ? x.floats[i] != 0 : NarrowTo(y.type, x.is_float() ? ToInteger(x.floats[i]) : x.ints[i]);
  }
  return {y};
}

std::vector<Tensor> ConstantOfShape(const Call& call, const std::vector<Fact>& outs) {
  Tensor y = Empty(outs[0]);
  const auto value = call.node.attributes.find("value");
  if (value == call.node.attributes.end()) return {y};
  const Tensor& fill = std::get<Tensor>(value->second);
  if (y.is_float()) std::ranges::fill(y.floats, fill.floats.at(0));
  if (!y.is_float()) std::ranges::fill(y.ints, fill.ints.at(0));
  return {y};
}

struct Arithmetic {
  float (*floats)(float, float);
  int64_t (*ints)(int64_t, int64_t);
};

uint64_t Bits(int64_t value) { return static_cast<uint64_t>(value); }

int64_t Quotient(int64_t a, int64_t b) { return b == -1 ? static_cast<int64_t>(0 - Bits(a)) : a / b; }

const std::map<std::string, Arithmetic>& Arithmetics() {
  // Unsigned arithmetic wraps where the signed one is undefined.
  static const std::map<std::string, Arithmetic> table = {
      {"Add",
       {[](float a, float b) { return a + b; },
        [](int64_t a, int64_t b) { return static_cast<int64_t>(Bits(a) + Bits(b)); }}},
      {"Sub",
       {[](float a, float b) { return a - b; },
        [](int64_t a, int64_t b) { return static_cast<int64_t>(Bits(a) - Bits(b)); }}},
      {"Mul",
       {[](float a, float b) { return a * b; },
        [](int64_t a, int64_t b) { return static_cast<int64_t>(Bits(a) * Bits(b)); }}},
      {"Div", {[](float a, float b) { return a / b; }, Quotient}},
      {"Max", {[](float a, float b) { return std::max(a, b); }, [](int64_t a, int64_t b) { return std::max(a, b); }}},
      {"Min", {[](float a, float b) { return std::min(a, b); }, [](int64_t a, int64_t b) { return std::min(a, b); }}},
  };
  return table;
}

void Accumulate(const Call& call, Tensor& sum, const Tensor& term) {
  if (call.node.op == "Div" && !term.is_float() && std::ranges::find(term.ints, 0) != term.ints.end()) {
    Fail(call.node, "integer division by zero");
  }
  const Arithmetic& arithmetic = Arithmetics().at(call.node.op);
  size_t at = 0;
  Walk<1>(sum.shape, {0}, {shape_rules::RepeatStrides(term.shape, sum.shape)}, [&](const auto& places) {
    const auto from = static_cast<size_t>(places[0]);
    if (sum.is_float()) {
      sum.floats[at] = arithmetic.floats(sum.floats[at], term.floats[from]);
    } else {
      sum.ints[at] = NarrowTo(sum.type, arithmetic.ints(sum.ints[at], term.ints[from]));
    }
    ++at;
  });
}

std::vector<Tensor> Combine(const Call& call, const std::vector<Fact>& outs) {
  Tensor y = View(In(call, 0), outs[0], 0, shape_rules::RepeatStrides(In(call, 0).shape, outs[0].shape));
  for (size_t i = 1; i < call.inputs.size(); ++i) Accumulate(call, y, In(call, i));
  return {y};
}

template <float (*kFunction)(float)>
std::vector<Tensor> FloatUnary(const Call& call, const std::vector<Fact>&) {
  Tensor y = In(call, 0);
  for (float& value : y.floats) value = kFunction(value);
  return {y};
}

std::vector<Tensor> Neg(const Call& call, const std::vector<Fact>&) {
  Tensor y = In(call, 0);
  for (float& value : y.floats) value = -value;
  for (int64_t& value : y.ints) value = NarrowTo(y.type, static_cast<int64_t>(0 - Bits(value)));
  return {y};
}

float Floor(float x) { return std::floor(x); }
float Ceil(float x) { return std::ceil(x); }
float Sqrt(float x) { return std::sqrt(x); }
float Exp(float x) { return std::exp(x); }

using Evaluator = std::vector<Tensor> (*)(const Call&, const std::vector<Fact>&);

const std::map<std::string, Evaluator>& Evaluators() {
  static const std::map<std::string, Evaluator> table = {
      {"Identity", Relabel},
      {"Reshape", Relabel},
      {"Flatten", Relabel},
      {"Squeeze", Relabel},
      {"Unsqueeze", Relabel},
      {"Concat", Concat},
      {"Slice", Slice},
      {"Split", Split},
      {"Transpose", Transpose},
      {"Expand", Expand},
      {"Gather", Gather},
      {"Cast", Cast},
      {"Add", Combine},
      {"Sub", Combine},
      {"Mul", Combine},
      {"Div", Combine},
      {"Max", Combine},
      {"Min", Combine},
      {"Neg", Neg},
      {"Floor", FloatUnary<Floor>},
      {"Ceil", FloatUnary<Ceil>},
      {"Sqrt", FloatUnary<Sqrt>},
      {"Exp", FloatUnary<Exp>},
      {"ConstantOfShape", ConstantOfShape},
  };
  return table;
}

}  // namespace

int64_t ConstantBudget(const Graph& graph) {
  int64_t held = 0;
  for (const auto& [name, tensor] : graph.initializers) held += ElementCount(tensor.shape);
  return (int64_t{1} << 22) + 4 * held;
}

bool CanEvaluate(const std::string& op) { return Evaluators().contains(op); }

std::vector<Tensor> Evaluate(const Call& call, const std::vector<Fact>& outs) {
  return Evaluators().at(call.node.op)(call, outs);
}

}  // namespace maskscope
