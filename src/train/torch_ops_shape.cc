#include <torch/torch.h>

#include <algorithm>
#include <limits>

#include "train/torch_ops.h"

namespace maskscope {

namespace {

using Tensors = std::vector<at::Tensor>;

at::Tensor IntTensor(const std::vector<int64_t>& values) {
  at::Tensor result = at::empty({static_cast<int64_t>(values.size())}, at::kLong);
  std::copy(values.begin(), values.end(), result.data_ptr<int64_t>());
  return result;
}

Tensors ConstantNode(const OpCall& call) {
  const auto value = call.node.attributes.find("value");
  if (value == call.node.attributes.end() || !std::holds_alternative<Tensor>(value->second)) {
    Unsupported(call.node, "a constant must have a tensor attribute 'value'");
  }
  return {ToTorch(std::get<Tensor>(value->second))};
}

Tensors ConstantOfShape(const OpCall& call) {
  const std::vector<int64_t> shape = call.Ints(0);
  const auto value = call.node.attributes.find("value");
  if (value == call.node.attributes.end()) return {at::zeros(shape, at::kFloat)};
  if (!std::holds_alternative<Tensor>(value->second)) BadNode(call.node, "attribute 'value' must be a tensor");
  return {ToTorch(std::get<Tensor>(value->second)).reshape({1}).expand({1}).repeat(shape).reshape(shape)};
}

Tensors ShapeNode(const OpCall& call) {
  const int64_t rank = call.In(0).dim();
  const auto bound = [rank](int64_t i) { return std::clamp<int64_t>(i < 0 ? i + rank : i, 0, rank); };
  const int64_t start = bound(call.node.Int("start", 0)), end = bound(call.node.Int("end", rank));
  std::vector<int64_t> sizes;
  for (int64_t i = start; i < end; ++i) sizes.push_back(call.In(0).size(i));
  return {IntTensor(sizes)};
}

// TensorProto.DataType numbers: 1 float, 10 half, 11 double; all integers live as int64.
Tensors Cast(const OpCall& call) {
  const int64_t to = call.node.Int("to", 1);
  if (to == 1 || to == 10 || to == 11) return {call.In(0).to(at::kFloat)};
  if (to == 9) return {(call.In(0) != 0).to(at::kLong)};
  return {call.In(0).to(at::kLong)};
}

Tensors Gather(const OpCall& call) {
  const at::Tensor& data = call.In(0);
  const int64_t axis = NormalAxis(call.node, call.node.Int("axis", 0), data.dim());
  at::Tensor index = call.In(1).to(at::kLong);
  index = at::where(index < 0, index + data.size(axis), index);
  if (index.numel() > 0 && (index.min().item<int64_t>() < 0 || index.max().item<int64_t>() >= data.size(axis))) {
    BadNode(call.node, "an index lies outside an axis of length " + std::to_string(data.size(axis)));
  }
  std::vector<int64_t> shape = data.sizes().vec();
  shape.erase(shape.begin() + axis);
  const auto inner = index.sizes().vec();
  shape.insert(shape.begin() + axis, inner.begin(), inner.end());
  return {data.index_select(axis, index.reshape({-1}).to(data.device())).reshape(shape)};
}

Tensors Slice(const OpCall& call) {
  at::Tensor x = call.In(0);
  const std::vector<int64_t> starts = call.Ints(1), ends = call.Ints(2);
  std::vector<int64_t> axes, steps(starts.size(), 1);
  for (size_t i = 0; i < starts.size(); ++i) axes.push_back(static_cast<int64_t>(i));
  if (call.Has(3)) axes = call.Ints(3);
  if (call.Has(4)) steps = call.Ints(4);
  if (ends.size() != starts.size() || axes.size() != starts.size() || steps.size() != starts.size()) {
    BadNode(call.node, "starts, ends, axes and steps differ in length");
  }
  for (size_t i = 0; i < starts.size(); ++i) {
    const int64_t axis = NormalAxis(call.node, axes[i], x.dim()), size = x.size(axis), step = steps[i];
    if (step == 0) BadNode(call.node, "a step is 0");
    int64_t start = starts[i] < 0 ? starts[i] + size : starts[i];
    int64_t end = ends[i] < -size ? -1 : ends[i] < 0 ? ends[i] + size : ends[i];
    if (step > 0) {
      start = std::clamp<int64_t>(start, 0, size);
      end = std::clamp<int64_t>(end, start, size);
      x = x.slice(axis, start, end, step);
    } else {
      // A view cannot run backwards: pick the elements one by one.
      start = std::clamp<int64_t>(start, -1, size - 1);
      end = std::clamp<int64_t>(end, -1, size);
      std::vector<int64_t> picked;
      for (int64_t k = start; k > end; k += step) picked.push_back(k);
      x = x.index_select(axis, IntTensor(picked).to(x.device()));
    }
  }
  return {x};
}

Tensors Split(const OpCall& call) {
  const int64_t axis = NormalAxis(call.node, call.node.Int("axis", 0), call.In(0).dim());
  const int64_t parts = static_cast<int64_t>(call.node.outputs.size()), size = call.In(0).size(axis);
  std::vector<int64_t> sizes;
  if (call.Has(1)) {
    sizes = call.Ints(1);
  } else {
    const int64_t part = (size + parts - 1) / parts;
    for (int64_t i = 0; i < parts; ++i) sizes.push_back(std::clamp<int64_t>(size - i * part, 0, part));
  }
  int64_t sum = 0;
  for (const int64_t part : sizes) sum += part;
  if (sum != size || static_cast<int64_t>(sizes.size()) != parts) {
    BadNode(call.node, "the parts add up to " + std::to_string(sum) + " of " + std::to_string(size));
  }
  return at::split_with_sizes(call.In(0), sizes, axis);
}

Tensors Concat(const OpCall& call) {
  for (size_t i = 0; i < call.inputs.size(); ++i) call.In(i);
  return {at::cat(call.inputs, NormalAxis(call.node, call.node.Int("axis", 0), call.In(0).dim()))};
}

Tensors Reshape(const OpCall& call) {
  std::vector<int64_t> shape = call.Ints(1);
  const bool allow_zero = call.node.Int("allowzero", 0) != 0;
  for (size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] != 0 || allow_zero) continue;
    if (static_cast<int64_t>(i) >= call.In(0).dim()) BadNode(call.node, "a 0 stands beyond the input's rank");
    shape[i] = call.In(0).size(static_cast<int64_t>(i));
  }
  return {call.In(0).reshape(shape)};
}

Tensors Flatten(const OpCall& call) {
  const int64_t rank = call.In(0).dim();
  int64_t axis = call.node.Int("axis", 1);
  if (axis < 0) axis += rank;
  int64_t rows = 1;
  for (int64_t i = 0; i < axis; ++i) rows *= call.In(0).size(i);
  return {call.In(0).reshape({rows, rows == 0 ? 0 : call.In(0).numel() / rows})};
}

Tensors Transpose(const OpCall& call) {
  std::vector<int64_t> order = call.node.Ints("perm", {});
  if (order.empty()) {
    for (int64_t i = call.In(0).dim(); i-- > 0;) order.push_back(i);
  }
  return {call.In(0).permute(order)};
}

std::vector<int64_t> SortedAxes(const OpCall& call, int64_t rank) {
  std::vector<int64_t> axes = call.Has(1) ? call.Ints(1) : std::vector<int64_t>{};
  for (int64_t& axis : axes) axis = NormalAxis(call.node, axis, rank);
  std::sort(axes.begin(), axes.end());
  return axes;
}

Tensors Squeeze(const OpCall& call) {
  at::Tensor x = call.In(0);
  if (!call.Has(1)) return {x.squeeze()};
  const std::vector<int64_t> axes = SortedAxes(call, x.dim());
  for (size_t i = axes.size(); i-- > 0;) {
    if (x.size(axes[i]) != 1) BadNode(call.node, "an axis to squeeze has length " + std::to_string(x.size(axes[i])));
    x = x.squeeze(axes[i]);
  }
  return {x};
}

Tensors Unsqueeze(const OpCall& call) {
  at::Tensor x = call.In(0);
  const int64_t rank = x.dim() + static_cast<int64_t>(call.Ints(1).size());
  for (const int64_t axis : SortedAxes(call, rank)) x = x.unsqueeze(axis);
  return {x};
}

Tensors Expand(const OpCall& call) {
  const at::Tensor ones = at::ones(call.Ints(1), call.In(0).options());
  return {at::broadcast_tensors({call.In(0), ones})[0]};
}

Tensors Pad(const OpCall& call) {
  const at::Tensor& x = call.In(0);
  const std::vector<int64_t> pads = call.Ints(1);
  const int64_t rank = x.dim();
  if (static_cast<int64_t>(pads.size()) != 2 * rank) BadNode(call.node, "wanted two pads for every axis");
  // libtorch counts pads from the last axis on; reflect and edge work on the last two axes only.
  const std::string mode = call.node.String("mode", "constant");
  std::vector<int64_t> torch_pads;
  for (int64_t i = rank; i-- > 0;) {
    torch_pads.push_back(pads[static_cast<size_t>(i)]);
    torch_pads.push_back(pads[static_cast<size_t>(i + rank)]);
  }
  if (mode == "constant") {
    const double value = call.Has(2) ? call.In(2).item<double>() : 0.0;
    return {at::constant_pad_nd(x, torch_pads, value)};
  }
  const bool spatial =
      rank == 4 && std::all_of(torch_pads.begin() + 4, torch_pads.end(), [](int64_t p) { return p == 0; });
  if (!spatial) Unsupported(call.node, "mode '" + mode + "' is supported over height and width only");
  torch_pads.resize(4);
  if (mode == "reflect") return {at::reflection_pad2d(x, torch_pads)};
  if (mode == "edge") return {at::replication_pad2d(x, torch_pads)};
  Unsupported(call.node, "mode '" + mode + "' is not supported (constant, reflect and edge are)");
}

}  // namespace

void AddShapeOps(OpTable& table) {
  const OpTable ops{{"Constant", ConstantNode},
                    {"ConstantOfShape", ConstantOfShape},
                    {"Shape", ShapeNode},
                    {"Cast", Cast},
                    {"Gather", Gather},
                    {"Slice", Slice},
                    {"Split", Split},
                    {"Concat", Concat},
                    {"Reshape", Reshape},
                    {"Flatten", Flatten},
                    {"Transpose", Transpose},
                    {"Squeeze", Squeeze},
                    {"Unsqueeze", Unsqueeze},
                    {"Expand", Expand},
                    {"Pad", Pad}};
  table.insert(ops.begin(), ops.end());
}

}  // namespace maskscope
