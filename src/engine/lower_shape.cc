#include <algorithm>

#include "engine/lowering.h"
#include "engine/reference_ops.h"

// Operators that need no computation: most become another name for memory that exists.
namespace maskscope {

namespace {

bool IsView(const std::string& op) {
  return op == "Reshape" || op == "Flatten" || op == "Squeeze" || op == "Unsqueeze" || op == "Identity" ||
         op == "Dropout";
}

// Makes `output` the memory `view` (a place of output's shape), or copies where output must lie elsewhere.
void DefineAs(PlanBuilder& builder, const Node& node, const std::string& output, const Place& view) {
  const std::optional<Place> destination = builder.Destination(output);
  if (!destination) {
    builder.Alias(output, view);
    return;
  }
  const bool there = destination->buffer == view.buffer && destination->offset == view.offset;
  builder.Alias(output, *destination);
  if (!there) builder.EmitCopy(node.name, view, *destination);
}

bool LowerView(PlanBuilder& builder, const Node& node) {
  if (!IsView(node.op)) return false;
  if (node.outputs.size() > 1 && !node.outputs[1].empty()) return false;
  const Shape& shape = builder.ShapeOf(node.outputs[0]);
  const Place from = builder.Read(node.inputs[0], {Format::kPlain}, ElementType::kF32, false);
  std::optional<Place> view = Reshaped(from, shape);
  if (!view) view = Reshaped(builder.Read(node.inputs[0], {Format::kPlain}), shape);
  DefineAs(builder, node, node.outputs[0], *view);
  return true;
}

bool LowerTranspose(PlanBuilder& builder, const Node& node) {
  if (node.op != "Transpose" || !IsRank4(builder.ShapeOf(node.inputs[0]))) return false;
  const std::vector<int64_t> perm = node.Ints("perm", {});
  const Shape& shape = builder.ShapeOf(node.outputs[0]);
  if (perm == std::vector<int64_t>{0, 2, 3, 1}) {
    Place view = builder.Read(node.inputs[0], {Format::kNhwc}, ElementType::kF32, false);
    view.shape = shape;
    view.format = Format::kPlain;
    DefineAs(builder, node, node.outputs[0], view);
    return true;
  }
  if (perm == std::vector<int64_t>{0, 3, 1, 2}) {
    Place view = builder.Read(node.inputs[0], {Format::kPlain}, ElementType::kF32, false);
    view.shape = shape;
    view.format = Format::kNhwc;
    DefineAs(builder, node, node.outputs[0], view);
    return true;
  }
  return false;
}

Place ConcatPlace(PlanBuilder& builder, const Node& node, const std::vector<int64_t>& lengths) {
  const Shape& shape = builder.ShapeOf(node.outputs[0]);
  const std::optional<Place> destination = builder.Destination(node.outputs[0]);
  if (destination && IsSliceable(ConcatAxis(node, shape), shape, destination->format, lengths)) {
    builder.Alias(node.outputs[0], *destination);
    return *destination;
  }
  return builder.Write(node.outputs[0], {ConcatFormat(builder, node), Format::kPlain});
}

bool LowerConcat(PlanBuilder& builder, const Node& node) {
  if (node.op != "Concat") return false;
  const Shape& shape = builder.ShapeOf(node.outputs[0]);
  const std::vector<int64_t> lengths = ConcatLengths(builder, node);
  const int64_t axis = ConcatAxis(node, shape);
  if (!IsSliceable(axis, shape, ConcatFormat(builder, node), lengths)) return false;
  const Place whole = ConcatPlace(builder, node, lengths);
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    const Place slice = SliceOf(axis, whole, lengths, i);
    if (lengths[i] == 0 || builder.LiesAt(node.inputs[i], slice)) continue;
    const Place from = builder.Read(node.inputs[i], {slice.format, Format::kBlocked, Format::kPlain, Format::kNhwc},
                                    ElementType::kF32, false);
    builder.EmitCopy(node.name, from, slice);
  }
  return true;
}

std::vector<int64_t> SplitLengths(const PlanBuilder& builder, const Node& node, size_t axis) {
  std::vector<int64_t> lengths;
  for (const std::string& output : node.outputs) lengths.push_back(builder.ShapeOf(output)[axis]);
  return lengths;
}

// The parts of a Split are slices of what it splits, as the inputs of a Concat are of what it makes.
bool LowerSplit(PlanBuilder& builder, const Node& node) {
  if (node.op != "Split" || std::ranges::count(node.outputs, "") > 0) return false;
  const Shape& shape = builder.ShapeOf(node.inputs[0]);
  const int64_t axis = NormalizeAxis(node, node.Int("axis", 0), static_cast<int64_t>(shape.size()));
  const std::vector<int64_t> lengths = SplitLengths(builder, node, static_cast<size_t>(axis));
  Place whole = builder.Read(node.inputs[0], {Format::kBlocked, Format::kPlain}, ElementType::kF32, false);
  if (!IsSliceable(axis, shape, whole.format, lengths)) {
    if (!IsSliceable(axis, shape, Format::kPlain, lengths)) return false;
    whole = builder.Read(node.inputs[0], {Format::kPlain}, ElementType::kF32, false);
  }
  for (size_t i = 0; i < node.outputs.size(); ++i) {
    DefineAs(builder, node, node.outputs[i], SliceOf(axis, whole, lengths, i));
  }
  return true;
}

}  // namespace

bool LowerShape(PlanBuilder& builder, const Node& node) {
  return LowerView(builder, node) || LowerTranspose(builder, node) || LowerConcat(builder, node) ||
         LowerSplit(builder, node);
}

}  // namespace maskscope
