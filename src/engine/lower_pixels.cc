#include <algorithm>
#include <cmath>

#include "engine/lowering.h"
#include "engine/pixel_ops.h"
#include "engine/reference_ops.h"

namespace maskscope {

namespace {

// One slope a channel that is known now, filled up to whole blocks; nullptr for all others.
std::shared_ptr<const std::vector<float>> ChannelSlopes(const PlanBuilder& builder, const Node& node) {
  const Shape& shape = builder.ShapeOf(node.inputs[0]);
  const Tensor* slopes = builder.ConstantOf(node.inputs[1]);
  if (!IsRank4(shape) || slopes == nullptr) return nullptr;
  Shape aligned(slopes->shape.size() < 4 ? 4 - slopes->shape.size() : 0, 1);
  aligned.insert(aligned.end(), slopes->shape.begin(), slopes->shape.end());
  const bool per_channel = aligned.size() == 4 && aligned[0] == 1 && (aligned[1] == shape[1] || aligned[1] == 1) &&
                           aligned[2] == 1 && aligned[3] == 1;
  if (!per_channel) return nullptr;
  auto filled = std::make_shared<std::vector<float>>(static_cast<size_t>(BlocksOf(shape[1]) * BlockSize()), 1.0f);
  for (size_t c = 0; c < static_cast<size_t>(shape[1]); ++c) {
    (*filled)[c] = slopes->floats[slopes->floats.size() == 1 ? 0 : c];
  }
  return filled;
}

// The pool that alone reads what the PReLU makes.
const Node* FollowingPool(const PlanBuilder& builder, const Node& node) {
  const Node* reader = builder.OnlyReader(node.outputs[0]);
  const bool pool =
      reader != nullptr && reader->op == "MaxPool" && (reader->outputs.size() == 1 || reader->outputs[1].empty());
  return pool ? reader : nullptr;
}

void EmitPReluPool(PlanBuilder& builder, const Node& node, const Node& pool,
                   std::shared_ptr<const std::vector<float>> slopes) {
  const Window window = ResolveWindow(pool, builder.ShapeOf(node.inputs[0]), pool.Ints("kernel_shape", {}));
  const Place from = builder.Read(node.inputs[0], {Format::kBlocked}, ElementType::kF32, false);
  builder.MarkDone(pool);
  const Place to = builder.Write(pool.outputs[0], {Format::kBlocked});
  Step step{node.name, "PRelu+MaxPool", "prelu_pool", {from.buffer}, {to.buffer}, nullptr};
  step.bind = [=, threads = builder.options().threads](const Bases& bases) -> Work {
    return [=, src = bases.At(from), dst = bases.At(to)] {
      PReluMaxPoolBlocked(from, src.floats(), slopes->data(), to, dst.floats(), window, threads);
    };
  };
  builder.Emit(std::move(step));
}

// A step from one place to another of the same shape, in place where nobody needs the first one afterwards.
template <typename Kernel>
void EmitInPlace(PlanBuilder& builder, const Node& node, const Place& from, const char* kernel, const Kernel& run) {
  Place to = from;
  if (!builder.Destination(node.outputs[0]) && builder.DiesWith(from, {&node})) {
    builder.Alias(node.outputs[0], from);
  } else {
    to = builder.Write(node.outputs[0], {from.format}, ElementType::kF32, from.format == Format::kBlocked);
  }
  Step step{node.name, node.op, kernel, {from.buffer}, {to.buffer}, nullptr};
  step.bind = [=](const Bases& bases) -> Work {
    return [=, src = bases.At(from), dst = bases.At(to)] { run(src.floats(), to, dst.floats()); };
  };
  builder.Emit(std::move(step));
}

// The axes of a reduction, wherever they stand; empty where they are not known now.
std::vector<int64_t> ReducedAxes(const PlanBuilder& builder, const Node& node, int64_t rank) {
  std::vector<int64_t> axes = node.Ints("axes", {});
  if (node.HasInput(1)) {
    const Tensor* given = builder.ConstantOf(node.inputs[1]);
    axes = given == nullptr ? std::vector<int64_t>() : given->ints;
  }
  for (int64_t& axis : axes) axis = NormalizeAxis(node, axis, rank);
  return axes;
}

bool LowerChannelSum(PlanBuilder& builder, const Node& node) {
  if (node.op != "ReduceSum" && node.op != "ReduceMean") return false;
  const Shape& shape = builder.ShapeOf(node.inputs[0]);
  if (!IsRank4(shape) || ElementCount(shape) == 0 || ReducedAxes(builder, node, 4) != std::vector<int64_t>{1}) {
    return false;
  }
  const float share = node.op == "ReduceSum" ? 1.0f : 1.0f / static_cast<float>(shape[1]);
  const Place from = builder.Read(node.inputs[0], {Format::kBlocked}, ElementType::kF32, false);
  const Place to = builder.Write(node.outputs[0], {Format::kPlain}, ElementType::kF32, false);
  Step step{node.name, node.op, "channel_sum", {from.buffer}, {to.buffer}, nullptr};
  step.bind = [=, threads = builder.options().threads](const Bases& bases) -> Work {
    return [=, src = bases.At(from), dst = bases.At(to)] {
      SumChannelsBlocked(from, src.floats(), share, dst.floats(), threads);
    };
  };
  builder.Emit(std::move(step));
  return true;
}

std::optional<BinaryOp> PixelOp(const std::string& op) {
  if (op == "Add") return BinaryOp::kAdd;
  if (op == "Sub") return BinaryOp::kSub;
  if (op == "Mul") return BinaryOp::kMul;
  if (op == "Div") return BinaryOp::kDiv;
  return std::nullopt;
}

// `other` has one number a pixel of `full`.
bool IsPixelOperand(const Shape& full, const Shape& other) {
  return IsRank4(full) && IsRank4(other) && other[1] == 1 && full[1] > 1 && other[2] == full[2] &&
         other[3] == full[3] && (other[0] == full[0] || other[0] == 1);
}

bool LowerPixelBinary(PlanBuilder& builder, const Node& node) {
  const std::optional<BinaryOp> op = PixelOp(node.op);
  if (!op) return false;
  const Shape &a = builder.ShapeOf(node.inputs[0]), &b = builder.ShapeOf(node.inputs[1]);
  const bool swapped = IsPixelOperand(b, a);
  if (!swapped && !IsPixelOperand(a, b)) return false;
  const Shape other = swapped ? a : b;
  const Place pixels = builder.Read(node.inputs[swapped ? 0 : 1], {Format::kPlain});
  const Place from = builder.Read(node.inputs[swapped ? 1 : 0], {Format::kBlocked}, ElementType::kF32, false);
  const Place to = builder.Write(node.outputs[0], {Format::kBlocked});
  Step step{node.name, node.op, "pixelwise", {from.buffer, pixels.buffer}, {to.buffer}, nullptr};
  step.bind = [=, op = *op, threads = builder.options().threads](const Bases& bases) -> Work {
    return [=, left = bases.At(from), right = bases.At(pixels), dst = bases.At(to)] {
      const PixelOperand operand{right.floats(), other[0] == 1 ? 0 : other[2] * other[3]};
      PixelBlocked(op, swapped, from, left.floats(), operand, to, dst.floats(), threads);
    };
  };
  builder.Emit(std::move(step));
  return true;
}

bool LowerSqrt(PlanBuilder& builder, const Node& node) {
  if (node.op != "Sqrt") return false;
  const Place from = builder.Read(node.inputs[0], {Format::kPlain});
  EmitInPlace(builder, node, from, "elementwise",
              [count = ElementCount(from.shape)](const float* src, const Place&, float* dst) {
                for (int64_t i = 0; i < count; ++i) dst[i] = std::sqrt(src[i]);
              });
  return true;
}

bool LowerPermute(PlanBuilder& builder, const Node& node) {
  if (node.op != "Transpose") return false;
  const Shape& shape = builder.ShapeOf(node.inputs[0]);
  if (shape.empty()) return false;
  std::vector<int64_t> perm = node.Ints("perm", {});
  if (perm.empty()) {
    for (size_t axis = shape.size(); axis-- > 0;) perm.push_back(static_cast<int64_t>(axis));
  }
  const Place from = builder.Read(node.inputs[0], {Format::kPlain});
  const Place to = builder.Write(node.outputs[0], {Format::kPlain}, ElementType::kF32, false);
  Step step{node.name, node.op, "permute", {from.buffer}, {to.buffer}, nullptr};
  step.bind = [=, threads = builder.options().threads](const Bases& bases) -> Work {
    return [=, src = bases.At(from), dst = bases.At(to)] {
      PermutePlain(src.floats(), shape, perm, dst.floats(), threads);
    };
  };
  builder.Emit(std::move(step));
  return true;
}

}  // namespace

bool LowerPRelu(PlanBuilder& builder, const Node& node) {
  if (node.op != "PRelu") return false;
  const auto slopes = ChannelSlopes(builder, node);
  if (!slopes) return false;
  if (const Node* pool = FollowingPool(builder, node)) {
    EmitPReluPool(builder, node, *pool, slopes);
    return true;
  }
  const Place from = builder.Read(node.inputs[0], {Format::kBlocked}, ElementType::kF32, false);
  EmitInPlace(builder, node, from, "prelu",
              [=, threads = builder.options().threads](const float* src, const Place& to, float* dst) {
                PReluBlocked(from, src, slopes->data(), to, dst, threads);
              });
  return true;
}

bool LowerPixels(PlanBuilder& builder, const Node& node) {
  return LowerChannelSum(builder, node) || LowerPixelBinary(builder, node) || LowerSqrt(builder, node) ||
         LowerPermute(builder, node);
}

}  // namespace maskscope
