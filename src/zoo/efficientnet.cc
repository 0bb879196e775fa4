#include <algorithm>
#include <array>
#include <cmath>

#include "zoo/classifiers.h"
#include "zoo/mb_conv.h"

namespace maskscope {

namespace {

// Tan and Le 2019, table 1: B0.
struct Stage {
  int expansion, kernel, stride, channels, repeats;
};
constexpr std::array<Stage, 7> kStages{{
    {1, 3, 1, 16, 1},
    {6, 3, 2, 24, 2},
    {6, 5, 2, 40, 2},
    {6, 3, 2, 80, 3},
    {6, 5, 1, 112, 3},
    {6, 5, 2, 192, 4},
    {6, 3, 1, 320, 1},
}};

// The published scalings B0 to B7.
struct Variant {
  double width, depth;
  int input_size;
  float dropout;
  float epsilon;  // of every BatchNorm: the larger ones' weights came over from TensorFlow with its constant
};
constexpr std::array<Variant, 8> kVariants{{
    {1.0, 1.0, 224, 0.2f, 1e-5f},
    {1.0, 1.1, 240, 0.2f, 1e-5f},
    {1.1, 1.2, 288, 0.3f, 1e-5f},
    {1.2, 1.4, 300, 0.3f, 1e-5f},
    {1.4, 1.8, 380, 0.4f, 1e-5f},
    {1.6, 2.2, 456, 0.4f, 1e-3f},
    {1.8, 2.6, 528, 0.5f, 1e-3f},
    {2.0, 3.1, 600, 0.5f, 1e-3f},
}};

const Variant& VariantOf(int variant) { return kVariants.at(static_cast<size_t>(variant)); }

// Channels of the value, and the value.
struct Map {
  std::string value;
  int channels;
};

Map WriteStage(GraphBuilder& builder, const std::string& name, const Map& input, const Stage& stage,
               const Variant& variant) {
  const int repeats = static_cast<int>(std::ceil(stage.repeats * variant.depth));
  const int out = RoundChannels(stage.channels * variant.width);
  Map map = input;
  for (int i = 0; i < repeats; ++i) {
    MbConv block;
    block.in = map.channels;
    block.expanded = RoundChannels(map.channels * stage.expansion);
    block.out = out;
    block.kernel = stage.kernel;
    block.stride = i == 0 ? stage.stride : 1;
    block.squeezed = std::max(1, map.channels / 4);  // of the block's input, not of what it expands to
    block.epsilon = variant.epsilon;
    map = {WriteMbConv(builder, name + "." + std::to_string(i), map.value, block), out};
  }
  return map;
}

}  // namespace

int EfficientNetInputSize(int variant) { return VariantOf(variant).input_size; }

void EfficientNetOptions::Validate() const {
  Problems problems;
  problems.Require(variant >= 0 && variant <= 7, "variant", std::to_string(variant), "0 to 7");
  CheckClassifier(classes, dropout.value_or(0), problems);
  problems.ThrowIfAny(ErrorKind::kUsage, "EfficientNet options");
}

Graph BuildEfficientNet(const EfficientNetOptions& options) {
  options.Validate();
  const Variant& variant = VariantOf(options.variant);
  GraphBuilder builder("efficientnet_b" + std::to_string(options.variant), options.seed, options.draw_weights);
  const auto unit = [&](int number, const std::string& input, const ConvLayer& layer) {
    const std::string name = "features." + std::to_string(number);
    return Map{WriteConvUnit(builder, input, {name + ".0", name + ".1", layer, ActivationKind::kSilu, variant.epsilon}),
               layer.out};
  };
  Map map = unit(0, "input", PaddedConv(3, RoundChannels(32 * variant.width), 3, 2));
  int number = 0;
  for (const Stage& stage : kStages) {
    map = WriteStage(builder, "features." + std::to_string(++number), map, stage, variant);
  }
  map = unit(number + 1, map.value, PaddedConv(map.channels, 4 * map.channels, 1));
  const std::string features = WriteFeatures(builder, map.value);
  WriteLogits(builder, "classifier.1", WriteDropout(builder, features, options.dropout.value_or(variant.dropout)),
              map.channels, options.classes);
  return builder.Finish();
}

}  // namespace maskscope
