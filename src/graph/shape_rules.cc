#include "graph/shape_rules.h"

#include <algorithm>

#include "base/error.h"

namespace maskscope::shape_rules {

void Fail(const Node& node, const std::string& message) {
  throw Error{ErrorKind::kBadModel, "node '" + node.name + "' (" + node.op + "): " + message};
}

void Refuse(const Node& node, const std::string& message) {
  throw Error{ErrorKind::kUnsupported, "node '" + node.name + "' (" + node.op + "): " + message};
}

const Fact& Call::In(size_t i) const {
  if (!Has(i)) Fail(node, "input " + std::to_string(i) + " is missing");
  return *inputs[i];
}

const Fact& Call::FloatIn(size_t i) const {
  if (In(i).type != DataType::kFloat32) {
    Fail(node, "input " + std::to_string(i) + " is " + std::string(DataTypeName(In(i).type)) + ", wanted float32");
  }
  return *inputs[i];
}

const std::vector<int64_t>& Call::IntsIn(size_t i) const {
  if (In(i).type == DataType::kFloat32) Fail(node, "input " + std::to_string(i) + " is float32, wanted integers");
  if (In(i).constant == nullptr) {
    Refuse(node, "input " + std::to_string(i) + " ('" + node.inputs[i] +
                     "') depends on the data fed, so that the shape of '" +
                     (node.outputs.empty() ? "" : node.outputs[0]) + "' is not known beforehand");
  }
  return inputs[i]->constant->ints;
}

void Call::RequireInputs(size_t least, size_t most) const {
  if (inputs.size() < least || inputs.size() > most) {
    Fail(node, std::to_string(inputs.size()) + " inputs, wanted " + std::to_string(least) +
                   (most == least ? "" : " to " + std::to_string(most)));
  }
  for (size_t i = 0; i < least; ++i) In(i);
}

const RuleTable& AllRules() {
  static const RuleTable all = [] {
    RuleTable table;
    for (const RuleTable* part : {&LayerRules(), &ElementwiseRules(), &MovingRules()}) {
      table.insert(part->begin(), part->end());
    }
    return table;
  }();
  return all;
}

size_t FrontAxis(const Node& node, int64_t axis, size_t rank) {
  const auto signed_rank = static_cast<int64_t>(rank);
  if (axis < -signed_rank || axis >= signed_rank) {
    Fail(node, "axis " + std::to_string(axis) + " is outside a tensor of rank " + std::to_string(rank));
  }
  return static_cast<size_t>(axis < 0 ? axis + signed_rank : axis);
}

Shape Broadcast(const Node& node, const Shape& a, const Shape& b) {
  Shape out(std::max(a.size(), b.size()));
  for (size_t i = 0; i < out.size(); ++i) {
    const int64_t from_a = i < a.size() ? a[a.size() - 1 - i] : 1;
    const int64_t from_b = i < b.size() ? b[b.size() - 1 - i] : 1;
    if (from_a != from_b && from_a != 1 && from_b != 1) {
      Fail(node, "shapes " + ToString(a) + " and " + ToString(b) + " do not broadcast");
    }
    out[out.size() - 1 - i] = from_a == 1 ? from_b : from_a;
  }
  return out;
}

std::vector<int64_t> Strides(const Shape& shape) {
  std::vector<int64_t> strides(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;) strides[i - 1] = strides[i] * shape[i];
  return strides;
}

std::vector<int64_t> RepeatStrides(const Shape& shape, const Shape& out) {
  std::vector<int64_t> strides(out.size(), 0);
  const std::vector<int64_t> own = Strides(shape);
  const size_t offset = out.size() - shape.size();
  for (size_t i = 0; i < shape.size(); ++i) strides[offset + i] = shape[i] == 1 ? 0 : own[i];
  return strides;
}

int64_t CheckedCount(const Node& node, const Shape& shape, int64_t most) {
  constexpr size_t kMostAxes =
      16;  // no network needs more, and a shape of millions of ones must not cost millions a node
  if (shape.size() > kMostAxes) {
    Fail(node, "the output would have " + std::to_string(shape.size()) + " axes, wanted at most " +
                   std::to_string(kMostAxes));
  }
  int64_t count = 1;
  bool empty = false, too_large = false;
  for (const int64_t side : shape) {
    if (side < 0) Fail(node, "the output would have shape " + ToString(shape));
    if (side == 0) {
      empty = true;
    } else if (side > most / count) {
      too_large = true;
    } else {
      count *= side;
    }
  }
  // An empty tensor with wild other sides is refused too: code that multiplies the sides must not overflow.
  if (too_large) {
    Fail(node,
         "the output would have shape " + ToString(shape) + ", above the limit of " + std::to_string(most) + " values");
  }
  return empty ? 0 : count;
}

DataType TypeOfNumber(const Node& node, int64_t number) {
  switch (number) {
    case 1:   // FLOAT
    case 10:  // FLOAT16
    case 11:  // DOUBLE
    case 16:  // BFLOAT16
      return DataType::kFloat32;
    case 2:
      return DataType::kUint8;
    case 6:
      return DataType::kInt32;
    case 7:
      return DataType::kInt64;
    case 9:
      return DataType::kBool;
    default:
      Refuse(node, "data type " + std::to_string(number) + " (of ONNX's TensorProto.DataType)");
  }
}

}  // namespace maskscope::shape_rules
