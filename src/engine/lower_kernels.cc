#include <algorithm>

#include "engine/kernels/kernels.h"
#include "engine/lowering.h"
#include "engine/resize_axis.h"

// Convolutions that the hand-tuned kernels can do, alone or as the inverted residual and depthwise-separable blocks
// of the MobileNets.
namespace maskscope {

namespace {

enum class Kind { kNone, kPointwise, kDepthwise, kStem, kDense3x3 };

// One convolution with what is computed along with it.
struct Conv {
  Kind kind = Kind::kNone;
  const Node* node = nullptr;
  const Tensor* weights = nullptr;
  const Tensor* bias = nullptr;
  Window window;
  Epilogue epilogue;
  Shape in, out;

  const float* bias_data() const { return bias == nullptr ? nullptr : bias->floats.data(); }
  std::string key() const { return node->name + "|" + epilogue.op + "|"; }
};

Kind KindOf(const Window& w, const Shape& in, const Shape& out) {
  if (w.dilation_h != 1 || w.dilation_w != 1 || ElementCount(out) == 0) return Kind::kNone;
  const bool padded = w.pad_top != 0 || w.pad_left != 0 || w.pad_bottom != 0 || w.pad_right != 0;
  if (w.kernel_h == 1 && w.kernel_w == 1) {
    return w.groups == 1 && w.stride_h == 1 && w.stride_w == 1 && !padded ? Kind::kPointwise : Kind::kNone;
  }
  const bool window3 = w.kernel_h == 3 && w.kernel_w == 3 && w.stride_h == w.stride_w && w.stride_h <= 2 &&
                       w.pad_top <= 2 && w.pad_left <= 2;
  if (!window3) return Kind::kNone;
  if (w.groups > 1) return w.groups == in[1] && w.groups == out[1] ? Kind::kDepthwise : Kind::kNone;
  if (in[1] <= 4) return Kind::kStem;
  return w.stride_h == 1 && in[1] >= 16 && out[1] >= 8 ? Kind::kDense3x3 : Kind::kNone;
}

std::optional<kernels::Activation> KernelActivation(const std::optional<Activation>& activation) {
  if (!activation) return kernels::Activation::None();
  if (activation->kind == Activation::Kind::kClip)
    return kernels::Activation::Clip(activation->alpha, activation->beta);
  const bool leaky = activation->kind == Activation::Kind::kLeaky && activation->alpha >= 0 && activation->alpha <= 1;
  if (leaky) return kernels::Activation::Leaky(activation->alpha);
  return std::nullopt;
}

// The kernel has one activation, before or after the sum.
void LeaveSecondActivation(Epilogue& epilogue) {
  if (!epilogue.activation || !epilogue.activation_of_sum) return;
  epilogue.activation_of_sum.reset();
  epilogue.nodes.pop_back();
  epilogue.value = epilogue.nodes.back()->outputs[0];
  epilogue.op.erase(epilogue.op.rfind('+'));
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
  LeaveSecondActivation(conv.epilogue);
  if (!KernelActivation(ActivationIn(conv.epilogue))) return std::nullopt;
  return conv;
}

// The convolution of this kind that alone reads what `before` makes.
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

kernels::PointwiseWeights PackPointwise(const Conv& conv) {
  return kernels::PackPointwise(conv.weights->floats.data(), conv.bias_data(), static_cast<int>(conv.in[1]),
                                static_cast<int>(conv.out[1]), *KernelActivation(ActivationIn(conv.epilogue)));
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

template <typename Packed, typename Pack>
std::shared_ptr<const Packed> Shared(PlanBuilder& builder, const std::string& key, Pack pack) {
  return std::static_pointer_cast<const Packed>(
      builder.packed().Get(key, [&]() -> std::shared_ptr<void> { return std::make_shared<Packed>(pack()); }));
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

// Emits a step that calls kernels::Run(weights, run). `bind` fills the pointers of a run from the bases.
template <typename Packed, typename RunArguments, typename Bind>
void EmitKernel(PlanBuilder& builder, Step step, std::shared_ptr<const Packed> weights, const RunArguments& shape,
                Bind bind) {
  const int threads = builder.options().threads;
  const int scratch = builder.Scratch(kernels::WorkspaceFloats(*weights, shape, threads) * 4);
  step.writes.push_back(scratch);
  step.bind = [=](const Bases& bases) -> Work {
    const auto fill = bind(bases);
    return [=, spare = bases.At(scratch)] {
      RunArguments run = shape;
      fill(run);
      kernels::Run(*weights, run, threads, spare.floats());
    };
  };
  builder.Emit(std::move(step));
}

Step StepFor(const Conv& conv, const std::string& op, const std::string& kernel) {
  return {conv.node->name, op, "avx512:" + kernel, {}, {}, nullptr};
}

// ---- fused blocks

struct Block {
  std::optional<Conv> head;  // expand or stem
  Conv depthwise;
  Conv project;
};

std::optional<Block> MatchBlock(const PlanBuilder& builder, const Conv& first) {
  Block block;
  if (first.kind == Kind::kDepthwise) {
    block.depthwise = first;
  } else if (first.kind == Kind::kPointwise || first.kind == Kind::kStem) {
    const std::optional<Conv> depthwise = MatchNext(builder, first, Kind::kDepthwise);
    if (!depthwise) return std::nullopt;
    block.head = first;
    block.depthwise = *depthwise;
  } else {
    return std::nullopt;
  }
  const std::optional<Conv> project = MatchNext(builder, block.depthwise, Kind::kPointwise);
  if (!project || project->epilogue.activation_of_sum) return std::nullopt;
  block.project = *project;
  return block;
}

kernels::FusedBlockWeights PackBlock(const Block& block) {
  kernels::FusedBlockWeights packed;
  if (block.head && block.head->kind == Kind::kStem) {
    packed.head = kernels::FusedBlockWeights::Head::kStem;
    packed.stem = PackStem(*block.head);
  } else if (block.head) {
    packed.head = kernels::FusedBlockWeights::Head::kExpand;
    packed.expand = PackPointwise(*block.head);
  }
  packed.depthwise = PackDepthwise(block.depthwise);
  packed.project = PackPointwise(block.project);
  return packed;
}

void EmitBlock(PlanBuilder& builder, const Block& block) {
  const Conv& first = block.head ? *block.head : block.depthwise;
  const bool stem = first.kind == Kind::kStem;
  const std::string& input = first.node->inputs[0];
  const Place src = stem ? ReadPlanes(builder, input) : ReadBlocked(builder, input);
  std::optional<Place> residual;
  if (!block.project.epilogue.residual.empty()) residual = ReadBlocked(builder, block.project.epilogue.residual);
  if (block.head) MarkGroup(builder, *block.head);
  MarkGroup(builder, block.depthwise);
  MarkGroup(builder, block.project);
  const Place dst = builder.Write(block.project.epilogue.value, {Format::kBlocked});
  std::string op = block.depthwise.epilogue.op + "+" + block.project.epilogue.op;
  if (block.head) op.insert(0, block.head->epilogue.op + "+");
  Step step = StepFor(first, op, stem ? "stem_block" : block.head ? "inverted_residual" : "separable");
  step.reads = {src.buffer};
  if (residual) step.reads.push_back(residual->buffer);
  step.writes = {dst.buffer};
  kernels::FusedBlockRun run;
  run.geometry = GeometryOf(block.depthwise);
  if (stem) run.stem_geometry = GeometryOf(first);
  const auto weights = Shared<kernels::FusedBlockWeights>(builder, first.key() + "block|" + block.project.key(),
                                                          [&] { return PackBlock(block); });
  // The workspace may depend on whether there is a residual, not on where it lies.
  EmitKernel(builder, std::move(step), weights, run, [=](const Bases& bases) {
    return [=, from = bases.At(src), to = bases.At(dst),
            add = residual ? bases.At(*residual) : Pointer()](kernels::FusedBlockRun& filled) {
      if (stem) {
        filled.planes = Planes(src, from);
      } else {
        filled.src = In(src, from);
      }
      filled.dst = Out(dst, to);
      if (residual) filled.residual = In(*residual, add);
    };
  });
}

// ---- single convolutions

void EmitPointwise(PlanBuilder& builder, const Conv& conv) {
  const Place src = ReadBlocked(builder, conv.node->inputs[0]);
  std::optional<Place> residual;
  if (!conv.epilogue.residual.empty()) residual = builder.ReadUnresized(conv.epilogue.residual);
  MarkGroup(builder, conv);
  const Place dst = builder.Write(conv.epilogue.value, {Format::kBlocked});
  Step step = StepFor(conv, conv.epilogue.op, "pointwise");
  step.reads = {src.buffer};
  step.writes = {dst.buffer};
  kernels::PointwiseRun run;
  run.batch = static_cast<int>(conv.in[0]);
  run.height = static_cast<int>(conv.in[2]);
  run.width = static_cast<int>(conv.in[3]);
  run.add_first = conv.epilogue.activation_of_sum.has_value();
  if (residual) {
    step.reads.push_back(residual->buffer);
    run.residual_height = static_cast<int>(residual->shape[2]);
    run.residual_width = static_cast<int>(residual->shape[3]);
    if (residual->shape != conv.out) step.op += "(resized)";
  }
  const auto weights =
      Shared<kernels::PointwiseWeights>(builder, conv.key() + "pointwise", [&] { return PackPointwise(conv); });
  EmitKernel(builder, std::move(step), weights, run, [=](const Bases& bases) {
    return [=, from = bases.At(src), to = bases.At(dst),
            add = residual ? bases.At(*residual) : Pointer()](kernels::PointwiseRun& filled) {
      filled.src = In(src, from);
      filled.dst = Out(dst, to);
      if (residual) filled.residual = In(*residual, add);
    };
  });
}

void EmitDepthwise(PlanBuilder& builder, const Conv& conv) {
  const Place src = ReadBlocked(builder, conv.node->inputs[0]);
  MarkGroup(builder, conv);
  const Place dst = builder.Write(conv.epilogue.value, {Format::kBlocked});
  Step step = StepFor(conv, conv.epilogue.op, "depthwise");
  step.reads = {src.buffer};
  step.writes = {dst.buffer};
  const kernels::DepthwiseRun run{GeometryOf(conv), {}, {}};
  const auto weights =
      Shared<kernels::DepthwiseWeights>(builder, conv.key() + "depthwise", [&] { return PackDepthwise(conv); });
  EmitKernel(builder, std::move(step), weights, run, [=](const Bases& bases) {
    return [=, from = bases.At(src), to = bases.At(dst)](kernels::DepthwiseRun& filled) {
      filled.src = In(src, from);
      filled.dst = Out(dst, to);
    };
  });
}

void EmitStem(PlanBuilder& builder, const Conv& conv) {
  const Place src = ReadPlanes(builder, conv.node->inputs[0]);
  MarkGroup(builder, conv);
  const Place dst = builder.Write(conv.epilogue.value, {Format::kBlocked});
  Step step = StepFor(conv, conv.epilogue.op, "stem");
  step.reads = {src.buffer};
  step.writes = {dst.buffer};
  const kernels::StemRun run{GeometryOf(conv), {}, {}};
  const auto weights = Shared<kernels::StemWeights>(builder, conv.key() + "stem", [&] { return PackStem(conv); });
  EmitKernel(builder, std::move(step), weights, run, [=](const Bases& bases) {
    return [=, from = bases.At(src), to = bases.At(dst)](kernels::StemRun& filled) {
      filled.src = Planes(src, from);
      filled.dst = Out(dst, to);
    };
  });
}

// Another convolution of the same input and window, so that the input is transformed once for both.
std::optional<Conv> MatchTwin(const PlanBuilder& builder, const Conv& conv) {
  if (conv.out[1] % 16 != 0) return std::nullopt;
  for (const Node* reader : builder.Readers(conv.node->inputs[0])) {
    if (reader == conv.node) continue;
    const std::optional<Conv> other = Match(builder, *reader, false);
    if (other && other->kind == Kind::kDense3x3 && other->window.pad_top == conv.window.pad_top &&
        other->window.pad_left == conv.window.pad_left && other->out[2] == conv.out[2] &&
        other->out[3] == conv.out[3]) {
      return other;
    }
  }
  return std::nullopt;
}

kernels::Conv3x3Weights PackDense(const Conv& conv, const std::optional<Conv>& twin) {
  std::vector<float> weights = conv.weights->floats, bias(static_cast<size_t>(conv.out[1]), 0.0f);
  if (conv.bias != nullptr) bias = conv.bias->floats;
  std::vector<kernels::Activation> activations(static_cast<size_t>(kernels::BlocksOf(static_cast<int>(conv.out[1]))),
                                               *KernelActivation(conv.epilogue.activation));
  if (twin) {
    const auto channels = static_cast<size_t>(twin->out[1]);
    weights.insert(weights.end(), twin->weights->floats.begin(), twin->weights->floats.end());
    bias.resize(bias.size() + channels, 0.0f);
    if (twin->bias != nullptr) std::ranges::copy(twin->bias->floats, bias.end() - static_cast<int64_t>(channels));
    activations.insert(activations.end(), static_cast<size_t>(kernels::BlocksOf(static_cast<int>(channels))),
                       *KernelActivation(twin->epilogue.activation));
  }
  return kernels::PackConv3x3(weights.data(), bias.data(), static_cast<int>(conv.in[1]), static_cast<int>(bias.size()),
                              activations);
}

void EmitDense3x3(PlanBuilder& builder, const Conv& conv) {
  const Place src = ReadBlocked(builder, conv.node->inputs[0]);
  const std::optional<Conv> twin = MatchTwin(builder, conv);
  MarkGroup(builder, conv);
  if (twin) MarkGroup(builder, *twin);
  const Place dst = builder.Write(conv.epilogue.value, {Format::kBlocked});
  const Place second = twin ? builder.Write(twin->epilogue.value, {Format::kBlocked}) : Place{};
  Step step = StepFor(conv, conv.epilogue.op, "winograd");
  step.reads = {src.buffer};
  step.writes = {dst.buffer};
  if (twin) step.writes.push_back(second.buffer);
  if (twin) step.op += "|" + twin->epilogue.op;
  kernels::Conv3x3Run run;
  run.geometry = GeometryOf(conv);
  run.second_from = kernels::BlocksOf(static_cast<int>(conv.out[1]));
  const std::string key = conv.key() + "winograd" + (twin ? twin->key() : "");
  const auto weights = Shared<kernels::Conv3x3Weights>(builder, key, [&] { return PackDense(conv, twin); });
  EmitKernel(builder, std::move(step), weights, run, [=, paired = twin.has_value()](const Bases& bases) {
    return [=, from = bases.At(src), to = bases.At(dst),
            to_second = paired ? bases.At(second) : Pointer()](kernels::Conv3x3Run& filled) {
      filled.src = In(src, from);
      filled.dst = Out(dst, to);
      if (paired) filled.second = Out(second, to_second);
    };
  });
}

}  // namespace

bool KernelsServe(const PlanOptions& options) {
  return options.hand_tuned_kernels && options.precision == ElementType::kF32 && BlockSize() == 16 &&
         kernels::KernelsSupported();
}

bool LowerKernelConv(PlanBuilder& builder, const Node& node) {
  if (!KernelsServe(builder.options())) return false;
  const std::optional<Conv> conv = Match(builder, node, true);
  if (!conv) return false;
  if (const std::optional<Block> block = MatchBlock(builder, *conv)) {
    EmitBlock(builder, *block);
    return true;
  }
  switch (conv->kind) {
    case Kind::kPointwise:
      EmitPointwise(builder, *conv);
      return true;
    case Kind::kDepthwise:
      EmitDepthwise(builder, *conv);
      return true;
    case Kind::kStem:
      EmitStem(builder, *conv);
      return true;
    case Kind::kDense3x3:
      EmitDense3x3(builder, *conv);
      return true;
    case Kind::kNone:
      break;
  }
  return false;
}

}  // namespace maskscope
