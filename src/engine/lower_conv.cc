#include "base/error.h"
#include "engine/lowering.h"
#include "engine/reference_ops.h"

namespace maskscope {

namespace {

struct ConvFormats {
  Format src, dst;
};

// oneDNN's convolutions of AVX-512 and AVX2 want blocks of channels; the first layer reads the picture as it is. Groups
// that do not fill blocks are left to its plain (GEMM) convolution.
ConvFormats FormatsFor(const Shape& in, const Shape& out, const Window& window) {
  const bool depthwise = window.groups == in[1] && window.groups == out[1];
  if (window.groups > 1 && !depthwise) {
    const bool fills = in[1] / window.groups % BlockSize() == 0 && out[1] / window.groups % BlockSize() == 0;
    return fills ? ConvFormats{Format::kBlocked, Format::kBlocked} : ConvFormats{Format::kPlain, Format::kPlain};
  }
  if (in[1] <= 3 && window.groups == 1) return {Format::kPlain, Format::kBlocked};
  return {Format::kBlocked, Format::kBlocked};
}

const Tensor& ConstantInput(const PlanBuilder& builder, const Node& node, size_t i) {
  const Tensor* constant = builder.ConstantOf(node.inputs[i]);
  if (constant == nullptr) ThrowUnsupportedNode(node, "weights or bias that are computed at run time");
  return *constant;
}

struct DnnlConv {
  DnnlConvSpec spec;
  Epilogue epilogue;
  std::shared_ptr<DnnlOp> op;
};

// What the result is added to must lie where it will be written.
bool TakeOverResidual(PlanBuilder& builder, const DnnlConv& conv, const Place& residual) {
  const Epilogue& epilogue = conv.epilogue;
  if (builder.Destination(epilogue.value) || residual.buffer == conv.spec.src.buffer) return false;
  return builder.DiesWith(residual, {epilogue.nodes.begin(), epilogue.nodes.end()});
}

void EmitConv(PlanBuilder& builder, const Node& node, const DnnlConv& conv) {
  const int scratch = builder.Scratch(conv.op->ScratchBytes());
  const Place src = conv.spec.src, dst = conv.spec.dst;
  Step step{node.name, conv.epilogue.op, conv.op->KernelName(), {src.buffer}, {dst.buffer, scratch}, nullptr};
  if (conv.spec.add_to_dst) step.reads.push_back(dst.buffer);
  step.bind = [op = conv.op, src, dst, scratch](const Bases& bases) -> Work {
    const auto call = std::make_shared<DnnlOp::Call>(op->NewCall());
    return [op, call, from = bases.At(src), to = bases.At(dst), spare = bases.At(scratch)] {
      call->Execute({from.As<void>(), nullptr, to.As<void>(), spare.As<void>()});
    };
  };
  builder.Emit(std::move(step));
}

struct Choice {
  ElementType type;
  ConvFormats formats;
};

// From the fastest to the one that always exists.
std::vector<Choice> ChoicesFor(const PlanBuilder& builder, const Shape& in, const Shape& out, const Window& window) {
  const ConvFormats formats = FormatsFor(in, out, window);
  std::vector<Choice> choices;
  if (builder.options().precision == ElementType::kBf16) choices.push_back({ElementType::kBf16, formats});
  choices.push_back({ElementType::kF32, formats});
  choices.push_back({ElementType::kF32, {Format::kPlain, Format::kPlain}});
  return choices;
}

void Attempt(const PlanBuilder& builder, const Choice& choice, const Shape& in, const Shape& out, DnnlConv& conv) {
  DnnlConvSpec& spec = conv.spec;
  spec.activation = conv.epilogue.activation;
  spec.add_to_dst = !conv.epilogue.residual.empty();
  spec.activation_of_sum = conv.epilogue.activation_of_sum;
  spec.src = DensePlace(in, choice.formats.src, choice.type, -1);
  spec.dst = DensePlace(out, choice.formats.dst, choice.type, -1);
  conv.op = MakeDnnlConv(spec, builder.packed());
}

// Some epilogues (an activation before a sum) and some formats have no fast kernel, and oneDNN then takes its plain
// loops without a word: rather than those, parts of the epilogue become steps of their own.
void Select(const PlanBuilder& builder, const Node& node, const Shape& in, const Shape& out, DnnlConv& conv) {
  const std::vector<Choice> choices = ChoicesFor(builder, in, out, conv.spec.window);
  const Epilogue whole = conv.epilogue;
  for (const bool allow_reference : {false, true}) {
    conv.spec.allow_reference = allow_reference;
    for (const Choice& choice : choices) {
      conv.epilogue = whole;
      while (true) {
        Attempt(builder, choice, in, out, conv);
        if (conv.op) return;
        if (conv.epilogue.nodes.empty()) break;
        DropLast(conv.epilogue, node);
      }
    }
  }
}

Place PlaceDst(PlanBuilder& builder, const Node& node, const DnnlConv& conv) {
  const Place& wanted = conv.spec.dst;
  if (!conv.spec.add_to_dst) return builder.Write(conv.epilogue.value, {wanted.format}, wanted.type, false);
  const Place residual = builder.Read(conv.epilogue.residual, {wanted.format}, wanted.type);
  if (TakeOverResidual(builder, conv, residual)) {
    builder.Alias(conv.epilogue.value, residual);
    return residual;
  }
  const Place dst = builder.Write(conv.epilogue.value, {wanted.format}, wanted.type, false);
  // Not through Emit: what must follow the convolution may not follow this copy.
  builder.EmitCopy(node.name, residual, dst);
  return dst;
}

}  // namespace

bool LowerConv(PlanBuilder& builder, const Node& node) {
  if (node.op != "Conv") return false;
  const Shape& in = builder.ShapeOf(node.inputs[0]);
  const Tensor& weights = ConstantInput(builder, node, 1);
  if (!IsRank4(in)) ThrowUnsupportedNode(node, "input " + ToString(in) + " is not [batch, channels, height, width]");
  DnnlConv conv;
  conv.epilogue = FindEpilogue(builder, node, true);
  DnnlConvSpec& spec = conv.spec;
  spec.window = ResolveWindow(node, in, {weights.shape[2], weights.shape[3]});
  spec.weights = &weights;
  spec.bias = node.HasInput(2) ? &ConstantInput(builder, node, 2) : nullptr;
  spec.weights_key = node.name;
  Select(builder, node, in, builder.ShapeOf(node.outputs[0]), conv);
  if (!conv.op) ThrowUnsupportedNode(node, "oneDNN has no convolution for input " + ToString(in));
  spec.src = builder.Read(node.inputs[0], {spec.src.format}, spec.src.type);
  builder.MarkDone(node);
  for (const Node* along : conv.epilogue.nodes) builder.MarkDone(*along);
  spec.dst = PlaceDst(builder, node, conv);
  EmitConv(builder, node, conv);
  return true;
}

}  // namespace maskscope
