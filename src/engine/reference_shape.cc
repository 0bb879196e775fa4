#include <algorithm>

#include "engine/reference_ops.h"

// Operators that move values about without computing with them.
namespace maskscope {

namespace {

void CopyValue(const Tensor& from, int64_t source, Tensor& to, int64_t target) {
  if (to.is_float()) {
    to.floats[target] = from.floats[source];
  } else {
    to.ints[target] = from.ints[source];
  }
}

// A tensor of `shape` whose value at index i is x's value at position source(i).
template <typename Source>
Tensor Rearrange(const Tensor& x, const Shape& shape, Source source) {
  Tensor y = MakeTensor(x.type, shape);
  ForEachIndex(shape,
               [&, at = int64_t{0}](const std::vector<int64_t>& i) mutable { CopyValue(x, source(i), y, at++); });
  return y;
}

int64_t RankOf(const Tensor& tensor) { return static_cast<int64_t>(tensor.shape.size()); }

Tensor Reshaped(const ReferenceCall& call, const Shape& shape) {
  Tensor y = call.In(0);
  if (ElementCount(shape) != ElementCount(y.shape)) {
    ThrowNodeError(call.node, "shape " + ToString(y.shape) + " cannot become " + ToString(shape));
  }
  y.shape = shape;
  return y;
}

std::vector<Tensor> Identity(const ReferenceCall& call) { return {call.In(0)}; }

std::vector<Tensor> Dropout(const ReferenceCall& call) {
  return {call.In(0), Tensor::Ints(call.In(0).shape, std::vector<int64_t>(ElementCount(call.In(0).shape), 1))};
}

std::vector<Tensor> Constant(const ReferenceCall& call) {
  const auto value = call.node.attributes.find("value");
  if (value == call.node.attributes.end() || !std::holds_alternative<Tensor>(value->second)) {
    ThrowUnsupportedNode(call.node, "a constant must be given by the attribute 'value'");
  }
  return {std::get<Tensor>(value->second)};
}

std::vector<Tensor> Concat(const ReferenceCall& call) {
  const Tensor& first = call.In(0);
  const int64_t axis = NormalizeAxis(call.node, call.node.Int("axis", 0), RankOf(first));
  Shape shape = first.shape;
  shape[axis] = 0;
  for (size_t i = 0; i < call.inputs.size(); ++i) {
    Shape fitting = call.In(i).shape;
    if (fitting.size() == shape.size()) {
      shape[axis] += fitting[axis];
      fitting[axis] = first.shape[axis];
    }
    if (fitting != first.shape || call.In(i).type != first.type) {
      ThrowNodeError(call.node,
                     "inputs " + ToString(first.shape) + " and " + ToString(call.In(i).shape) + " do not fit");
    }
  }
  Tensor y = MakeTensor(first.type, shape);
  const auto strides = RowMajorStrides(shape);
  int64_t offset = 0;
  for (const Tensor* input : call.inputs) {
    ForEachIndex(input->shape, [&, at = int64_t{0}](const std::vector<int64_t>& i) mutable {
      CopyValue(*input, at++, y, Dot(i, strides) + offset * strides[axis]);
    });
    offset += input->shape[axis];
  }
  return {y};
}

std::vector<Tensor> Slice(const ReferenceCall& call) {
  const Tensor& x = call.In(0);
  const std::vector<int64_t>&starts = call.IntIn(1).ints, &ends = call.IntIn(2).ints;
  std::vector<int64_t> from(x.shape.size(), 0), step(x.shape.size(), 1);
  Shape shape = x.shape;
  for (size_t i = 0; i < starts.size(); ++i) {
    const int64_t wanted = call.Has(3) ? call.IntIn(3).ints.at(i) : static_cast<int64_t>(i);
    const int64_t axis = NormalizeAxis(call.node, wanted, RankOf(x));
    const int64_t size = x.shape[axis];
    step[axis] = call.Has(4) ? call.IntIn(4).ints.at(i) : 1;
    if (step[axis] == 0) ThrowNodeError(call.node, "a step is 0");
    const bool forward = step[axis] > 0;
    int64_t start = starts[i] < 0 ? starts[i] + size : starts[i];
    int64_t end = ends.at(i) < 0 ? ends[i] + size : ends[i];
    start = std::clamp(start, int64_t{0}, forward ? size : size - 1);
    end = forward ? std::clamp(end, int64_t{0}, size) : std::clamp(end, int64_t{-1}, size - 1);
    const int64_t span = forward ? end - start : start - end;
    const int64_t stride = forward ? step[axis] : -step[axis];
    shape[axis] = span <= 0 ? 0 : (span - 1) / stride + 1;
    from[axis] = start;
  }
  const auto strides = RowMajorStrides(x.shape);
  return {Rearrange(x, shape, [&](const std::vector<int64_t>& i) {
    int64_t at = 0;
    for (size_t axis = 0; axis < i.size(); ++axis) at += (from[axis] + i[axis] * step[axis]) * strides[axis];
    return at;
  })};
}

std::vector<int64_t> SplitSizes(const ReferenceCall& call, int64_t length) {
  if (call.Has(1)) return call.IntIn(1).ints;
  const auto parts = static_cast<int64_t>(call.node.outputs.size());
  const int64_t size = (length + parts - 1) / parts;
  std::vector<int64_t> sizes(parts, size);
  sizes.back() = length - size * (parts - 1);
  return sizes;
}

std::vector<Tensor> Split(const ReferenceCall& call) {
  const Tensor& x = call.In(0);
  const int64_t axis = NormalizeAxis(call.node, call.node.Int("axis", 0), RankOf(x));
  const auto strides = RowMajorStrides(x.shape);
  std::vector<Tensor> parts;
  int64_t offset = 0;
  for (const int64_t size : SplitSizes(call, x.shape[axis])) {
    if (size < 0 || offset + size > x.shape[axis]) ThrowNodeError(call.node, "the parts do not add up to the axis");
    Shape shape = x.shape;
    shape[axis] = size;
    parts.push_back(
        Rearrange(x, shape, [&](const std::vector<int64_t>& i) { return Dot(i, strides) + offset * strides[axis]; }));
    offset += size;
  }
  return parts;
}

std::vector<Tensor> Reshape(const ReferenceCall& call) {
  const Tensor& x = call.In(0);
  Shape shape = call.IntIn(1).ints;
  const bool allow_zero = call.node.Int("allowzero", 0) != 0;
  int64_t known = 1, unknown = -1;
  for (size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == 0 && !allow_zero) {
      if (i >= x.shape.size()) ThrowNodeError(call.node, "a 0 in the shape names an axis the input does not have");
      shape[i] = x.shape[i];
    }
    if (shape[i] < -1 || (shape[i] == -1 && unknown >= 0)) ThrowNodeError(call.node, "bad shape " + ToString(shape));
    if (shape[i] == -1) {
      unknown = static_cast<int64_t>(i);
    } else {
      known *= shape[i];
    }
  }
  if (unknown >= 0) shape[unknown] = known == 0 ? 0 : ElementCount(x.shape) / known;
  return {Reshaped(call, shape)};
}

std::vector<Tensor> Flatten(const ReferenceCall& call) {
  const Tensor& x = call.In(0);
  int64_t axis = call.node.Int("axis", 1);
  if (axis < -RankOf(x) || axis > RankOf(x)) ThrowNodeError(call.node, "axis out of range");
  if (axis < 0) axis += RankOf(x);
  const int64_t rows = ElementCount({x.shape.begin(), x.shape.begin() + axis});
  return {Reshaped(call, {rows, ElementCount({x.shape.begin() + axis, x.shape.end()})})};
}

std::vector<int64_t> AxesOf(const ReferenceCall& call) {
  return call.Has(1) ? call.IntIn(1).ints : call.node.Ints("axes", {});
}

std::vector<Tensor> Squeeze(const ReferenceCall& call) {
  const Tensor& x = call.In(0);
  const std::vector<int64_t> axes = AxesOf(call);
  std::vector<bool> gone(x.shape.size(), false);
  for (size_t i = 0; axes.empty() && i < x.shape.size(); ++i) gone[i] = x.shape[i] == 1;
  for (const int64_t axis : axes) gone[NormalizeAxis(call.node, axis, RankOf(x))] = true;
  Shape shape;
  for (size_t i = 0; i < x.shape.size(); ++i) {
    if (!gone[i]) shape.push_back(x.shape[i]);
  }
  return {Reshaped(call, shape)};
}

std::vector<Tensor> Unsqueeze(const ReferenceCall& call) {
  const Tensor& x = call.In(0);
  const std::vector<int64_t> axes = AxesOf(call);
  const int64_t rank = RankOf(x) + static_cast<int64_t>(axes.size());
  Shape shape(rank, 0);
  for (const int64_t axis : axes) shape[NormalizeAxis(call.node, axis, rank)] = 1;
  size_t next = 0;
  for (int64_t& dim : shape) {
    if (dim == 0 && next < x.shape.size()) dim = x.shape[next++];
  }
  return {Reshaped(call, shape)};
}

std::vector<Tensor> Transpose(const ReferenceCall& call) {
  const Tensor& x = call.In(0);
  std::vector<int64_t> reversed;
  for (int64_t i = RankOf(x); i-- > 0;) reversed.push_back(i);
  const std::vector<int64_t> perm = call.node.Ints("perm", reversed);
  if (perm.size() != x.shape.size()) ThrowNodeError(call.node, "perm does not have the input's rank");
  const auto own = RowMajorStrides(x.shape);
  Shape shape;
  std::vector<int64_t> strides;
  for (const int64_t axis : perm) {
    const int64_t from = NormalizeAxis(call.node, axis, RankOf(x));
    shape.push_back(x.shape[from]);
    strides.push_back(own[from]);
  }
  return {Rearrange(x, shape, [&](const std::vector<int64_t>& i) { return Dot(i, strides); })};
}

// Where padding takes its value from along one axis; -1 for the constant.
int64_t PadSource(const std::string& mode, int64_t at, int64_t size) {
  if (at >= 0 && at < size) return at;
  if (mode == "edge") return std::clamp(at, int64_t{0}, size - 1);
  if (mode == "reflect") return at < 0 ? -at : 2 * (size - 1) - at;
  return -1;
}

std::vector<Tensor> Pad(const ReferenceCall& call) {
  const Tensor& x = call.In(0);
  const std::string mode = call.node.String("mode", "constant");
  if (mode != "constant" && mode != "edge" && mode != "reflect") ThrowUnsupportedNode(call.node, "mode '" + mode + "'");
  const std::vector<int64_t>& pads = call.IntIn(1).ints;
  const size_t rank = x.shape.size();
  if (pads.size() != 2 * rank) ThrowNodeError(call.node, "pads must hold two numbers an axis");
  Shape shape = x.shape;
  for (size_t i = 0; i < rank; ++i) {
    shape[i] += pads[i] + pads[i + rank];
    if (shape[i] < 0) ThrowNodeError(call.node, "pads take away more than there is");
    const bool reflects = mode == "reflect" && (pads[i] >= x.shape[i] || pads[i + rank] >= x.shape[i]);
    if (reflects) ThrowNodeError(call.node, "pads reflect more than there is");
  }
  Tensor y = MakeTensor(x.type, shape);
  if (call.Has(2) && y.is_float()) std::ranges::fill(y.floats, call.FloatIn(2).floats.at(0));
  const auto strides = RowMajorStrides(x.shape);
  ForEachIndex(shape, [&, at = int64_t{0}](const std::vector<int64_t>& i) mutable {
    int64_t source = 0;
    for (size_t axis = 0; axis < rank && source >= 0; ++axis) {
      const int64_t from = PadSource(mode, i[axis] - pads[axis], x.shape[axis]);
      source = from < 0 ? -1 : source + from * strides[axis];
    }
    if (source >= 0) CopyValue(x, source, y, at);
    ++at;
  });
  return {y};
}

std::vector<Tensor> Gather(const ReferenceCall& call) {
  const Tensor& x = call.In(0);
  const Tensor& indices = call.IntIn(1);
  const int64_t axis = NormalizeAxis(call.node, call.node.Int("axis", 0), RankOf(x));
  Shape shape(x.shape.begin(), x.shape.begin() + axis);
  shape.insert(shape.end(), indices.shape.begin(), indices.shape.end());
  shape.insert(shape.end(), x.shape.begin() + axis + 1, x.shape.end());
  const auto strides = RowMajorStrides(x.shape), index_strides = RowMajorStrides(indices.shape);
  const auto index_rank = static_cast<int64_t>(indices.shape.size());
  return {Rearrange(x, shape, [&](const std::vector<int64_t>& i) {
    const std::vector<int64_t> which(i.begin() + axis, i.begin() + axis + index_rank);
    const int64_t picked = NormalizeAxis(call.node, indices.ints[Dot(which, index_strides)], x.shape[axis]);
    int64_t at = picked * strides[axis];
    for (int64_t a = 0; a < axis; ++a) at += i[a] * strides[a];
    for (int64_t a = axis + 1; a < RankOf(x); ++a) at += i[a + index_rank - 1] * strides[a];
    return at;
  })};
}

std::vector<Tensor> Expand(const ReferenceCall& call) {
  const Tensor& x = call.In(0);
  const Shape shape = BroadcastShapes(call.node, x.shape, call.IntIn(1).ints);
  const auto strides = BroadcastStrides(x.shape, shape);
  return {Rearrange(x, shape, [&](const std::vector<int64_t>& i) { return Dot(i, strides); })};
}

std::vector<Tensor> ShapeOf(const ReferenceCall& call) {
  const Tensor& x = call.In(0);
  const int64_t rank = RankOf(x);
  const auto bound = [rank](int64_t at) { return std::clamp(at < 0 ? at + rank : at, int64_t{0}, rank); };
  const int64_t start = bound(call.node.Int("start", 0)), end = bound(call.node.Int("end", rank));
  std::vector<int64_t> dims;
  for (int64_t i = start; i < end; ++i) dims.push_back(x.shape[i]);
  const auto count = static_cast<int64_t>(dims.size());
  return {Tensor::Ints({count}, std::move(dims))};
}

// ONNX's numbers for the types a Tensor knows (TensorProto.DataType).
DataType TypeFromOnnx(const Node& node, int64_t number) {
  switch (number) {
    case 1:
    case 10:
    case 11:
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
      ThrowUnsupportedNode(node, "data type " + std::to_string(number));
  }
}

int64_t CastInt(DataType type, int64_t value) {
  switch (type) {
    case DataType::kBool:
      return value != 0;
    case DataType::kUint8:
      return static_cast<uint8_t>(value);
    case DataType::kInt32:
      return static_cast<int32_t>(value);
    default:
      return value;
  }
}

std::vector<Tensor> Cast(const ReferenceCall& call) {
  const Tensor& x = call.In(0);
  Tensor y = MakeTensor(TypeFromOnnx(call.node, call.node.Int("to", 1)), x.shape);
  for (int64_t i = 0; i < ElementCount(x.shape); ++i) {
    if (y.is_float()) {
      y.floats[i] = x.is_float() ? x.floats[i] : static_cast<float>(x.ints[i]);
    } else if (!x.is_float()) {
      y.ints[i] = CastInt(y.type, x.ints[i]);
    } else {
      // The nearest representable bounds: a float beyond them has no defined conversion.
      const double bounded = std::clamp(double{x.floats[i]}, -9.2e18, 9.2e18);
      y.ints[i] = y.type == DataType::kBool ? bounded != 0 : CastInt(y.type, static_cast<int64_t>(bounded));
    }
  }
  return {y};
}

std::vector<Tensor> ConstantOfShape(const ReferenceCall& call) {
  const auto value = call.node.attributes.find("value");
  const Tensor fill = value == call.node.attributes.end() ? Tensor::Floats({1}, {0}) : std::get<Tensor>(value->second);
  Tensor y = MakeTensor(fill.type, call.IntIn(0).ints);
  for (int64_t i = 0; i < ElementCount(y.shape); ++i) CopyValue(fill, 0, y, i);
  return {y};
}

}  // namespace

const ReferenceKernels& ShapeKernels() {
  static const ReferenceKernels kernels = {
      {"Identity", Identity},
      {"Dropout", Dropout},
      {"Constant", Constant},
      {"Concat", Concat},
      {"Slice", Slice},
      {"Split", Split},
      {"Reshape", Reshape},
      {"Flatten", Flatten},
      {"Squeeze", Squeeze},
      {"Unsqueeze", Unsqueeze},
      {"Transpose", Transpose},
      {"Pad", Pad},
      {"Gather", Gather},
      {"Expand", Expand},
      {"Shape", ShapeOf},
      {"Cast", Cast},
      {"ConstantOfShape", ConstantOfShape},
  };
  return kernels;
}

}  // namespace maskscope
