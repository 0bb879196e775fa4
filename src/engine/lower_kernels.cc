#include <algorithm>

#include "engine/copy.h"
#include "engine/engine.h"
#include "engine/kernel_conv.h"

// Single convolutions on the hand-tuned kernels, and convolutions of one input that are done together.
namespace maskscope {

namespace {

using namespace kernel_conv;  // this file is written in its terms

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
  const auto weights = Shared<kernels::PointwiseWeights>(builder, conv.key() + "pointwise",
                                                         [&] { return PackPointwise(conv, builder.options()); });
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

// Group number `group` of the convolution, by itself.
kernels::Conv3x3Weights PackGroup(const Conv& conv, int64_t group) {
  const int64_t in = conv.in[1] / conv.window.groups, out = conv.out[1] / conv.window.groups;
  const float* bias = conv.bias == nullptr ? nullptr : conv.bias->floats.data() + group * out;
  return kernels::PackConv3x3(conv.weights->floats.data() + group * out * in * 9, bias, static_cast<int>(in),
                              static_cast<int>(out), {*KernelActivation(conv.epilogue.activation)});
}

void EmitGrouped3x3(PlanBuilder& builder, const Conv& conv) {
  const Place src = ReadBlocked(builder, conv.node->inputs[0]);
  MarkGroup(builder, conv);
  const Place dst = builder.Write(conv.epilogue.value, {Format::kBlocked});
  const int64_t groups = conv.window.groups;
  const int threads = builder.options().threads;
  kernels::Conv3x3Run run;
  run.geometry = GeometryOf(conv);
  std::vector<std::shared_ptr<const kernels::Conv3x3Weights>> weights;
  for (int64_t g = 0; g < groups; ++g) {
    weights.push_back(Shared<kernels::Conv3x3Weights>(builder, conv.key() + "winograd" + std::to_string(g),
                                                      [&] { return PackGroup(conv, g); }));
  }
  const int scratch = builder.Scratch(kernels::WorkspaceFloats(*weights[0], run, threads) * 4);
  Step step = StepFor(conv, conv.epilogue.op, "winograd");
  step.reads = {src.buffer};
  step.writes = {dst.buffer, scratch};
  const std::vector<int64_t> in(static_cast<size_t>(groups), src.shape[1] / groups);
  const std::vector<int64_t> out(static_cast<size_t>(groups), dst.shape[1] / groups);
  step.bind = [=](const Bases& bases) -> Work {
    return [=, spare = bases.At(scratch), &bases] {
      for (size_t g = 0; g < weights.size(); ++g) {
        kernels::Conv3x3Run filled = run;
        const Place from = SliceOf(1, src, in, g), to = SliceOf(1, dst, out, g);
        filled.src = In(from, bases.At(from));
        filled.dst = Out(to, bases.At(to));
        kernels::Run(*weights[g], filled, threads, spare.floats());
      }
    };
  };
  builder.Emit(std::move(step));
}

// ---- heads of a detector

// A convolution of the same input whose result must end up channel by channel beside each pixel.
bool IsHead(PlanBuilder& builder, const Conv& conv) {
  if (conv.kind != Kind::kPointwise || ActivationIn(conv.epilogue) || !conv.epilogue.residual.empty()) return false;
  const std::optional<Place> destination = builder.Destination(conv.epilogue.value);
  return destination && destination->format == Format::kNhwc;
}

std::vector<Conv> MatchHeads(PlanBuilder& builder, const Conv& first) {
  std::vector<Conv> heads;
  if (!IsHead(builder, first)) return heads;
  heads.push_back(first);
  for (const Node* reader : builder.Readers(first.node->inputs[0])) {
    if (reader == first.node || reader->inputs[0] != first.node->inputs[0]) continue;
    const std::optional<Conv> other = Match(builder, *reader, true);
    if (other && IsHead(builder, *other)) heads.push_back(*other);
  }
  return heads;
}

kernels::PointwiseWeights PackHeads(const std::vector<Conv>& heads, const PlanOptions& options) {
  std::vector<float> weights, bias;
  for (const Conv& head : heads) {
    weights.insert(weights.end(), head.weights->floats.begin(), head.weights->floats.end());
    bias.resize(bias.size() + static_cast<size_t>(head.out[1]), 0.0f);
    if (head.bias != nullptr) std::ranges::copy(head.bias->floats, bias.end() - head.out[1]);
  }
  return kernels::PackPointwise(weights.data(), bias.data(), static_cast<int>(heads[0].in[1]),
                                static_cast<int>(bias.size()), kernels::Activation::None(), ProductsFor(options));
}

// Sends the channels of all heads, computed as one convolution, to where each head's values belong.
void EmitScatter(PlanBuilder& builder, const Node& node, const Place& together, const std::vector<Place>& places) {
  Step step{node.name, "Transpose", "scatter", {together.buffer}, {}, nullptr};
  for (const Place& place : places) step.writes.push_back(place.buffer);
  step.bind = [=, threads = builder.options().threads](const Bases& bases) -> Work {
    std::vector<Pointer> targets;
    for (const Place& place : places) targets.push_back(bases.At(place));
    return [=, src = bases.At(together)] {
      int64_t first = 0;
      for (size_t i = 0; i < places.size(); ++i) {
        ScatterChannels(together, src.floats(), first, places[i], targets[i].floats(), threads);
        first += places[i].shape[1];
      }
    };
  };
  builder.Emit(std::move(step));
}

// All heads that read one map, as one convolution.
bool LowerHeads(PlanBuilder& builder, const Conv& first) {
  const std::vector<Conv> heads = MatchHeads(builder, first);
  if (heads.empty()) return false;
  const Place src = ReadBlocked(builder, first.node->inputs[0]);
  Shape shape = first.out;
  shape[1] = 0;
  std::string key = "heads";
  std::vector<Place> places;
  for (const Conv& head : heads) {
    MarkGroup(builder, head);
    shape[1] += head.out[1];
    key += "|" + head.key();
    places.push_back(builder.Write(head.epilogue.value, {Format::kNhwc}));
  }
  const Place together = DensePlace(shape, Format::kBlocked, ElementType::kF32,
                                    builder.NewBuffer(StorageElements(shape, Format::kBlocked) * 4));
  Step step = StepFor(first, heads.size() == 1 ? "Conv" : std::to_string(heads.size()) + " x Conv", "pointwise");
  step.reads = {src.buffer};
  step.writes = {together.buffer};
  kernels::PointwiseRun run;
  run.batch = static_cast<int>(first.in[0]);
  run.height = static_cast<int>(first.in[2]);
  run.width = static_cast<int>(first.in[3]);
  const auto weights =
      Shared<kernels::PointwiseWeights>(builder, key, [&] { return PackHeads(heads, builder.options()); });
  EmitKernel(builder, std::move(step), weights, run, [=](const Bases& bases) {
    return [=, from = bases.At(src), to = bases.At(together)](kernels::PointwiseRun& filled) {
      filled.src = In(src, from);
      filled.dst = Out(together, to);
    };
  });
  EmitScatter(builder, *first.node, together, places);
  return true;
}

}  // namespace

bool KernelsServe(const PlanOptions& options) {
  const bool supported = options.precision == ElementType::kF32 ? kernels::KernelsSupported()
                                                                : CpuHasNativeBf16() && kernels::Bf16Supported();
  return options.hand_tuned_kernels && supported && BlockSize() == 16;
}

bool LowerKernelConv(PlanBuilder& builder, const Node& node) {
  if (!KernelsServe(builder.options())) return false;
  const std::optional<Conv> conv = Match(builder, node, true);
  if (!conv) return false;
  switch (conv->kind) {
    case Kind::kPointwise:
      if (LowerHeads(builder, *conv)) return true;
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
    case Kind::kGrouped3x3:
      EmitGrouped3x3(builder, *conv);
      return true;
    case Kind::kNone:
      break;
  }
  return false;
}

}  // namespace maskscope
