#include <algorithm>

#include "graph/shape_rules.h"

// Operators that move or make values without computing with floats.
namespace maskscope::shape_rules {

std::vector<bool> NamedAxes(const Call& call, size_t rank) {
  std::vector<bool> named(rank, false);
  for (const int64_t axis : call.IntsIn(1)) {
    const size_t at = FrontAxis(call.node, axis, rank);
    if (named[at]) Fail(call.node, "axis " + std::to_string(axis) + " is named twice");
    named[at] = true;
  }
  return named;
}

std::vector<SliceAxis> PlanSlice(const Call& call) {
  call.RequireInputs(3, 5);
  const Shape& x = call.In(0).shape;
  const std::vector<int64_t>&starts = call.IntsIn(1), &ends = call.IntsIn(2);
  std::vector<int64_t> axes(starts.size()), steps(starts.size(), 1);
  for (size_t i = 0; i < axes.size(); ++i) axes[i] = static_cast<int64_t>(i);
  if (call.Has(3)) axes = call.IntsIn(3);
  if (call.Has(4)) steps = call.IntsIn(4);
  if (ends.size() != starts.size() || axes.size() != starts.size() || steps.size() != starts.size()) {
    Fail(call.node, "starts, ends, axes and steps have different lengths");
  }
  std::vector<SliceAxis> plan(x.size());
  for (size_t i = 0; i < x.size(); ++i) plan[i] = {0, 1, x[i]};
  for (size_t i = 0; i < starts.size(); ++i) {
    const size_t axis = FrontAxis(call.node, axes[i], x.size());
    const int64_t size = x[axis], step = steps[i];
    if (step == 0) Fail(call.node, "a step is 0");
    const bool forward = step > 0;
    int64_t start = starts[i] < 0 ? starts[i] + size : starts[i];
    int64_t end = ends[i] < 0 ? ends[i] + size : ends[i];
    start = std::clamp<int64_t>(start, 0, std::max<int64_t>(0, forward ? size : size - 1));
    end = forward ? std::clamp<int64_t>(end, 0, size) : std::clamp<int64_t>(end, -1, std::max<int64_t>(-1, size - 1));
    const int64_t span = size == 0 ? 0 : forward ? end - start : start - end;
    // Steps beyond the side pick one value; the clamp keeps the arithmetic of wild steps in range.
    const int64_t stride = std::clamp<int64_t>(step, -size - 1, size + 1);
    plan[axis] = {start, stride, span <= 0 ? 0 : (span - 1) / std::abs(stride) + 1};
  }
  return plan;
}

namespace {

std::vector<Fact> Same(const Call& call) {
  call.RequireInputs(1, 1);
  return {Fact{call.In(0).shape, call.In(0).type, nullptr}};
}

std::vector<Fact> Dropout(const Call& call) {
  call.RequireInputs(1, 3);
  return {Fact{call.In(0).shape, call.In(0).type, nullptr}, Fact{call.In(0).shape, DataType::kBool, nullptr}};
}

std::vector<Fact> Constant(const Call& call) {
  const auto value = call.node.attributes.find("value");
  const Tensor* tensor = value == call.node.attributes.end() ? nullptr : std::get_if<Tensor>(&value->second);
  if (tensor == nullptr) Refuse(call.node, "a constant must be given as a tensor by the attribute 'value'");
  return {Fact{tensor->shape, tensor->type, std::make_shared<Tensor>(*tensor)}};
}

std::vector<Fact> Concat(const Call& call) {
  const Fact& first = call.In(0);
  const size_t axis = FrontAxis(call.node, call.node.Int("axis", 0), first.shape.size());
  Fact out{first.shape, first.type, nullptr};
  for (size_t i = 1; i < call.inputs.size(); ++i) {
    const Fact& other = call.In(i);
    Shape fitting = other.shape;
    if (fitting.size() == first.shape.size()) fitting[axis] = first.shape[axis];
    if (fitting != first.shape || other.type != first.type) {
      Fail(call.node, "inputs " + ToString(first.shape) + " and " + ToString(other.shape) + " do not fit");
    }
    out.shape[axis] += other.shape[axis];
  }
  return {out};
}

std::vector<Fact> Slice(const Call& call) {
  Fact out{{}, call.In(0).type, nullptr};
  for (const SliceAxis& axis : PlanSlice(call)) out.shape.push_back(axis.count);
  return {out};
}

// Without stated sizes the parts are equal, as opset 13 wants it.
std::vector<int64_t> SplitSizes(const Call& call, int64_t length) {
  if (call.Has(1)) return call.IntsIn(1);
  const auto parts = static_cast<int64_t>(call.node.outputs.size());
  if (length % parts != 0) {
    Fail(call.node,
         "an axis of " + std::to_string(length) + " cannot be split into " + std::to_string(parts) + " equal parts");
  }
  return std::vector<int64_t>(call.node.outputs.size(), length / parts);
}

std::vector<Fact> Split(const Call& call) {
  call.RequireInputs(1, 2);
  const Shape& x = call.In(0).shape;
  const size_t axis = FrontAxis(call.node, call.node.Int("axis", 0), x.size());
  const std::vector<int64_t> sizes = SplitSizes(call, x[axis]);
  int64_t left = x[axis];
  bool fits = sizes.size() == call.node.outputs.size();
  std::vector<Fact> outs;
  for (const int64_t size : sizes) {
    fits = fits && size >= 0 && size <= left;
    if (!fits) break;
    left -= size;
    outs.push_back({x, call.In(0).type, nullptr});
    outs.back().shape[axis] = size;
  }
  if (!fits || left != 0) {
    Fail(call.node, "parts " + ToString(sizes) + " for " + std::to_string(call.node.outputs.size()) +
                        " outputs do not add up to an axis of " + std::to_string(x[axis]));
  }
  return outs;
}

std::vector<Fact> Reshape(const Call& call) {
  call.RequireInputs(2, 2);
  const Shape& x = call.In(0).shape;
  const Shape wanted = call.IntsIn(1);
  const auto fail = [&] { Fail(call.node, "shape " + ToString(x) + " cannot become " + ToString(wanted)); };
  const bool zero_is_zero = call.node.Int("allowzero", 0) != 0;
  const int64_t count = ElementCount(x);
  Shape shape = wanted;
  int64_t known = 1;
  ptrdiff_t unknown = -1;
  for (size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == 0 && !zero_is_zero) {
      if (i >= x.size()) fail();
      shape[i] = x[i];
    }
    if (shape[i] < -1 || (shape[i] == -1 && unknown >= 0)) fail();
    if (shape[i] == -1) {
      unknown = static_cast<ptrdiff_t>(i);
    } else if (shape[i] > 0 && known > count / shape[i] && count > 0) {
      fail();  // more values than there are, whatever follows
    } else {
      known *= shape[i] == 0 || count > 0
                   ? shape[i]
                   : std::min<int64_t>(shape[i], 1);  // of an empty tensor only 0 or not 0 matters
    }
  }
  if (unknown >= 0) {
    if (known == 0 || count % known != 0) fail();
    shape[static_cast<size_t>(unknown)] = count / known;
  } else if (known != count && !(count == 0 && known == 0)) {
    fail();
  }
  return {Fact{shape, call.In(0).type, nullptr}};
}

std::vector<Fact> Flatten(const Call& call) {
  call.RequireInputs(1, 1);
  const Shape& x = call.In(0).shape;
  const auto rank = static_cast<int64_t>(x.size());
  int64_t axis = call.node.Int("axis", 1);
  if (axis < -rank || axis > rank) Fail(call.node, "axis " + std::to_string(axis) + " for an input " + ToString(x));
  if (axis < 0) axis += rank;
  return {Fact{{ElementCount({x.begin(), x.begin() + axis}), ElementCount({x.begin() + axis, x.end()})},
               call.In(0).type,
               nullptr}};
}

std::vector<Fact> Squeeze(const Call& call) {
  call.RequireInputs(1, 2);
  const Shape& x = call.In(0).shape;
  std::vector<bool> gone(x.size());
  for (size_t i = 0; i < x.size(); ++i) gone[i] = x[i] == 1;
  if (call.Has(1)) gone = NamedAxes(call, x.size());
  Fact out{{}, call.In(0).type, nullptr};
  for (size_t i = 0; i < x.size(); ++i) {
    if (!gone[i]) out.shape.push_back(x[i]);
    if (gone[i] && x[i] != 1) Fail(call.node, "axis " + std::to_string(i) + " of " + ToString(x) + " is not 1");
  }
  return {out};
}

std::vector<Fact> Unsqueeze(const Call& call) {
  call.RequireInputs(2, 2);
  const Shape& x = call.In(0).shape;
  const std::vector<bool> fresh = NamedAxes(call, x.size() + call.IntsIn(1).size());
  Fact out{{}, call.In(0).type, nullptr};
  size_t next = 0;
  for (const bool is_new : fresh) out.shape.push_back(is_new ? 1 : x[next++]);
  return {out};
}

std::vector<Fact> Transpose(const Call& call) {
  call.RequireInputs(1, 1);
  const Shape& x = call.In(0).shape;
  std::vector<int64_t> perm(x.size());
  for (size_t i = 0; i < x.size(); ++i) perm[i] = static_cast<int64_t>(x.size() - 1 - i);
  perm = call.node.Ints("perm", perm);
  std::vector<int64_t> sorted = perm;
  std::ranges::sort(sorted);
  bool valid = perm.size() == x.size();
  for (size_t i = 0; valid && i < x.size(); ++i) valid = sorted[i] == static_cast<int64_t>(i);
  if (!valid) Fail(call.node, "perm " + ToString(perm) + " is no order of the axes of " + ToString(x));
  Fact out{{}, call.In(0).type, nullptr};
  for (const int64_t axis : perm) out.shape.push_back(x[static_cast<size_t>(axis)]);
  return {out};
}

std::vector<Fact> Pad(const Call& call) {
  call.RequireInputs(2, 3);
  const Shape& x = call.In(0).shape;
  const std::string mode = call.node.String("mode", "constant");
  if (mode != "constant" && mode != "edge" && mode != "reflect") Refuse(call.node, "mode '" + mode + "'");
  const std::vector<int64_t>& pads = call.IntsIn(1);
  if (pads.size() != 2 * x.size()) {
    Fail(call.node, std::to_string(pads.size()) + " pads, wanted two for each axis of " + ToString(x));
  }
  if (call.Has(2) && (call.In(2).type != call.In(0).type || ElementCount(call.In(2).shape) != 1)) {
    Fail(call.node, "the value of the padding must be one " + std::string(DataTypeName(call.In(0).type)));
  }
  Fact out{x, call.In(0).type, nullptr};
  constexpr int64_t kMost = int64_t{1} << 31;
  for (size_t i = 0; i < x.size(); ++i) {
    const int64_t before = pads[i], after = pads[i + x.size()];
    const bool wild = before < -kMost || before > kMost || after < -kMost || after > kMost;
    const bool starved = mode != "constant" && (before > 0 || after > 0) && x[i] < 1;
    const bool far = mode == "reflect" && (before >= x[i] || after >= x[i]) && (before > 0 || after > 0);
    if (wild || starved || far || x[i] + before + after < 0) {
      Fail(call.node, "pads " + ToString(pads) + " do not fit an input " + ToString(x));
    }
    out.shape[i] += before + after;
  }
  return {out};
}

std::vector<Fact> Gather(const Call& call) {
  call.RequireInputs(2, 2);
  const Shape& x = call.In(0).shape;
  const Shape& indices = call.In(1).shape;
  if (call.In(1).type == DataType::kFloat32) Fail(call.node, "the indices are float32, wanted integers");
  const auto axis = static_cast<ptrdiff_t>(FrontAxis(call.node, call.node.Int("axis", 0), x.size()));
  Fact out{{x.begin(), x.begin() + axis}, call.In(0).type, nullptr};
  out.shape.insert(out.shape.end(), indices.begin(), indices.end());
  out.shape.insert(out.shape.end(), x.begin() + axis + 1, x.end());
  return {out};
}

std::vector<Fact> Expand(const Call& call) {
  call.RequireInputs(2, 2);
  return {Fact{Broadcast(call.node, call.In(0).shape, call.IntsIn(1)), call.In(0).type, nullptr}};
}

std::vector<Fact> ShapeOf(const Call& call) {
  call.RequireInputs(1, 1);
  const Shape& x = call.In(0).shape;
  const auto rank = static_cast<int64_t>(x.size());
  const auto bound = [rank](int64_t at) { return std::clamp<int64_t>(at < 0 ? at + rank : at, 0, rank); };
  const int64_t start = bound(call.node.Int("start", 0));
  const int64_t end = std::max(start, bound(call.node.Int("end", rank)));
  auto dims = std::make_shared<Tensor>(Tensor::Ints({end - start}, {x.begin() + start, x.begin() + end}));
  return {Fact{{end - start}, DataType::kInt64, dims}};
}

std::vector<Fact> Cast(const Call& call) {
  call.RequireInputs(1, 1);
  return {Fact{call.In(0).shape, TypeOfNumber(call.node, call.node.Int("to", 0)), nullptr}};
}

std::vector<Fact> ConstantOfShape(const Call& call) {
  call.RequireInputs(1, 1);
  const auto value = call.node.attributes.find("value");
  DataType type = DataType::kFloat32;
  if (value != call.node.attributes.end()) {
    const Tensor* tensor = std::get_if<Tensor>(&value->second);
    if (tensor == nullptr || ElementCount(tensor->shape) != 1) Fail(call.node, "'value' must be a tensor of one value");
    type = tensor->type;
  }
  return {Fact{call.IntsIn(0), type, nullptr}};
}

}  // namespace

const RuleTable& MovingRules() {
  static const RuleTable rules = {
      {"Identity", Same},
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
  return rules;
}

}  // namespace maskscope::shape_rules
