#include <algorithm>
#include <array>

#include "zoo/classifiers.h"
#include "zoo/layers.h"

namespace maskscope {

namespace {

// Howard et al. 2017, table 1: channels and stride of the depthwise-separable blocks.
struct Block {
  int channels, stride;
};
constexpr std::array<Block, 13> kBlocks{{{64, 1},
                                         {128, 2},
                                         {128, 1},
                                         {256, 2},
                                         {256, 1},
                                         {512, 2},
                                         {512, 1},
                                         {512, 1},
                                         {512, 1},
                                         {512, 1},
                                         {512, 1},
                                         {1024, 2},
                                         {1024, 1}}};

class Writer {
 public:
  explicit Writer(const MobileNetV1Options& options)
      : options_(options), builder_("mobilenet_v1", options.seed, options.draw_weights), padding_(options.input_size) {}

  Graph Write() {
    int channels = Wide(32);
    std::string value = Unit("stem", "input", Window(3, channels, 2, 1));
    for (size_t i = 0; i < kBlocks.size(); ++i) {
      const std::string name = "block" + std::to_string(i + 1);
      const int out = Wide(kBlocks[i].channels);
      value = Unit(name + ".dw", value, Window(channels, channels, kBlocks[i].stride, channels));
      value = Unit(name + ".pw", value, {.in = channels, .out = out});
      channels = out;
    }
    value = WriteDropout(builder_, WriteFeatures(builder_, value), options_.dropout);
    WriteLogits(builder_, "classifier", value, channels, options_.classes);
    return builder_.Finish();
  }

 private:
  // As TensorFlow's implementation: rounded down, at least 8.
  int Wide(int channels) const { return std::max(8, static_cast<int>(static_cast<float>(channels) * options_.width)); }

  ConvLayer Window(int in, int out, int stride, int groups) {
    return {.in = in, .out = out, .kernel = 3, .stride = stride, .groups = groups, .pads = padding_.Next(stride)};
  }

  std::string Unit(const std::string& name, const std::string& input, const ConvLayer& layer) {
    const std::string conv = builder_.Conv(name, input, layer);
    const std::string normed = builder_.BatchNorm(name + ".bn", conv, layer.out, FoldedBatchNormNames(name));
    return Activate(builder_, ActivationKind::kRelu6, name, normed);
  }

  const MobileNetV1Options& options_;
  GraphBuilder builder_;
  SamePadding padding_;
};

}  // namespace

void MobileNetV1Options::Validate() const {
  Problems problems;
  problems.Require(width >= 0.1f && width <= 4.0f, "width", std::to_string(width), "0.1 to 4");
  problems.Require(input_size >= 32 && input_size <= 4096, "input_size", std::to_string(input_size), "32 to 4096");
  CheckClassifier(classes, dropout, problems);
  problems.ThrowIfAny(ErrorKind::kUsage, "MobileNetV1 options");
}

Graph BuildMobileNetV1(const MobileNetV1Options& options) {
  options.Validate();
  return Writer(options).Write();
}

}  // namespace maskscope
