#include "zoo/layers.h"

#include <algorithm>

namespace maskscope {

std::string Activate(GraphBuilder& builder, ActivationKind kind, const std::string& name, const std::string& input) {
  switch (kind) {
    case ActivationKind::kNone:
      return input;
    case ActivationKind::kRelu:
      return builder.Node("Relu", name + ".relu", {input});
    case ActivationKind::kRelu6: {
      const std::string low = builder.Constant("relu6.min", Tensor::Filled({}, 0.0f));
      const std::string high = builder.Constant("relu6.max", Tensor::Filled({}, 6.0f));
      return builder.Node("Clip", name + ".relu6", {input, low, high});
    }
    case ActivationKind::kSilu: {
      const std::string gate = builder.Node("Sigmoid", name + ".sigmoid", {input});
      return builder.Node("Mul", name + ".silu", {input, gate});
    }
    case ActivationKind::kHardSwish:
      return builder.Node("HardSwish", name + ".hard_swish", {input});
  }
  return input;
}

std::string WriteConvUnit(GraphBuilder& builder, const std::string& input, const ConvUnit& unit) {
  const std::string conv = builder.Conv(unit.conv, input, unit.layer);
  const std::string normed =
      builder.BatchNorm(unit.bn, conv, unit.layer.out, TorchBatchNormNames(unit.bn), unit.epsilon);
  return Activate(builder, unit.activation, unit.bn, normed);
}

ConvLayer PaddedConv(int in, int out, int kernel, int stride, int groups) {
  return {.in = in,
          .out = out,
          .kernel = kernel,
          .stride = stride,
          .groups = groups,
          .pads = std::vector<int64_t>(4, kernel / 2)};
}

std::string WriteSqueezeExcite(GraphBuilder& builder, const std::string& name, const std::string& input,
                               const SqueezeExcite& layer) {
  std::string value = builder.Node("GlobalAveragePool", name + ".pool", {input});
  value = builder.Conv(name + ".fc1", value, {.in = layer.channels, .out = layer.squeezed, .bias = true});
  value = Activate(builder, layer.activation, name + ".fc1", value);
  value = builder.Conv(name + ".fc2", value, {.in = layer.squeezed, .out = layer.channels, .bias = true});
  const std::string gate =
      layer.hard_gate ? builder.Node("HardSigmoid", name + ".gate", {value}, {{"alpha", 1.0f / 6}, {"beta", 0.5f}})
                      : builder.Node("Sigmoid", name + ".gate", {value});
  return builder.Node("Mul", name, {input, gate});
}

std::string WriteFeatures(GraphBuilder& builder, const std::string& input) {
  const std::string pooled = builder.Node("GlobalAveragePool", "pool", {input});
  return builder.Node("Flatten", "features", {pooled}, {{"axis", int64_t{1}}});
}

std::string WriteDropout(GraphBuilder& builder, const std::string& input, float ratio) {
  if (ratio == 0.0f) return input;
  return builder.Node("Dropout", "dropout", {input, builder.Constant("dropout.ratio", Tensor::Filled({}, ratio))});
}

namespace {

std::string Linear(GraphBuilder& builder, const std::string& node, const std::string& module, const std::string& input,
                   int in, int out) {
  builder.Constant(module + ".weight", builder.DrawNormal({out, in}, 0.01));
  builder.Constant(module + ".bias", Tensor::Filled({out}, 0.0f));
  return builder.Node("Gemm", node, {input, module + ".weight", module + ".bias"}, {{"transB", int64_t{1}}});
}

}  // namespace

std::string WriteLinear(GraphBuilder& builder, const std::string& module, const std::string& input, int in, int out) {
  return Linear(builder, module, module, input, in, out);
}

void WriteLogits(GraphBuilder& builder, const std::string& module, const std::string& input, int features,
                 int classes) {
  const std::string logits = Linear(builder, "logits", module, input, features, classes);
  builder.Output(logits, {Dim::Symbol("batch"), Dim::Fixed(classes)});
}

int RoundChannels(double channels) {
  const int rounded = std::max(8, static_cast<int>(channels + 4) / 8 * 8);
  return rounded < 0.9 * channels ? rounded + 8 : rounded;
}

std::vector<int64_t> SamePadding::Next(int stride) {
  const int64_t before = stride == 2 && side_ % 2 == 0 ? 0 : 1;
  side_ = (side_ + stride - 1) / stride;
  return {before, before, 1, 1};
}

void CheckClassifier(int classes, float dropout, Problems& problems) {
  problems.Require(classes >= 1 && classes <= 100000, "classes", std::to_string(classes), "1 to 100000");
  problems.Require(dropout >= 0.0f && dropout < 1.0f, "dropout", std::to_string(dropout), "0 or more and below 1");
}

}  // namespace maskscope
