#include "engine/kernel_conv.h"

namespace maskscope::kernel_conv {

namespace {

Kind KindOf(const Window& w, const Shape& in, const Shape& out) {
  if (w.dilation_h != 1 || w.dilation_w != 1 || ElementCount(out) == 0) return Kind::kNone;
  const bool padded = w.pad_top != 0 || w.pad_left != 0 || w.pad_bottom != 0 || w.pad_right != 0;
  if (w.kernel_h == 1 && w.kernel_w == 1) {
    return w.groups == 1 && w.stride_h == 1 && w.stride_w == 1 && !padded ? Kind::kPointwise : Kind::kNone;
  }
  const bool window3 = w.kernel_h == 3 && w.kernel_w == 3 && w.stride_h == w.stride_w && w.stride_h <= 2 &&
                       w.pad_top <= 2 && w.pad_left <= 2;
  if (!window3) return Kind::kNone;
  if (w.groups > 1 && w.groups == in[1] && w.groups == out[1]) return Kind::kDepthwise;
  if (w.groups > 1) {
    const bool fills = in[1] / w.groups % 16 == 0 && out[1] / w.groups % 16 == 0;
    return w.stride_h == 1 && fills ? Kind::kGrouped3x3 : Kind::kNone;
  }
  if (in[1] <= 4) return Kind::kStem;
  return w.stride_h == 1 && in[1] >= 16 && out[1] >= 8 ? Kind::kDense3x3 : Kind::kNone;
}

}  // namespace

std::optional<kernels::Activation> KernelActivation(const std::optional<Activation>& activation) {
  if (!activation) return kernels::Activation::None();
  if (activation->kind == Activation::Kind::kClip)
    return kernels::Activation::Clip(activation->alpha, activation->beta);
  if (activation->kind == Activation::Kind::kSwish) return kernels::Activation::Swish();
  if (activation->kind == Activation::Kind::kHardSwish) return kernels::Activation::HardSwish();
  const bool leaky = activation->kind == Activation::Kind::kLeaky && activation->alpha >= 0 && activation->alpha <= 1;
  if (leaky) return kernels::Activation::Leaky(activation->alpha);
  return std::nullopt;
}

const std::optional<Activation>& ActivationIn(const Epilogue& epilogue) {
  return epilogue.activation_of_sum ? epilogue.activation_of_sum : epilogue.activation;
}

std::optional<Conv> Match(const PlanBuilder& builder, const Node& node, bool residuals) {
  if (node.op != "Conv" || builder.IsDone(node)) return std::nullopt;
  Conv conv;
  conv.node = &node;
  conv.in = builder.ShapeOf(node.inputs[0]);
  conv.out = builder.ShapeOf(node.outputs[0]);
  conv.weights = builder.ConstantOf(node.inputs[1]);
  conv.bias = node.HasInput(2) ? builder.ConstantOf(node.inputs[2]) : nullptr;
  if (conv.weights == nullptr || (node.HasInput(2) && conv.bias == nullptr) || !IsRank4(conv.in)) return std::nullopt;
  conv.window = ResolveWindow(node, conv.in, {conv.weights->shape[2], conv.weights->shape[3]});
  conv.kind = KindOf(conv.window, conv.in, conv.out);
  if (conv.kind == Kind::kNone) return std::nullopt;
  conv.epilogue = FindEpilogue(builder, node, residuals && conv.kind == Kind::kPointwise);
  // The kernel has one activation, before or after the sum.
  if (conv.epilogue.activation && conv.epilogue.activation_of_sum) DropLast(conv.epilogue, node);
  if (!KernelActivation(ActivationIn(conv.epilogue))) return std::nullopt;
  return conv;
}

std::optional<Conv> MatchNext(const PlanBuilder& builder, const Conv& before, Kind kind) {
  if (!before.epilogue.residual.empty()) return std::nullopt;
  const Node* reader = builder.OnlyReader(before.epilogue.value);
  if (reader == nullptr || reader->inputs[0] != before.epilogue.value) return std::nullopt;
  std::optional<Conv> next = Match(builder, *reader, true);
  return next && next->kind == kind ? next : std::nullopt;
}

kernels::WindowGeometry GeometryOf(const Conv& conv) {
  kernels::WindowGeometry geometry;
  geometry.batch = static_cast<int>(conv.in[0]);
  geometry.in_height = static_cast<int>(conv.in[2]);
  geometry.in_width = static_cast<int>(conv.in[3]);
  geometry.out_height = static_cast<int>(conv.out[2]);
  geometry.out_width = static_cast<int>(conv.out[3]);
  geometry.pad_top = static_cast<int>(conv.window.pad_top);
  geometry.pad_left = static_cast<int>(conv.window.pad_left);
  return geometry;
}

kernels::BlockedIn In(const Place& place, const Pointer& pointer) {
  return {pointer.floats(), place.block_stride, place.batch_stride};
}
kernels::BlockedOut Out(const Place& place, const Pointer& pointer) {
  return {pointer.floats(), place.block_stride, place.batch_stride};
}
kernels::PlanesIn Planes(const Place& place, const Pointer& pointer) {
  return {pointer.floats(), place.shape[2] * place.shape[3], place.batch_stride};
}

kernels::Products ProductsFor(const PlanOptions& options) {
  return options.precision == ElementType::kBf16 ? kernels::Products::kBf16 : kernels::Products::kF32;
}

kernels::PointwiseWeights PackPointwise(const Conv& conv, const PlanOptions& options) {
  return kernels::PackPointwise(conv.weights->floats.data(), conv.bias_data(), static_cast<int>(conv.in[1]),
                                static_cast<int>(conv.out[1]), *KernelActivation(ActivationIn(conv.epilogue)),
                                ProductsFor(options));
}
kernels::DepthwiseWeights PackDepthwise(const Conv& conv) {
  return kernels::PackDepthwise(conv.weights->floats.data(), conv.bias_data(), static_cast<int>(conv.in[1]),
                                static_cast<int>(conv.window.stride_h), *KernelActivation(ActivationIn(conv.epilogue)));
}
kernels::StemWeights PackStem(const Conv& conv) {
  return kernels::PackStem(conv.weights->floats.data(), conv.bias_data(), static_cast<int>(conv.in[1]),
                           static_cast<int>(conv.out[1]), static_cast<int>(conv.window.stride_h),
                           *KernelActivation(ActivationIn(conv.epilogue)));
}

void MarkGroup(PlanBuilder& builder, const Conv& conv) {
  builder.MarkDone(*conv.node);
  for (const Node* along : conv.epilogue.nodes) builder.MarkDone(*along);
}

Place ReadBlocked(PlanBuilder& builder, const std::string& value) {
  return builder.Read(value, {Format::kBlocked}, ElementType::kF32, false);
}

Place ReadPlanes(PlanBuilder& builder, const std::string& value) {
  return builder.Read(value, {Format::kPlain}, ElementType::kF32, false);
}

Step StepFor(const Conv& conv, const std::string& op, const std::string& kernel) {
  return {conv.node->name, op, "avx512:" + kernel, {}, {}, nullptr};
}

}  // namespace maskscope::kernel_conv
