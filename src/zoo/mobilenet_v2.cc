#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.h"
#include "zoo/builder.h"
#include "zoo/zoo.h"

namespace maskscope {

namespace {

// Sandler et al. 2018, table 2: expansion, channels, repeats, stride of the first.
struct Stage {
  int expansion, channels, repeats, stride;
};
constexpr std::array<Stage, 7> kStages{{
    {1, 16, 1, 1},
    {6, 24, 2, 2},
    {6, 32, 3, 2},
    {6, 64, 4, 2},
    {6, 96, 3, 1},
    {6, 160, 3, 2},
    {6, 320, 1, 1},
}};

// Rounds to a multiple of 8 without losing more than a tenth (the paper's reference code).
int RoundChannels(double channels) {
  const int rounded = std::max(8, static_cast<int>(channels + 4) / 8 * 8);
  return rounded < 0.9 * channels ? rounded + 8 : rounded;
}

// TensorFlow's SAME for a 3x3 window: one row and column on each side, but at stride 2 an even side gets only those
// behind.
std::vector<int64_t> SamePads(int side, int stride) {
  const int64_t before = stride == 2 && side % 2 == 0 ? 0 : 1;
  return {before, before, 1, 1};
}

class Writer {
 public:
  Writer(uint64_t seed, int input_size) : builder_("mobilenet_v2", seed), side_(input_size) {}
  GraphBuilder& builder() { return builder_; }

  std::string ConvBatchNorm(const std::string& name, const std::string& input, const ConvLayer& layer) {
    const std::string conv = builder_.Conv(name, input, layer);
    const std::string bn = name + ".bn";
    return builder_.BatchNorm(bn, conv, layer.out, {bn + ".scale", bn + ".shift", bn + ".mean", bn + ".variance"});
  }

  std::string ConvBatchNormRelu6(const std::string& name, const std::string& input, const ConvLayer& layer) {
    const std::string normed = ConvBatchNorm(name, input, layer);
    const std::string low = builder_.Constant("relu6.min", Tensor::Filled({}, 0.0f));
    const std::string high = builder_.Constant("relu6.max", Tensor::Filled({}, 6.0f));
    return builder_.Node("Clip", name + ".relu6", {normed, low, high});
  }

  std::string Stem(const std::string& name, const std::string& input, int channels) {
    return ConvBatchNormRelu6(name, input, {.in = 3, .out = channels, .kernel = 3, .stride = 2, .pads = Pads(2)});
  }

  // An inverted residual block; its output value is `name`.
  std::string Block(const std::string& name, const std::string& input, int in, int out, int expansion, int stride) {
    const int inner = in * expansion;
    std::string value = input;
    if (expansion != 1) value = ConvBatchNormRelu6(name + ".expand", value, {.in = in, .out = inner});
    value = ConvBatchNormRelu6(
        name + ".dw", value,
        {.in = inner, .out = inner, .kernel = 3, .stride = stride, .groups = inner, .pads = Pads(stride)});
    value = ConvBatchNorm(name + ".project", value, {.in = inner, .out = out});
    if (stride != 1 || in != out) return value;
    return builder_.Node("Add", name + ".add", {input, value});
  }

 private:
  // Of the next 3x3 window; counts the side down.
  std::vector<int64_t> Pads(int stride) {
    std::vector<int64_t> pads = SamePads(side_, stride);
    side_ = (side_ + stride - 1) / stride;
    return pads;
  }

  GraphBuilder builder_;
  int side_;  // of the feature map, pixels
};

}  // namespace

void MobileNetV2Options::Validate() const {
  Problems problems;
  problems.Require(width >= 0.1f && width <= 4.0f, "width", std::to_string(width), "0.1 to 4");
  problems.Require(classes >= 1 && classes <= 100000, "classes", std::to_string(classes), "1 to 100000");
  problems.Require(input_size >= 32 && input_size <= 4096, "input_size", std::to_string(input_size), "32 to 4096");
  problems.Require(dropout >= 0.0f && dropout < 1.0f, "dropout", std::to_string(dropout), "0 or more and below 1");
  problems.ThrowIfAny(ErrorKind::kUsage, "MobileNetV2 options");
}

Graph BuildMobileNetV2(const MobileNetV2Options& options) {
  options.Validate();
  Writer writer(options.seed, options.input_size);
  GraphBuilder& builder = writer.builder();
  int channels = RoundChannels(32.0 * options.width);
  std::string value = writer.Stem("stem", "input", channels);
  int number = 0;
  for (const Stage& stage : kStages) {
    const int out = RoundChannels(static_cast<double>(stage.channels) * options.width);
    for (int i = 0; i < stage.repeats; ++i) {
      value = writer.Block("block" + std::to_string(++number), value, channels, out, stage.expansion,
                           i == 0 ? stage.stride : 1);
      channels = out;
    }
  }
  const int last = RoundChannels(1280.0 * std::max(1.0f, options.width));
  value = writer.ConvBatchNormRelu6("head", value, {.in = channels, .out = last});
  value = builder.Node("GlobalAveragePool", "pool", {value});
  value = builder.Node("Flatten", "features", {value}, {{"axis", int64_t{1}}});
  const std::string ratio = builder.Constant("dropout.ratio", Tensor::Filled({}, options.dropout));
  value = builder.Node("Dropout", "dropout", {value, ratio});
  // Small first logits: the first steps then correct the backbone's features little.
  builder.Constant("classifier.weight", builder.DrawNormal({options.classes, last}, 0.01));
  builder.Constant("classifier.bias", Tensor::Filled({options.classes}, 0.0f));
  value = builder.Node("Gemm", "logits", {value, "classifier.weight", "classifier.bias"}, {{"transB", int64_t{1}}});
  builder.Output(value, {Dim::Symbol("batch"), Dim::Fixed(options.classes)});
  return builder.Finish();
}

}  // namespace maskscope
