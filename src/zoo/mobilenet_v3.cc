#include <array>
#include <span>

#include "zoo/classifiers.h"
#include "zoo/mb_conv.h"

namespace maskscope {

namespace {

constexpr float kEpsilon = 1e-3f;  // of every BatchNorm
constexpr auto kRelu = ActivationKind::kRelu;
constexpr auto kSwish = ActivationKind::kHardSwish;

struct Row {
  int kernel, expanded, out;  // channels at width 1
  bool gated;
  ActivationKind activation;
  int stride;
};

// Howard et al. 2019, table 1.
constexpr std::array<Row, 15> kLarge{{
    {3, 16, 16, false, kRelu, 1},
    {3, 64, 24, false, kRelu, 2},
    {3, 72, 24, false, kRelu, 1},
    {5, 72, 40, true, kRelu, 2},
    {5, 120, 40, true, kRelu, 1},
    {5, 120, 40, true, kRelu, 1},
    {3, 240, 80, false, kSwish, 2},
    {3, 200, 80, false, kSwish, 1},
    {3, 184, 80, false, kSwish, 1},
    {3, 184, 80, false, kSwish, 1},
    {3, 480, 112, true, kSwish, 1},
    {3, 672, 112, true, kSwish, 1},
    {5, 672, 160, true, kSwish, 2},
    {5, 960, 160, true, kSwish, 1},
    {5, 960, 160, true, kSwish, 1},
}};
// Table 2.
constexpr std::array<Row, 11> kSmall{{
    {3, 16, 16, true, kRelu, 2},
    {3, 72, 24, false, kRelu, 2},
    {3, 88, 24, false, kRelu, 1},
    {5, 96, 40, true, kSwish, 2},
    {5, 240, 40, true, kSwish, 1},
    {5, 240, 40, true, kSwish, 1},
    {5, 120, 48, true, kSwish, 1},
    {5, 144, 48, true, kSwish, 1},
    {5, 288, 96, true, kSwish, 2},
    {5, 576, 96, true, kSwish, 1},
    {5, 576, 96, true, kSwish, 1},
}};

std::string WriteBackbone(GraphBuilder& builder, const MobileNetV3Options& options, std::span<const Row> rows,
                          int& channels) {
  const auto wide = [&](int at_width_1) { return RoundChannels(static_cast<double>(at_width_1) * options.width); };
  channels = wide(16);
  std::string value = WriteConvUnit(builder, "input",
                                    {"features.0.0", "features.0.1", PaddedConv(3, channels, 3, 2), kSwish, kEpsilon});
  int number = 0;
  for (const Row& row : rows) {
    MbConv block;
    block.in = channels;
    block.expanded = wide(row.expanded);
    block.out = channels = wide(row.out);
    block.kernel = row.kernel;
    block.stride = row.stride;
    block.activation = row.activation;
    block.squeezed = row.gated ? RoundChannels(block.expanded / 4) : 0;
    block.gate_activation = kRelu;
    block.hard_gate = true;
    block.epsilon = kEpsilon;
    value = WriteMbConv(builder, "features." + std::to_string(++number), value, block);
  }
  const std::string last = "features." + std::to_string(++number);
  const ConvLayer layer = PaddedConv(channels, 6 * channels, 1);
  channels = layer.out;
  return WriteConvUnit(builder, value, {last + ".0", last + ".1", layer, kSwish, kEpsilon});
}

}  // namespace

void MobileNetV3Options::Validate() const {
  Problems problems;
  problems.Require(width >= 0.1f && width <= 4.0f, "width", std::to_string(width), "0.1 to 4");
  CheckClassifier(classes, dropout, problems);
  problems.ThrowIfAny(ErrorKind::kUsage, "MobileNetV3 options");
}

Graph BuildMobileNetV3(const MobileNetV3Options& options) {
  options.Validate();
  const bool large = options.size == MobileNetV3Size::kLarge;
  GraphBuilder builder(large ? "mobilenet_v3_large" : "mobilenet_v3_small", options.seed, options.draw_weights);
  int channels = 0;
  const std::span<const Row> rows = large ? std::span<const Row>(kLarge) : kSmall;
  std::string value = WriteFeatures(builder, WriteBackbone(builder, options, rows, channels));
  const int hidden = RoundChannels((large ? 1280.0 : 1024.0) * options.width);
  value = WriteLinear(builder, "classifier.0", value, channels, hidden);
  value = WriteDropout(builder, Activate(builder, kSwish, "classifier.0", value), options.dropout);
  WriteLogits(builder, "classifier.3", value, hidden, options.classes);
  return builder.Finish();
}

}  // namespace maskscope
