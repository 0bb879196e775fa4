#include <cmath>
#include <set>

#include "engine/elementwise.h"
#include "engine/lowering.h"
#include "engine/reference_ops.h"
#include "engine/softmax.h"

namespace maskscope {

namespace {

// The value in the format it already has.
Place ReadAsIs(PlanBuilder& builder, const std::string& value) {
  builder.Read(value, {Format::kPlain, Format::kBlocked, Format::kNhwc}, ElementType::kF32, false);
  return builder.Read(value, {builder.AnyPlace(value).format}, ElementType::kF32, false);
}

bool LiesBlocked(const PlanBuilder& builder, const std::string& value) {
  if (builder.IsDeferred(value)) return true;
  return builder.ConstantOf(value) == nullptr && builder.AnyPlace(value).format == Format::kBlocked;
}

// A place for a result of the same format, which is the input's own when nobody but `nodes` needs that any more.
Place WriteLike(PlanBuilder& builder, const std::set<const Node*>& nodes, const std::string& value, const Place& from) {
  if (!builder.Destination(value) && from.shape == builder.ShapeOf(value) && builder.DiesWith(from, nodes)) {
    builder.Alias(value, from);
    return from;
  }
  return builder.Write(value, {from.format});
}

// The activation that follows, computed along, and all nodes that the step then does.
struct Group {
  Epilogue epilogue;
  std::set<const Node*> nodes;
};
Group TakeEpilogue(PlanBuilder& builder, const Node& node) {
  Group group{FindEpilogue(builder, node, false), {&node}};
  for (const Node* along : group.epilogue.nodes) {
    builder.MarkDone(*along);
    group.nodes.insert(along);
  }
  return group;
}

bool LowerActivation(PlanBuilder& builder, const Node& node) {
  std::optional<Activation> activation = ActivationOf(builder.graph(), node);
  if (!activation) return false;
  std::string op = node.op, result = node.outputs[0];
  std::set<const Node*> nodes{&node};
  if (const auto swish = FindSwish(builder, node.inputs[0]); swish && swish->gate == &node) {
    activation = Activation{Activation::Kind::kSwish, 0, 0};
    op = "Swish";
    result = swish->product->outputs[0];
    nodes.insert(swish->product);
    builder.MarkDone(*swish->product);
  }
  const Place from = ReadAsIs(builder, node.inputs[0]);
  const Place to = WriteLike(builder, nodes, result, from);
  Step step{node.name, op, "elementwise", {from.buffer}, {to.buffer}, nullptr};
  step.bind = [=, threads = builder.options().threads](const Bases& bases) -> Work {
    return [=, src = bases.At(from), dst = bases.At(to)] {
      ActivatePlace(*activation, from, src.floats(), to, dst.floats(), threads);
    };
  };
  builder.Emit(std::move(step));
  return true;
}

std::optional<BinaryOp> BinaryOf(const std::string& op) {
  if (op == "Add") return BinaryOp::kAdd;
  if (op == "Sub") return BinaryOp::kSub;
  if (op == "Mul") return BinaryOp::kMul;
  if (op == "Div") return BinaryOp::kDiv;
  if (op == "PRelu") return BinaryOp::kPRelu;
  return std::nullopt;
}

// The channels that fill up a block hold zeros as a rule, and a quotient of zeros is no longer finite.
bool SpoilsPartBlocks(BinaryOp op, const Shape& shape) {
  return op == BinaryOp::kDiv && IsRank4(shape) && shape[1] % BlockSize() != 0;
}

void LowerSameShape(PlanBuilder& builder, const Node& node, BinaryOp op) {
  const bool blocked = (LiesBlocked(builder, node.inputs[0]) || LiesBlocked(builder, node.inputs[1])) &&
                       !SpoilsPartBlocks(op, builder.ShapeOf(node.outputs[0]));
  const Format format = blocked ? Format::kBlocked : Format::kPlain;
  const Place a = builder.Read(node.inputs[0], {format}, ElementType::kF32, false);
  const Place b = builder.Read(node.inputs[1], {format}, ElementType::kF32, false);
  const auto [epilogue, nodes] = TakeEpilogue(builder, node);
  const Place to = WriteLike(builder, nodes, epilogue.value, a);
  Step step{node.name, epilogue.op, "elementwise", {a.buffer, b.buffer}, {to.buffer}, nullptr};
  step.bind = [=, activation = epilogue.activation, threads = builder.options().threads](const Bases& bases) -> Work {
    return [=, left = bases.At(a), right = bases.At(b), dst = bases.At(to)] {
      BinaryPlace(op, activation, a, left.floats(), b, right.floats(), to, dst.floats(), threads);
    };
  };
  builder.Emit(std::move(step));
}

// `other` has one number a channel of `full` (and perhaps a batch entry), or one at all.
std::optional<ChannelOperand> AsChannels(const Shape& full, const Shape& other) {
  if (full.size() < 2 || other.size() > full.size()) return std::nullopt;
  Shape aligned(full.size() - other.size(), 1);
  aligned.insert(aligned.end(), other.begin(), other.end());
  for (size_t i = 0; i < aligned.size(); ++i) {
    if (aligned[i] != 1 && (i > 1 || aligned[i] != full[i])) return std::nullopt;
  }
  ChannelOperand operand;
  operand.channel_stride = aligned[1] == 1 ? 0 : 1;
  operand.batch_stride = aligned[0] == 1 ? 0 : aligned[1];
  return operand;
}

void LowerChannels(PlanBuilder& builder, const Node& node, BinaryOp op, bool swapped, const ChannelOperand& operand) {
  const std::string& full = node.inputs[swapped ? 1 : 0];
  Place from = ReadAsIs(builder, full);
  if (swapped && SpoilsPartBlocks(op, from.shape)) {
    from = builder.Read(full, {Format::kPlain});
  } else if (from.format == Format::kNhwc) {
    from = builder.Read(full, {Format::kBlocked});
  }
  const Place b = builder.Read(node.inputs[swapped ? 0 : 1], {Format::kPlain});
  const Place to = WriteLike(builder, {&node}, node.outputs[0], from);
  Step step{node.name, node.op, "elementwise", {from.buffer, b.buffer}, {to.buffer}, nullptr};
  step.bind = [=, threads = builder.options().threads](const Bases& bases) -> Work {
    return [=, left = bases.At(from), right = bases.At(b), dst = bases.At(to)] {
      ChannelOperand channels = operand;
      channels.values = right.floats();
      ChannelPlace(op, swapped, from, left.floats(), channels, to, dst.floats(), threads);
    };
  };
  builder.Emit(std::move(step));
}

bool LowerBinary(PlanBuilder& builder, const Node& node) {
  const std::optional<BinaryOp> op = BinaryOf(node.op);
  if (!op) return false;
  const Shape &a = builder.ShapeOf(node.inputs[0]), &b = builder.ShapeOf(node.inputs[1]);
  const Shape& out = builder.ShapeOf(node.outputs[0]);
  if (a == b) {
    LowerSameShape(builder, node, *op);
    return true;
  }
  if (a == out) {
    if (const auto operand = AsChannels(a, b)) {
      LowerChannels(builder, node, *op, false, *operand);
      return true;
    }
  }
  if (b == out && op != BinaryOp::kPRelu) {
    if (const auto operand = AsChannels(b, a)) {
      LowerChannels(builder, node, *op, true, *operand);
      return true;
    }
  }
  return false;
}

struct ChannelNumbers {
  std::vector<float> scale, shift;
};

std::shared_ptr<const ChannelNumbers> ScaleShiftOf(const PlanBuilder& builder, const Node& node) {
  std::array<const Tensor*, 5> given{};
  for (size_t i = 1; i < 5; ++i) {
    given[i] = builder.ConstantOf(node.inputs[i]);
    if (given[i] == nullptr) return nullptr;
  }
  const double epsilon = node.Float("epsilon", 1e-5f);
  auto result = std::make_shared<ChannelNumbers>();
  for (size_t c = 0; c < given[1]->floats.size(); ++c) {
    const double scale = given[1]->floats[c] / std::sqrt(given[4]->floats[c] + epsilon);
    result->scale.push_back(static_cast<float>(scale));
    result->shift.push_back(static_cast<float>(given[2]->floats[c] - given[3]->floats[c] * scale));
  }
  return result;
}

bool LowerBatchNorm(PlanBuilder& builder, const Node& node) {
  if (node.op != "BatchNormalization" || builder.ShapeOf(node.inputs[0]).size() < 2) return false;
  const auto numbers = ScaleShiftOf(builder, node);
  if (!numbers) return false;
  const Place a = ReadAsIs(builder, node.inputs[0]);
  const Place from = a.format == Format::kNhwc ? builder.Read(node.inputs[0], {Format::kBlocked}) : a;
  const auto [epilogue, nodes] = TakeEpilogue(builder, node);
  const Place to = WriteLike(builder, nodes, epilogue.value, from);
  Step step{node.name, epilogue.op, "elementwise", {from.buffer}, {to.buffer}, nullptr};
  step.bind = [=, activation = epilogue.activation, threads = builder.options().threads](const Bases& bases) -> Work {
    return [=, src = bases.At(from), dst = bases.At(to)] {
      ScaleShiftPlace({numbers->scale.data(), numbers->shift.data()}, activation, from, src.floats(), to, dst.floats(),
                      threads);
    };
  };
  builder.Emit(std::move(step));
  return true;
}

bool LowerSoftmax(PlanBuilder& builder, const Node& node) {
  if (node.op != "Softmax") return false;
  const Shape& shape = builder.ShapeOf(node.inputs[0]);
  const auto rank = static_cast<int64_t>(shape.size());
  if (rank == 0 || ElementCount(shape) == 0) return false;
  const int64_t axis = NormalizeAxis(node, node.Int("axis", -1), rank);
  SoftmaxShape softmax;
  softmax.length = shape[static_cast<size_t>(axis)];
  softmax.inner = ElementCount({shape.begin() + axis + 1, shape.end()});
  softmax.outer = ElementCount({shape.begin(), shape.begin() + axis});
  const Place from = builder.Read(node.inputs[0], {Format::kPlain});
  Place to = from;
  if (!builder.Destination(node.outputs[0]) && builder.DiesWith(from, {&node})) {
    builder.Alias(node.outputs[0], from);
  } else {
    to = builder.Write(node.outputs[0], {Format::kPlain}, ElementType::kF32, false);
  }
  Step step{node.name, node.op, "softmax", {from.buffer}, {to.buffer}, nullptr};
  step.bind = [=, threads = builder.options().threads](const Bases& bases) -> Work {
    return [=, src = bases.At(from), dst = bases.At(to)] { Softmax(softmax, src.floats(), dst.floats(), threads); };
  };
  builder.Emit(std::move(step));
  return true;
}

}  // namespace

bool LowerElementwise(PlanBuilder& builder, const Node& node) {
  return LowerActivation(builder, node) || LowerBinary(builder, node) || LowerBatchNorm(builder, node) ||
         LowerSoftmax(builder, node);
}

}  // namespace maskscope
