#include <algorithm>
#include <array>

#include "zoo/classifiers.h"
#include "zoo/layers.h"

namespace maskscope {

namespace {

constexpr float kEpsilon = 1.001e-5f;  // Keras'

struct Plan {
  int depth;
  std::array<int, 4> blocks;
};
constexpr std::array<Plan, 3> kPlans{{{50, {3, 4, 6, 3}}, {101, {3, 4, 23, 3}}, {152, {3, 8, 36, 3}}}};

const Plan* FindPlan(int depth) {
  const auto found = std::ranges::find_if(kPlans, [depth](const Plan& plan) { return plan.depth == depth; });
  return found == kPlans.end() ? nullptr : &*found;
}

class Writer {
 public:
  explicit Writer(const ResNetV2Options& options)
      : options_(options),
        builder_("resnet" + std::to_string(options.depth) + "v2", options.seed, options.draw_weights) {}

  Graph Write() {
    ConvLayer stem = PaddedConv(3, 64, 7, 2);
    stem.bias = true;
    std::string value = FirstPool(builder_.Conv("conv1_conv", "input", stem));
    int channels = 64;
    const Plan& plan = *FindPlan(options_.depth);
    for (size_t stage = 0; stage < 4; ++stage) {
      const int width = 64 << stage;
      for (int i = 0; i < plan.blocks[stage]; ++i) {
        const std::string name = "conv" + std::to_string(stage + 2) + "_block" + std::to_string(i + 1);
        const bool last = i == plan.blocks[stage] - 1;
        value = Block(name, value, channels, width, last && stage < 3 ? 2 : 1, i == 0);
        channels = 4 * width;
      }
    }
    value = NormRelu("post", value, channels);
    value = WriteDropout(builder_, WriteFeatures(builder_, value), options_.dropout);
    WriteLogits(builder_, "predictions", value, channels, options_.classes);
    return builder_.Finish();
  }

 private:
  // What the pool sees may be negative, so zeros around it are not the same as MaxPool's own padding.
  std::string FirstPool(const std::string& input) {
    const std::string pads = builder_.Constant("pool1_pad.pads", Tensor::Ints({8}, {0, 0, 1, 1, 0, 0, 1, 1}));
    return Pool("pool1_pool", builder_.Node("Pad", "pool1_pad", {input, pads}), 3);
  }

  // Stride 2, no padding.
  std::string Pool(const std::string& name, const std::string& input, int64_t side) {
    return builder_.Node("MaxPool", name, {input},
                         {{"kernel_shape", std::vector<int64_t>{side, side}}, {"strides", std::vector<int64_t>{2, 2}}});
  }

  std::string NormRelu(const std::string& name, const std::string& input, int channels) {
    const std::string bn = name + "_bn";
    const std::string normed = builder_.BatchNorm(bn, input, channels, TorchBatchNormNames(bn), kEpsilon);
    return Activate(builder_, ActivationKind::kRelu, name, normed);
  }

  std::string ConvNormRelu(const std::string& name, const std::string& input, const ConvLayer& layer) {
    return NormRelu(name, builder_.Conv(name + "_conv", input, layer), layer.out);
  }

  std::string Block(const std::string& name, const std::string& input, int in, int width, int stride, bool first) {
    const int out = 4 * width;
    const std::string active = NormRelu(name + "_preact", input, in);
    std::string shortcut = input;
    if (first) {
      shortcut = builder_.Conv(name + "_0_conv", active, {.in = in, .out = out, .stride = stride, .bias = true});
    } else if (stride != 1) {
      shortcut = Pool(name + "_pool", input, 1);
    }
    std::string value = ConvNormRelu(name + "_1", active, {.in = in, .out = width});
    value = ConvNormRelu(name + "_2", value, PaddedConv(width, width, 3, stride));
    value = builder_.Conv(name + "_3_conv", value, {.in = width, .out = out, .bias = true});
    return builder_.Node("Add", name + "_out", {shortcut, value});
  }

  const ResNetV2Options& options_;
  GraphBuilder builder_;
};

}  // namespace

void ResNetV2Options::Validate() const {
  Problems problems;
  problems.Require(FindPlan(depth) != nullptr, "depth", std::to_string(depth), "50, 101 or 152");
  CheckClassifier(classes, dropout, problems);
  problems.ThrowIfAny(ErrorKind::kUsage, "ResNet v2 options");
}

Graph BuildResNetV2(const ResNetV2Options& options) {
  options.Validate();
  return Writer(options).Write();
}

}  // namespace maskscope
