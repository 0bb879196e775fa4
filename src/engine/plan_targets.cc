#include <algorithm>

#include "base/error.h"
#include "engine/plan_builder.h"
#include "engine/reference_ops.h"

// Where a value must be written so that the views and concatenations which read it cost nothing: looks forward through
// the only reader of each value.
namespace maskscope {

namespace {

bool IsView(const std::string& op) {
  return op == "Reshape" || op == "Flatten" || op == "Squeeze" || op == "Unsqueeze" || op == "Identity" ||
         op == "Dropout";
}

}  // namespace

std::optional<Place> Reshaped(const Place& place, const Shape& shape) {
  Place view = place;
  view.shape = shape;
  if (view.batch() == place.batch()) return view;
  if (place.batch() > 1 && place.batch_stride != place.entry_size()) return std::nullopt;
  view.batch_stride = view.entry_size();
  return view;
}

int64_t ConcatAxis(const Node& node, const Shape& out) {
  return NormalizeAxis(node, node.Int("axis", 0), static_cast<int64_t>(out.size()));
}

std::vector<int64_t> ConcatLengths(const PlanBuilder& builder, const Node& node) {
  const int64_t axis = ConcatAxis(node, builder.ShapeOf(node.outputs[0]));
  std::vector<int64_t> lengths;
  for (const std::string& input : node.inputs) lengths.push_back(builder.ShapeOf(input)[static_cast<size_t>(axis)]);
  return lengths;
}

bool IsSliceable(int64_t axis, const Shape& whole, Format format, const std::vector<int64_t>& lengths) {
  if (axis == 0) return true;
  if (format == Format::kNhwc) return false;
  if (format == Format::kBlocked) {
    return axis == 1 && std::all_of(lengths.begin(), lengths.end() - 1, [](int64_t n) { return n % BlockSize() == 0; });
  }
  return std::all_of(whole.begin() + 1, whole.begin() + axis, [](int64_t n) { return n == 1; });
}

Format ConcatFormat(const PlanBuilder& builder, const Node& node) {
  const Shape& out = builder.ShapeOf(node.outputs[0]);
  const int64_t axis = ConcatAxis(node, out);
  const bool blocked =
      out.size() == 4 && axis <= 1 && IsSliceable(axis, out, Format::kBlocked, ConcatLengths(builder, node));
  return blocked ? Format::kBlocked : Format::kPlain;
}

std::optional<Place> PlanBuilder::Destination(const std::string& value) {
  const Target& target = TargetOf(value);
  if (!target.forced) {
    if (!root_buffers_.contains(value)) return std::nullopt;
    Place place = target.place;
    place.buffer = root_buffers_.at(value);
    return place;
  }
  Place place = target.place;
  place.buffer = RootBuffer(target.root);
  return place;
}

int PlanBuilder::RootBuffer(const std::string& root) {
  const auto found = root_buffers_.find(root);
  if (found != root_buffers_.end()) return found->second;
  const Target& target = TargetOf(root);
  const int buffer =
      NewBuffer(StorageElements(target.place.shape, target.place.format) * ElementBytes(ElementType::kF32));
  root_buffers_[root] = buffer;
  // The root is read from this buffer later, however early its parts are written.
  residents_[buffer].insert(root);
  return buffer;
}

// From the last node backwards, so that what a value leads to is known before it and nothing recurses.
void PlanBuilder::FindTargets() {
  for (auto node = graph_.nodes.rbegin(); node != graph_.nodes.rend(); ++node) {
    for (const std::string& output : node->outputs) {
      if (!output.empty() && ConstantOf(output) == nullptr) targets_[output] = FollowReader(output, &*node);
    }
  }
}

const PlanBuilder::Target& PlanBuilder::TargetOf(const std::string& value) const {
  const auto found = targets_.find(value);
  if (found == targets_.end())
    throw Error{ErrorKind::kInternal, "value '" + value + "' is written but made by no node"};
  return found->second;
}

PlanBuilder::Target PlanBuilder::FollowReader(const std::string& value, const Node* producer) const {
  const Shape& shape = ShapeOf(value);
  Format format = Format::kPlain;
  if (producer->op == "Concat") format = ConcatFormat(*this, *producer);
  Target self{value, false, FreshPlace(shape, format, ElementType::kF32, -1, true)};
  const Node* reader = OnlyReader(value);
  if (reader == nullptr || reader->outputs.empty()) return self;
  std::optional<Target> target;
  if (IsView(reader->op) && reader->inputs[0] == value) {
    target = ThroughView(value, reader->outputs[0]);
  } else if (reader->op == "Transpose") {
    target = ThroughTranspose(value, *reader);
  } else if (reader->op == "Concat") {
    target = ThroughConcat(value, *reader);
  }
  return target ? *target : self;
}

std::optional<PlanBuilder::Target> PlanBuilder::ThroughView(const std::string& value, const std::string& output) const {
  const Target& next = TargetOf(output);
  if (next.place.format != Format::kPlain) return std::nullopt;
  const std::optional<Place> place = Reshaped(next.place, ShapeOf(value));
  if (!place) return std::nullopt;
  return Target{next.root, true, *place};
}

std::optional<PlanBuilder::Target> PlanBuilder::ThroughTranspose(const std::string& value, const Node& reader) const {
  const std::vector<int64_t> to_nhwc = {0, 2, 3, 1};
  if (ShapeOf(value).size() != 4 || reader.Ints("perm", {}) != to_nhwc) return std::nullopt;
  const Target& next = TargetOf(reader.outputs[0]);
  if (next.place.format != Format::kPlain) return std::nullopt;
  Place place = next.place;
  place.shape = ShapeOf(value);
  place.format = Format::kNhwc;
  return Target{next.root, true, place};
}

std::optional<PlanBuilder::Target> PlanBuilder::ThroughConcat(const std::string& value, const Node& reader) const {
  const Target& next = TargetOf(reader.outputs[0]);
  const std::vector<int64_t> lengths = ConcatLengths(*this, reader);
  const Shape& out = ShapeOf(reader.outputs[0]);
  const int64_t axis = ConcatAxis(reader, out);
  if (!IsSliceable(axis, out, next.place.format, lengths)) return std::nullopt;
  const auto index = std::ranges::find(reader.inputs, value) - reader.inputs.begin();
  Place place = SliceOf(axis, next.place, lengths, static_cast<size_t>(index));
  return Target{next.root, true, place};
}

Place SliceOf(int64_t axis, const Place& whole, const std::vector<int64_t>& lengths, size_t index) {
  int64_t before = 0;
  for (size_t i = 0; i < index; ++i) before += lengths[i];
  Place place = whole;
  place.shape[static_cast<size_t>(axis)] = lengths[index];
  if (axis == 0) {
    place.offset += before * whole.batch_stride;
  } else if (whole.format == Format::kBlocked) {
    place.offset += before / BlockSize() * whole.block_stride;
  } else {
    place.offset += before * ElementCount({whole.shape.begin() + axis + 1, whole.shape.end()});
  }
  return place;
}

}  // namespace maskscope
