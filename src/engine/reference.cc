#include "engine/reference.h"

#include "base/error.h"
#include "engine/reference_ops.h"

namespace maskscope {

namespace {

ReferenceKernels AllKernels() {
  ReferenceKernels all;
  for (const auto* family :
       {&WindowKernels(), &ElementwiseKernels(), &MatrixKernels(), &ShapeKernels(), &ResizeKernels()}) {
    all.insert(family->begin(), family->end());
  }
  return all;
}

void CheckInput(const ValueInfo& info, const std::map<std::string, Tensor>& inputs) {
  const auto found = inputs.find(info.name);
  if (found == inputs.end()) throw Error{ErrorKind::kBadModel, "input '" + info.name + "' was not given"};
  const Shape& shape = found->second.shape;
  bool fits = shape.size() == info.shape.size();
  for (size_t i = 0; fits && i < shape.size(); ++i) {
    fits = info.shape[i].value < 0 || info.shape[i].value == shape[i];
  }
  if (!fits) {
    throw Error{ErrorKind::kBadModel, "input '" + info.name + "' has shape " + ToString(shape) +
                                          ", which the graph's declared shape excludes"};
  }
}

const Tensor& Find(const std::map<std::string, Tensor>& values, const Graph& graph, const std::string& name) {
  if (const auto found = values.find(name); found != values.end()) return found->second;
  if (const Tensor* initializer = graph.FindInitializer(name)) return *initializer;
  throw Error{ErrorKind::kBadModel, "value '" + name + "' is made by no node of the graph"};
}

}  // namespace

const Tensor& ReferenceCall::In(size_t i) const {
  if (!Has(i)) ThrowNodeError(node, "input " + std::to_string(i) + " is missing");
  return *inputs[i];
}

const Tensor& ReferenceCall::FloatIn(size_t i) const {
  if (!In(i).is_float()) ThrowNodeError(node, "input " + std::to_string(i) + " is of integers, wanted floats");
  return *inputs[i];
}

const Tensor& ReferenceCall::IntIn(size_t i) const {
  if (In(i).is_float()) ThrowNodeError(node, "input " + std::to_string(i) + " is of floats, wanted integers");
  return *inputs[i];
}

std::vector<Tensor> EvaluateReference(const ReferenceCall& call) {
  static const ReferenceKernels kernels = AllKernels();
  const auto kernel = kernels.find(call.node.op);
  if (kernel == kernels.end()) ThrowUnsupportedNode(call.node, "the operator is not supported");
  return kernel->second(call);
}

void ThrowNodeError(const Node& node, const std::string& message) {
  throw Error{ErrorKind::kBadModel, "node '" + node.name + "' (" + node.op + "): " + message};
}

void ThrowUnsupportedNode(const Node& node, const std::string& message) {
  throw Error{ErrorKind::kUnsupported, "node '" + node.name + "' (" + node.op + "): " + message};
}

Tensor MakeTensor(DataType type, const Shape& shape) {
  Tensor tensor;
  tensor.type = type;
  tensor.shape = shape;
  const auto count = static_cast<size_t>(ElementCount(shape));
  if (type == DataType::kFloat32) {
    tensor.floats.resize(count);
  } else {
    tensor.ints.resize(count);
  }
  return tensor;
}

std::vector<int64_t> RowMajorStrides(const Shape& shape) {
  std::vector<int64_t> strides(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;) strides[i - 1] = strides[i] * shape[i];
  return strides;
}

int64_t NormalizeAxis(const Node& node, int64_t axis, int64_t rank) {
  if (axis < -rank || axis >= rank) {
    ThrowNodeError(node, "axis " + std::to_string(axis) + " is outside a tensor of rank " + std::to_string(rank));
  }
  return axis < 0 ? axis + rank : axis;
}

Shape BroadcastShapes(const Node& node, const Shape& a, const Shape& b) {
  Shape out(std::max(a.size(), b.size()));
  for (size_t i = 0; i < out.size(); ++i) {
    const int64_t from_a = i < a.size() ? a[a.size() - 1 - i] : 1;
    const int64_t from_b = i < b.size() ? b[b.size() - 1 - i] : 1;
    if (from_a != from_b && from_a != 1 && from_b != 1) {
      ThrowNodeError(node, "shapes " + ToString(a) + " and " + ToString(b) + " do not broadcast");
    }
    out[out.size() - 1 - i] = from_a == 1 ? from_b : from_a;
  }
  return out;
}

std::vector<int64_t> BroadcastStrides(const Shape& shape, const Shape& out) {
  std::vector<int64_t> strides(out.size(), 0);
  const std::vector<int64_t> own = RowMajorStrides(shape);
  const size_t offset = out.size() - shape.size();
  for (size_t i = 0; i < shape.size(); ++i) strides[offset + i] = shape[i] == 1 ? 0 : own[i];
  return strides;
}

int64_t Dot(const std::vector<int64_t>& index, const std::vector<int64_t>& strides) {
  int64_t sum = 0;
  for (size_t i = 0; i < index.size(); ++i) sum += index[i] * strides[i];
  return sum;
}

std::map<std::string, Tensor> RunReference(const Graph& graph, const std::map<std::string, Tensor>& inputs,
                                           const std::vector<std::string>& taps) {
  std::map<std::string, Tensor> values;
  for (const ValueInfo& info : graph.inputs) {
    CheckInput(info, inputs);
    values[info.name] = inputs.at(info.name);
  }
  for (const Node& node : graph.nodes) {
    ReferenceCall call{node, {}};
    for (const std::string& input : node.inputs) {
      call.inputs.push_back(input.empty() ? nullptr : &Find(values, graph, input));
    }
    std::vector<Tensor> outputs = EvaluateReference(call);
    for (size_t i = 0; i < node.outputs.size() && i < outputs.size(); ++i) {
      if (!node.outputs[i].empty()) values[node.outputs[i]] = std::move(outputs[i]);
    }
  }
  std::map<std::string, Tensor> result;
  for (const ValueInfo& info : graph.outputs) result[info.name] = Find(values, graph, info.name);
  for (const std::string& tap : taps) result[tap] = Find(values, graph, tap);
  return result;
}

}  // namespace maskscope
