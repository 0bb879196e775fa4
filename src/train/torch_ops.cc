#include "train/torch_ops.h"

#include <torch/torch.h>

#include <algorithm>

#include "base/error.h"

namespace maskscope {

namespace {

std::string Describe(const Node& node) { return "node '" + node.name + "' (" + node.op + "): "; }

}  // namespace

void Unsupported(const Node& node, const std::string& message) {
  throw Error{ErrorKind::kUnsupported, Describe(node) + message};
}

void BadNode(const Node& node, const std::string& message) {
  throw Error{ErrorKind::kBadModel, Describe(node) + message};
}

int64_t NormalAxis(const Node& node, int64_t axis, int64_t rank) {
  const int64_t normal = axis < 0 ? axis + rank : axis;
  if (normal < 0 || normal >= std::max<int64_t>(rank, 1)) {
    BadNode(node, "axis " + std::to_string(axis) + " of a value of rank " + std::to_string(rank));
  }
  return normal;
}

const at::Tensor& OpCall::In(size_t i) const {
  if (!Has(i)) BadNode(node, "input " + std::to_string(i) + " is missing");
  return inputs[i];
}

std::vector<int64_t> OpCall::Ints(size_t i) const {
  const at::Tensor& tensor = In(i);
  if (tensor.is_floating_point()) BadNode(node, "input " + std::to_string(i) + " is float, wanted integers");
  const at::Tensor flat = tensor.to(at::kLong).contiguous().view({-1});
  return {flat.data_ptr<int64_t>(), flat.data_ptr<int64_t>() + flat.numel()};
}

const OpTable& TorchOps() {
  static const OpTable* const table = [] {
    auto* ops = new OpTable;
    AddLayerOps(*ops);
    AddElementwiseOps(*ops);
    AddShapeOps(*ops);
    AddResizeOps(*ops);
    return ops;
  }();
  return *table;
}

at::Tensor ToTorch(const Tensor& tensor) {
  at::Tensor result = at::empty(tensor.shape, tensor.is_float() ? at::kFloat : at::kLong);
  if (tensor.is_float()) {
    std::copy(tensor.floats.begin(), tensor.floats.end(), result.data_ptr<float>());
  } else {
    std::copy(tensor.ints.begin(), tensor.ints.end(), result.data_ptr<int64_t>());
  }
  return result;
}

Tensor FromTorch(const at::Tensor& tensor) {
  Tensor result;
  result.shape = tensor.sizes().vec();
  const at::Tensor plain = tensor.detach().to(at::kCPU).contiguous();
  if (plain.is_floating_point()) {
    const at::Tensor floats = plain.to(at::kFloat);
    result.floats.assign(floats.data_ptr<float>(), floats.data_ptr<float>() + floats.numel());
  } else {
    const at::Tensor ints = plain.to(at::kLong);
    result.type = DataType::kInt64;
    result.ints.assign(ints.data_ptr<int64_t>(), ints.data_ptr<int64_t>() + ints.numel());
  }
  return result;
}

}  // namespace maskscope
