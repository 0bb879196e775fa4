#include <algorithm>
#include <array>

#include "zoo/classifiers.h"
#include "zoo/layers.h"

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

// Modules of one convolution and its BatchNorm.
struct UnitNames {
  std::string conv;
  std::string bn;
};

class Writer {
 public:
  explicit Writer(const MobileNetV2Options& options)
      : options_(options), builder_("mobilenet_v2", options.seed, options.draw_weights), padding_(options.input_size) {}

  Graph Write() {
    int channels = RoundChannels(32.0 * options_.width);
    std::string value = Relu6(Numbered("stem", 0), "input", Window(3, channels, 2, 1));
    int number = 0;
    for (const Stage& stage : kStages) {
      const int out = RoundChannels(static_cast<double>(stage.channels) * options_.width);
      for (int i = 0; i < stage.repeats; ++i) {
        value = Block(++number, value, channels, out, stage.expansion, i == 0 ? stage.stride : 1);
        channels = out;
      }
    }
    const int last = RoundChannels(1280.0 * std::max(1.0f, options_.width));
    value = Relu6(Numbered("head", number + 1), value, {.in = channels, .out = last});
    value = WriteDropout(builder_, WriteFeatures(builder_, value), options_.dropout);
    WriteLogits(builder_, IsTorchvision() ? "classifier.1" : "classifier", value, last, options_.classes);
    return builder_.Finish();
  }

 private:
  bool IsTorchvision() const { return options_.layout == MobileNetV2Layout::kTorchvision; }

  // The first and last convolution: by name, or by their number among torchvision's features.
  UnitNames Numbered(const std::string& name, int number) const {
    if (!IsTorchvision()) return {name, name + ".bn"};
    const std::string feature = "features." + std::to_string(number);
    return {feature + ".0", feature + ".1"};
  }

  // Part `name` of a block, which is number `index` of the block's parts in torchvision. Only the projection, which
  // nothing activates, is no Sequential there.
  UnitNames Part(int block, const std::string& name, int index) const {
    if (!IsTorchvision()) {
      const std::string unit = "block" + std::to_string(block) + "." + name;
      return {unit, unit + ".bn"};
    }
    const std::string parts = "features." + std::to_string(block) + ".conv.", part = parts + std::to_string(index);
    if (name == "project") return {part, parts + std::to_string(index + 1)};
    return {part + ".0", part + ".1"};
  }

  ConvLayer Window(int in, int out, int stride, int groups) {
    ConvLayer layer = PaddedConv(in, out, 3, stride, groups);
    if (!IsTorchvision()) layer.pads = padding_.Next(stride);
    return layer;
  }

  std::string ConvBatchNorm(const UnitNames& names, const std::string& input, const ConvLayer& layer) {
    const std::string conv = builder_.Conv(names.conv, input, layer);
    return builder_.BatchNorm(names.bn, conv, layer.out,
                              IsTorchvision() ? TorchBatchNormNames(names.bn) : FoldedBatchNormNames(names.conv));
  }

  std::string Relu6(const UnitNames& names, const std::string& input, const ConvLayer& layer) {
    return Activate(builder_, ActivationKind::kRelu6, names.conv, ConvBatchNorm(names, input, layer));
  }

  // An inverted residual block.
  std::string Block(int number, const std::string& input, int in, int out, int expansion, int stride) {
    const int inner = in * expansion;
    int index = 0;
    std::string value = input;
    if (expansion != 1) value = Relu6(Part(number, "expand", index++), value, {.in = in, .out = inner});
    value = Relu6(Part(number, "dw", index++), value, Window(inner, inner, stride, inner));
    value = ConvBatchNorm(Part(number, "project", index), value, {.in = inner, .out = out});
    if (stride != 1 || in != out) return value;
    const std::string name = (IsTorchvision() ? "features." : "block") + std::to_string(number);
    return builder_.Node("Add", name + ".add", {input, value});
  }

  const MobileNetV2Options& options_;
  GraphBuilder builder_;
  SamePadding padding_;
};

}  // namespace

void MobileNetV2Options::Validate() const {
  Problems problems;
  problems.Require(width >= 0.1f && width <= 4.0f, "width", std::to_string(width), "0.1 to 4");
  problems.Require(input_size >= 32 && input_size <= 4096, "input_size", std::to_string(input_size), "32 to 4096");
  CheckClassifier(classes, dropout, problems);
  problems.ThrowIfAny(ErrorKind::kUsage, "MobileNetV2 options");
}

Graph BuildMobileNetV2(const MobileNetV2Options& options) {
  options.Validate();
  return Writer(options).Write();
}

}  // namespace maskscope
